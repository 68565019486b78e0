"""The equations of chapter 4, as they are printed, against the library."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from qkv_lib import attention, attention_steps, scoring, softmax
from qkv_lib.formula.gradients import attention_gradients, softmax_jacobian
from qkv_lib.formula.positions import alibi_bias, alibi_slopes, rope, sinusoidal
from qkv_lib.layers import MultiHeadAttention, initialise
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

N, M, D, E = 5, 7, 11, 13
RNG = np.random.default_rng(6)
Q, K, V = RNG.normal(size=(N, D)), RNG.normal(size=(M, D)), RNG.normal(size=(M, E))
STEPS = attention_steps(Q, K, V)
PAIRS = {"i": N, "j": M}
Floats = np.ndarray


@evaluated("eq-mathematics-attention")
def test_attention_is_the_weighted_average() -> Cases:
    yield given(Attention=attention, Q=Q, K=K, V=V, d_k=D)


@evaluated("eq-mathematics-softmax")
def test_softmax_divides_exponentials_by_their_sum() -> Cases:
    yield given({"j": M}, softmax=softmax, s=RNG.normal(size=M), n_k=M)


@evaluated("eq-mathematics-shift", same={"+ → -": "a shift the other way cancels too"})
def test_softmax_does_not_see_a_common_shift() -> Cases:
    for c in (-1e4, -1.0, 0.5, 1e4):
        yield given(softmax=softmax, s=RNG.normal(size=M), t=c, ones=np.ones(M), atol=1e-11)


@holds(
    "That of the softmax has the entries $p_j([j = l] - p_l)$.",
)
@evaluated("eq-mathematics-jacobian", same={"jl → lj": "the Jacobian is symmetric"})
def test_jacobian_has_its_entries_and_is_the_finite_difference() -> Cases:
    s, step = RNG.normal(size=M), 1e-6
    p = softmax(s)
    moved = [(softmax(s + step * e) - softmax(s - step * e)) / (2 * step) for e in np.eye(M)]
    slopes = {"∂p/∂s": np.stack(moved, axis=1)}  # [j, l]: how p_j moves with s_l
    yield given({"j": M, "l": M}, J=softmax_jacobian(p), p=p, s=s, also=slopes, atol=1e-9)


@evaluated("eq-mathematics-variance")
def test_variance_of_a_dot_product_is_its_width() -> Cases:
    pairs = 20_000
    for d_k in (3, 17, 101):
        q, k = RNG.normal(size=(2, pairs, d_k))
        spread = 6 * np.sqrt((2 + 6 / d_k) / pairs)  # six standard errors of a variance
        yield given(Var=np.var, q=q, k=k, d_k=d_k, rtol=spread, atol=0)
    steps = attention_steps(q[:, None], k[:, None], k[:, None])
    assert abs(steps.scaled.var() - 1) < spread


class Hull:
    """The convex hull of some rows: which row is in it, a linear program tells."""

    def __init__(self, rows: list[Floats]) -> None:
        self.rows = np.stack([*np.transpose(rows), np.ones(len(rows))])

    def __contains__(self, row: Floats) -> bool:
        found = linprog(np.zeros(self.rows.shape[1]), A_eq=self.rows, b_eq=[*row, 1.0])
        return bool(found.status == 0)


@evaluated("eq-mathematics-hull", same={
    r"\le → <": "no output reaches an edge", r"\le → < (2)": "no output reaches an edge",
})  # fmt: skip
def test_output_is_a_convex_combination_of_the_values() -> Cases:
    yield given({**PAIRS, "c": 2}, o=STEPS.output[:, :2], v=V[:, :2], n_k=M, conv=Hull)
    corner = attention(100 * Q, K, V)  # nearly one value each, and still no less than the least
    assert (corner <= V.max(axis=0) + 1e-12).all()
    assert (corner >= V.min(axis=0) - 1e-12).all()


@evaluated("eq-mathematics-equivariance")
def test_self_attention_permutes_with_its_input() -> Cases:
    q, k, v = RNG.normal(size=(3, N, D))
    yield given(Attention=attention, Q=q, K=k, V=v, P=np.eye(N)[RNG.permutation(N)])


GRADIENT = RNG.normal(size=(N, E))
OURS = attention_gradients(Q, K, V, GRADIENT)


def slope(of: Callable[[Floats], Floats], at: Floats) -> Floats:
    """How the sum of ``GRADIENT * of(at)`` moves with each number of `at`."""
    step, found = 1e-6, np.empty_like(at)
    for place in np.ndindex(at.shape):
        bump = np.zeros_like(at)
        bump[place] = step
        found[place] = ((of(at + bump) - of(at - bump)) * GRADIENT).sum() / (2 * step)
    return found


OF_WEIGHTS = slope(lambda A: A @ V, STEPS.weights)
OF_SCORES = slope(lambda S: softmax(S) @ V, STEPS.scaled)


@evaluated("eq-mathematics-backward-values")
def test_gradients_of_values_and_weights() -> Cases:
    yield given(dV=OURS[2], A=STEPS.weights, dO=GRADIENT, dA=OF_WEIGHTS, V=V, atol=1e-7)


@evaluated("eq-mathematics-backward-softmax")
def test_gradient_through_the_softmax() -> Cases:
    g = (OF_WEIGHTS * STEPS.weights).sum(axis=1, keepdims=True)
    yield given(dS=OF_SCORES, A=STEPS.weights, dA=OF_WEIGHTS, g=g, atol=1e-7)


@evaluated("eq-mathematics-backward-scores")
def test_gradients_of_queries_and_keys() -> Cases:
    yield given(dQ=OURS[0], dK=OURS[1], dS=OF_SCORES, Q=Q, K=K, d_k=D, atol=1e-7)


@evaluated("eq-mathematics-heads")
def test_heads_run_side_by_side_and_are_mixed() -> Cases:
    d_model = 6
    for h in (2, 3):
        layer = initialise(MultiHeadAttention(d_model, h, bias=False).double(), RNG)
        X = RNG.normal(size=(N, d_model))
        with torch.no_grad():
            Y = layer(torch.from_numpy(X)).numpy()
        maps = {f"W_{name}": each.weight.detach().numpy().T for name, each in
                zip("QKV", (layer.query, layer.key, layer.value), strict=True)}  # fmt: skip
        own = {name: np.stack(np.split(each, h, axis=1)) for name, each in maps.items()}
        H = np.stack([attention(*(X @ own[f"W_{name}"][r] for name in "QKV")) for r in range(h)])
        W_O = layer.output.weight.detach().numpy().T
        yield given({"r": h}, Attention=attention, X=X, H=H, Y=Y, W_O=W_O, h=h, **own)


@holds(
    "the number of parameters does not depend on the number of heads.",
    "The same four matrices are divided among the heads, "
    "so the number of parameters does not change.",
)
@evaluated("eq-mathematics-parameters")
def test_parameters_do_not_depend_on_the_number_of_heads() -> Cases:
    for h in (1, 2, 4, 8):
        layer = MultiHeadAttention(24, h, bias=False)
        yield given(d_model=24, equals=sum(p.numel() for p in layer.parameters()))


@evaluated("eq-mathematics-bilinear")
def test_bilinear_score() -> Cases:
    q, k, W = RNG.normal(size=(N, 3)), RNG.normal(size=(M, D)), RNG.normal(size=(3, D))
    yield given(PAIRS, s=scoring.bilinear(q, k, W), q=q, k=k, W_QK=W)


@evaluated("eq-mathematics-additive")
def test_additive_score() -> Cases:
    q, k, u = RNG.normal(size=(N, 3)), RNG.normal(size=(M, D)), RNG.normal(size=17)
    W_1, W_2 = RNG.normal(size=(3, 17)), RNG.normal(size=(D, 17))
    yield given(PAIRS, s=scoring.additive(q, k, W_1, W_2, u), q=q, k=k, W_1=W_1, W_2=W_2, u=u)


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_gaussian_score(sigma: float) -> None:
    expected = [[-((q - k) ** 2).sum() / (2 * sigma**2) for k in K] for q in Q]
    found = scoring.gaussian(Q, K, bandwidth=sigma)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def frequencies(d: int) -> Floats:
    """The frequencies of the pairs, as the rows of the library turn with them."""
    rows = sinusoidal(2, d)
    return np.arctan2(rows[1, 0::2], rows[1, 1::2])


@evaluated("eq-mathematics-sinusoidal")
def test_sinusoidal_row() -> Cases:
    yield given({"i": N, "l": 3}, p=sinusoidal(N, 6), omega=frequencies(6), d=6, first=0)


@evaluated("eq-mathematics-translation")
def test_one_linear_map_moves_every_sinusoidal_row_on() -> Cases:
    p = sinusoidal(70, 6)
    for distance in (-3, 1, 17):
        moves = np.linalg.lstsq(p[3:50], p[3 + distance : 50 + distance])[0]

        def moved(*at: int, moves: Floats = moves) -> Floats:
            return block(moves, at[0], "interleaved") if len(at) == 2 else moves

        yield given({"i": range(40, 45), "l": range(3)}, first=0, p=p, T=moved, Delta=distance,
                    omega=frequencies(6), atol=1e-10)  # fmt: skip


def turn(i: int, d: int = 6, layout: str = "half") -> Floats:
    """R_i as the library turns a row of each unit vector."""
    return rope(np.eye(d), positions=np.full(d, i), layout=layout)


def block(matrix: Floats, pair: int, layout: str) -> Floats:
    """What a matrix does to a pair of features: (l, l + d/2), or the paper's (2l, 2l + 1)."""
    half = len(matrix) // 2
    both = [pair, pair + half] if layout == "half" else [2 * pair, 2 * pair + 1]
    return matrix[np.ix_(both, both)]


