"""Each cache knows where its newest tokens stand, whichever mask asks for it."""

import numpy as np
import pytest

from qkv_lib import attention
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.paged import PagedCache, PagePool
from qkv_lib.variants.int8 import Int8Cache
from qkv_lib.variants.latent import LatentCache, latent_attention

RNG = np.random.default_rng(0)
HELD = RNG.normal(size=(2, 8, 4))
NEW = RNG.normal(size=(2, 3, 4))
MASKS = [(True, None), (False, 2), (True, 2)]


@pytest.mark.parametrize(("causal", "window"), MASKS)
@pytest.mark.parametrize("name", ["plain", "paged", "8 bits"])
def test_a_window_reaches_back_from_the_newest(name: str, causal: bool, window: int | None) -> None:
    cache = {
        "plain": lambda: KVCache(capacity=8),
        "paged": lambda: PagedCache(PagePool(n_pages=4, page=3)),
        "8 bits": Int8Cache,
    }[name]()
    cache.append(HELD, HELD)
    found = cache.attend(NEW, causal=causal, window=window)
    expected = attention(NEW, HELD, HELD, causal=causal, window=window, offset=5)
    np.testing.assert_allclose(found, expected, atol=0.05 if name == "8 bits" else 1e-12)


@pytest.mark.parametrize(("causal", "window"), MASKS)
def test_a_window_over_latents_reaches_back_from_the_newest(
    causal: bool, window: int | None
) -> None:
    latent, turned = RNG.normal(size=(1, 8, 5)), RNG.normal(size=(1, 8, 2))
    up_key, up_value = RNG.normal(size=(2, 2, 5, 4))
    asked = RNG.normal(size=(2, 3, 2))
    cache = LatentCache(capacity=8)
    cache.append(latent, turned)
    found = cache.attend(NEW, asked, up_key, up_value, causal=causal, window=window)
    expected = latent_attention(
        NEW, latent, up_key, up_value, query_turned=asked, key_turned=turned,
        causal=causal, window=window, offset=5,
    )  # fmt: skip
    np.testing.assert_allclose(found, expected, atol=1e-12)
