"""Points and the curves that were fitted to them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from qkv_lib.formula.arrays import Array, shape
from qkv_lib.plots.colours import GREY
from qkv_lib.plots.curves import COLOURS, STYLES, draw_legend, new_axes
from qkv_lib.plots.inputs import to_numpy

__all__ = ["fits"]


def fits(
    known_x: Array,
    known_y: Array,
    x: Array,
    curves: Mapping[str, Array],
    *,
    xlabel: str = "x",
    ylabel: str = "y",
    ax: Axes | None = None,
) -> Axes:
    """Draw known points, and over them one curve for each way to predict between them.

    Parameters
    ----------
    known_x, known_y : array of shape (m,)
    x : array of shape (n,)
        Where the curves were evaluated, in order.
    curves : mapping from a label to an array of shape (n,)
    xlabel, ylabel : str
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default, with its legend above.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        The known points do not pair up, or a curve has not one number for each ``x``.

    Examples
    --------
    >>> import numpy as np
    >>> ax = fits(np.arange(3), np.arange(3), np.arange(5), {"mean": np.ones(5)})
    >>> ax.lines[-1].get_label()
    'mean'
    """
    points, heights, along = (
        to_numpy(name, array)
        for name, array in (("known_x", known_x), ("known_y", known_y), ("x", x))
    )
    if points.shape != heights.shape or points.ndim != 1:
        raise ValueError(f"known_x has shape {shape(points)} and known_y {shape(heights)}, "
                         "need one axis of the same length")  # fmt: skip
    alone, ax = ax is None, new_axes(ax)
    ax.plot(points, heights, "o", color=GREY, markersize=4, alpha=0.7, label="known points")
    for number, (label, curve) in enumerate(curves.items()):
        if np.shape(curve) != along.shape:
            raise ValueError(f"curve {label!r} has shape {np.shape(curve)}, needs {shape(along)}")
        colour, style = COLOURS[number % len(COLOURS)], STYLES[number % len(STYLES)]
        ax.plot(along, to_numpy(label, curve), style, color=colour, label=label)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid()
    draw_legend(ax, alone=alone)
    return ax
