"""The hull of the values, in the plane: no output leaves it."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from qkv_lib.formula.arrays import Array, shape
from qkv_lib.plots.colours import GREY, VALUE
from qkv_lib.plots.inputs import as_matrix


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
    from scipy.spatial import ConvexHull  # only here: in a page of the book there is no SciPy

    corners, points = as_matrix("values", values), as_matrix("outputs", outputs)
    for name, array in (("values", corners), ("outputs", points)):
        if array.shape[1] != 2:
            raise ValueError(f"{name} has shape {shape(array)}, needs two features to be drawn")
    if len(corners) < 3:
        raise ValueError(f"values has {len(corners)} rows, needs at least 3 for a hull")
    ax = plt.subplots(figsize=(4.6, 4.6), layout="constrained")[1] if ax is None else ax
    ax.set_aspect("equal")
    ax.set(xlabel="feature 0", ylabel="feature 1")
    ring = ConvexHull(corners).vertices
    outline = corners[[*ring, ring[0]]]
    ax.plot(*outline.T, color=GREY, linewidth=1)
    ax.scatter(points[:, 0], points[:, 1], s=8, color="black", alpha=0.45, label="outputs")
    ax.scatter(
        corners[:, 0], corners[:, 1], s=70, color=VALUE.light, marker="D", label="values", zorder=3
    )
    ax.legend()
    return ax
