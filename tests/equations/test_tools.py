"""The equations of chapter 7, as they are printed, against the library."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

from qkv_lib import attention, attention_steps, causal_mask
from qkv_lib.rosetta.probes import probe
from qkv_lib.rosetta.tools import TOOLS
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

rng = np.random.default_rng(7)
N_Q, N_K, D, H = 3, 5, 4, 3
Q, K = rng.normal(size=(N_Q, D)), rng.normal(size=(N_K, D))
V = rng.normal(size=(N_K, 2))
PAIRS = {"i": N_Q, "j": N_K}


def by_torch(**options: object) -> np.ndarray:
    call = nn.functional.scaled_dot_product_attention
    return call(*map(torch.from_numpy, (Q, K, V)), **options).numpy()


@evaluated("eq-tools-identity")
@holds(
    "The output is the weights times the values, and the weights times the identity are the "
    "weights.",
)
def test_with_the_identity_for_values_the_output_is_the_weights() -> Cases:
    unit = np.eye(N_K)
    weights = attention_steps(Q, K, V).weights
    yield given(O=attention(Q, K, unit), A=weights, V=unit, also={"I": unit})


@evaluated("eq-tools-scale")
@holds(
    "A tool multiplies each dot product by its scale $c$.",
    "Softmax divides all exponentials of a row by the same sum, which cancels in the ratio of "
    "two weights.",
    "So the logarithm of that ratio is the difference of the two scaled dot products, and",
    "Here $a_1$ and $a_2$ are the weights that one query $q$ gives to two keys $k_1$ and $k_2$;",
)
def test_a_ratio_of_weights_gives_the_scale() -> Cases:
    for scale in (1 / math.sqrt(D), 1.0, 0.3):
        a = attention(Q[:1], K, np.eye(N_K), scale=scale)[0]
        yield given(c=scale, a=a, q=Q[0], k=K)


@evaluated("eq-tools-additive")
def test_numbers_hide_what_the_mask_hides() -> Cases:
    M = rng.random((N_Q, N_K)) < 0.5
    M[0], M[1:, 0] = False, True
    B = np.where(M, 0.0, -np.inf)
    expected = attention(Q, K, V, mask=M)
    np.testing.assert_allclose(attention(Q, K, V, bias=B), expected, rtol=1e-12)
    np.testing.assert_allclose(by_torch(attn_mask=torch.from_numpy(B)), expected, atol=1e-12)
    layer = nn.MultiheadAttention(D, 1, batch_first=True, dtype=torch.float64).eval()
    q, k = torch.from_numpy(Q)[None], torch.from_numpy(K)[None]
    seen = layer(q, k, k, attn_mask=torch.from_numpy(B))[1]
    assert ((seen[0] > 0).numpy() == M).all()
    yield given(PAIRS, B=B, M=M)


@holds(
    "Its flex_attention takes the rule itself, as a function of the indices (section 8.2).",
)
@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_flex_attention_takes_a_function() -> None:
    words = torch.randn(1, 1, 4, 16)
    rule = lambda _b, _h, query, key: key <= query + 3  # noqa: E731
    for n in (1, 2):
        last = words[..., -n:, :]
        by_rule = lambda b, h, i, j, n=n: rule(b, h, i + 1 - n, j)  # noqa: E731
        mask = create_block_mask(by_rule, None, None, n, 4, device="cpu")
        found = flex_attention(last, words, words, block_mask=mask)
        expected = attention(last, words, words, causal=True, offset=4 - n)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
        near = flex_attention(
            last, words, words, score_mod=lambda s, _b, _h, i, j, n=n: s - 0.5 * (i + 4 - n - j)
        )
        places = torch.arange(4.0)
        bias = -0.5 * (places[-n:, None] - places)
        by_bias = attention(last, words, words, bias=bias)
        torch.testing.assert_close(near, by_bias, atol=1e-5, rtol=0)


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_flex_attention_computes_the_scores_of_hidden_blocks_too() -> None:
    x, value = torch.randn(1, 1, 256, 16), torch.ones(1, 1, 256, 16)
    value[..., 200:, :] = torch.nan  # in a block that the mask hides from the first query
    mask = create_block_mask(lambda _b, _h, i, j: i >= j, 1, 1, 256, 256, device="cpu")
    assert mask.sparsity() == 25
    assert flex_attention(x, x, value, block_mask=mask)[0, 0, 0].isnan().all()


@evaluated("eq-tools-top-left")
def test_the_flag_of_pytorch_is_aligned_top_left() -> Cases:
    M = causal_mask(N_Q, N_K)
    np.testing.assert_allclose(by_torch(is_causal=True), attention(Q, K, V, mask=M), atol=1e-12)
    assert probe(TOOLS["F.scaled_dot_product_attention"]).causal == "top-left"
    yield given(PAIRS, M_top_left=M)


@evaluated("eq-tools-bottom-right")
def test_the_last_query_stands_at_the_last_key() -> Cases:
    M = causal_mask(N_Q, N_K, offset=N_K - N_Q)
    whole = attention(np.concatenate([np.zeros((N_K - N_Q, D)), Q]), K, V, causal=True)
    np.testing.assert_allclose(attention(Q, K, V, mask=M), whole[-N_Q:], rtol=1e-12)
    yield given(PAIRS, M_bottom_right=M, n_k=N_K, n_q=N_Q)


@evaluated("eq-tools-average")
def test_the_map_that_pytorch_returns_is_the_mean_over_the_heads() -> Cases:
    layer = nn.MultiheadAttention(H * D, H, batch_first=True, dtype=torch.float64).eval()
    x = torch.from_numpy(rng.normal(size=(1, N_K, H * D)))
    A = layer(x, x, x, average_attn_weights=False)[1][0].detach().numpy()
    yield given(A_bar=layer(x, x, x)[1][0].detach().numpy(), A=A, h=H)


@evaluated("eq-tools-kernel")
def test_a_kernel_cut_into_heads_maps_as_the_weight_does() -> Cases:
    W, x = rng.normal(size=(H * D, 7)), rng.normal(size=7)
    C = W.T.reshape(7, H, D)
    by_keras = np.einsum("m,maj->aj", x, C)  # what keras.layers.EinsumDense computes
    of_torch = torch.from_numpy(x) @ torch.from_numpy(W).T
    np.testing.assert_allclose(by_keras.reshape(-1), of_torch, rtol=1e-12)
    yield given({"m": 7, "a": H, "j": D}, first=0, C=C, W=W, d=D)
