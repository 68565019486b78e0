"""The equations of section 6.2, as they are printed, against the library."""

from collections.abc import Callable

import numpy as np
import torch

from qkv_lib.layers import initialise
from qkv_lib.measures.relations import relation_mass, spread
from qkv_lib.measures.retrieval import ranks
from qkv_lib.models.ablation import silenced
from qkv_lib.models.encoder import SentenceEncoder, unit_mean
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

RNG = np.random.default_rng(62)
Matrix = np.ndarray


def small() -> SentenceEncoder:
    """As wide as the encoder of the section, with 12 heads, but of one block and few words."""
    model = SentenceEncoder(20, 9, d_model=384, n_heads=12, d_hidden=10, n_blocks=1)
    model = initialise(model, RNG).double().eval()
    block = model.blocks[0]
    norms = (model.norm, block.attention_norm, block.feed_forward_norm)
    with torch.no_grad():  # zero or one at first: nothing to see
        for vector in (model.segment, model.norm.weight, model.norm.bias):
            vector.copy_(torch.from_numpy(RNG.normal(size=384)))
        block.attention.output.bias.copy_(torch.from_numpy(RNG.normal(size=384)))
        for norm in norms[1:]:
            norm.load_state_dict(norms[0].state_dict())
    return model


MODEL = small()
BLOCK = MODEL.blocks[0]


def array(tensor: torch.Tensor) -> Matrix:
    return tensor.detach().double().numpy()


def by(layer: torch.nn.Module) -> Callable[..., Matrix]:
    """A layer as a function of arrays."""
    return lambda x, *_: array(layer(torch.from_numpy(np.atleast_2d(x))[None]))[0].reshape(x.shape)


def norm(x: Matrix) -> Matrix:
    centred = x - x.mean()
    return centred / np.sqrt((centred**2).mean() + 1e-12) * array(MODEL.norm.weight) + array(
        MODEL.norm.bias
    )


@evaluated("eq-language-input")
def test_input_is_as_written() -> Cases:
    t = np.array([4, 4, 17])
    first = MODEL.hidden_states(torch.from_numpy(t)[None], torch.tensor([3]))[0]
    x = array(first)[0]
    yield given({"i": 3}, x=x, X=x, E=array(MODEL.words.weight), t=t + 1,
                P=array(MODEL.add_positions.table.weight), u=array(MODEL.segment), norm=norm, n=3,
                rtol=1e-6)  # fmt: skip


@holds(
    "They are the block of chapter 5, EncoderBlock, "
    "with the norm after each sum (post-norm), as BERT has it"
)
def test_block_is_post_norm() -> None:
    x, z = MODEL.hidden_states(torch.tensor([[3, 9, 1, 9]]), torch.tensor([4]))
    X = array(x)[0]
    y = np.stack([norm(row) for row in X + by(BLOCK.attention)(X)])
    expected = np.stack([norm(row) for row in y + by(BLOCK.feed_forward)(y)])
    np.testing.assert_allclose(array(z)[0], expected, rtol=1e-6)


@evaluated("eq-language-embedding")
def test_embedding_is_as_written() -> Cases:
    z, n = RNG.normal(size=(2, 5, 3)), [5, 2]
    found = unit_mean(torch.from_numpy(z), torch.tensor(n)).numpy()
    for text in range(2):
        mean = z[text, : n[text]].mean(axis=0)
        yield given(e=found[text], m=mean, z=z[text], n=n[text])


@evaluated("eq-language-mass")
def test_mass_is_as_written() -> Cases:
    A, R = RNG.dirichlet(np.ones(6), size=6), RNG.random((6, 6)) < 0.3
    R[2] = False
    asked = {i + 1 for i in range(6) if R[i].any()}
    yield given({"i": 6, "j": 6}, A=A, R=R, I=asked, w_R=relation_mass(A, R).mean())


@evaluated("eq-language-spread")
def test_spread_is_as_written() -> Cases:
    A = RNG.dirichlet(np.ones(5), size=4)
    yield given({"i": 4}, H=spread(A), A=A, n=5)


@evaluated("eq-language-silenced")
@holds("are the 32 rows of $W_O$ that belong to head $h$")
def test_a_gate_is_as_written() -> Cases:
    layer, X = BLOCK.attention, RNG.normal(size=(4, 384))
    x = torch.from_numpy(X)[None]
    query, key, value = (array(each)[0] for each in layer.project(x, x, x))
    scores = query @ np.swapaxes(key, 1, 2) / np.sqrt(32)
    A = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    W_O = array(layer.output.weight).T.reshape(12, 32, 384)
    g = np.ones(12)
    g[[1, 7]] = 0.0
    with silenced(MODEL, [(0, 1), (0, 7)]):
        found = by(layer)(X)
    yield given(MultiHead=lambda *_: found, X=X, g=g, A=A, V=value, W_O=W_O,
                b_O=array(layer.output.bias))  # fmt: skip


@evaluated("eq-language-rank")
@holds("Let $r_i$ be the rank of the right document $c_i$ of query $i$.")
def test_mean_reciprocal_rank_is_as_written() -> Cases:
    s, c = RNG.random((7, 5)), RNG.integers(0, 5, size=7)
    found = ranks(s, c)
    yield given({"i": 7, "j": 5}, MRR=(1 / found).mean(), N=7, r=found, s=s, c=c + 1)
