"""Sinusoidal positions: a vector of sines and cosines for each place."""

from __future__ import annotations

from qkv_lib.formula.arrays import Array, namespace
from qkv_lib.formula.checks import check_count, check_like
from qkv_lib.formula.positions._angles import (
    angles,
    check_angles,
    check_positions,
    consecutive,
    rounded,
)


def sinusoidal(
    positions: int | Array,
    d: int,
    *,
    offset: int = 0,
    base: float = 10000.0,
    like: Array | None = None,
) -> Array:
    r"""Return one vector per position, to be added to the input.

    .. math::
        \begin{aligned}
        P_{t, 2i} &= \sin(t / b^{2i/d}) \\
        P_{t, 2i+1} &= \cos(t / b^{2i/d})
        \end{aligned}

    Parameters
    ----------
    positions : int or integer array of shape (..., n)
        How many consecutive positions, or the position ids themselves.
    d : int
        Width of the vectors, an even number.
    offset : int
        The first position, where ``positions`` is their number.
    base : float
        The ``b`` above: wavelengths run from ``2π`` to nearly ``2π · b``.
    like : array, optional
        The result takes its library, device and dtype; by default those of NumPy (float64), or
        the library of the position ids.

    Returns
    -------
    array of shape (n, d) or (..., n, d)

    Raises
    ------
    TypeError
        ``positions`` is neither an integer nor an integer array, or of another library than
        ``like``; ``like`` is no floating-point array; a number has the wrong type.
    ValueError
        ``d`` is odd or below 2, ``positions`` or ``offset`` is negative, ``base`` is not above
        0, or ``offset`` is given beside position ids.

    Notes
    -----
    The vector ``k`` places on is a fixed rotation of the vector here, whatever the place.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", section 3.5.

    Examples
    --------
    >>> sinusoidal(3, 4).round(3)
    array([[ 0.   ,  1.   ,  0.   ,  1.   ],
           [ 0.841,  0.54 ,  0.01 ,  1.   ],
           [ 0.909, -0.416,  0.02 ,  1.   ]])
    """
    check_like(like)
    d, base = check_angles("d", d, base)
    offset = check_count("offset", offset, least=0)
    if getattr(positions, "ndim", 0) == 0:
        positions = consecutive(check_count("positions", positions, least=0), offset, like)
    elif offset:
        raise ValueError(f"offset is {offset} beside position ids: add it to positions instead")
    turn = angles(check_positions(positions, like), d, base)  # (..., n, d / 2)
    xp = namespace(turn)
    pairs = xp.stack([xp.sin(turn), xp.cos(turn)], axis=-1)
    table = xp.reshape(pairs, (*turn.shape[:-1], d))
    return table if like is None else rounded(table, like)
