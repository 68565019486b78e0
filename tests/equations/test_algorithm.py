"""The equations of chapter 3, evaluated as written: one number at a time, in float64."""

from collections.abc import Callable
from math import exp, inf, log, sqrt

import numpy as np
import pytest

from qkv_lib import attention, attention_steps, causal_mask, softmax, window_mask
from tests.equations.registry import equation

N_Q, N_K, D_K, D_V = 5, 7, 3, 2  # pairwise different primes

Matrix = np.ndarray
Entry = Callable[[int, int], float]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(31)


@pytest.fixture
def operands(rng: np.random.Generator) -> tuple[Matrix, Matrix, Matrix]:
    return rng.normal(size=(N_Q, D_K)), rng.normal(size=(N_K, D_K)), rng.normal(size=(N_K, D_V))


def filled(n: int, m: int, entry: Entry) -> Matrix:
    """The matrix whose number in row i and column j is ``entry(i, j)``."""
    return np.array([[entry(i, j) for j in range(m)] for i in range(n)])


def as_written(Q: Matrix, K: Matrix, V: Matrix, M: Matrix | None = None) -> Matrix:
    """Scores, scaling, softmax and output, each as its equation says."""
    n_q, n_k, d_k = len(Q), len(K), Q.shape[1]
    M = np.ones((n_q, n_k)) if M is None else M
    S = filled(n_q, n_k, lambda i, j: sum(Q[i, c] * K[j, c] for c in range(d_k)) / sqrt(d_k))
    total = [sum(M[i, j] * exp(S[i, j]) for j in range(n_k)) for i in range(n_q)]
    A = filled(n_q, n_k, lambda i, j: M[i, j] * exp(S[i, j]) / total[i] if total[i] else 0.0)
    return filled(n_q, V.shape[1], lambda i, c: sum(A[i, j] * V[j, c] for j in range(n_k)))


def assert_equal(got: Matrix, expected: Matrix) -> None:
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


@equation("eq-algorithm-scores")
def test_a_score_is_the_sum_of_products_over_features(operands: tuple[Matrix, ...]) -> None:
    Q, K, V = operands
    s = filled(N_Q, N_K, lambda i, j: sum(Q[i, c] * K[j, c] for c in range(D_K)))
    assert_equal(attention_steps(Q, K, V).scores, s)


@equation("eq-algorithm-scaled")
def test_scores_are_divided_by_the_root_of_the_width_of_the_keys(
    operands: tuple[Matrix, ...],
) -> None:
    steps = attention_steps(*operands)
    assert_equal(steps.scaled, filled(N_Q, N_K, lambda i, j: steps.scores[i, j] / sqrt(D_K)))


@equation("eq-algorithm-softmax")
def test_weights_are_exponentials_over_their_sum_along_the_keys(
    operands: tuple[Matrix, ...],
) -> None:
    steps = attention_steps(*operands)
    S = steps.scaled
    A = filled(N_Q, N_K, lambda i, j: exp(S[i, j]) / sum(exp(S[i, each]) for each in range(N_K)))
    assert_equal(steps.weights, A)
    assert_equal(softmax(S), A)


@equation("eq-algorithm-output")
def test_the_output_sums_the_values_times_their_weights(operands: tuple[Matrix, ...]) -> None:
    steps, V = attention_steps(*operands), operands[2]
    A = steps.weights
    assert_equal(
        steps.output, filled(N_Q, D_V, lambda i, c: sum(A[i, j] * V[j, c] for j in range(N_K)))
    )


@equation("eq-algorithm-shift")
def test_a_constant_subtracted_from_a_row_cancels(rng: np.random.Generator) -> None:
    S, c = rng.normal(size=(N_Q, N_K)), rng.normal(scale=5.0, size=N_Q)

    def left(i: int, j: int) -> float:
        return exp(S[i, j] - c[i]) / sum(exp(S[i, each] - c[i]) for each in range(N_K))

    def right(i: int, j: int) -> float:
        return exp(S[i, j]) / sum(exp(S[i, each]) for each in range(N_K))

    assert_equal(filled(N_Q, N_K, left), filled(N_Q, N_K, right))
    assert_equal(softmax(S - c[:, None]), filled(N_Q, N_K, right))


@equation("eq-algorithm-logsumexp")
def test_weights_are_exponentials_of_the_distance_to_the_log_sum_exp(
    operands: tuple[Matrix, ...],
) -> None:
    steps = attention_steps(*operands)
    S = steps.scaled
    c = [max(S[i]) for i in range(N_Q)]
    L = [c[i] + log(sum(exp(S[i, each] - c[i]) for each in range(N_K))) for i in range(N_Q)]
    assert_equal(steps.logsumexp, np.array(L))
    assert_equal(steps.weights, filled(N_Q, N_K, lambda i, j: exp(S[i, j] - L[i])))


@equation("eq-algorithm-matrices")
def test_the_matrix_formula_is_all_steps_together(operands: tuple[Matrix, ...]) -> None:
    assert_equal(attention(*operands), as_written(*operands))


@equation("eq-algorithm-mask")
def test_a_masked_score_is_minus_infinity(
    operands: tuple[Matrix, ...], rng: np.random.Generator
) -> None:
    M = rng.random((N_Q, N_K)) < 0.5
    steps = attention_steps(*operands, mask=M)
    expected = filled(N_Q, N_K, lambda i, j: steps.scaled[i, j] if M[i, j] else -inf)
    np.testing.assert_array_equal(steps.masked, expected)


@equation("eq-algorithm-masked-softmax")
def test_masked_weights_leave_the_masked_out_of_both_sums(
    operands: tuple[Matrix, ...], rng: np.random.Generator
) -> None:
    M = rng.random((N_Q, N_K)) < 0.5
    M[1] = False  # nothing to attend to
    M[2] = True
    steps = attention_steps(*operands, mask=M)
    S = steps.scaled

    def weight(i: int, j: int) -> float:
        total = sum(M[i, each] * exp(S[i, each]) for each in range(N_K))
        return M[i, j] * exp(S[i, j]) / total if any(M[i]) else 0.0

    assert_equal(steps.weights, filled(N_Q, N_K, weight))
    assert_equal(steps.output, as_written(*operands, M))


@equation("eq-algorithm-causal")
@pytest.mark.parametrize("o", [0, 1, 3, 13])
def test_the_causal_rule(operands: tuple[Matrix, ...], o: int) -> None:
    M = filled(N_Q, N_K, lambda i, j: j <= i + o)
    np.testing.assert_array_equal(causal_mask(N_Q, N_K, offset=o), M)
    assert_equal(attention(*operands, causal=True, offset=o), as_written(*operands, M))


@equation("eq-algorithm-window")
@pytest.mark.parametrize("o", [0, 1, 3, 13])
@pytest.mark.parametrize("w", [1, 2, 5])
def test_the_window_rule(operands: tuple[Matrix, ...], o: int, w: int) -> None:
    M = filled(N_Q, N_K, lambda i, j: abs(i + o - j) < w)
    np.testing.assert_array_equal(window_mask(N_Q, N_K, window=w, offset=o), M)
    assert_equal(attention(*operands, window=w, offset=o), as_written(*operands, M))
