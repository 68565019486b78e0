"""Each formula that a docstring writes in backticks is evaluated, as it stands there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import attention, attention_steps, causal_mask, scoring, softmax
from qkv_lib.data.digit_tasks import reversal
from qkv_lib.data.planted import marked
from qkv_lib.data.sentence import GUESS, THIRSTY, rows, step
from qkv_lib.data.sequences import recall
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.ring import held_by
from qkv_lib.exact.tiles import Partial
from qkv_lib.formula.gradients import softmax_jacobian
from qkv_lib.formula.heads import grouped_matmul, split_heads
from qkv_lib.formula.masks import window_mask
from qkv_lib.formula.positions import alibi_bias, rope, sinusoidal
from qkv_lib.formula.rules import Rule
from qkv_lib.formula.steps import default_scale, exponentials, mask_scores, soft_cap
from qkv_lib.layers.blocks import EncoderBlock
from qkv_lib.layers.positions import LearnedPositions
from qkv_lib.measures.cost import Block, block_cost, crossover_length, kv_cache_bytes
from qkv_lib.measures.induction import share_on_diagonal
from qkv_lib.measures.maps import weighted_norms
from qkv_lib.measures.pointing import hits
from qkv_lib.models.mixers import Recurrence
from qkv_lib.variants.convolution import convolve, offset_mask
from qkv_lib.variants.delta import delta_attention
from qkv_lib.variants.differential import differential_weights
from qkv_lib.variants.flex import flex_attention_whole
from qkv_lib.variants.linear import elu_plus_one, kernel_weights, linear_attention
from qkv_lib.variants.rotary import half_from_interleaved, rope_2d
from qkv_lib.variants.sinks import sink_attention
from tests.conditions import literals, slips, value
from tests.test_costs import TOLD as COSTS
from tests.test_costs import UNCOUNTED

RNG = np.random.default_rng(5)
HERE, THERE = np.arange(4)[:, None], np.arange(9)
Q, K, V = RNG.normal(size=(2, 4, 6)), RNG.normal(size=(2, 9, 6)), RNG.normal(size=(2, 9, 3))
S = RNG.normal(size=(4, 9))
STEPS = attention_steps(Q, K, V, softcap=2.0, bias=S)
SIZES = {"h": 2, "n": 4, "m": 9, "n_keys": 9, "n_queries": 4, "d_k": 6, "d": 6, "d_v": 3}


def worth(formula: str, expected: Any, **symbols: Any) -> bool:
    """Tell whether a formula is what the library gives."""
    return bool(np.allclose(value(formula, **SIZES | symbols), expected))


def columns(mask: Any) -> int:
    return int(mask.shape[-1])


def head_of(x: Any, i: int, first: int, last: int) -> bool:
    return bool((split_heads(x, 3)[i] == x[:, first:last]).all())


Says = Callable[[str], bool]
MAPS = RNG.normal(size=(2, 6, 5))
D_OUT = RNG.normal(size=STEPS.output.shape)
XS = torch.arange(24.0).reshape(4, 6)
POSITIONS = LearnedPositions(9, 6)
(TABLE,) = POSITIONS.parameters()
IMAGE = RNG.normal(size=(7, 7, 2))
DOT = int((marked(np.zeros((1, 28, 28), np.float32), np.array([0])) > 0).sum())


STEPS_PLAIN = attention_steps(Q, K, V)
STEP = step(rows(THIRSTY), GUESS)
CACHE = KVCache(9)
CACHE.append(K, V)
PART = Partial(exponentials(S[:1])[0] @ V[0], *exponentials(S[:1])[1:])
T_Q, T_K, T_V = (torch.tensor(each, requires_grad=True) for each in (Q, K, V))
T_MAPS = tuple(map(torch.tensor, MAPS))
COVERAGE = np.array([[0.5, 0.9, 0.1, 0.2, 0.0, 0.6, 0.3, 0.7, 0.4, 0.2]])


def largest(compute: Callable[[], Any]) -> int:
    """Return how many numbers the largest array holds that a computation keeps for backward."""
    kept = [0]

    def keep(array: Any) -> Any:
        kept.append(array.numel())
        return array

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda array: array):
        compute()
    return max(kept)


def summed(formula: str, expected: Any) -> bool:
    """Tell whether a sum over the keys is what is expected."""
    body = formula.removeprefix("Σ_j ")
    terms = [value(body, s_j=S[0, j], v_j=V[0, j], peak=S[0].max()) for j in range(9)]
    return formula.startswith("Σ_j ") and bool(np.allclose(sum(terms), expected))


def weighs(formula: str, weights: Any, **symbols: Any) -> bool:
    """Tell whether the weights are what a kernel gives, over its sum."""
    dots = formula.replace("q · k", "q @ k").replace(") · ", ") @ ")
    found = np.array([[value(dots, q=q, k=k, d=6, **symbols) for k in K[0]] for q in Q[0]])
    return bool(np.allclose(found / found.sum(axis=1, keepdims=True), weights))


def learned(offset: int) -> Any:
    """Return the rows with the learned vectors of their positions."""
    return POSITIONS(XS, offset=offset).detach().numpy()


def pairs_turn(layout: str, other: int, first: int) -> bool:
    """Tell whether two features alone are changed by a turn of one of them."""
    x = np.zeros((2, 6))
    x[1, first] = 1.0
    return set(np.flatnonzero(rope(x, layout=layout)[1])) == {first, other}


def owns_rows(first: int, last: int) -> bool:
    """Tell whether head 1 of three reads these rows of the output projection."""
    w_o, weights, values = RNG.normal(size=(9, 4)), np.ones((3, 1, 1)), RNG.normal(size=(3, 1, 3))
    return bool(np.allclose(weighted_norms(weights, values, w_o)[1, 0, 0],
                            np.linalg.norm(values[1, 0] @ w_o[first:last])))  # fmt: skip


def tap_looks(by: int, axis: int) -> bool:
    """Tell whether the tap in the last row and first column looks so far along an axis."""
    kernel = np.zeros((5, 5, 2, 2))
    kernel[4, 0] = np.eye(2)
    moved = np.roll(IMAGE, (-by, 2) if axis == 0 else (-2, -by), (0, 1))
    return bool(np.allclose(convolve(IMAGE, kernel)[2:-2, 2:-2], moved[2:-2, 2:-2]))


def replaced(strength: float) -> bool:
    """Tell whether writing a key again with this strength leaves nothing of its first value."""
    key = np.tile([0.6, 0.8], (2, 1))
    found = delta_attention(key, key, np.array([[5.0], [7.0]]), np.full(2, float(strength)))
    return bool(np.isclose(found[1, 0], 7.0))


def pairs_of_recall(pair: Callable[[int, int], int], question: Callable[[int], int]) -> bool:
    """Tell whether pairs and questions of the task have these symbols, and are answered so."""
    batch = recall(3, 12, np.random.default_rng(2))
    for row, answers in zip(*batch[:2], strict=True):
        held: dict[int, int] = {}
        for symbol, answer in zip(row, answers, strict=True):
            pairs = {pair(k, v): (k, v) for k in range(8) for v in range(8)}
            asked = {question(k): k for k in range(8)}
            if symbol in pairs:
                held.update([pairs[symbol]])
            elif symbol in asked:
                if held[asked[symbol]] != answer:
                    return False
            elif symbol != 0:
                return False
    return True


HELD: dict[tuple[str, str], Says] = {
    ("attention.attention", "j > i + offset"): lambda f: worth(
        f, ~causal_mask(4, 9, offset=3), i=HERE, j=THERE, offset=3),
    ("attention.attention", "1 / √d_k"): lambda f: np.allclose(
        attention(Q, K, V), attention(Q, K, V, scale=value(f, d_k=6))),
    ("attention.attention", "h / g"): lambda f: all(
        np.allclose(attention(np.tile(Q, (3, 1, 1)), K, V)[i],
                    attention(np.tile(Q, (3, 1, 1))[i], K[i // int(value(f, h=6, g=2))],
                              V[i // int(value(f, h=6, g=2))])) for i in range(6)),
    ("formula.masks", "i + offset"): lambda f: (
        causal_mask(4, 9, offset=3).sum(axis=1) == value(f, i=np.arange(4), offset=3) + 1).all(),
    ("formula.masks.causal_mask", "j ≤ i + offset"): lambda f: worth(
        f, causal_mask(4, 9, offset=3), i=HERE, j=THERE, offset=3),
    ("formula.masks.causal_mask", "offset + n_queries"): lambda f: worth(
        f, columns(causal_mask(4, offset=3)), offset=3),
    ("formula.masks.window_mask", "|i + offset − j| < window"): lambda f: worth(
        f, window_mask(4, 9, window=2, offset=3), i=HERE, j=THERE, offset=3, window=2),
    ("formula.masks.window_mask", "window − 1"): lambda f: worth(
        f, (causal_mask(9) & window_mask(9, window=4))[-1, :-1].sum(), window=4),
    ("formula.masks.window_mask", "offset + n_queries"): lambda f: worth(
        f, columns(window_mask(4, window=2, offset=3)), offset=3),
    ("formula.positions.alibi.alibi_bias", "offset + n_queries"): lambda f: worth(
        f, columns(alibi_bias(2, 4, offset=3)), offset=3),
    ("formula.rules.Rule.mask", "offset + n_queries"): lambda f: worth(
        f, columns(Rule(lambda q, k: q >= k).mask(4, offset=3)), offset=3),
    ("formula.heads", "(..., n, h · d)"): lambda f: split_heads(
        np.zeros((5, 4, 12)), 3).shape == (5, 3, 4, 4) and f == "(..., n, h · d)",
    ("formula.heads.split_heads", "i · d"): lambda f: head_of(
        RNG.normal(size=(4, 12)), 1, value(f, i=1, d=4), 8),
    ("formula.heads.split_heads", "(i + 1) · d"): lambda f: head_of(
        RNG.normal(size=(4, 12)), 1, 4, value(f, i=1, d=4)),
    ("formula.heads.grouped_matmul", "g = h"): lambda f: value(f, g=2, h=2) and np.array_equal(
        grouped_matmul(Q, K.mT), Q @ K.mT),
    ("formula.heads.grouped_matmul", "left[..., i, :, :] @ right[..., i // (h // g), :, :]"):
        lambda f: all(np.allclose(grouped_matmul(np.tile(Q, (2, 1, 1)), K.mT)[i], value(
            f.replace("...", "Ellipsis").replace(":", "slice(None)"), left=np.tile(Q, (2, 1, 1)),
            right=K.mT, i=i, h=4, g=2, slice=slice, Ellipsis=...)) for i in range(4)),
    ("formula.scoring.scaled_dot", "1 / √d"): lambda f: np.allclose(
        scoring.scaled_dot(Q, K), scoring.dot(Q, K) * value(f, d=6)),
    ("formula.scoring.bilinear", "W = W_Q W_Kᵀ"): lambda f: np.allclose(
        scoring.bilinear(Q, K, value(f.partition("= ")[2].replace("_Q W", "_Q @ W"),
                                     W_Q=MAPS[0], W_K=MAPS[1])),
        (Q @ MAPS[0]) @ (K @ MAPS[1]).mT),
    ("formula.steps.AttentionSteps", "scores · scale"): lambda f: worth(
        f, STEPS.scaled, scores=STEPS.scores, scale=6**-0.5),
    ("formula.steps.AttentionSteps", "softcap · tanh(scaled / softcap)"): lambda f: worth(
        f, STEPS.capped, softcap=2.0, scaled=STEPS.scaled),
    ("formula.steps.AttentionSteps", "capped + bias"): lambda f: worth(
        f, STEPS.masked, capped=STEPS.capped, bias=S),
    ("formula.steps.default_scale", "1 / √d_k"): lambda f: worth(f, default_scale(6)),
    ("formula.steps.soft_cap", "cap · tanh(scores / cap)"): lambda f: worth(
        f, soft_cap(S, 1.5), cap=1.5, scores=S),
    ("formula.steps.mask_scores", "scores + bias"): lambda f: worth(
        f, mask_scores(S, None, S), scores=S, bias=S),
    ("formula.steps.exponentials", "exp(scores − peak)"): lambda f: worth(
        f, exponentials(S)[0], scores=S, peak=exponentials(S)[2]),
    ("formula.gradients.softmax_jacobian", "diag(a) − a aᵀ"): lambda f: worth(
        f.replace("a aᵀ", "a[:, None] · a"), softmax_jacobian(softmax(S[0])), a=softmax(S[0]),
        None_=None),
    ("formula.gradients.softmax_jacobian", "1 − a_i"): lambda f: np.allclose(
        np.diag(softmax_jacobian(softmax(S[0]))), softmax(S[0]) * value(f, a_i=softmax(S[0]))),
    ("exact.backward.tiled_gradients", "Σ_j A_ij (dO_i · v_j) = dO_i · O_i"): lambda f: (
        f.startswith("Σ_j A_ij (dO_i · v_j) =") and np.allclose(
            np.einsum("hij,hic,hjc->hi", STEPS.weights, D_OUT, V),
            value(f.partition("= ")[2], dO_i=D_OUT, O_i=STEPS.output).sum(-1))),
    ("exact.ring.held_by", "2 · n_ranks"): lambda f: worth(
        f, sum(len(held_by(r, 12, n_ranks=3, zigzag=True)) for r in range(3)), n_ranks=3),
    ("formula.positions.rope.rope", "i + d/2"): lambda f: pairs_turn(
        "half", int(value(f, i=1, d=6)), 1),
    ("formula.positions.rope.rope", "2i + 1"): lambda f: pairs_turn(
        "interleaved", int(value(f, i=1)), 2),
    ("formula.positions.sinusoidal.sinusoidal", "2π · b"): lambda f: bool(
        0.9 < value(f, b=50.0) * np.arctan2(*sinusoidal(2, 400, base=50.0)[1, -2:]) / (2 * np.pi)
        < 1.1),
    ("variants.rotary.turned", "i + d/2"): lambda f: pairs_turn("half", int(value(f, i=1, d=6)), 1),
    ("variants.rotary.half_from_interleaved", "i + d/2"): lambda f: half_from_interleaved(6)[
        range(6).index(value(f, i=1, d=6))] == 3,
    ("variants.rotary.half_from_interleaved", "2i + 1"): lambda f: half_from_interleaved(6)[
        4] == value(f, i=1),
    ("variants.rotary.rope_2d", "height · width"): lambda f: rope_2d(
        np.ones((value(f, height=2, width=3), 8)), height=2, width=3).shape == (6, 8),
    ("layers.blocks.EncoderBlock", "4 · d_model"): lambda f: worth(
        f, next(m.out_features for m in EncoderBlock(8, 2).modules()
                if getattr(m, "in_features", 0) == 8 and m.out_features > 8), d_model=8),
    ("layers.positions.LearnedPositions", "x_i + P_{i + offset}"): lambda f: all(worth(
        f, learned(3)[i], x_i=XS[i].numpy(), P=TABLE.detach().numpy(), i=i, offset=3)
        for i in range(4)),
    ("layers.positions.LearnedPositions.forward", "i + offset"): lambda f: all(np.allclose(
        learned(3)[i], XS[i] + TABLE.detach()[value(f, i=i, offset=3)]) for i in range(4)),
    ("measures.cost.Block", "d_model / h"): lambda f: worth(
        f, Block(12, 3).d_head, d_model=12, h=3),
    ("measures.cost.Block", "4 · d_model"): lambda f: worth(f, Block(12, 3).d_ff, d_model=12),
    ("measures.cost.crossover_length", "g = h"): lambda f: value(
        f, g=Block(12, 3).n_kv_heads, h=Block(12, 3).n_heads),
    ("measures.cost.crossover_length", "d_ff = 4 · d_model"): lambda f: value(
        f, d_ff=Block(12, 3).d_ff, d_model=12),
    ("measures.cost.crossover_length", "d_ff = 0"): lambda f: crossover_length(
        Block(12, 3, d_ff=value(f.partition("= ")[2]))) == 24,
    ("measures.cost", "d = h · d_k"): lambda f: value(f, d=12, h=3, d_k=Block(12, 3).d_head),
    ("measures.cost", "d_ff = 4 d"): lambda f: value(f, d_ff=Block(12, 3).d_ff, d=12),
    ("measures.cost", "n = 6 d"): lambda f: value(f, n=crossover_length(Block(12, 3)), d=12),
    ("measures.cost.kv_cache_bytes", "h / g"): lambda f: worth(
        f, kv_cache_bytes(Block(12, 6), 5) / kv_cache_bytes(Block(12, 6, n_kv_heads=2), 5),
        h=6, g=2),
    ("measures.induction.share_on_diagonal", "1 / n"): lambda f: worth(
        f, np.mean([share_on_diagonal(RNG.normal(size=(5, 5))) for _ in range(2000)]).round(1),
        n=5),
    ("measures.maps.weighted_norms", "i · e"): lambda f: owns_rows(value(f, i=1, e=3), 6),
    ("measures.maps.weighted_norms", "(i + 1) · e"): lambda f: owns_rows(3, value(f, i=1, e=3)),
    ("models.mixers.Recurrence", "2 d / 3"): lambda f: worth(
        f, Recurrence(12).unit.hidden_size, d=12),
    ("models.mixers.Recurrence", "s = 2 d / 3"): lambda f: value(
        f, s=Recurrence(12).unit.hidden_size, d=12),
    ("variants.convolution.convolve", "r − k // 2"): lambda f: tap_looks(value(f, r=4, k=5), 0),
    ("variants.convolution.convolve", "s − k // 2"): lambda f: tap_looks(value(f, s=0, k=5), 1),
    ("variants.delta.delta_attention", "β = 1"): lambda f: replaced(
        value(f.partition("= ")[2])),
    ("variants.differential.differential_weights", "1 − λ"): lambda f: worth(
        f, differential_weights(*[RNG.normal(size=(4, 4, 6)) for _ in range(2)],
                                RNG.normal(size=(2, 4, 6)), strength=0.3).sum(axis=-1), λ=0.3),
    ("variants.latent.latent_attention", "1 / √(d_k + d_r)"): lambda f: worth(
        f, default_scale(8), d_r=2),
    ("variants.linear.linear_attention", "j ≤ i"): lambda f: np.allclose(
        (linear_attention(S[:, :4], S[:, :4], np.eye(4), causal=True) > 0),
        value(f, i=HERE, j=np.arange(4))),
    ("variants.sinks.sink_attention", "e^L / (e^L + e^β) = σ(L − β)"): lambda f: value(
        f, L=0.3, β=0.8, σ=lambda x: 1 / (1 + np.exp(-x))) and np.allclose(
        sink_attention(Q, K, V, sink=np.full(2, 0.8)),
        attention(Q, K, V) * (lambda L: 1 / (1 + np.exp(0.8 - L)))(np.log(np.exp(
            attention_steps(Q, K, V).scaled).sum(-1, keepdims=True)))),
    ("data.digit_tasks.reversal", "n − 1 − i"): lambda f: (
        reversal(np.zeros((1, 5), int)) == value(f, n=5, i=np.arange(5))).all(),
    ("data.planted.marked", "label + 1"): lambda f: all(
        (marked(np.zeros((1, 28, 28), np.float32), np.array([label])) > 0).sum()
        == DOT * int(value(f, label=label)).bit_count() for label in range(15)),
    ("variants.flex.flex_attention_whole", "1 / √d_k"): lambda f: np.allclose(
        flex_attention_whole(Q, K, V), flex_attention_whole(Q, K, V, scale=value(f, d_k=6))),
    ("data.sentence.Step", "scores / 2"): lambda f: worth(f, STEP.scaled, scores=STEP.scores),
    ("data.sentence.Step", "√4 = 2"): lambda f: value(f) and worth(
        f.partition(" =")[0], np.sqrt(GUESS.W_K.shape[1])),
    ("exact.cache.KVCache.attend", "length − n_queries"): lambda f: np.allclose(
        CACHE.attend(Q), CACHE.attend(Q, offset=value(f, length=9, n_queries=4))),
    ("exact.tiles.Partial", "Σ_j exp(s_j − peak)"): lambda f: summed(f, PART.total[0]),
    ("exact.tiles.Partial", "Σ_j exp(s_j − peak) v_j"): lambda f: summed(f, PART.output[0]),
    ("variants.linear.linear_attention", "h · n · d · d_v"): lambda f: worth(
        f, largest(lambda: linear_attention(T_Q, T_Q, T_V[:, :4], causal=True))),
    ("variants.linear.linear_attention", "φ(q) · φ(k)"): lambda f: weighs(
        f, kernel_weights(Q[0], K[0]), φ=elu_plus_one),
    ("variants.linear", "φ(q) · φ(k)"): lambda f: weighs(
        f, kernel_weights(Q[0], K[0]), φ=elu_plus_one),
    ("variants.linear", "exp(q · k / √d)"): lambda f: weighs(f, STEPS_PLAIN.weights[0]),
    ("formula.scoring.additive", "n_queries · n_keys · d_hidden"): lambda f: worth(
        f, largest(lambda: scoring.additive(T_Q[0], T_K[0], *T_MAPS, T_MAPS[0][0])), d_hidden=5),
    ("formula.scoring.gaussian", "n_queries · n_keys · d"): lambda f: worth(
        f, largest(lambda: scoring.gaussian(T_Q[0], T_K[0], bandwidth=1.0))),
    ("formula.steps.AttentionSteps", "log Σ_j exp(masked_j)"): lambda f: (
        f.startswith("log Σ_j exp(") and np.allclose(
            STEPS.logsumexp, np.log(np.exp(STEPS.masked).sum(-1)))),
    ("measures.pointing.hits", "(coverage >= 0.5).mean()"): lambda f: worth(
        f, np.mean([hits(RNG.random((1, 10)), COVERAGE) for _ in range(2000)]).round(1),
        coverage=COVERAGE),
    ("measures.cost.block_cost", "1 / d_head"): lambda f: worth(
        f, 3 * 4 * 9 / block_cost(Block(12, 3), 4, 9).scores.multiplications, d_head=4),
    ("variants.convolution.convolve", "n = height · width"): lambda f: value(
        f, n=offset_mask(3, 5, (0, 1)).shape[0], height=3, width=5),
    ("data.sequences.recall", "1 + 8 k + v"): lambda f: pairs_of_recall(
        lambda k, v: value(f, k=k, v=v), lambda k: 65 + k),
    ("data.sequences.recall", "65 + k"): lambda f: pairs_of_recall(
        lambda k, v: 1 + 8 * k + v, lambda k: value(f, k=k)),
}  # fmt: skip


@pytest.mark.parametrize("place", HELD, ids=" ".join)
def test_what_a_docstring_writes_in_backticks_is_so(place: tuple[str, str]) -> None:
    assert place in literals(), "the docstring says so no more: repeat its words here"
    assert HELD[place](place[1])


@pytest.mark.parametrize("place", HELD, ids=" ".join)
def test_a_slip_of_the_pen_is_found(place: tuple[str, str]) -> None:
    assert [each for each in slips(place[1]) if holds(HELD[place], each)] == []


def holds(says: Says, formula: str) -> bool:
    """Tell whether a formula passes as what the library computes."""
    with np.errstate(all="ignore"):
        try:
            return bool(says(formula))
        except (ArithmeticError, AssertionError, LookupError, NameError, SyntaxError, TypeError,
                ValueError):  # fmt: skip
            return False


LEFT = 41
"""How many formulas in backticks nothing evaluates yet. The number can only become smaller."""


def test_what_is_not_evaluated_becomes_less() -> None:
    left = [each for each in literals() if each not in HELD.keys() | COSTS.keys() | UNCOUNTED]
    assert len(left) <= LEFT, f"evaluate what is new, in HELD: {left}"
