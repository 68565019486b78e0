"""The key-value cache: step by step the same as all at once."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from qkv_lib import attention
from qkv_lib.exact.cache import KVCache
from tests.arrays import LIBRARIES, array, close, normal, plain
from tests.refusals import says


def tokens(lib: str, n: int, *, h: int = 6, g: int = 2, seed: int = 0) -> tuple[Any, Any, Any]:
    """Return query (3, h, n, 11), key (3, g, n, 11) and value (3, g, n, 13)."""
    shapes = (3, h, n, 11), (3, g, n, 11), (3, g, n, 13)
    query, key, value = (normal(lib, *x, seed=seed + i) for i, x in enumerate(shapes))
    return query, key, value


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


@pytest.mark.parametrize("lib", LIBRARIES)
def test_rejected_tokens_are_taken_back(lib: str) -> None:
    """What speculative decoding does: append a guess, look, and go back to what was accepted."""
    query, key, value = tokens(lib, 7)
    cache = KVCache(7)
    cache.append(key[..., :4, :], value[..., :4, :])
    cache.append(100.0 * key[..., 4:, :], value[..., 4:, :])  # a guess
    cache.truncate(4)
    assert len(cache) == 4
    close(cache.key, key[..., :4, :])
    cache.append(key[..., 4:, :], value[..., 4:, :])
    close(cache.attend(query), attention(query, key, value, causal=True))
    cache.truncate(0)
    assert len(cache) == 0
    assert (cache.attend(query[..., :0, :]) == 0).all()


@pytest.mark.parametrize(
    ("length", "kind", "message"),
    [
        (3, ValueError, "length is 3 but the cache holds 2 tokens"),
        (-1, ValueError, "length is -1, needs an integer of at least 0"),
        (1.0, TypeError, "length is 1.0, needs an integer of at least 0"),
    ],
)
def test_only_what_is_held_can_be_kept(length: Any, kind: type[Exception], message: str) -> None:
    cache = KVCache(7)
    cache.append(*tokens("numpy", 2)[1:])
    with says(kind, message):
        cache.truncate(length)


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_goes_its_own_way(lib: str, copied: Any) -> None:
    """As in beam search: one prefix, two continuations."""
    query, key, value = tokens(lib, 5)
    cache = KVCache(5)
    empty = copied(cache)
    cache.append(key[..., :3, :], value[..., :3, :])
    other = copied(cache)
    assert len(empty) == 0
    cache.append(key[..., 3:, :], value[..., 3:, :])
    other.append(-key[..., 3:, :], -value[..., 3:, :])
    assert len(other) == len(cache) == 5
    close(cache.attend(query), attention(query, key, value, causal=True))
    close(other.key[..., 3:, :], -key[..., 3:, :])
    with pytest.raises(ValueError, match="scores may reach"):
        other.attend(query * 1e200, scale=1e200)


@pytest.mark.parametrize("lib", LIBRARIES)
def test_each_batch_element_may_be_at_a_place_of_its_own(lib: str) -> None:
    """Three prompts of different lengths, padded at the end, and one new token for each."""
    query, key, value = tokens(lib, 6)
    lengths = [6, 2, 4]
    cache = KVCache(6)
    cache.append(key, value)
    latest = array(lib, [length - 1 for length in lengths], "int64")
    output = cache.attend(query[..., :1, :], offset=latest)
    for b, length in enumerate(lengths):
        seen = [x[b : b + 1, :, :length] for x in (key, value)]
        close(output[b : b + 1], attention(query[b : b + 1, :, :1], *seen))


@pytest.mark.parametrize("lib", LIBRARIES)
def test_memory_that_was_never_written_is_never_read(lib: str) -> None:
    query, key, value = tokens(lib, 4)
    cache = KVCache(9)
    cache.append(key, value)
    for memory in (cache._key, cache._value):
        memory[..., 4:, :] = np.nan
    for options in ({}, {"window": 2}, {"causal": False}, {"softcap": 2.0}):
        output = plain(cache.attend(query, **options))  # type: ignore[arg-type]
        assert np.isfinite(output).all()
    cache.append(key[..., :2, :], value[..., :2, :])
    assert np.isfinite(plain(cache.attend(query))).all()
    assert np.isfinite(plain(copy.copy(cache).attend(query))).all()


@pytest.mark.parametrize("lib", LIBRARIES)
def test_huge_values_are_averaged(lib: str) -> None:
    zeros, huge = array(lib, np.zeros((1, 600, 1)), "float32"), np.full((1, 600, 1), 1e36)
    cache = KVCache(600)
    cache.append(zeros, array(lib, huge, "float32"))
    np.testing.assert_allclose(plain(cache.attend(zeros, causal=False)), huge, rtol=1e-5)
