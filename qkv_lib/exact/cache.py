"""The key-value cache: what decoding keeps, so that a new token attends without a new start.

Keys and values of past tokens never change, and no later query is needed again: only they are
kept, and each new query attends to all of them. The output is that of the whole sequence at once.
"""

from __future__ import annotations

from typing import Any

from qkv_lib.exact._choose import cheapest
from qkv_lib.formula._door import check_form
from qkv_lib.formula._fit import check_query_key_value, check_rows
from qkv_lib.formula._numbers import bound, check_numbers
from qkv_lib.formula.arrays import Array, library, namespace, shape
from qkv_lib.formula.checks import check_count, check_kinds

__all__ = ["KVCache"]


def offset_of_newest(n_held: int, n_queries: int, *, causal: bool, window: int | None) -> int:
    """Return where the first of the newest tokens stands, if a mask asks where tokens stand.

    Parameters
    ----------
    n_held, n_queries : int
        Tokens in a cache, and how many of the newest of them ask.
    causal : bool
    window : int or None
        As in `qkv_lib.attention`, which takes no offset where neither is given.

    Returns
    -------
    int

    Examples
    --------
    >>> offset_of_newest(8, 3, causal=False, window=2)
    5
    """
    return n_held - n_queries if causal or window is not None else 0


class KVCache:
    """Keys and values of the tokens so far, in memory that is set aside once.

    The first `append` decides library, dtype, device, batch, heads and widths, and takes the
    memory for all ``capacity`` tokens. Gradients do not flow through a cache.

    Parameters
    ----------
    capacity : int
        The most tokens it can hold.

    Raises
    ------
    TypeError, ValueError
        ``capacity`` is no integer, or below 1.

    Notes
    -----
    Memory: ``batch · g · capacity · (d_k + d_v)`` numbers. A step costs
    ``h · length · (d_k + d_v)`` multiplications, and no copy of what is already there.

    References
    ----------
    Shazeer 2019, "Fast Transformer Decoding: One Write-Head is All You Need", section 2.4.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]])    # (heads, n, d)
    >>> cache = KVCache(capacity=3)
    >>> for i in range(3):
    ...     token = x[:, i : i + 1]
    ...     cache.append(token, token)
    ...     print(cache.attend(token).round(4))
    [[[1. 2.]]]
    [[[1.9717 2.9717]]]
    [[[2.9929 3.9929]]]
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = check_count("capacity", capacity, least=1)
        self._length = 0
        self._key: Array = None
        self._value: Array = None
        # No number held is larger: bounds the scores and the output without a look at them.
        self._key_bound: float | None = 0.0
        self._value_bound: float | None = 0.0

    def __len__(self) -> int:
        """Return the number of tokens held."""
        return self._length

    @property
    def key(self) -> Array:
        """The keys so far, a view of shape (..., g, length, d_k)."""
        return self._held(self._key)

    @property
    def value(self) -> Array:
        """The values so far, a view of shape (..., g, length, d_v)."""
        return self._held(self._value)

    def append(self, key: Array, value: Array) -> None:
        """Add the keys and values of new tokens after those held.

        Parameters
        ----------
        key : array of shape (..., g, n_new, d_k)
        value : array of shape (..., g, n_new, d_v)

        Raises
        ------
        TypeError
            As `qkv_lib.attention`; library or dtype differs from what is held.
        ValueError
            As `qkv_lib.attention`; a shape differs from what is held other than in the length;
            the tokens do not fit into what is left of the capacity.
        """
        check_kinds(key=key, value=value)
        xp = namespace(key)
        check_rows(key=shape(key), value=shape(value))
        check_query_key_value(key[..., :0, :], key, value)
        if self._key is not None:
            check_kinds(**{"the cache": self._key, "key": key})
        for name, new, held in (("key", key, self._key), ("value", value, self._value)):
            if held is not None and _but_length(new) != _but_length(held):
                raise ValueError(
                    f"{name} has shape {shape(new)} but the cache holds {shape(self._held(held))}: "
                    "all axes but the length, the last but one, must be equal"
                )
        stop = self._length + key.shape[-2]
        if stop > self.capacity:
            raise ValueError(
                f"key has {key.shape[-2]} rows but the cache holds {self._length} of at most "
                f"{self.capacity}: make it with a larger capacity"
            )
        key_bound, value_bound = bound("key", key), bound("value", value)
        if self._key is None:
            self._key, self._value = (self._room(xp, x) for x in (key, value))
        for memory, new in ((self._key, key), (self._value, value)):
            memory[..., self._length : stop, :] = new if library(new) == "numpy" else new.detach()
        self._key_bound = _larger(self._key_bound, key_bound)
        self._value_bound = _larger(self._value_bound, value_bound)
        self._length = stop

    def truncate(self, length: int) -> None:
        """Go back to the first ``length`` tokens; the next `append` takes the place of the others.

        What speculative decoding does with the tokens that were rejected, and beam search with
        a prefix.

        Parameters
        ----------
        length : int
            0 to the number of tokens held.

        Raises
        ------
        TypeError, ValueError
            ``length`` is no integer, or not in this range.
        """
        length = check_count("length", length, least=0)
        if length > self._length:
            raise ValueError(f"length is {length} but the cache holds {self._length} tokens")
        self._length = length

    def __copy__(self) -> KVCache:
        """Return a cache with memory of its own: from here on the two go separate ways."""
        other = KVCache(self.capacity)
        vars(other).update(vars(self))
        if self._key is not None:
            xp = namespace(self._key)
            other._key, other._value = (xp.asarray(x, copy=True) for x in (self._key, self._value))
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> KVCache:
        """Return the same as `copy.copy`."""
        return self.__copy__()

    def attend(
        self,
        query: Array,
        *,
        causal: bool = True,
        window: int | None = None,
        mask: Array | None = None,
        bias: Array | None = None,
        key_lengths: Array | None = None,
        offset: int | Array | None = None,
        scale: float | None = None,
        softcap: float | None = None,
    ) -> Array:
        """Return the output of the queries of the newest tokens, over all keys held.

        Parameters
        ----------
        query : array of shape (..., h, n_queries, d_k)
            Of the last ``n_queries`` tokens appended.
        causal : bool
            True by default: with several new tokens, none sees those after it.
        offset : int or integer array of shape (batch,), optional
            Where the first query stands among the tokens held, ``length − n_queries`` by
            default; one for each batch element where their lengths differ.
        window, mask, bias, key_lengths, scale, softcap
            As in `qkv_lib.attention`; ``n_keys`` is the length of the cache.

        Returns
        -------
        array of shape (..., h, n_queries, d_v)

        Raises
        ------
        TypeError, ValueError
            As `qkv_lib.attention`; there are more queries than tokens in the cache.

        Notes
        -----
        What is held was checked when it came in and is not looked through again.
        """
        key, value = self.key, self.value
        n = query.shape[-2] if getattr(query, "ndim", 0) > 1 else 0
        if n > self._length:
            raise ValueError(
                f"query has {n} rows but the cache holds {self._length} tokens: append their keys "
                "and values first"
            )
        if offset is None:
            offset = offset_of_newest(self._length, n, causal=causal, window=window)
        call = check_form(
            query, key, value, mask=mask, bias=bias, causal=causal, offset=offset,
            window=window, key_lengths=key_lengths, scale=scale, softcap=softcap,
        )  # fmt: skip
        known = bound("query", query), self._key_bound, self._value_bound
        return cheapest(check_numbers(call, *known))

    def _held(self, memory: Array) -> Array:
        if memory is None:
            raise ValueError("the cache is empty: append keys and values first")
        return memory[..., : self._length, :]

    def _room(self, xp: Any, x: Array) -> Array:
        sizes = (*x.shape[:-2], self.capacity, x.shape[-1])
        return xp.zeros(sizes, dtype=x.dtype, device=x.device)


def _but_length(x: Array) -> tuple[int, ...]:
    return (*x.shape[:-2], x.shape[-1])


def _larger(left: float | None, right: float | None) -> float | None:
    """Return the larger bound; None, where one is not known."""
    return None if left is None or right is None else max(left, right)
