"""Float32 means float32: `torch.autocast` changes no number that this library computes."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from qkv_lib import attention, attention_steps, linear_attention, softmax
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.fused import fused_attention
from qkv_lib.exact.tiles import blocked_attention, tiled_attention
from qkv_lib.formula import scoring
from qkv_lib.formula.gradients import attention_gradients
from qkv_lib.formula.positions import rope
from qkv_lib.layers import MultiHeadAttention, recorded_weights
from qkv_lib.variants.linear import kernel_weights
from tests.arrays import normal

HALVES = (torch.float16, torch.bfloat16)


def draw(*shape: int, seed: int = 0) -> Any:
    return normal("torch", *shape, seed=seed, dtype="float32")


def cached(query: Any, key: Any, value: Any) -> Any:
    cache = KVCache(64)
    cache.append(key, value)
    return cache.attend(query, causal=False, softcap=2.0)


Q, K, V = (draw(1, 6, 29, 16, seed=i) for i in range(3))
FUNCTIONS: dict[str, Callable[[], Any]] = {
    "attention": lambda: attention(Q, K, V),
    "attention, capped": lambda: attention(Q, K, V, softcap=2.0),
    "attention, grouped": lambda: attention(Q, K[:, :2], V[:, :2], causal=True),
    "attention_steps": lambda: attention_steps(Q, K, V).output,
    "its scores": lambda: attention_steps(Q, K, V).scores,
    "blocked": lambda: blocked_attention(Q, K, V, block=5),
    "tiled": lambda: tiled_attention(Q, K, V, query_block=5, key_block=7),
    "fused": lambda: fused_attention(Q, K, V),
    "cache": lambda: cached(Q, K, V),
    "gradients": lambda: attention_gradients(Q, K, V, V, causal=True).key,
    "dot": lambda: scoring.dot(Q, K),
    "scaled_dot": lambda: scoring.scaled_dot(Q, K),
    "bilinear": lambda: scoring.bilinear(Q, K, draw(16, 16)),
    "additive": lambda: scoring.additive(Q, K, draw(16, 5), draw(16, 5), draw(5)),
    "gaussian": lambda: scoring.gaussian(Q, K),
    "softmax": lambda: softmax(Q),
    "rope": lambda: rope(Q),
    "linear_attention": lambda: linear_attention(Q, K, V),
    "linear_attention, causal": lambda: linear_attention(Q, K, V, causal=True),
    "kernel_weights": lambda: kernel_weights(Q, K),
}


@pytest.mark.parametrize("half", HALVES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_autocast_changes_nothing(name: str, half: torch.dtype) -> None:
    wanted = FUNCTIONS[name]()
    with torch.autocast("cpu", half):
        got = FUNCTIONS[name]()
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=1e-6)


def test_scores_beyond_half_precision_stay_finite_under_autocast() -> None:
    query = torch.full((1, 1, 2, 64), 100.0)  # scores of 640,000; float16 ends at 65,504
    with torch.autocast("cpu", torch.float16):
        for output in (attention_steps(query, query, query).output, attention(query, query, query)):
            assert (output == 100.0).all()


@pytest.mark.parametrize("half", HALVES, ids=str)
def test_a_layer_that_drops_weights_attends_as_precisely_as_one_that_does_not(half: Any) -> None:
    """Its projections are autocast, as any `Linear`; what follows is summed in float32."""
    torch.manual_seed(0)
    layer = MultiHeadAttention(32, 4, dropout=0.25)
    x = draw(2, 11, 32) * 60
    with torch.autocast("cpu", half):
        with recorded_weights(layer) as maps:
            output = layer(x)
        plain = layer.eval()(x)
    assert maps[""][0].dtype == torch.float32
    assert output.dtype == plain.dtype == half
    assert output.isfinite().all()
