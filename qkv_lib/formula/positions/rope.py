"""RoPE: queries and keys turn by an angle in proportion to their position."""

from __future__ import annotations

from typing import Any

from qkv_lib.formula._fit import broadcast
from qkv_lib.formula.arrays import Array, accumulating, shape
from qkv_lib.formula.checks import check_arrays, check_count
from qkv_lib.formula.positions._angles import (
    angles,
    check_angles,
    check_positions,
    consecutive,
    rounded,
)


def rope(
    x: Array,
    *,
    positions: Array | None = None,
    offset: int = 0,
    base: float = 10000.0,
    layout: str = "half",
    n_rotated: int | None = None,
) -> Array:
    r"""Turn pairs of features of queries or keys by position times frequency.

    .. math::
        \begin{aligned}
        x_a &\mapsto x_a \cos t\theta_i - x_b \sin t\theta_i \\
        x_b &\mapsto x_a \sin t\theta_i + x_b \cos t\theta_i \\
        \theta_i &= b^{-2i/d}
        \end{aligned}

    A dot product of a turned query and a turned key depends on their positions only through
    the distance between them.

    Parameters
    ----------
    x : array of shape (..., n, d)
        Queries or keys, of all heads or of one.
    positions : integer array of shape (n,) or with the axes of x but the last, optional
        Position ids; 0 to n − 1 by default. Ids a batch element, (batch, n), beside heads take
        the shape (batch, 1, n).
    offset : int
        The first position, where ``positions`` are not given (the length of the cache).
    base : float
        The ``b`` above.
    layout : {"half", "interleaved"}
        Which features are a pair: ``i`` and ``i + d/2`` (GPT-NeoX, Llama as converted), or
        ``2i`` and ``2i + 1`` (the paper). The same up to an order of the features.
    n_rotated : int, optional
        Turn only the first ``n_rotated`` features (partial RoPE); all by default.

    Returns
    -------
    array of shape (..., n, d)
        In the dtype of ``x``.

    Raises
    ------
    TypeError
        ``x`` is no floating-point array, ``positions`` no integer array of its library.
    ValueError
        ``x`` holds NaN or has fewer than two axes; ``positions`` do not fit, or stand beside
        ``offset``; the features to turn are odd in number or more than there are; ``layout``
        is unknown; ``base`` is not above 0.

    References
    ----------
    Su et al. 2021, "RoFormer", equations 14, 15 and 34.

    Examples
    --------
    >>> import numpy as np
    >>> rope(np.array([[1.0, 0.0], [1.0, 0.0]])).round(3)     # turned by 0 and by 1 radian
    array([[1.   , 0.   ],
           [0.54 , 0.841]])
    """
    xp = check_arrays(x=x)
    if x.ndim < 2:
        raise ValueError(f"x has shape {shape(x)}, needs at least two axes (..., length, features)")
    if n_rotated is None:
        d, base = check_angles("the width of x", x.shape[-1], base)
    else:
        d, base = check_angles("n_rotated", n_rotated, base)
    if d > x.shape[-1]:
        raise ValueError(f"n_rotated is {d} but x has {x.shape[-1]} features: shape {shape(x)}")
    turn = angles(_positions(x, positions, offset), d, base)
    working = accumulating(x)
    cos, sin = (rounded(f(turn), working) for f in (xp.cos, xp.sin))
    a, b = _pairs(working[..., :d], layout)  # (..., n, d / 2) each
    turned = _unpaired(xp, a * cos - b * sin, a * sin + b * cos, layout)
    return xp.astype(xp.concat([turned, working[..., d:]], axis=-1), x.dtype)


def _pairs(x: Array, layout: str) -> tuple[Array, Array]:
    if layout == "half":
        half = x.shape[-1] // 2
        return x[..., :half], x[..., half:]
    if layout == "interleaved":
        return x[..., 0::2], x[..., 1::2]
    raise ValueError(f"layout is {layout!r}, needs 'half' or 'interleaved'")


def _unpaired(xp: Any, a: Array, b: Array, layout: str) -> Array:
    if layout == "half":
        return xp.concat([a, b], axis=-1)
    return xp.reshape(xp.stack([a, b], axis=-1), (*a.shape[:-1], 2 * a.shape[-1]))


def _positions(x: Array, positions: Array | None, offset: int) -> Array:
    offset = check_count("offset", offset, least=0)
    if positions is None:
        return consecutive(x.shape[-2], offset, like=x)
    if offset:
        raise ValueError(f"offset is {offset} beside positions: add it to positions instead")
    positions = check_positions(positions, like=x)
    fits = broadcast(shape(positions), shape(x)[:-1]) == shape(x)[:-1]
    if not fits or positions.ndim not in (1, x.ndim - 1):
        raise ValueError(
            f"positions has shape {shape(positions)} but x has {shape(x)}: needs ({x.shape[-2]},) "
            f"or {x.ndim - 1} axes that broadcast to {shape(x)[:-1]}; ids a batch element "
            "beside heads take the shape (batch, 1, n)"
        )
    return positions
