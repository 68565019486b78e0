"""The key-value cache: step by step the same as all at once."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from qkv_lib import attention
from qkv_lib.exact.cache import KVCache
from tests.arrays import LIBRARIES, array, normal, plain
from tests.refusals import says


def tokens(lib: str, n: int, *, h: int = 6, g: int = 2, seed: int = 0) -> tuple[Any, Any, Any]:
    """Return query (3, h, n, 11), key (3, g, n, 11) and value (3, g, n, 13)."""
    shapes = (3, h, n, 11), (3, g, n, 11), (3, g, n, 13)
    query, key, value = (normal(lib, *x, seed=seed + i) for i, x in enumerate(shapes))
    return query, key, value


def close(got: Any, wanted: Any) -> None:
    np.testing.assert_allclose(plain(got), plain(wanted), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lib", LIBRARIES)
@settings(deadline=None)
@given(
    chunks=st.lists(st.integers(0, 4), min_size=1, max_size=5),
    window=st.none() | st.integers(1, 9),
    h=st.sampled_from([1, 2, 6]),
    spare=st.integers(0, 3),
)
def test_step_by_step_is_all_at_once(
    lib: str, chunks: list[int], window: int | None, h: int, spare: int
) -> None:
    n = sum(chunks)
    query, key, value = tokens(lib, n, h=h, g=min(h, 2))
    cache = KVCache(max(n + spare, 1))
    outputs, start = [], 0
    for length in chunks:
        new = slice(start, start + length)
        cache.append(key[..., new, :], value[..., new, :])
        outputs.append(plain(cache.attend(query[..., new, :], window=window, softcap=3.0)))
        start += length
        assert len(cache) == start
    whole = attention(query, key, value, causal=True, window=window, softcap=3.0)
    close(np.concatenate(outputs, axis=-2), whole)
    close(cache.key, key)
    close(cache.value, value)


@pytest.mark.parametrize("lib", LIBRARIES)
def test_options_are_those_of_attention(lib: str) -> None:
    query, key, value = tokens(lib, 7)
    cache = KVCache(7)
    cache.append(key, value)
    options = {
        "mask": normal(lib, 5, 7) > 0,
        "bias": normal(lib, 6, 1, 7),
        "key_lengths": array(lib, [7, 5, 2], "int64"),
        "scale": 0.3,
        "softcap": 2.0,
    }
    last = query[..., 2:, :]
    causal = attention(last, key, value, causal=True, offset=2, **options)
    close(cache.attend(last, **options), causal)
    free = attention(last, key, value, **options)
    close(cache.attend(last, causal=False, **options), free)
    assert not np.allclose(plain(free), plain(causal))


@pytest.mark.parametrize("lib", LIBRARIES)
def test_what_is_held_is_a_copy_in_memory_that_stays(lib: str) -> None:
    query, key, value = tokens(lib, 5)
    cache = KVCache(5)
    cache.append(key[..., :2, :], value[..., :2, :])
    before, early = cache.attend(query[..., 1:2, :]), cache.key
    cache.append(key[..., 2:, :], value[..., 2:, :])
    key[:] = 0
    close(early, cache.key[..., :2, :])
    early[:] = 1
    assert (cache.key[..., :2, :] == 1).all()
    assert (plain(before) != 0).all()


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_step_does_not_look_through_the_cache_again(lib: str) -> None:
    """NaN smuggled in behind the door is not met by the checks, and comes out as NaN."""
    query, key, value = tokens(lib, 5)
    cache = KVCache(5)
    cache.append(key, value)
    cache.value[..., 0, 0] = np.nan
    output = plain(cache.attend(query))
    assert np.isnan(output[..., 0]).all()
    assert np.isfinite(output[..., 1:]).all()


def test_gradients_stop_at_the_cache() -> None:
    query, key, value = (x.requires_grad_() for x in tokens("torch", 5))
    cache = KVCache(5)
    cache.append(key, value)
    cache.attend(query).sum().backward()
    assert query.grad is not None
    assert key.grad is None
    assert not cache.key.requires_grad


def test_half_precision_stays() -> None:
    query, key, value = (x.to(torch.bfloat16) for x in tokens("torch", 5))
    cache = KVCache(5)
    cache.append(key, value)
    assert cache.key.dtype == cache.attend(query).dtype == torch.bfloat16


@pytest.mark.parametrize("lib", LIBRARIES)
def test_refusals(lib: str) -> None:
    query, key, value = tokens(lib, 5)
    cache = KVCache(7)
    with says(ValueError, "the cache is empty: append keys and values first"):
        cache.attend(query)
    cache.append(key, value)
    with says(
        ValueError,
        "key has 5 rows but the cache holds 5 of at most 7: make it with a larger capacity",
    ):
        cache.append(key, value)
    with says(
        ValueError,
        "key has shape (2, 2, 1, 11) but the cache holds (3, 2, 5, 11): all axes but the length, "
        "the last but one, must be equal",
    ):
        cache.append(key[:2, :, :1], value[:2, :, :1])
    with says(
        ValueError,
        "value has shape (3, 2, 1, 7) but the cache holds (3, 2, 5, 13): all axes but the length, "
        "the last but one, must be equal",
    ):
        cache.append(key[..., :1, :], value[..., :1, :7])
    with says(
        ValueError,
        "query has 6 rows but the cache holds 5 tokens: append their keys and values first",
    ):
        cache.attend(tokens(lib, 6)[0])
    with pytest.raises(ValueError, match=r"^key holds NaN or infinity"):
        cache.append(key[..., :1, :] * np.inf, value[..., :1, :])
    with says(ValueError, "key has shape (11,), needs at least two axes (..., length, features)"):
        cache.append(key[0, 0, 0], value[0, 0])
    with pytest.raises(ValueError, match=r"^query holds NaN or infinity"):
        cache.attend(query * np.nan)
    with pytest.raises(TypeError, match=r"float32"):
        cache.append(*(array(lib, plain(x)[..., :1, :], "float32") for x in (key, value)))
    with pytest.raises(ValueError, match="scores may reach"):
        cache.attend(query * 1e200, scale=1e200)
    assert len(cache) == 5


def test_the_other_library_is_refused() -> None:
    cache = KVCache(5)
    cache.append(*tokens("numpy", 2)[1:])
    with pytest.raises(TypeError):
        cache.append(*tokens("torch", 2)[1:])
    with pytest.raises(TypeError):
        cache.attend(tokens("torch", 2)[0])


@pytest.mark.parametrize(("capacity", "kind"), [(0, ValueError), (2.5, TypeError)])
def test_capacity_must_be_a_count(capacity: Any, kind: type[Exception]) -> None:
    with says(kind, f"capacity is {capacity}, needs an integer of at least 1"):
        KVCache(capacity)
