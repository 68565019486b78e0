"""The equations of chapter 4, evaluated as written."""

import math

import numpy as np
import pytest

from qkv_lib import attention, attention_steps, merge_heads, scoring, softmax, split_heads
from qkv_lib.formula.gradients import attention_gradients, softmax_jacobian
from qkv_lib.formula.positions import alibi_bias, alibi_slopes, rope, sinusoidal
from qkv_lib.layers import MultiHeadAttention
from tests.equations.registry import equation
from tests.reference import one_head_by_loops

N, M, D, E = 5, 7, 11, 13
Floats = np.ndarray


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(6)


@pytest.fixture
def qkv(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    return rng.normal(size=(N, D)), rng.normal(size=(M, D)), rng.normal(size=(M, E))


@equation("eq-mathematics-attention")
def test_attention_is_the_weighted_average(qkv: tuple[Floats, Floats, Floats]) -> None:
    np.testing.assert_allclose(attention(*qkv), one_head_by_loops(*qkv)[0], rtol=0, atol=1e-12)


@equation("eq-mathematics-softmax")
def test_softmax_divides_exponentials_by_their_sum(rng: np.random.Generator) -> None:
    s = rng.normal(size=M)
    expected = [math.exp(s[j]) / sum(math.exp(s[i]) for i in range(M)) for j in range(M)]
    np.testing.assert_allclose(softmax(s), expected, rtol=0, atol=1e-14)


@equation("eq-mathematics-shift")
@pytest.mark.parametrize("c", [-1e4, -1.0, 0.5, 1e4])
def test_softmax_does_not_see_a_common_shift(rng: np.random.Generator, c: float) -> None:
    s = rng.normal(size=M)
    np.testing.assert_allclose(softmax(s + c * np.ones(M)), softmax(s), rtol=0, atol=1e-11)


@equation("eq-mathematics-jacobian")
def test_jacobian_has_its_entries_and_is_the_finite_difference(rng: np.random.Generator) -> None:
    s, step = rng.normal(size=M), 1e-6
    p = softmax(s)
    expected = [[p[j] * ((j == k) - p[k]) for k in range(M)] for j in range(M)]
    np.testing.assert_allclose(softmax_jacobian(p), expected, rtol=0, atol=1e-14)
    numeric = [(softmax(s + step * e) - softmax(s - step * e)) / (2 * step) for e in np.eye(M)]
    np.testing.assert_allclose(softmax_jacobian(softmax(s)), np.stack(numeric), rtol=0, atol=1e-9)


@equation("eq-mathematics-variance")
@pytest.mark.parametrize("d_k", [3, 17, 101])
def test_variance_of_a_dot_product_is_its_width(rng: np.random.Generator, d_k: int) -> None:
    pairs = 20_000
    q, k = rng.normal(size=(2, pairs, 1, d_k))
    steps = attention_steps(q, k, k)
    spread = 6 * math.sqrt((2 + 6 / d_k) / pairs)  # six standard errors of a variance
    assert abs(steps.scores.var() / d_k - 1) < spread
    assert abs(steps.scaled.var() - 1) < spread


@equation("eq-mathematics-hull")
def test_output_is_a_convex_combination_of_the_values(qkv: tuple[Floats, Floats, Floats]) -> None:
    q, k, v = qkv
    weights, output = one_head_by_loops(q, k, v)[1], attention(q, k, v)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=0, atol=1e-14)
    np.testing.assert_allclose(output, weights @ v, rtol=0, atol=1e-13)
    assert (output <= v.max(axis=0)).all()
    assert (output >= v.min(axis=0)).all()


@equation("eq-mathematics-equivariance")
def test_self_attention_permutes_with_its_input(rng: np.random.Generator) -> None:
    q, k = rng.normal(size=(2, N, D))
    v, p = rng.normal(size=(N, E)), np.eye(N)[rng.permutation(N)]
    np.testing.assert_allclose(
        attention(p @ q, p @ k, p @ v), p @ attention(q, k, v), rtol=0, atol=1e-12
    )


