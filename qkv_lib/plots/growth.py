"""How a quantity grows: several curves on a logarithmic axis, each with its spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from qkv_lib.plots.colours import GREY
from qkv_lib.plots.curves import COLOURS, STYLES, draw_band, draw_legend, new_axes, power, tick_each
from qkv_lib.plots.inputs import to_numpy

__all__ = ["growth"]

MARKERS = ("o", "s", "^", "D", "v", "P")


def growth(
    x: NDArray[Any],
    curves: Mapping[str, NDArray[Any]],
    *,
    xlabel: str,
    ylabel: str,
    log_x: bool = True,
    at: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw positive quantities on a logarithmic axis: a power of ``x`` becomes a straight line.

    Parameters
    ----------
    x : array of shape (n_points,)
    curves : mapping from a label to an array of shape (n_points,) or (n_runs, n_points)
        Positive. Of several runs the geometric mean is drawn, and a band from least to most.
    xlabel, ylabel : str
    log_x : bool
        Whether the axis of ``x`` is logarithmic too, with a tick at each point.
    at : mapping from a label to a number, optional
        Places on the axis of ``x`` to mark with a vertical line.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default, with its legend above.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        A curve has another number of points than ``x``, or a number that is not positive.

    Examples
    --------
    >>> ax = growth([1, 2, 4], {"squares": [1, 4, 16]}, xlabel="n", ylabel="n²")
    >>> ax.get_xscale(), ax.get_yscale()
    ('log', 'log')
    """
    alone = ax is None
    ax = new_axes(ax)
    for i, (label, runs) in enumerate(curves.items()):
        if not (to_numpy("curves", runs) > 0).all():
            raise ValueError(f"curve {label!r} holds numbers that are not positive")
        draw_band(
            ax, x, runs, middle=geometric_mean, label=label, color=COLOURS[i % len(COLOURS)],
            linestyle=STYLES[i % len(STYLES)], marker=MARKERS[i % len(MARKERS)], markersize=4,
        )  # fmt: skip
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(power)
    if log_x:
        tick_each(ax, x)
    for label, place in (at or {}).items():
        ax.axvline(place, color=GREY, linestyle=":", linewidth=1)
        ax.text(place, 0.06, f" {label}", color=GREY, size=8.5, transform=ax.get_xaxis_transform())
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(axis="y")
    draw_legend(ax, alone=alone)
    return ax


def geometric_mean(runs: NDArray[Any]) -> NDArray[Any]:
    """Return the mean over the runs of positive numbers that vary by factors."""
    mean: NDArray[Any] = np.exp(np.log(runs).mean(axis=0))
    return mean
