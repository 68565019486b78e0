"""The equations of chapter 8, as they are printed, against the library."""

import math
from typing import Any

import numpy as np
import torch
from torch.nn.functional import rms_norm
from torch.utils.flop_counter import FlopCounterMode

from qkv_lib import attention_steps
from qkv_lib.exact.backward import tiled_gradients
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.tiles import Partial, merge
from qkv_lib.layers import EncoderBlock, initialise
from qkv_lib.measures.cost import Block, block_cost, crossover_length, kv_cache_bytes
from qkv_lib.variants.linear import elu_plus_one, linear_attention
from qkv_lib.variants.sinks import sink_attention
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

rng = np.random.default_rng(8)
N, D, E = 7, 4, 3
QUERY, KEY, VALUE = rng.normal(size=(N, D)), rng.normal(size=(N, D)), rng.normal(size=(N, E))
STEPS = attention_steps(3 * QUERY, KEY, VALUE)
SCORES, OUTPUT = STEPS.scaled, STEPS.output
ALL = {"i": N, "j": N, "l": N}
Matrix = np.ndarray


def counted(d: int, n: int, d_ff: int) -> int:
    """The multiplications of a block that PyTorch counts, each once (it counts the sums too)."""
    block = EncoderBlock(d, 2, d_ff)
    x, layer = torch.ones(n, d), block.attention
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        attention_steps(*layer.project(x, x, x))
        layer.output(x)
        block.feed_forward(x)
    return counter.get_total_flops() // 2


@holds(
    r"has four projections of $d \times d$, a score and a weighted value for each pair of "
    r"positions, and two feed-forward maps of $d \times d_{ff}$.",
)
@evaluated("eq-outlook-cost")
def test_the_cost_is_what_pytorch_counts() -> Cases:
    for d, n, d_ff in ((8, 5, 32), (12, 30, 20)):
        assert block_cost(Block(d, 2, d_ff=d_ff), n).total.multiplications == counted(d, n, d_ff)
        yield given(C=lambda n, d=d, d_ff=d_ff: counted(d, n, d_ff), n=n, d=d, d_ff=d_ff)


@evaluated("eq-outlook-crossover")
def test_at_the_crossover_both_sides_cost_the_same() -> Cases:
    for d in (8, 48):
        n = round(crossover_length(Block(d, 2)))
        cost = block_cost(Block(d, 2), n)
        maps = cost.projections.multiplications + cost.feed_forward.multiplications
        assert cost.scores.multiplications + cost.weighted_sum.multiplications == maps
        yield given(n_star=n, d=d, d_ff=4 * d)


@holds(
    "is a fraction. Multiply the numerator and the denominator by the same $e^{-p}$:",
    "This holds for every number $p$.",
)
@evaluated("eq-outlook-shift")
def test_any_number_may_be_subtracted() -> Cases:
    for i, p in enumerate((-5.0, 0.0, 30.0)):
        yield given(ALL, o=OUTPUT[i], s=SCORES[i], v=VALUE, p=p)


def one_by_one(scores: Matrix, values: Matrix) -> list[Partial]:
    """What the library's merge has kept after 0, 1, 2, … keys that come one at a time."""
    one = np.ones((1, 1))
    kept = [Partial(np.zeros((1, E)), 0 * one, -np.inf * one)]
    for s, v in zip(scores, values, strict=True):
        kept.append(merge(kept[-1], Partial(v[None], one, s * one)))
    return kept


def kept(row: Matrix) -> dict[str, Matrix]:
    """The peak, the total and the sum of values after each number of keys, from none on."""
    found = one_by_one(row, VALUE)
    return {
        "p": np.array([each.peak[0, 0] for each in found]),
        "t": np.array([each.total[0, 0] for each in found]),
        "u": np.array([each.output[0] for each in found]),
    }


def from_nothing(values: Matrix) -> Matrix:
    """Rows counted from 1, where counting starts from 0."""
    return np.concatenate([0 * values[:1], values])


