"""The key-value cache in pages: sequences share one memory, and a common beginning is kept once.

Each sequence has a *table* of the pages that hold its keys and values, in order. Nothing has to
lie together, nothing is set aside for tokens that may never come, and two sequences that begin
alike point to the same pages. The output is that of `qkv_lib.exact.cache.KVCache`.
"""

from __future__ import annotations

from typing import Any

from qkv_lib.exact._choose import cheapest
from qkv_lib.exact.cache import offset_of_newest
from qkv_lib.formula._door import check_call
from qkv_lib.formula._fit import check_query_key_value
from qkv_lib.formula.arrays import Array, library, namespace, shape
from qkv_lib.formula.checks import check_arrays, check_count

__all__ = ["PagePool", "PagedCache"]


class PagePool:
    """The memory of all sequences, in pages of a fixed number of tokens.

    Parameters
    ----------
    n_pages : int
        Pages in all.
    page : int
        Tokens on a page.

    Attributes
    ----------
    key : list of array, or None
        What each page holds, of shape (..., g, page, d_k); None where nobody uses it.
    value : list of array, or None
    users : list of int
        How many sequences point to each page.

    Raises
    ------
    TypeError, ValueError
        A number is no integer of at least 1.

    References
    ----------
    Kwon et al. 2023, "Efficient Memory Management for Large Language Model Serving with
    PagedAttention", section 4.

    Examples
    --------
    >>> pool = PagePool(n_pages=8, page=4)
    >>> pool.used
    0
    """

    def __init__(self, n_pages: int, page: int = 16) -> None:
        self.page = check_count("page", page, least=1)
        n_pages = check_count("n_pages", n_pages, least=1)
        self.users = [0] * n_pages
        self.key: list[Array] = [None] * n_pages
        self.value: list[Array] = [None] * n_pages

    @property
    def used(self) -> int:
        """How many pages hold something."""
        return sum(count > 0 for count in self.users)

    def take(self, key: Array, value: Array) -> int:
        """Return a free page, with room for rows like these.

        Parameters
        ----------
        key : array of shape (..., g, n, d_k)
        value : array of shape (..., g, n, d_v)

        Returns
        -------
        int

        Raises
        ------
        ValueError
            No page is free.
        """
        if 0 not in self.users:
            raise ValueError(f"all {len(self.users)} pages are in use: release a sequence first")
        number = self.users.index(0)
        xp = namespace(key)
        self.key[number], self.value[number] = (
            xp.zeros((*x.shape[:-2], self.page, x.shape[-1]), dtype=x.dtype, device=x.device)
            for x in (key, value)
        )
        self.users[number] = 1
        return number

    def leave(self, number: int) -> None:
        """Give up a page; nobody's pages are free again.

        Parameters
        ----------
        number : int
        """
        self.users[number] -= 1
        if not self.users[number]:
            self.key[number] = self.value[number] = None


