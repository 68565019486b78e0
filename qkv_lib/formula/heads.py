"""Heads: split the features, merge them again, and let several query heads share one key head.

Shapes: ``(..., n, h · d)`` outside, ``(..., h, n, d)`` inside.
"""

from __future__ import annotations

from qkv_lib.formula.arrays import Array, matmul, namespace, shape
from qkv_lib.formula.checks import check_array, check_count

__all__ = ["fold_groups", "grouped_matmul", "merge_heads", "split_heads"]


def split_heads(x: Array, n_heads: int) -> Array:
    """Cut the features into heads and move the head axis in front of the length.

    Parameters
    ----------
    x : array of shape (..., n, h · d)
        One row per position.
    n_heads : int
        The number of heads ``h``; it must divide the number of features.

    Returns
    -------
    array of shape (..., h, n, d)
        Head ``i`` holds features ``i · d`` to ``(i + 1) · d`` of every position.

    Raises
    ------
    TypeError
        ``x`` is no array, or ``n_heads`` no integer.
    ValueError
        ``x`` has fewer than two axes, or ``n_heads`` does not divide its features.

    Notes
    -----
    A reshape to ``(..., h, n, d)`` has the same shape and is wrong: it would cut the *rows*
    into heads and mix positions. The features are cut first, then two axes are swapped.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", section 3.2.2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(12.0).reshape(2, 6)          # 2 positions, 6 features
    >>> split_heads(x, n_heads=3)[0]               # head 0: features 0 and 1
    array([[0., 1.],
           [6., 7.]])
    """
    xp = check_array("x", x)
    n_heads = check_count("n_heads", n_heads, least=1)
    if x.ndim < 2:
        raise ValueError(f"x has shape {shape(x)}, needs at least two axes (..., length, features)")
    *batch, n, features = x.shape
    if features % n_heads:
        raise ValueError(
            f"x has {features} features, which {n_heads} heads cannot share equally: "
            f"shape {shape(x)}; n_heads must divide the last axis"
        )
    cut = xp.reshape(x, (*batch, n, n_heads, features // n_heads))  # (..., n, h, d)
    return xp.moveaxis(cut, -2, -3)  # (..., h, n, d)


def merge_heads(x: Array) -> Array:
    """Put the heads' features side by side again; the inverse of `split_heads`.

    Parameters
    ----------
    x : array of shape (..., h, n, d)

    Returns
    -------
    array of shape (..., n, h · d)

    Raises
    ------
    TypeError
        ``x`` is no array.
    ValueError
        ``x`` has fewer than three axes.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(12.0).reshape(2, 6)
    >>> bool(np.all(merge_heads(split_heads(x, 3)) == x))
    True
    """
    xp = check_array("x", x)
    if x.ndim < 3:
        raise ValueError(
            f"x has shape {shape(x)}, needs at least three axes (..., heads, length, features)"
        )
    *batch, h, n, d = x.shape
    return xp.reshape(xp.moveaxis(x, -3, -2), (*batch, n, h * d))


def grouped_matmul(left: Array, right: Array) -> Array:
    """Matrix product in which each head of ``right`` serves consecutive heads of ``left``.

    The query heads of a group are laid under each other as more rows of one product, so that
    keys and values are never copied.

    Parameters
    ----------
    left : array of shape (..., h, n, x)
    right : array of shape (..., g, x, y)
        ``h`` must be a multiple of ``g``; with ``g = h``, or without a head axis, this is ``@``.

    Returns
    -------
    array of shape (..., h, n, y)
        Head ``i`` is ``left[..., i, :, :] @ right[..., i // (h // g), :, :]``.

    References
    ----------
    Shazeer 2019, "Fast Transformer Decoding" (``g = 1``); Ainslie et al. 2023, "GQA".

    Examples
    --------
    >>> import numpy as np
    >>> left, right = np.ones((6, 2, 3)), np.ones((2, 3, 4))  # heads: 6 share 2
    >>> grouped_matmul(left, right).shape
    (6, 2, 4)
    """
    if right.ndim < 3 or left.ndim < 3 or left.shape[-3] == right.shape[-3]:
        return matmul(left, right)
    h, g = left.shape[-3], right.shape[-3]
    folded = matmul(fold_groups(left, g), right)  # (..., g, r · n, y)
    return namespace(left).reshape(folded, (*folded.shape[:-3], h, left.shape[-2], right.shape[-1]))


def fold_groups(x: Array, g: int) -> Array:
    """Lay the rows of the heads that share a key head under each other.

    Parameters
    ----------
    x : array of shape (..., h, n, d)
        Without a head axis it is returned as it is.
    g : int
        The number of key heads, a divisor of ``h``.

    Returns
    -------
    array of shape (..., g, h / g · n, d)

    Examples
    --------
    >>> import numpy as np
    >>> fold_groups(np.ones((6, 5, 7)), 2).shape
    (2, 15, 7)
    """
    if x.ndim < 3:
        return x
    *batch, h, n, d = x.shape
    return namespace(x).reshape(x, (*batch, g, h // g * n, d))