@holds(
    "So after $j$ keys it is enough to know three things: the peak so far, and the two "
    "sums relative to it:",
)
@evaluated("eq-outlook-invariant")
def test_what_is_left_after_some_keys_is_what_the_library_keeps() -> Cases:
    every = range(1, N + 1)
    for row in SCORES:
        yield given({"j": every, "l": every}, first=0, s=from_nothing(row), v=from_nothing(VALUE),
                    **kept(row))  # fmt: skip


@holds(
    "They are multiplied by the exponential of old peak minus new peak.",
    r"Start with $p_0 = -\infty$ and sums of 0; end with $o = u_n / t_n$.",
)
@evaluated("eq-outlook-online")
def test_the_recurrence_ends_in_attention() -> Cases:
    for i, row in enumerate(SCORES):
        found = kept(row)
        yield given({"j": range(1, N + 1)}, first=0, s=from_nothing(row), v=from_nothing(VALUE),
                    **found)  # fmt: skip
        np.testing.assert_allclose(found["u"][-1] / found["t"][-1], OUTPUT[i], rtol=1e-10)


def part(i: int, columns: slice) -> Partial:
    scores = SCORES[i, columns]
    powers = np.exp(scores - scores.max())
    one = np.ones((1, 1))
    return Partial((powers @ VALUE[columns])[None], powers.sum() * one, scores.max() * one)


@holds(
    "Now merge two sets of keys, $G$ and $H$, each with its peak, total and sums. For "
    "both sets together these are",
)
@evaluated("eq-outlook-merge")
def test_two_sets_merge_as_written_in_either_order() -> Cases:
    for i in range(N):
        for cut in (1, 4):
            a, b = part(i, slice(cut)), part(i, slice(cut, N))
            for merged in (merge(a, b), merge(b, a)):
                np.testing.assert_allclose(merged.output / merged.total, OUTPUT[i : i + 1])
                named = {
                    f"{name}{end}": getattr(each, field).item() if name != "u" else each.output[0]
                    for end, each in (("", merged), ("_G", a), ("_H", b))
                    for name, field in (("p", "peak"), ("t", "total"), ("u", "output"))
                }
                yield given(**named)


@holds(
    "With $L$ there is no need to compute the softmax again.",
)
@evaluated("eq-outlook-backward")
def test_the_gradient_at_the_scores_from_the_log_sum_exp() -> Cases:
    g = rng.normal(size=(N, E))
    S = torch.from_numpy(SCORES).requires_grad_()
    (torch.softmax(S, dim=-1) @ torch.from_numpy(VALUE) * torch.from_numpy(g)).sum().backward()
    assert S.grad is not None
    slopes = S.grad.numpy()
    yield given(ALL, a=STEPS.weights, s=SCORES, L=STEPS.logsumexp, ell=0.0, delta=g, v=VALUE,
                D=(g * OUTPUT).sum(axis=1), o=OUTPUT, also={"∂ell/∂s": slopes})  # fmt: skip
    kept = {"output": OUTPUT, "logsumexp": STEPS.logsumexp}
    found = tiled_gradients(3 * QUERY, KEY, VALUE, g, **kept, query_block=2, key_block=3)
    np.testing.assert_allclose(found.query, slopes @ KEY / math.sqrt(D), rtol=1e-9, atol=1e-12)


@holds(
    "With $N$ blocks, $b$ sequences of $n$ tokens, $g$ key-value heads of width $d_h$ "
    "and $B$ bytes per number, the cache takes, in bytes,",
)
@evaluated("eq-outlook-cache")
def test_a_cache_weighs_what_the_formula_says() -> Cases:
    for N_, b, n, g, d_h in ((1, 1, 5, 1, 3), (3, 2, 11, 2, 4)):
        caches = [KVCache(n) for _ in range(N_)]
        for cache in caches:
            cache.append(*np.zeros((2, b, g, n, d_h), np.float16))
        weighed = sum(cache.key.nbytes + cache.value.nbytes for cache in caches)
        block = Block(4 * g * d_h, 4 * g, n_kv_heads=g)
        assert weighed == kv_cache_bytes(block, n, n_blocks=N_, batch=b, bytes_per_number=2)
        yield given(B_cache=weighed, N=N_, b=b, n=n, g=g, d_h=d_h, B=2)


