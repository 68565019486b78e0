"""The equations of section 8.1, evaluated as they are written, against the library."""

import math

import numpy as np

from qkv_lib.formula.positions import rope
from qkv_lib.measures.traffic import cache_traffic, map_traffic
from qkv_lib.variants.int8 import rounded
from qkv_lib.variants.latent import absorbed_attention, latent_attention
from tests.equations.registry import equation
from tests.reference import attention_by_loops

rng = np.random.default_rng(81)
H, N, M, D, D_C, D_R = 3, 4, 5, 6, 7, 2
QUERY, LATENT = rng.normal(size=(H, N, D)), rng.normal(size=(1, M, D_C))
W_UK, W_UV = rng.normal(size=(2, H, D_C, D))


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores)
    return powers / powers.sum()


@equation("eq-memory-maps")
def test_a_matrix_is_read_once_for_all_tokens() -> None:
    for b, n, d, d_out, B in ((1, 1, 8, 8, 2), (3, 5, 8, 6, 4)):
        found = map_traffic(d, d_out, n_tokens=n, batch=b, bytes_per_number=B)
        assert found.multiplications == b * n * d * d_out
        assert found.bytes == d * d_out * B
        assert found.intensity == b * n / B


@equation("eq-memory-cache")
def test_batch_and_length_drop_out() -> None:
    for b, n, h, g, m, d, B in ((1, 1, 8, 8, 100, 4, 2), (3, 2, 8, 2, 7, 16, 4)):
        found = cache_traffic(h, g, d, m, n_tokens=n, batch=b, bytes_per_number=B)
        assert found.multiplications == b * n * h * 2 * m * d
        assert found.bytes == b * g * 2 * m * d * B
        assert found.intensity == n * h / (g * B)


@equation("eq-memory-latent")
def test_each_head_builds_its_keys_and_values_from_the_latent() -> None:
    found = latent_attention(QUERY, LATENT, W_UK, W_UV)
    for i in range(H):
        k = np.array([c @ W_UK[i] for c in LATENT[0]])
        v = np.array([c @ W_UV[i] for c in LATENT[0]])
        expected = attention_by_loops(*(x[None, None] for x in (QUERY[i], k, v)))[0][0, 0]
        np.testing.assert_allclose(found[i], expected, rtol=1e-9)


@equation("eq-memory-absorb")
def test_the_brackets_move() -> None:
    found = absorbed_attention(QUERY, LATENT, W_UK, W_UV)
    for i in range(H):
        for n, q in enumerate(QUERY[i]):
            left = np.array([q @ (c @ W_UK[i]).T for c in LATENT[0]])
            right = np.array([(q @ W_UK[i].T) @ c.T for c in LATENT[0]])
            np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-12)
            a = softmax(left / math.sqrt(D))
            by_token = sum(w * (c @ W_UV[i]) for w, c in zip(a, LATENT[0], strict=True))
            at_once = sum(w * c for w, c in zip(a, LATENT[0], strict=True)) @ W_UV[i]
            np.testing.assert_allclose(by_token, at_once, rtol=1e-9)
            np.testing.assert_allclose(found[i, n], at_once, rtol=1e-9)


def turn(t: int, d: int = D) -> np.ndarray:
    """The matrix R_t that stands on the right of a row."""
    return rope(np.eye(d), positions=np.full(d, t))


@equation("eq-memory-turn")
def test_the_turn_stands_between_the_maps() -> None:
    q, c, W = QUERY[0, 0], LATENT[0, 0], W_UK[0]
    for i, j in ((5, 2), (7, 7), (9, 0)):
        between = turn(i) @ turn(j).T  # R_{i−j}
        np.testing.assert_allclose(between, turn(i - j), atol=1e-12)
        left = (q @ turn(i)) @ (c @ W @ turn(j)).T
        np.testing.assert_allclose(left, q @ between @ W.T @ c.T, rtol=1e-9)
    assert np.abs(turn(3) @ W.T - turn(4) @ W.T).max() > 0.1  # no one map for all keys


@equation("eq-memory-split")
def test_the_scores_of_both_parts_are_added() -> None:
    r, t = rng.normal(size=(H, N, D_R)), rng.normal(size=(1, M, D_R))
    found = absorbed_attention(QUERY, LATENT, W_UK, W_UV, query_turned=r, key_turned=t)
    for i in range(H):
        for n in range(N):
            s = [
                (QUERY[i, n] @ W_UK[i].T @ LATENT[0, j].T + r[i, n] @ t[0, j].T)
                / math.sqrt(D + D_R)
                for j in range(M)
            ]
            expected = softmax(np.array(s)) @ (LATENT[0] @ W_UV[i])
            np.testing.assert_allclose(found[i, n], expected, rtol=1e-9)


@equation("eq-memory-int8")
def test_no_number_moves_by_more_than_half_a_step() -> None:
    for k in rng.normal(size=(20, 16)):
        c = max(abs(x) for x in k) / 127
        moved = np.array([c * round(x / c) for x in k])
        codes, scales = rounded(k[None])
        np.testing.assert_allclose(codes[0] * scales[0], moved, rtol=1e-12)
        assert max(abs(moved - k)) <= c / 2 * (1 + 1e-12)
        q = rng.normal(size=16)
        score_moves = abs(q @ (moved - k)) / math.sqrt(16)
        assert score_moves <= np.abs(q).sum() * c / (2 * math.sqrt(16))
