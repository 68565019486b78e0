"""The equations of chapter 7, evaluated as they are written, against the library."""

import math

import numpy as np
import torch
from torch import nn

from qkv_lib import attention, attention_steps, causal_mask
from qkv_lib.attention import attention as attend
from qkv_lib.rosetta.probes import probe
from qkv_lib.rosetta.tools import TOOLS
from tests.equations.registry import equation

rng = np.random.default_rng(7)
N_Q, N_K, D, H = 3, 5, 4, 3
Q, K = rng.normal(size=(N_Q, D)), rng.normal(size=(N_K, D))
V = rng.normal(size=(N_K, 2))


@equation("eq-tools-identity")
def test_with_the_identity_for_values_the_output_is_the_weights() -> None:
    weights = attention_steps(Q, K, V).weights
    output = [
        [sum(weights[i, j] * (j == c) for j in range(N_K)) for c in range(N_K)] for i in range(N_Q)
    ]
    np.testing.assert_allclose(output, weights, rtol=1e-12)
    np.testing.assert_allclose(attention(Q, K, np.eye(N_K)), weights, rtol=1e-12)


@equation("eq-tools-scale")
def test_a_ratio_of_weights_gives_the_scale() -> None:
    for scale in (1 / math.sqrt(D), 1.0, 0.3):
        a = attend(Q[:1], K, np.eye(N_K), scale=scale)[0]
        scores = [sum(Q[0, c] * K[j, c] for c in range(D)) for j in range(2)]
        c = (math.log(a[0]) - math.log(a[1])) / (scores[0] - scores[1])
        np.testing.assert_allclose(c, scale, rtol=1e-9)


@equation("eq-tools-additive")
def test_numbers_hide_what_the_mask_hides() -> None:
    mask = rng.random((N_Q, N_K)) < 0.5
    mask[0], mask[1, 0] = False, True
    B = [[0.0 if mask[i, j] else -math.inf for j in range(N_K)] for i in range(N_Q)]
    expected = attention(Q, K, V, mask=mask)
    np.testing.assert_allclose(attention(Q, K, V, bias=np.array(B)), expected, rtol=1e-12)
    by_torch = nn.functional.scaled_dot_product_attention(
        *map(torch.from_numpy, (Q, K, V)), attn_mask=torch.tensor(B, dtype=torch.float64)
    )
    np.testing.assert_allclose(by_torch, expected, atol=1e-12)


@equation("eq-tools-top-left")
def test_the_flag_of_pytorch_is_aligned_top_left() -> None:
    mask = np.array([[j <= i for j in range(N_K)] for i in range(N_Q)])
    np.testing.assert_array_equal(mask, causal_mask(N_Q, N_K))
    by_flag = nn.functional.scaled_dot_product_attention(
        *map(torch.from_numpy, (Q, K, V)), is_causal=True
    )
    np.testing.assert_allclose(by_flag, attention(Q, K, V, mask=mask), atol=1e-12)
    assert probe(TOOLS["F.scaled_dot_product_attention"]).causal == "top-left"


@equation("eq-tools-bottom-right")
def test_the_last_query_stands_at_the_last_key() -> None:
    mask = np.array([[j <= i + N_K - N_Q for j in range(N_K)] for i in range(N_Q)])
    np.testing.assert_array_equal(mask, causal_mask(N_Q, N_K, offset=N_K - N_Q))
    whole = attention(np.concatenate([np.zeros((N_K - N_Q, D)), Q]), K, V, causal=True)
    np.testing.assert_allclose(attention(Q, K, V, mask=mask), whole[-N_Q:], rtol=1e-12)


@equation("eq-tools-average")
def test_the_map_that_pytorch_returns_is_the_mean_over_the_heads() -> None:
    layer = nn.MultiheadAttention(H * D, H, batch_first=True, dtype=torch.float64).eval()
    x = torch.from_numpy(rng.normal(size=(1, N_K, H * D)))
    A = layer(x, x, x, average_attn_weights=False)[1][0].detach().numpy()
    mean = [
        [sum(A[a, i, j] for a in range(H)) / H for j in range(N_K)] for i in range(N_K)
    ]  # fmt: skip
    np.testing.assert_allclose(layer(x, x, x)[1][0].detach(), mean, rtol=1e-9)


@equation("eq-tools-kernel")
def test_a_kernel_cut_into_heads_maps_as_the_weight_does() -> None:
    W, x = rng.normal(size=(H * D, 7)), rng.normal(size=7)
    C = np.empty((7, H, D))
    for m, a, j in np.ndindex(7, H, D):
        C[m, a, j] = W[a * D + j, m]
    by_keras = np.einsum("m,maj->aj", x, C)  # what keras.layers.EinsumDense computes
    by_torch = torch.from_numpy(x) @ torch.from_numpy(W).T
    np.testing.assert_allclose(by_keras.reshape(-1), by_torch, rtol=1e-12)
