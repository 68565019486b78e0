"""The equations of chapter 2, as they are printed, against the library."""

import numpy as np
import torch

from qkv_lib import attention, attention_steps
from qkv_lib.layers import MultiHeadAttention, initialise
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated

N, M, D_MODEL, D_K, D_V = 5, 7, 11, 3, 13
RNG = np.random.default_rng(3)
Q, K, V = RNG.normal(size=(N, D_K)), RNG.normal(size=(M, D_K)), RNG.normal(size=(M, D_V))
STEPS = attention_steps(Q, K, V)


def projected(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """The maps of a layer of one head, and what it makes of two sequences with them."""
    layer = initialise(MultiHeadAttention(D_MODEL, 1).double(), np.random.default_rng(4))
    with torch.no_grad():
        made = layer.project(*map(torch.from_numpy, (x, y, y)))
    maps = (layer.query, layer.key, layer.value)
    return {
        **{name: each.numpy()[0] for name, each in zip("QKV", made, strict=True)},
        **{f"W_{name}": w.weight.detach().numpy().T for name, w in zip("QKV", maps, strict=True)},
    }  # fmt: skip


@evaluated("eq-concepts-projections")
def test_one_row_of_the_input_becomes_one_row_of_each_projection() -> Cases:
    X = RNG.normal(size=(N, D_MODEL))
    yield given(X=X, **projected(X, X))


@evaluated("eq-concepts-attention")
def test_output_is_the_values_averaged_under_the_weights() -> Cases:
    yield given(A=STEPS.weights, Attention=attention, Q=Q, K=K, V=V, d_k=D_K)


@evaluated("eq-concepts-cross")
def test_keys_and_values_may_come_from_another_sequence() -> Cases:
    X, Y = RNG.normal(size=(N, D_MODEL)), RNG.normal(size=(M, D_MODEL))
    yield given(X=X, Y=Y, **projected(X, Y))


@evaluated("eq-concepts-identifiable")
def test_turning_queries_and_keys_by_inverse_matrices_keeps_scores() -> Cases:
    G = RNG.normal(size=(D_K, D_K))
    yield given(Q=Q, K=K, G=G, atol=1e-10)
    turned = attention_steps(Q @ G, K @ np.linalg.inv(G).T, V)
    np.testing.assert_allclose(turned.scores, STEPS.scores, rtol=0, atol=1e-10)


@evaluated("eq-concepts-merged")
def test_merged_matrix_gives_the_scores_and_has_the_rank_of_one_head() -> Cases:
    X, W_Q, W_K = RNG.normal(size=(N, D_MODEL)), *RNG.normal(size=(2, D_MODEL, D_K))
    merged = W_Q @ W_K.T
    yield given(Q=X @ W_Q, K=X @ W_K, X=X, W_QK=merged, W_Q=W_Q, W_K=W_K)
    assert np.linalg.matrix_rank(merged) == D_K
