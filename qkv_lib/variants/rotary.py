r"""RoPE beyond the first paper: two layouts, two dimensions, and longer texts than in training.

.. math:: \theta_i = b^{-2i/d}

A pair of features turns by its frequency times the position. On a text longer than those of
training the slow pairs reach angles that the model has never met. Position interpolation turns
everything more slowly, NTK-aware scaling the slow pairs most, YaRN by how often a pair turned.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array, accumulating, is_tensor, namespace, shape
from qkv_lib.formula.checks import check_arrays, check_count, check_number

__all__ = [
    "frequencies",
    "half_from_interleaved",
    "interpolated",
    "ntk_aware",
    "rope_2d",
    "turned",
    "yarn",
    "yarn_factor",
]


def frequencies(d: int, *, base: float = 10000.0) -> np.ndarray:
    r"""Return how far each pair turns from one position to the next, in radians.

    .. math:: \theta_i = b^{-2i/d}

    Parameters
    ----------
    d : int
        Features that turn; even.
    base : float
        ``b``.

    Returns
    -------
    float64 array of shape (d / 2,)

    Raises
    ------
    TypeError, ValueError
        ``d`` is no even integer of at least 2; ``base`` is not above 0.

    References
    ----------
    Su et al. 2021, "RoFormer", equation 15.

    Examples
    --------
    >>> frequencies(4)
    array([1.  , 0.01])
    """
    d = check_count("d", d, least=2)
    if d % 2:
        raise ValueError(f"d is {d}, needs an even number: features turn in pairs")
    base = check_number("base", base, positive=True)
    return np.asarray(base ** (-np.arange(0, d, 2) / d))


def interpolated(theta: np.ndarray, factor: float) -> np.ndarray:
    r"""Return the frequencies of position interpolation: every pair turns more slowly.

    .. math:: \theta_i' = \theta_i / s

    Parameters
    ----------
    theta : array of shape (d / 2,)
    factor : float
        ``s``: the new length over that of training, at least 1.

    Returns
    -------
    array of shape (d / 2,)

    Raises
    ------
    TypeError, ValueError
        ``factor`` is no number of at least 1.

    References
    ----------
    Chen et al. 2023, "Extending Context Window of Large Language Models via Positional
    Interpolation", equation 4.

    Examples
    --------
    >>> interpolated(frequencies(4), 4.0)
    array([0.25  , 0.0025])
    """
    return np.asarray(theta / _factor(factor))


def ntk_aware(d: int, factor: float, *, base: float = 10000.0) -> np.ndarray:
    r"""Return the frequencies of a larger base: the fastest pair as it was, the slowest ``/ s``.

    .. math:: b' = b \cdot s^{d / (d - 2)}

    Parameters
    ----------
    d : int
        Features that turn; even, at least 4.
    factor : float
        ``s``, at least 1.
    base : float
        ``b``, the base of training.

    Returns
    -------
    float64 array of shape (d / 2,)

    Raises
    ------
    TypeError, ValueError
        As `frequencies`; ``d`` is below 4; ``factor`` is no number of at least 1.

    References
    ----------
    Peng et al. 2024, "YaRN", definition 1.

    Examples
    --------
    >>> ntk_aware(4, 4.0)
    array([1.    , 0.0025])
    """
    d = check_count("d", d, least=4)
    return frequencies(d, base=base * _factor(factor) ** (d / (d - 2)))


def yarn(
    theta: np.ndarray, factor: float, *, trained: int, slow: float = 1.0, fast: float = 32.0
) -> np.ndarray:
    r"""Return the frequencies of YaRN: pairs that turned often stay, pairs that did not slow down.

    .. math::
        \begin{aligned}
        \theta_i' &= \gamma_i\, \theta_i + (1 - \gamma_i)\, \theta_i / s \\
        \gamma_i &= \min\!\Big(1, \max\!\Big(0, \frac{r_i - a}{c - a}\Big)\Big) \\
        r_i &= \frac{N\, \theta_i}{2 \pi}
        \end{aligned}

    Parameters
    ----------
    theta : array of shape (d / 2,)
    factor : float
        ``s``, at least 1.
    trained : int
        ``N``: the length of the texts in training; ``r`` is how often a pair turned in one.
    slow, fast : float
        ``a`` and ``c``: pairs with fewer turns are interpolated, pairs with more are left.

    Returns
    -------
    array of shape (d / 2,)

    Raises
    ------
    TypeError, ValueError
        A number is out of range, or ``fast`` is not above ``slow``.

    References
    ----------
    Peng et al. 2024, "YaRN", definition 2 and section 3.2; `yarn_factor` is the other half.

    Examples
    --------
    >>> yarn(frequencies(4), 4.0, trained=1000).round(5)
    array([1.     , 0.00264])
    """
    factor, trained = _factor(factor), check_count("trained", trained, least=1)
    if not slow < fast:
        raise ValueError(f"fast is {fast}, needs more than slow, {slow}")
    turns = trained * theta / (2 * math.pi)
    stay = np.clip((turns - slow) / (fast - slow), 0.0, 1.0)
    return np.asarray(stay * theta + (1 - stay) * theta / factor)


def yarn_factor(factor: float) -> float:
    r"""Return by what YaRN multiplies the scores, to make them sharper over more keys.

    .. math:: (0.1 \ln s + 1)^2

    Parameters
    ----------
    factor : float
        ``s``, at least 1.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        ``factor`` is no number of at least 1.

    References
    ----------
    Peng et al. 2024, "YaRN", equation 22: queries and keys are each multiplied by the root.

    Examples
    --------
    >>> round(yarn_factor(4.0), 3)
    1.296
    """
    return (0.1 * math.log(_factor(factor)) + 1) ** 2


def turned(x: Array, theta: np.ndarray, positions: Array | None = None) -> Array:
    r"""Turn pairs of features by position times frequency, for any frequencies.

    .. math::
        \begin{aligned}
        x_a &\mapsto x_a \cos t\theta_i - x_b \sin t\theta_i \\
        x_b &\mapsto x_a \sin t\theta_i + x_b \cos t\theta_i
        \end{aligned}

    Parameters
    ----------
    x : array of shape (..., n, d)
    theta : array of shape (d / 2,)
        A frequency for each pair; ``i`` and ``i + d/2`` are a pair.
    positions : array of shape (n,), optional
        0 to n − 1 by default.

    Returns
    -------
    array of shape (..., n, d)

    Raises
    ------
    TypeError, ValueError
        ``x`` is no floating-point array; the frequencies do not fit its width, or the positions
        its length.

    Examples
    --------
    >>> turned(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0.5])).round(3)
    array([[1.   , 0.   ],
           [0.878, 0.479]])
    """
    xp: Any = check_arrays(x=x)
    if x.ndim < 2 or np.shape(theta) != (x.shape[-1] // 2,) or x.shape[-1] % 2:
        raise ValueError(f"theta has shape {np.shape(theta)} but x has {shape(x)}: needs d / 2")
    if positions is not None and is_tensor(positions):
        positions = positions.cpu()  # the angles are computed there, wherever x is
    t = np.arange(x.shape[-2]) if positions is None else np.asarray(positions)
    if t.shape != (x.shape[-2],):
        raise ValueError(f"positions has shape {t.shape} but x has {shape(x)}: needs n")
    working = accumulating(x)
    angles = np.multiply.outer(t.astype(np.float64), np.asarray(theta))  # (n, d / 2)
    cos, sin = (
        xp.asarray(f(angles), dtype=working.dtype, device=x.device) for f in (np.cos, np.sin)
    )
    half = x.shape[-1] // 2
    a, b = working[..., :half], working[..., half:]
    return xp.astype(xp.concat([a * cos - b * sin, a * sin + b * cos], axis=-1), x.dtype)


def half_from_interleaved(d: int) -> np.ndarray:
    """Return the order of the features that leads from the paper's layout to the other.

    Parameters
    ----------
    d : int
        Features that turn; even.

    Returns
    -------
    integer array of shape (d,)
        0, 2, 4, … and then 1, 3, 5, …. ``x[..., order]`` has the pairs ``i`` and ``i + d/2``
        where ``x`` has ``2i`` and ``2i + 1``. The columns of W_Q and W_K in this order make one
        layout out of the other, and no score changes.

    Raises
    ------
    TypeError, ValueError
        ``d`` is no even integer of at least 2.

    Examples
    --------
    >>> half_from_interleaved(6)
    array([0, 2, 4, 1, 3, 5])
    """
    d = 2 * len(frequencies(d))
    return np.concatenate([np.arange(0, d, 2), np.arange(1, d, 2)])


def rope_2d(x: Array, *, height: int, width: int, base: float = 10000.0) -> Array:
    """Turn the first half of the features by the row of a patch, the second by its column.

    Parameters
    ----------
    x : array of shape (..., height · width, d)
        Queries or keys of patches, numbered like a page; ``d`` a multiple of 4.
    height, width : int
        Rows and columns of patches.
    base : float

    Returns
    -------
    array of shape (..., height · width, d)
        A score of two such depends on their positions through the offset in rows and in columns.

    Raises
    ------
    TypeError, ValueError
        ``x`` does not have ``height · width`` rows, or its width is no multiple of 4.

    References
    ----------
    Heo et al. 2024, "Rotary Position Embedding for Vision Transformer", section 3.2 (axial).

    Examples
    --------
    >>> rope_2d(np.ones((6, 4)), height=2, width=3)[5].round(3)
    array([-0.301,  1.382, -1.325,  0.493])
    """
    height = check_count("height", height, least=1)
    width = check_count("width", width, least=1)
    check_arrays(x=x)
    if x.ndim < 2 or x.shape[-2] != height * width or x.shape[-1] % 4:
        raise ValueError(
            f"x has shape {shape(x)}, needs (..., {height * width}, d) with d a multiple of 4"
        )
    half = x.shape[-1] // 2
    theta, place = frequencies(half, base=base), np.arange(height * width)
    parts = (
        turned(x[..., :half], theta, place // width),
        turned(x[..., half:], theta, place % width),
    )
    return namespace(x).concat(list(parts), axis=-1)


def _factor(factor: float) -> float:
    """Check how much longer the texts have become."""
    number = check_number("factor", factor, positive=True)
    if number < 1:
        raise ValueError(f"factor is {factor}, needs at least 1")
    return number