@evaluated("eq-outlook-reach")
def test_a_stack_of_windows_reaches_as_far_as_written() -> Cases:
    for N_, w in ((1, 3), (2, 1), (3, 4)):
        draws = np.random.default_rng(0)
        x = start = torch.from_numpy(draws.normal(size=(20, 8))).requires_grad_()
        for _ in range(N_):
            block = initialise(EncoderBlock(8, 2).double(), draws)
            x = block(x, causal=True, window=w)
        x[-1].sum().backward()
        assert start.grad is not None
        yield given(r=int((start.grad.abs().sum(dim=1) > 0).sum()), N=N_, w=w)


def running() -> dict[str, Any]:
    """The state of linear attention after each key."""
    mapped = np.stack([elu_plus_one(k) for k in KEY])
    return {
        "S": np.cumsum(mapped[:, :, None] * VALUE[:, None, :], axis=0),
        "z": np.cumsum(mapped, axis=0),
        "phi": elu_plus_one,
        "k": KEY,
        "v": VALUE,
    }


@evaluated("eq-outlook-linear")
def test_linear_attention_averages_under_its_own_kernel() -> Cases:
    output = linear_attention(QUERY, KEY, VALUE, causal=True)
    yield given(ALL, o=output, q=QUERY, **running())


@holds(
    r"$\phi(q), \phi(k), z$ have $d_\phi$ numbers, $S$ is $d_\phi \times d_v$.",
    r"The state is $d_\phi \times d_v$ numbers, however many tokens went in.",
)
@evaluated("eq-outlook-state")
def test_the_state_gives_the_same_rows_step_by_step() -> Cases:
    found = running()
    assert found["S"].shape == (N, D, E)
    assert found["z"].shape == (N, D)
    yield given({"i": range(2, N + 1)}, **found)
    output = linear_attention(QUERY, KEY, VALUE, causal=True)
    for i, q in enumerate(map(elu_plus_one, QUERY)):
        np.testing.assert_allclose(q @ found["S"][i] / (q @ found["z"][i]), output[i], rtol=1e-10)


@holds("so a head may attend to nothing.")
@evaluated("eq-outlook-sink")
def test_a_sink_is_a_key_with_a_constant_score_and_no_value() -> Cases:
    beta = 0.7
    weights = sink_attention(3 * QUERY, KEY, np.eye(N), sink=beta)  # the values show the weights
    assert (weights.sum(axis=1) < 1).all()
    yield given(ALL, a=weights, s=SCORES, beta=beta)


def plain_norm(y: torch.Tensor) -> torch.Tensor:
    mean, variance = y.mean(-1, keepdim=True), y.var(-1, correction=0, keepdim=True)
    return (y - mean) / torch.sqrt(variance + 1e-5)


@holds(
    "The output of a sublayer $f$ (attention or feed-forward) is added to its input.",
    "normalised the sum (post-norm).",
    "normalise the input of $f$ (pre-norm):",
)
@evaluated("eq-outlook-norms")
def test_the_two_places_of_the_norm() -> Cases:
    x = torch.from_numpy(rng.normal(size=(N, 8)))
    norm = lambda y: plain_norm(torch.as_tensor(y)).numpy()  # noqa: E731
    for first in (True, False):
        block = initialise(EncoderBlock(8, 2, norm_first=first).double(), np.random.default_rng(1))
        f = [lambda y, layer=layer: layer(torch.as_tensor(y)).detach().numpy()
             for layer in (block.attention, block.feed_forward)]  # fmt: skip
        middle = f[0](norm(x.numpy())) + x.numpy() if first else norm(x.numpy() + f[0](x.numpy()))
        rows = [x.numpy(), middle, block(x).detach().numpy()]
        yield given({"m": 2}, part="pre" if first else "post", x=np.stack(rows), f=f, norm=norm)


