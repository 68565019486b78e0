"""ALiBi: a penalty on the scores that grows with distance, steeper in some heads."""

from __future__ import annotations

from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array, namespace
from qkv_lib.formula.checks import check_count, check_like
from qkv_lib.formula.positions._angles import consecutive, rounded


def alibi_slopes(n_heads: int, *, like: Array | None = None) -> Array:
    r"""Return the slope of each head.

    .. math:: m_i = 2^{-8 i / h}, \qquad i = 1, \dots, h

    Parameters
    ----------
    n_heads : int
        The number of heads ``h``. Where it is no power of two: the slopes of the next lower
        power, then every other slope of the next higher one, as in the paper's code.
    like : array, optional
        The slopes take its library, device and dtype; NumPy and float64 by default.

    Returns
    -------
    array of shape (n_heads,)

    Raises
    ------
    TypeError
        ``n_heads`` is no integer, ``like`` no floating-point array.
    ValueError
        ``n_heads`` is below 1.

    References
    ----------
    Press et al. 2022, "Train Short, Test Long", section 3.

    Examples
    --------
    >>> alibi_slopes(4)
    array([0.25      , 0.0625    , 0.015625  , 0.00390625])
    """
    n_heads = check_count("n_heads", n_heads, least=1)
    check_like(like)
    lower = 1 << n_heads.bit_length() - 1  # the largest power of two that is no more
    slopes = _geometric(lower) + _geometric(2 * lower)[0::2][: n_heads - lower]
    if like is None:
        return np.asarray(slopes)
    xp: Any = namespace(like)
    return xp.asarray(slopes, dtype=like.dtype, device=like.device)


def _geometric(n_heads: int) -> list[float]:
    return [2.0 ** (-8.0 * i / n_heads) for i in range(1, n_heads + 1)]


def alibi_bias(
    n_heads: int,
    n_queries: int,
    n_keys: int | None = None,
    *,
    offset: int = 0,
    like: Array | None = None,
) -> Array:
    r"""Return what ALiBi adds to the scores: minus slope times distance.

    .. math:: B_{hij} = -m_h \, |i + \mathrm{offset} - j|

    Parameters
    ----------
    n_heads, n_queries, n_keys : int
        Sizes; ``n_keys`` defaults to ``offset + n_queries``.
    offset : int
        How many keys came before the first query.
    like : array, optional
        The bias takes its library, device and dtype; NumPy and float64 by default.

    Returns
    -------
    array of shape (n_heads, n_queries, n_keys)
        For ``bias=`` of `qkv_lib.attention`; with ``causal=True`` its past half is the paper's.

    Raises
    ------
    TypeError
        A size or the offset is no integer, ``like`` no floating-point array.
    ValueError
        A size or the offset is too small.

    References
    ----------
    Press et al. 2022, "Train Short, Test Long", figure 3.

    Examples
    --------
    >>> alibi_bias(2, 2, 3, offset=1)[0]
    array([[-0.0625,  0.    , -0.0625],
           [-0.125 , -0.0625,  0.    ]])
    """
    check_like(like)
    n_queries = check_count("n_queries", n_queries, least=0)
    offset = check_count("offset", offset, least=0)
    n_keys = offset + n_queries if n_keys is None else check_count("n_keys", n_keys, least=0)
    i = consecutive(n_queries, offset, like)[:, None]
    j = consecutive(n_keys, 0, like)[None, :]
    xp: Any = namespace(i)
    nearness = xp.astype(-xp.abs(i - j), xp.float64)  # (n_queries, n_keys)
    bias = alibi_slopes(n_heads, like=nearness)[:, None, None] * nearness
    return bias if like is None else rounded(bias, like)
