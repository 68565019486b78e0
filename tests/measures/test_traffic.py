"""What a step multiplies and reads, against what PyTorch counts and what the arrays weigh."""

from collections.abc import Callable

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from qkv_lib import attention_steps
from qkv_lib.measures.traffic import cache_traffic, latent_traffic, map_traffic
from qkv_lib.variants.latent import absorbed_attention
from tests.refusals import says


def multiplications(run: Callable[[], object]) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops() // 2


@pytest.mark.parametrize(("n", "b"), [(1, 1), (1, 3), (5, 2)])
def test_a_map(n: int, b: int) -> None:
    x, W = torch.ones(b * n, 7), torch.ones(7, 11)
    found = map_traffic(7, 11, n_tokens=n, batch=b, bytes_per_number=4)
    assert found.multiplications == multiplications(lambda: x @ W)
    assert found.bytes == W.nbytes
    assert found.intensity == b * n / 4


@pytest.mark.parametrize(("n", "b"), [(1, 1), (1, 3), (5, 2)])
@pytest.mark.parametrize("g", [6, 3, 1])
def test_a_cache(n: int, b: int, g: int) -> None:
    query, key, value = (torch.ones(b, h, m, 7) for h, m in ((6, n), (g, 13), (g, 13)))
    found = cache_traffic(6, g, 7, 13, n_tokens=n, batch=b, bytes_per_number=4)
    assert found.multiplications == multiplications(lambda: attention_steps(query, key, value))
    assert found.bytes == key.nbytes + value.nbytes
    assert found.intensity == pytest.approx(n * 6 / (g * 4))


@pytest.mark.parametrize(("n", "b"), [(1, 1), (4, 2)])
def test_latents(n: int, b: int, monkeypatch: pytest.MonkeyPatch) -> None:
    h, d, d_c, d_r, m = 6, 7, 10, 3, 13
    query, turned = torch.ones(b, h, n, d), torch.ones(b, h, n, d_r)
    latent, key_turned = torch.ones(b, 1, m, d_c), torch.ones(b, 1, m, d_r)
    maps = torch.ones(h, d_c, d), torch.ones(h, d_c, d)

    monkeypatch.setattr(  # the counter does not look into the kernel, but into the steps
        "qkv_lib.variants.latent.attention", lambda *a, **o: attention_steps(*a, **o).output
    )
    both = {"query_turned": turned, "key_turned": key_turned}
    found = latent_traffic(h, d_c, d_r, m, n_tokens=n, batch=b, bytes_per_number=4)
    whole = multiplications(lambda: absorbed_attention(query, latent, *maps, **both))
    beside_the_maps = whole - 2 * b * h * n * d * d_c
    assert found.multiplications == beside_the_maps
    assert found.bytes == latent.nbytes + key_turned.nbytes


def test_refuses_counts_of_nothing() -> None:
    with says(ValueError, "n_tokens is 0, needs an integer of at least 1"):
        map_traffic(7, 11, n_tokens=0)
    with says(ValueError, "n_kv_heads is 0, needs an integer of at least 1"):
        cache_traffic(6, 0, 7, 13)
