"""Figures in the plane: the hull of the values, and the rotations of RoPE."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from scipy.spatial import ConvexHull

from qkv_lib.formula._checks import Array, shape
from qkv_lib.plots.colours import GREY, VALUE
from qkv_lib.plots.curves import COLOURS
from qkv_lib.plots.inputs import as_matrix


def _square_axes(ax: Axes | None) -> Axes:
    ax = plt.subplots(figsize=(4.6, 4.6), layout="constrained")[1] if ax is None else ax
    ax.set_aspect("equal")
    ax.set(xlabel="feature 0", ylabel="feature 1")
    return ax


def hull(values: Array, outputs: Array, *, ax: Axes | None = None) -> Axes:
    """Draw values of width 2 with their convex hull, and outputs among them.

    Parameters
    ----------
    values : array of shape (n_keys, 2)
        At least three, not on one line.
    outputs : array of shape (n_queries, 2)
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        The width is not 2, or there are fewer than three values.

    Examples
    --------
    >>> import numpy as np
    >>> ax = hull(np.array([[0, 0], [1, 0], [0, 1]]), np.array([[0.2, 0.2]]))
    >>> [len(points.get_offsets()) for points in ax.collections]
    [1, 3]
    """
    corners, points = as_matrix("values", values), as_matrix("outputs", outputs)
    for name, array in (("values", corners), ("outputs", points)):
        if array.shape[1] != 2:
            raise ValueError(f"{name} has shape {shape(array)}, needs two features to be drawn")
    if len(corners) < 3:
        raise ValueError(f"values has {len(corners)} rows, needs at least 3 for a hull")
    ax = _square_axes(ax)
    ring = ConvexHull(corners).vertices
    outline = corners[[*ring, ring[0]]]
    ax.plot(*outline.T, color=GREY, linewidth=1)
    ax.scatter(points[:, 0], points[:, 1], s=8, color="black", alpha=0.45, label="outputs")
    ax.scatter(
        corners[:, 0], corners[:, 1], s=70, color=VALUE.light, marker="D", label="values", zorder=3
    )
    ax.legend()
    return ax


def rotations(
    pair: Array,
    *,
    positions: Iterable[int],
    rotate: Callable[[Array, int], Array],
    ax: Axes | None = None,
) -> Axes:
    """Draw one pair of features as an arrow, turned as it is at each position.

    Parameters
    ----------
    pair : array of shape (1, 2)
    positions : iterable of int
    rotate : callable
        ``rotate(pair, position)`` returns the pair as it is at that position.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        ``pair`` has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> ax = rotations(np.array([[1.0, 0.0]]), positions=[0], rotate=lambda x, t: x)
    >>> [text.get_text() for text in ax.texts]
    ['0']
    """
    start = as_matrix("pair", pair)
    if start.shape != (1, 2):
        raise ValueError(f"pair has shape {shape(start)}, needs (1, 2)")
    ax = _square_axes(ax)
    radius = float(np.linalg.norm(start))
    ax.add_patch(Circle((0, 0), radius, fill=False, color=GREY, linewidth=1))
    for position in positions:
        ((a, b),) = rotate(start, position)
        ax.quiver(0, 0, a, b, angles="xy", scale_units="xy", scale=1, color=COLOURS[0], width=0.008)
        ax.text(1.12 * a, 1.12 * b, str(position), ha="center", va="center")
    ax.set(xlim=(-1.3 * radius, 1.3 * radius), ylim=(-1.3 * radius, 1.3 * radius))
    return ax
