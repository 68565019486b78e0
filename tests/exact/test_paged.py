"""Pages: the output of a plain cache, prefixes that are held once, and pages given back."""

import numpy as np
import pytest

from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.paged import PagedCache, PagePool
from tests.arrays import LIBRARIES, normal, plain
from tests.refusals import says

H, G, N, D, E = 6, 3, 11, 5, 7


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("page", [1, 4, 64])
def test_step_by_step_it_is_the_plain_cache(lib: str, page: int) -> None:
    query, key, value = (
        normal(lib, 2, h, N, d, seed=d) for h, d in ((H, D), (G, D), (G, E))
    )  # fmt: skip
    plainly, paged = KVCache(N), PagedCache(PagePool(N, page=page))
    for t in range(N):
        new = (..., slice(t, t + 1), slice(None))
        for cache in (plainly, paged):
            cache.append(key[new], value[new])
        assert len(paged) == t + 1
        assert len(paged.table) == -(-(t + 1) // page)
        for options in ({}, {"window": 3}):
            np.testing.assert_allclose(
                plain(paged.attend(query[new], **options)),
                plain(plainly.attend(query[new], **options)),
                rtol=1e-12,
            )


def test_a_fork_shares_full_pages_and_copies_the_one_it_writes_on() -> None:
    key, value, other = (normal("numpy", G, N, D, seed=i) for i in range(3))
    pool = PagePool(8, page=4)
    first = PagedCache(pool)
    first.append(key[:, :6], value[:, :6])
    second = first.fork()
    assert pool.used == 2
    second.append(other[:, :3], other[:, :3])
    assert (first.table, pool.used) == ([0, 1], 4)
    assert second.table[0] == 0
    assert second.table[1] != 1
    first.append(key[:, 6:], value[:, 6:])
    for cache, k, v in (
        (first, key, value),
        (second, *(np.concatenate([x[:, :6], other[:, :3]], axis=1) for x in (key, value))),
    ):
        alone = KVCache(20)
        alone.append(k, v)
        query = normal("numpy", G, 1, D, seed=9)
        np.testing.assert_allclose(cache.attend(query), alone.attend(query), rtol=1e-12)


def test_pages_come_back() -> None:
    pool = PagePool(3, page=2)
    x = normal("numpy", 1, 6, 2)
    first = PagedCache(pool)
    first.append(x[:, :4], x[:, :4])
    second = first.fork()
    first.release()
    assert (pool.used, len(first), len(second)) == (2, 0, 4)
    with says(ValueError, "3 tokens need 2 pages but 1 are free"):
        second.append(x[:, :3], x[:, :3])
    assert len(second) == 4
    second.release()
    assert pool.used == 0
    assert pool.key == [None] * 3
    with says(ValueError, "the cache is empty: append keys and values first"):
        second.attend(x)


def test_refuses_what_does_not_continue() -> None:
    cache = PagedCache(PagePool(3))
    x = normal("numpy", 1, 2, 3)
    cache.append(x, x)
    with says(
        ValueError,
        "key has shape (2, 2, 3) and value (2, 2, 3), which do not continue what the cache holds: "
        "all but the length must be equal",
    ):
        cache.append(np.concatenate([x, x]), np.concatenate([x, x]))
    with says(ValueError, "n_pages is 0, needs an integer of at least 1"):
        PagePool(0)
    pool = PagePool(1)
    pool.take(x, x)
    with says(ValueError, "all 1 pages are in use: release a sequence first"):
        pool.take(x, x)
