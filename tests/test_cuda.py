"""The same numbers on a GPU, where there is one."""

from typing import Any

import pytest
import torch

from qkv_lib import attention, attention_steps
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.tiles import blocked_attention
from tests.arrays import normal

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use")

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "causal": {"causal": True},
    "offset": {"causal": True, "offset": 3},
    "window": {"window": 5},
    "capped": {"softcap": 1.5},
}


@pytest.mark.parametrize("n", [37, 700])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_gpu_attends_as_the_processor_does(options: Any, dtype: str, n: int) -> None:
    here = [normal("torch", 2, h, n, 16, seed=h, dtype=dtype) for h in (6, 2, 2)]
    there = [x.cuda().requires_grad_() for x in here]
    wanted = attention_steps(*(x.double() for x in here), **options).output
    within = 4 * torch.finfo(here[0].dtype).eps
    for path in (attention, blocked_attention):
        output = path(*there, **options)
        assert output.is_cuda
        torch.testing.assert_close(output.double().cpu(), wanted, rtol=within, atol=within)
        (gradient,) = torch.autograd.grad(output.sum(), there[0])
        assert gradient.isfinite().all()


def test_masks_lengths_and_a_cache_live_there_too() -> None:
    query, key, value = (normal("torch", 2, 3, 9, 16, seed=i).cuda() for i in range(3))
    lengths = torch.tensor([4, 9]).cuda()
    wanted = attention(*(x.cpu() for x in (query, key, value)), key_lengths=lengths.cpu())
    got = attention(query, key, value, key_lengths=lengths)
    torch.testing.assert_close(got.cpu(), wanted, rtol=1e-9, atol=1e-12)
    cache = KVCache(9)
    cache.append(key, value)
    torch.testing.assert_close(
        cache.attend(query), attention(query, key, value, causal=True), rtol=1e-9, atol=1e-12
    )
