"""The equations of chapter 2, evaluated as written."""

import numpy as np
import pytest

from qkv_lib import attention, attention_steps
from tests.equations.registry import equation
from tests.reference import one_head_by_loops

N, M, D_MODEL, D_K, D_V = 5, 7, 11, 3, 13


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def project(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Every row of ``x`` times ``w``, one number at a time."""
    return np.array([[sum(row * column) for column in w.T] for row in x])


@equation("eq-concepts-projections")
def test_one_row_of_the_input_becomes_one_row_of_each_projection(rng: np.random.Generator) -> None:
    x, w_q = rng.normal(size=(N, D_MODEL)), rng.normal(size=(D_MODEL, D_K))
    w_k, w_v = rng.normal(size=(D_MODEL, D_K)), rng.normal(size=(D_MODEL, D_V))
    expected = one_head_by_loops(project(x, w_q), project(x, w_k), project(x, w_v))[0]
    np.testing.assert_allclose(attention(x @ w_q, x @ w_k, x @ w_v), expected, rtol=0, atol=1e-12)


@equation("eq-concepts-attention")
def test_output_is_the_values_averaged_under_the_weights(rng: np.random.Generator) -> None:
    q, k = rng.normal(size=(N, D_K)), rng.normal(size=(M, D_K))
    v = rng.normal(size=(M, D_V))
    output, weights = one_head_by_loops(q, k, v)
    steps = attention_steps(q, k, v)
    np.testing.assert_allclose(steps.weights, weights, rtol=0, atol=1e-12)
    np.testing.assert_allclose(steps.output, output, rtol=0, atol=1e-12)


@equation("eq-concepts-permutation")
def test_keys_and_values_permuted_together_change_nothing(rng: np.random.Generator) -> None:
    q, k = rng.normal(size=(N, D_K)), rng.normal(size=(M, D_K))
    v, p = rng.normal(size=(M, D_V)), np.eye(M)[rng.permutation(M)]
    np.testing.assert_allclose(attention(q, p @ k, p @ v), attention(q, k, v), rtol=0, atol=1e-12)
    assert not np.allclose(attention(q, p @ k, v), attention(q, k, v))


@equation("eq-concepts-cross")
def test_keys_and_values_may_come_from_another_sequence(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(N, D_MODEL)), rng.normal(size=(M, D_MODEL))
    w_q, w_k = rng.normal(size=(2, D_MODEL, D_K))
    w_v = rng.normal(size=(D_MODEL, D_V))
    output = attention(x @ w_q, y @ w_k, y @ w_v)
    assert output.shape == (N, D_V)
    expected = one_head_by_loops(project(x, w_q), project(y, w_k), project(y, w_v))[0]
    np.testing.assert_allclose(output, expected, rtol=0, atol=1e-12)


@equation("eq-concepts-identifiable")
def test_turning_queries_and_keys_by_inverse_matrices_keeps_scores(
    rng: np.random.Generator,
) -> None:
    q, k = rng.normal(size=(N, D_K)), rng.normal(size=(M, D_K))
    turn = rng.normal(size=(D_K, D_K))
    turned = attention_steps(q @ turn, k @ np.linalg.inv(turn).T, np.ones((M, 1)))
    np.testing.assert_allclose(turned.scores, q @ k.T, rtol=0, atol=1e-10)


@equation("eq-concepts-merged")
def test_merged_matrix_gives_the_scores_and_has_the_rank_of_one_head(
    rng: np.random.Generator,
) -> None:
    x, w_q, w_k = rng.normal(size=(N, D_MODEL)), *rng.normal(size=(2, D_MODEL, D_K))
    b = w_q @ w_k.T
    scores = attention_steps(x @ w_q, x @ w_k, x).scores
    np.testing.assert_allclose(scores, x @ b @ x.T, rtol=0, atol=1e-10)
    assert np.linalg.matrix_rank(b) == D_K


@equation("eq-concepts-key-bias")
def test_a_bias_on_the_keys_cancels_and_one_on_the_queries_does_not(
    rng: np.random.Generator,
) -> None:
    q, k, b = rng.normal(size=(N, D_K)), rng.normal(size=(M, D_K)), rng.normal(size=(1, D_K))
    v, ones = rng.normal(size=(M, D_V)), np.ones((M, 1))
    weights = attention_steps(q, k, v).weights
    np.testing.assert_allclose(
        attention_steps(q, k + ones @ b, v).weights, weights, rtol=0, atol=1e-12
    )
    assert not np.allclose(attention_steps(q + b, k, v).weights, weights)