@evaluated("eq-mathematics-rope")
def test_rope_turns_each_pair_by_its_angle() -> Cases:
    a, b = 0.3, -1.7
    for layout in ("half", "interleaved"):

        def of_pair(pair: int, i: int, layout: str = layout) -> Floats:
            return block(turn(i, layout=layout), pair, layout)

        def turned(i: int, pair: int, layout: str = layout) -> Floats:
            x, both = np.zeros((1, 6)), [pair, pair + 3]
            both = both if layout == "half" else [2 * pair, 2 * pair + 1]
            x[0, both] = a, b
            return rope(x, offset=i, layout=layout)[0, both]

        yield given({"i": [0, 1, 29], "l": 3}, first=0, a=a, b=b, R=of_pair, omega=frequencies(6),
                    equals=turned)  # fmt: skip


@evaluated("eq-mathematics-rope-relative")
def test_rope_scores_depend_on_the_distance_alone() -> Cases:
    q, k = RNG.normal(size=(2, 6))
    yield given({"i": [3, 8, 0, 1003], "j": [8, 3, 41, 1008]}, q=q, k=k, R=turn, atol=1e-9)


@holds(
    "each score is lowered in proportion to the distance between query and key",
)
@evaluated("eq-mathematics-alibi")
def test_alibi_takes_slope_times_distance_from_past_keys() -> Cases:
    h = 3
    q, k, v = RNG.normal(size=(3, h, N, D))
    masked = attention_steps(q, k, v, causal=True, bias=alibi_bias(h, N, N)).masked
    for r in range(h):
        yield given({"i": N, "j": N}, S=masked[r], q=q[r], k=k[r], d_k=D, m=alibi_slopes(h),
                    r=r + 1, condition=True)  # fmt: skip
