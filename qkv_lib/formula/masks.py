"""Masks: which keys a query may attend to. Boolean, ``True`` = may attend; combine with ``&``.

Rows are queries, columns are keys. Query ``i`` stands at position ``i + offset`` among the
keys: ``offset`` is the number of keys that came before the first query.
"""

from __future__ import annotations

from qkv_lib.formula._band import Band
from qkv_lib.formula._fit import check_lengths
from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.checks import check_array, check_count

__all__ = ["causal_mask", "padding_mask", "window_mask"]


def causal_mask(
    n_queries: int, n_keys: int | None = None, *, offset: int = 0, like: Array | None = None
) -> Array:
    """Let each query see the keys up to its own position: ``j ≤ i + offset``.

    Parameters
    ----------
    n_queries, n_keys : int
        Sizes of the mask; ``n_keys`` defaults to ``offset + n_queries``.
    offset : int
        How many keys came before the first query (0 as in PyTorch and ONNX; with a key-value
        cache, its length before the new tokens). Below 0, the first queries see no key.
    like : array, optional
        The mask takes its library and device; NumPy by default.

    Returns
    -------
    boolean array of shape (n_queries, n_keys)

    Raises
    ------
    TypeError
        A size or the offset is no integer, or ``like`` is no array.
    ValueError
        A size is negative.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", section 3.2.3.

    Examples
    --------
    >>> causal_mask(2, 4, offset=2).astype(int)
    array([[1, 1, 1, 0],
           [1, 1, 1, 1]])
    """
    if like is not None:
        check_array("like", like)
    offset = check_count("offset", offset)
    n_queries = check_count("n_queries", n_queries, least=0)
    n_keys = check_count("n_keys", offset + n_queries if n_keys is None else n_keys, least=0)
    return Band(causal=True, offset=offset).mask(n_queries, n_keys, like=like)


def window_mask(
    n_queries: int,
    n_keys: int | None = None,
    *,
    window: int,
    offset: int = 0,
    like: Array | None = None,
) -> Array:
    """Let each query see the keys near its own position: ``|i + offset − j| < window``.

    Joined with `causal_mask` by ``&`` it leaves each query its own key and the ``window − 1``
    before it.

    Parameters
    ----------
    n_queries, n_keys : int
        Sizes of the mask; ``n_keys`` defaults to ``offset + n_queries``.
    window : int
        At least 1 (each query sees the key at its own position only).
    offset, like
        As in `causal_mask`.

    Returns
    -------
    boolean array of shape (n_queries, n_keys)

    Raises
    ------
    TypeError
        A size, the window or the offset is no integer, or ``like`` is no array.
    ValueError
        A size is negative, or the window is below 1.

    References
    ----------
    Beltagy et al. 2020, "Longformer", section 3.1 (there the window counts both sides).

    Examples
    --------
    >>> window_mask(4, window=2).astype(int)
    array([[1, 1, 0, 0],
           [1, 1, 1, 0],
           [0, 1, 1, 1],
           [0, 0, 1, 1]])
    """
    if like is not None:
        check_array("like", like)
    offset = check_count("offset", offset)
    n_queries = check_count("n_queries", n_queries, least=0)
    n_keys = check_count("n_keys", offset + n_queries if n_keys is None else n_keys, least=0)
    window = check_count("window", window, least=1)
    return Band(window=window, offset=offset).mask(n_queries, n_keys, like=like)


def padding_mask(lengths: Array, n_keys: int, *, n_axes: int = 4) -> Array:
    """Hide the padding: sequence ``b`` of a batch has ``lengths[b]`` real keys, the rest is filler.

    Parameters
    ----------
    lengths : integer array of shape (batch,) or (batch, ...)
        Real keys of each sequence, 0 to ``n_keys``.
    n_keys : int
        The padded length.
    n_axes : int
        How many axes the scores have: 4 for ``(batch, heads, n_queries, n_keys)``, 3 without heads.

    Returns
    -------
    boolean array of shape (batch, 1, …, 1, n_keys)
        ``n_axes`` axes in all; it broadcasts over heads and queries.

    Raises
    ------
    TypeError
        ``lengths`` is no integer array, or ``n_keys`` or ``n_axes`` no integer.
    ValueError
        A length is below 0 or above ``n_keys``, or ``n_axes`` leaves no room for it.

    Examples
    --------
    >>> import numpy as np
    >>> padding_mask(np.array([1, 3]), 3, n_axes=3).astype(int)
    array([[[1, 0, 0]],
    <BLANKLINE>
           [[1, 1, 1]]])
    """
    n_keys = check_count("n_keys", n_keys, least=0)
    n_axes = check_count("n_axes", n_axes, least=2)
    xp = check_lengths("lengths", lengths, n_keys)
    n_ones = n_axes - 1 - lengths.ndim
    if n_ones < 1:
        raise ValueError(
            f"lengths has shape {shape(lengths)}, which leaves no query axis in scores of "
            f"{n_axes} axes: n_axes must be at least {lengths.ndim + 2}"
        )
    columns = xp.arange(n_keys, device=lengths.device)
    wide = xp.astype(lengths, xp.int64)
    return columns < xp.reshape(wide, (*shape(lengths), *(1,) * n_ones, 1))
