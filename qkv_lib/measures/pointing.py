"""Does a map point at the right place? Maps over image patches against boxes that are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qkv_lib.data.patches import to_patches
from qkv_lib.formula.arrays import shape
from qkv_lib.formula.checks import check_count

__all__ = ["box_coverage", "hits", "mass_inside"]


def box_coverage(boxes: NDArray[Any], size: int, patch: int) -> NDArray[np.float64]:
    """Return which share of each patch lies inside each box.

    Parameters
    ----------
    boxes : integer array of shape (n, 4)
        Top, left, bottom, right in pixels, the last two exclusive.
    size, patch : int
        Sides of the image and of a patch in pixels.

    Returns
    -------
    array of shape (n, n_patches)
        0 outside, 1 inside, between on the rim. Its mean over the patches is the box's share of
        the area.

    Raises
    ------
    TypeError, ValueError
        ``size`` or ``patch`` is no positive integer, or ``patch`` does not divide ``size``.

    Examples
    --------
    >>> import numpy as np
    >>> box_coverage(np.array([[0, 0, 2, 3]]), size=4, patch=2)
    array([[1. , 0.5, 0. , 0. ]])
    """
    side = np.arange(check_count("size", size, least=1))
    top, left, bottom, right = (edge[:, None] for edge in np.asarray(boxes).T)
    rows, columns = (top <= side) & (side < bottom), (left <= side) & (side < right)
    inside = rows[:, :, None] & columns[:, None, :]  # (n, size, size)
    return np.asarray(to_patches(inside.astype(np.float64), patch).mean(axis=-1))


def mass_inside(maps: NDArray[Any], coverage: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return the share of each map that lies in its box.

    .. math:: \frac{\sum_j a_j c_j}{\sum_j a_j}

    Parameters
    ----------
    maps : array of shape (..., n, n_patches)
        ``a``: not negative, and somewhere positive.
    coverage : array of shape (n, n_patches)
        ``c``: from `box_coverage`.

    Returns
    -------
    array of shape (..., n)
        0 to 1. A uniform map gives the box's share of the area: that is chance.

    Raises
    ------
    ValueError
        The shapes differ, or a map is negative or 0 everywhere.

    Examples
    --------
    >>> import numpy as np
    >>> mass_inside(np.array([[3.0, 1.0, 0.0, 0.0]]), np.array([[1.0, 0.5, 0.0, 0.0]]))
    array([0.875])
    """
    maps = _check_maps(maps, coverage)
    total = maps.sum(axis=-1)
    if (maps < 0).any() or not (total > 0).all():
        raise ValueError("maps holds a map that is negative somewhere, or 0 everywhere")
    return np.asarray((maps * coverage).sum(axis=-1) / total)


def hits(maps: NDArray[Any], coverage: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell whether the highest patch of each map lies at least half inside its box.

    The share of hits is the pointing accuracy; a random patch hits with probability
    ``(coverage >= 0.5).mean()``.

    Parameters
    ----------
    maps : array of shape (..., n, n_patches)
    coverage : array of shape (n, n_patches)

    Returns
    -------
    boolean array of shape (..., n)

    Raises
    ------
    ValueError
        The shapes differ.

    References
    ----------
    Zhang et al. 2016, "Top-down Neural Attention by Excitation Backprop", section 4.1 (the
    pointing game).

    Examples
    --------
    >>> import numpy as np
    >>> hits(np.array([[3.0, 1.0]]), np.array([[0.4, 1.0]]))
    array([False])
    """
    maps = _check_maps(maps, coverage)
    top = np.broadcast_to(coverage, maps.shape)
    return np.take_along_axis(top, maps.argmax(axis=-1)[..., None], axis=-1)[..., 0] >= 0.5


def _check_maps(maps: NDArray[Any], coverage: NDArray[np.float64]) -> NDArray[Any]:
    maps = np.asarray(maps)
    if maps.ndim < 2 or maps.shape[-2:] != coverage.shape:
        raise ValueError(
            f"maps has shape {shape(maps)} and coverage {shape(coverage)}: the last two axes of "
            "maps must be those of coverage, (n, n_patches)"
        )
    return maps
