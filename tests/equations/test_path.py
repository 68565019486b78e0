"""The equation of the page of thirty minutes, evaluated as written: one number at a time."""

from math import exp, sqrt

import numpy as np

from qkv_lib.data.sentence import COLD, FEATURES, GUESS, LIKE, rows, step
from tests.equations.registry import equation


@equation("eq-path-attention")
def test_each_word_is_handed_the_values_by_its_weights() -> None:
    X, n = rows(COLD), len(COLD)
    for head in (GUESS, LIKE):
        Q, K, V = (
            [[sum(X[i, f] * W[f, c] for f in range(len(FEATURES))) for c in range(W.shape[1])]
             for i in range(n)]
            for W in (head.W_Q, head.W_K, head.W_V)
        )  # fmt: skip
        d_k, d_v = len(K[0]), len(V[0])
        powers = [
            [exp(sum(Q[i][c] * K[j][c] for c in range(d_k)) / sqrt(d_k)) for j in range(n)]
            for i in range(n)
        ]
        output = [
            [sum(powers[i][j] / sum(powers[i]) * V[j][c] for j in range(n)) for c in range(d_v)]
            for i in range(n)
        ]
        np.testing.assert_allclose(step(X, head).output, output, rtol=1e-12, atol=1e-12)