class TestBackward:
    """The three backward equations, each from what the one before it gives."""

    @pytest.fixture(autouse=True)
    def _walk(self, qkv: tuple[Floats, Floats, Floats], rng: np.random.Generator) -> None:
        self.q, self.k, self.v = qkv
        self.d_out = rng.normal(size=(N, E))
        self.a = one_head_by_loops(*qkv)[1]
        self.ours = attention_gradients(*qkv, self.d_out)

    def d_scores(self) -> Floats:
        d_a = self.d_out @ self.v.T
        return self.a * (d_a - (d_a * self.a).sum(axis=1, keepdims=True))

    @equation("eq-mathematics-backward-values")
    def test_gradients_of_values_and_weights(self) -> None:
        np.testing.assert_allclose(self.ours[2], self.a.T @ self.d_out, rtol=0, atol=1e-12)
        step, d_a = 1e-6, self.d_out @ self.v.T
        for i, j in np.ndindex(N, M):
            bump = np.zeros((N, M))
            bump[i, j] = step
            change = (((self.a + bump) @ self.v - self.a @ self.v) * self.d_out).sum() / step
            assert change == pytest.approx(d_a[i, j], abs=1e-6)

    @equation("eq-mathematics-backward-softmax")
    def test_gradient_through_the_softmax(self) -> None:
        d_a = self.d_out @ self.v.T
        scaled = attention_steps(self.q, self.k, self.v).scaled
        by_jacobian = np.stack([softmax_jacobian(softmax(scaled[i])) @ d_a[i] for i in range(N)])
        np.testing.assert_allclose(self.d_scores(), by_jacobian, rtol=0, atol=1e-12)

    @equation("eq-mathematics-backward-scores")
    def test_gradients_of_queries_and_keys(self) -> None:
        d_s = self.d_scores()
        np.testing.assert_allclose(self.ours[0], d_s @ self.k / math.sqrt(D), rtol=0, atol=1e-12)
        np.testing.assert_allclose(self.ours[1], d_s.T @ self.q / math.sqrt(D), rtol=0, atol=1e-12)


@equation("eq-mathematics-heads")
@pytest.mark.parametrize("h", [1, 2, 3])
def test_heads_run_side_by_side_and_are_mixed(rng: np.random.Generator, h: int) -> None:
    d_model = 6
    x, (w_q, w_k, w_v, w_o) = rng.normal(size=(N, d_model)), rng.normal(size=(4, d_model, d_model))
    width = d_model // h
    heads = []
    for i in range(h):
        columns = slice(i * width, (i + 1) * width)
        heads.append(
            one_head_by_loops(x @ w_q[:, columns], x @ w_k[:, columns], x @ w_v[:, columns])
        )
    expected = np.concatenate([output for output, _ in heads], axis=1) @ w_o
    ours = merge_heads(attention(*(split_heads(x @ w, h) for w in (w_q, w_k, w_v)))) @ w_o
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-10)


@equation("eq-mathematics-parameters")
@pytest.mark.parametrize("h", [1, 2, 4, 8])
def test_parameters_do_not_depend_on_the_number_of_heads(h: int) -> None:
    d_model = 24
    layer = MultiHeadAttention(d_model, h, bias=False)
    assert sum(p.numel() for p in layer.parameters()) == 4 * d_model**2


@equation("eq-mathematics-bilinear")
def test_bilinear_score(rng: np.random.Generator) -> None:
    q, k, b = rng.normal(size=(N, 3)), rng.normal(size=(M, D)), rng.normal(size=(3, D))
    expected = [[q[i] @ b @ k[j] for j in range(M)] for i in range(N)]
    np.testing.assert_allclose(scoring.bilinear(q, k, b), expected, rtol=0, atol=1e-12)