class PagedCache:
    """The keys and values of one sequence, on pages of a pool.

    Gradients do not flow through it.

    Parameters
    ----------
    pool : PagePool

    Attributes
    ----------
    table : list of int
        The pages of the sequence, in order: position ``t`` is on page ``table[t // page]``, at
        place ``t % page``.

    References
    ----------
    Kwon et al. 2023, section 4.

    Examples
    --------
    Two answers to one question share its pages:

    >>> import numpy as np
    >>> pool = PagePool(n_pages=8, page=2)
    >>> question = PagedCache(pool)
    >>> question.append(np.ones((1, 4, 3)), np.ones((1, 4, 3)))
    >>> answer = question.fork()
    >>> answer.append(np.zeros((1, 1, 3)), np.zeros((1, 1, 3)))
    >>> question.table, answer.table, pool.used
    ([0, 1], [0, 1, 2], 3)
    """

    def __init__(self, pool: PagePool) -> None:
        self.pool = pool
        self.table: list[int] = []
        self._length = 0
        self._form: tuple[Any, ...] = ()

    def __len__(self) -> int:
        """Return the number of tokens held."""
        return self._length

    def append(self, key: Array, value: Array) -> None:
        """Add the keys and values of new tokens; a page is taken when the last one is full.

        Parameters
        ----------
        key : array of shape (..., g, n_new, d_k)
        value : array of shape (..., g, n_new, d_v)

        Raises
        ------
        TypeError, ValueError
            As `qkv_lib.attention`; a shape or a dtype differs from what is held other than in the
            length; no page is free, and then nothing was added.
        """
        check_arrays(key=key, value=value)
        check_query_key_value(key[..., :0, :], key, value)
        form = tuple((*x.shape[:-2], x.shape[-1]) for x in (key, value)), key.dtype, type(key)
        if self._form and form != self._form:
            raise ValueError(
                f"key has shape {shape(key)} and value {shape(value)}, which do not continue what "
                "the cache holds: all but the length must be equal"
            )
        n, page = key.shape[-2], self.pool.page
        shared = self._length % page and self.pool.users[self.table[-1]] > 1
        needed = -(-(self._length + n) // page) - len(self.table) + bool(shared and n)
        if needed > self.pool.users.count(0):
            raise ValueError(
                f"{n} tokens need {needed} pages but {self.pool.users.count(0)} are free"
            )
        if shared and n:
            self._copy_the_last_page()
        self._form = form
        key, value = (x if library(x) == "numpy" else x.detach() for x in (key, value))
        for row in range(n):
            place = self._length % page
            if not place:
                self.table.append(self.pool.take(key, value))
            number = self.table[-1]
            self.pool.key[number][..., place, :] = key[..., row, :]
            self.pool.value[number][..., place, :] = value[..., row, :]
            self._length += 1

    def fork(self) -> PagedCache:
        """Return a sequence that begins as this one: it points to the same pages.

        Returns
        -------
        PagedCache
            What either appends later, the other does not see; a page that both use is copied
            before one of them writes on it.
        """
        other = PagedCache(self.pool)
        other.table, other._length, other._form = list(self.table), self._length, self._form
        for number in self.table:
            self.pool.users[number] += 1
        return other

    def release(self) -> None:
        """Give all pages back; the sequence is empty."""
        for number in self.table:
            self.pool.leave(number)
        self.table, self._length, self._form = [], 0, ()

    def attend(self, query: Array, *, causal: bool = True, **options: Any) -> Array:
        """Return the output of the queries of the newest tokens, over all tokens held.

        Parameters
        ----------
        query : array of shape (..., h, n_queries, d_k)
            Of the last ``n_queries`` tokens appended.
        causal : bool
            True by default: with several new tokens, none sees those after it.
        **options
            As in `qkv_lib.attention`.

        Returns
        -------
        array of shape (..., h, n_queries, d_v)

        Raises
        ------
        TypeError, ValueError
            As `qkv_lib.attention`; the cache is empty.

        Notes
        -----
        The pages are put together before they are read. A kernel follows the table instead.
        """
        if not self.table:
            raise ValueError("the cache is empty: append keys and values first")
        key, value = (
            namespace(query).concat([held[number] for number in self.table], axis=-2)
            for held in (self.pool.key, self.pool.value)
        )
        if options.get("offset") is None:
            options["offset"] = offset_of_newest(
                len(self), query.shape[-2], causal=causal, window=options.get("window")
            )
        there = (..., slice(self._length), slice(None))
        return cheapest(check_call(query, key[there], value[there], causal=causal, **options))

    def _copy_the_last_page(self) -> None:
        """Stop sharing a page that is about to be written on."""
        old = self.table[-1]
        key, value = self.pool.key[old], self.pool.value[old]
        new = self.pool.take(key, value)
        self.pool.key[new][...], self.pool.value[new][...] = key, value
        self.pool.leave(old)
        self.table[-1] = new