@holds(
    "In pre-norm $x_T$ is the input plus the outputs of all sublayers.",
    "So the derivative contains the identity $I$, and through it the gradient at $x_T$ "
    "reaches every earlier layer without passing any learned matrix:",
)
@evaluated("eq-outlook-residual")
def test_pre_norm_is_a_sum_and_its_jacobian_starts_with_the_unit_matrix() -> Cases:
    draws = np.random.default_rng(2)
    blocks = [initialise(EncoderBlock(6, 2).double(), draws) for _ in range(3)]
    layers = [(f, norm) for block in blocks for f, norm in
              ((block.attention, block.attention_norm),
               (block.feed_forward, block.feed_forward_norm))]  # fmt: skip

    def rows(x: torch.Tensor) -> list[torch.Tensor]:
        """x_0, x_1, …, x_T of the model."""
        found = [x]
        for f, norm in layers:
            found.append(found[-1] + f(norm(found[-1])))
        return found

    start = torch.from_numpy(draws.normal(size=(2, 6)))
    whole = start
    for block in blocks:
        whole = block(whole)
    x = np.stack([each.detach().numpy() for each in rows(start)])
    np.testing.assert_allclose(x[-1], whole.detach().numpy(), rtol=1e-10)

    def slopes(of: Any, by: int = 0) -> Matrix:
        assert by == 0  # by the first rows
        return torch.autograd.functional.jacobian(of, start).numpy().reshape(12, 12)  # type: ignore[no-any-return]

    added = [slopes(lambda y, l=l: layers[l][0](layers[l][1](rows(y)[l]))) for l in range(6)]  # noqa: E741
    f = [lambda y, layer=layer: layer(torch.from_numpy(y)).detach().numpy() for layer, _ in layers]
    yield given(
        {"m": 7}, first=0, x=x, T=6, f=f, norm=lambda y: plain_norm(torch.from_numpy(y)).numpy(),
        also={"∂x/∂x": lambda last, by: slopes(lambda y: rows(y)[last], by), "I": np.eye(12),
              "∂f/∂x": lambda l, by: {0: added[l]}[by]},  # noqa: E741
    )  # fmt: skip


@holds("and the bound grows with the product of their largest singular values.")
@evaluated("eq-outlook-logits")
def test_no_score_exceeds_the_bound_and_one_reaches_it() -> Cases:
    X = rng.normal(size=(N, 5))
    longest = X[np.linalg.norm(X, axis=1).argmax()]
    along = np.outer(longest, np.eye(D)[0])  # both maps look along the longest row
    pairs = (rng.normal(size=(2, 5, D)), (along, -2 * along), (3 * along, along))
    for x in (X, X / 9):
        for W_Q, W_K in pairs:
            s = attention_steps(x @ W_Q, x @ W_K, x).scaled
            yield given({"i": N, "j": N}, s=s, x=x, W_Q=W_Q, W_K=W_K, d_k=D,
                        sigma=lambda W: np.linalg.svd(W)[1][0])  # fmt: skip


LOOSER = "true as well, and no score comes near it"


@holds(
    "QK-norm normalises the queries and keys of each head, which bounds the scores "
    "whatever the matrices do.",
    r"With rows of root mean square 1, $\lVert \hat q \rVert = \lVert \hat k \rVert = "
    r"\sqrt{d_k}$",
)
@evaluated("eq-outlook-qk-norm", same={r"\sqrt →  (2)": LOOSER, "d_k → d_k^2 (2)": LOOSER})
def test_normalised_queries_and_keys_bound_the_scores() -> Cases:
    q, k = (rms_norm(torch.from_numpy(1e6 * x), (D,)).numpy() for x in (QUERY, -QUERY[::-1]))
    yield given({"i": N, "j": N}, s_hat=attention_steps(q, k, k).scaled, q_hat=q, k_hat=k, d_k=D)