@equation("eq-mathematics-additive")
def test_additive_score(rng: np.random.Generator) -> None:
    q, k = rng.normal(size=(N, 3)), rng.normal(size=(M, D))
    w_1, w_2, u = rng.normal(size=(3, 17)), rng.normal(size=(D, 17)), rng.normal(size=17)
    expected = [[u @ np.tanh(q[i] @ w_1 + k[j] @ w_2) for j in range(M)] for i in range(N)]
    np.testing.assert_allclose(scoring.additive(q, k, w_1, w_2, u), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_gaussian_score(qkv: tuple[Floats, Floats, Floats], sigma: float) -> None:
    q, k, _ = qkv
    expected = [[-((q[i] - k[j]) ** 2).sum() / (2 * sigma**2) for j in range(M)] for i in range(N)]
    np.testing.assert_allclose(
        scoring.gaussian(q, k, bandwidth=sigma), expected, rtol=0, atol=1e-10
    )


@equation("eq-mathematics-sinusoidal")
def test_sinusoidal_row() -> None:
    d = 6
    rows = sinusoidal(N, d)
    for t in range(N):
        for pair in range(d // 2):
            angle = t * 10000 ** (-2 * pair / d)
            assert rows[t, 2 * pair] == pytest.approx(math.sin(angle), abs=1e-12)
            assert rows[t, 2 * pair + 1] == pytest.approx(math.cos(angle), abs=1e-12)


@equation("eq-mathematics-translation")
@pytest.mark.parametrize("distance", [-3, 1, 17])
def test_one_linear_map_moves_every_sinusoidal_row_on(distance: int) -> None:
    d = 6
    move = np.zeros((d, d))
    for pair in range(d // 2):
        angle = distance * 10000 ** (-2 * pair / d)
        cos, sin = math.cos(angle), math.sin(angle)
        move[2 * pair : 2 * pair + 2, 2 * pair : 2 * pair + 2] = [[cos, -sin], [sin, cos]]
    rows = sinusoidal(N, d, offset=40)
    moved = sinusoidal(N, d, offset=40 + distance)
    np.testing.assert_allclose(rows @ move, moved, rtol=0, atol=1e-12)


def rotation(i: int, d: int, layout: str = "half") -> Floats:
    """Return R_i for pairs (l, l + d/2), the library's default, or (2l, 2l + 1), the paper's."""
    matrix = np.zeros((d, d))
    for pair in range(d // 2):
        a, b = (pair, pair + d // 2) if layout == "half" else (2 * pair, 2 * pair + 1)
        angle = i * 10000 ** (-2 * pair / d)
        matrix[a, a] = matrix[b, b] = math.cos(angle)
        matrix[a, b], matrix[b, a] = math.sin(angle), -math.sin(angle)
    return matrix


@equation("eq-mathematics-rope")
@pytest.mark.parametrize("layout", ["half", "interleaved"])
@pytest.mark.parametrize("i", [0, 1, 29])
def test_rope_turns_each_pair_by_its_angle(rng: np.random.Generator, i: int, layout: str) -> None:
    x = rng.normal(size=(1, 6))
    turned = rope(x, offset=i, layout=layout)
    np.testing.assert_allclose(turned, x @ rotation(i, 6, layout), rtol=0, atol=1e-12)


@equation("eq-mathematics-rope-relative")
def test_rope_scores_depend_on_the_distance_alone(rng: np.random.Generator) -> None:
    q, k = rng.normal(size=(2, 1, 6))
    for i, j in [(3, 8), (8, 3), (0, 41), (1003, 1008)]:
        score = (rope(q, offset=i) @ rope(k, offset=j).T).item()
        assert score == pytest.approx(q[0] @ rotation(i - j, 6) @ k[0], abs=1e-9)


@equation("eq-mathematics-alibi")
def test_alibi_takes_slope_times_distance_from_past_keys(rng: np.random.Generator) -> None:
    h = 3
    q, k, v = rng.normal(size=(3, h, N, D))
    masked = attention_steps(q, k, v, causal=True, bias=alibi_bias(h, N, N)).masked
    slopes = alibi_slopes(h)
    for head, i, j in np.ndindex(h, N, N):
        if j <= i:
            expected = q[head, i] @ k[head, j] / math.sqrt(D) - slopes[head] * (i - j)
            assert masked[head, i, j] == pytest.approx(expected, abs=1e-12)
