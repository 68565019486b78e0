"""The equations of chapter 5, as they are printed, against the library."""

import math

import numpy as np
import torch

from qkv_lib import attention, attention_steps
from qkv_lib.data.digit_tasks import alignment, reversal
from qkv_lib.layers import EncoderBlock, FeedForward, initialise
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

rng = np.random.default_rng(5)
X = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
N_Q, N_K, D_MODEL, H = 5, 7, 12, 3
QUERIES, CONTEXT = rng.normal(size=(N_Q, D_MODEL)), rng.normal(size=(N_K, D_MODEL))
Matrix = np.ndarray


@evaluated("eq-practice-example")
def test_the_example_is_attention_of_x_with_itself() -> Cases:
    steps = attention_steps(X, X, X)
    np.testing.assert_allclose(steps.weights[0], [0.0015, 0.0126, 0.1055, 0.8803], atol=5e-5)
    yield given(X=X, A=steps.weights, O=steps.output)


@holds(
    "It equals the length of one times the length of the other times the cosine of their angle.",
)
def test_a_score_is_two_lengths_and_a_cosine() -> None:
    a, b = (np.linalg.norm(x, axis=1) for x in (QUERIES, CONTEXT))
    third_side = np.linalg.norm(QUERIES[:, None] - CONTEXT, axis=-1)
    cosine = (a[:, None] ** 2 + b**2 - third_side**2) / (2 * np.outer(a, b))  # the law of cosines
    scores = attention_steps(QUERIES, CONTEXT, CONTEXT).scores
    np.testing.assert_allclose(scores, np.outer(a, b) * cosine, atol=1e-10)


@evaluated("eq-practice-mean")
def test_a_query_of_zeros_takes_the_mean_of_the_real_words() -> Cases:
    m = np.array([1, 0, 1, 1, 0, 1, 1])
    pooled = attention(np.zeros((1, D_MODEL)), CONTEXT, CONTEXT, mask=m[None, :] == 1)
    yield given({"j": N_K}, p=pooled[0], m=m, x=CONTEXT, n=N_K)


@evaluated("eq-practice-pooling")
def test_pooling_is_attention_with_one_query() -> Cases:
    u, value = rng.normal(size=D_MODEL), rng.normal(size=(N_K, 3))
    p = attention(u[None], CONTEXT, value)[0]
    yield given(p=p, u=u, K=CONTEXT, V=value, d_k=D_MODEL)


@evaluated("eq-practice-alignment")
def test_alignment_counts_the_largest_weights_on_the_antidiagonal() -> Cases:
    n = 6
    for A in rng.random((20, n, n)):
        found = alignment(A[None], reversal(np.zeros((1, n), dtype=np.int64)))
        yield given({"j": n}, first=0, A=A, n=n, equals=found)


def trained_like(module: torch.nn.Module) -> None:
    """Give every vector of a module, too, numbers that are not 0 and 1."""
    with torch.no_grad():
        for each in module.parameters():
            if each.ndim == 1:
                each.copy_(torch.from_numpy(1 + 0.3 * rng.normal(size=each.shape)))


def gelu(x: Matrix) -> Matrix:
    """Return v times the share of a bell curve below v, number by number."""
    return np.vectorize(lambda v: v * (1 + math.erf(v / math.sqrt(2))) / 2)(x)


def of(module: torch.nn.Module) -> dict[str, Matrix]:
    """The maps of a feed-forward layer."""
    names = {"W_1": "expand.weight", "b_1": "expand.bias", "W_2": "contract.weight",
             "b_2": "contract.bias"}  # fmt: skip
    found = dict(module.named_parameters())
    return {name: found[each].detach().numpy().T for name, each in names.items()}


@evaluated("eq-practice-feed-forward")
def test_feed_forward_is_two_maps_and_a_bend() -> Cases:
    layer = initialise(FeedForward(D_MODEL, 4 * D_MODEL).double(), np.random.default_rng(1))
    trained_like(layer)
    for y in QUERIES:
        yield given(y=y, GELU=gelu, FFN=lambda y: layer(torch.from_numpy(y)).detach().numpy(),
                    **of(layer))  # fmt: skip


@evaluated("eq-practice-block")
def test_a_block_adds_attention_and_then_feed_forward() -> Cases:
    block = initialise(EncoderBlock(D_MODEL, H).double(), np.random.default_rng(2))
    trained_like(block)
    block.feed_forward_norm.load_state_dict(block.attention_norm.state_dict())

    def by(layer: torch.nn.Module, x: Matrix) -> Matrix:
        return layer(torch.from_numpy(x)).detach().numpy()

    Y = QUERIES + by(block.attention, by(block.attention_norm, QUERIES))
    yield given(X=QUERIES, Y=Y, Z=by(block, QUERIES), norm=lambda x: by(block.attention_norm, x),
                MultiHead=lambda x: by(block.attention, x),
                FFN=lambda x: by(block.feed_forward, x))  # fmt: skip
