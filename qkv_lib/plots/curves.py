"""Curves: weights against a number that is turned, and a quantity with its spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from qkv_lib.formula.arrays import Array, shape
from qkv_lib.plots.colours import LINES
from qkv_lib.plots.inputs import as_matrix, check_labels, to_numpy

COLOURS = tuple(each.light for each in LINES)  # the line styles say it again
WITH_BLACK = (*COLOURS, "#000000")
STYLES = ("-", "--", "-.", ":")


def new_axes(ax: Axes | None) -> Axes:
    """Return the axes given, or those of a new figure of the book's size."""
    return plt.subplots(figsize=(6.4, 3.6), layout="constrained")[1] if ax is None else ax


def power(number: float, _place: float | None = None) -> str:
    """Return a number of a logarithmic axis: a power of ten as one, 1 and 10 as they are.

    >>> [power(x) for x in (0.001, 1, 10, 1e5, 2e5)]
    ['10⁻³', '1', '10', '10⁵', '']
    """
    exponent = round(float(np.log10(number)), 9)
    if exponent != int(exponent):
        return ""
    small = f"{int(exponent)}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{number:g}" if exponent in (0, 1, 2) else f"10{small}"


def draw_legend(ax: Axes, *, alone: bool) -> None:
    """Put the legend of axes that stand alone above them, where it hides no data.

    It takes as many rows as it needs. Above axes among others there may be no room.
    """
    if not alone:
        ax.legend()
        return
    labels = ax.get_legend_handles_labels()[1]
    fit = 66 // (8 + max(map(len, labels)))  # characters of its size beside each other, 8 a line
    ax.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=min(max(fit, 1), len(labels)),
    )  # fmt: skip


def draw_band(
    ax: Axes,
    x: Array,
    runs: Array,
    *,
    middle: Callable[[NDArray[Any]], NDArray[Any]] = lambda runs: runs.mean(axis=0),
    **line: Any,
) -> None:
    """Draw the middle of several runs as a line, and from the least to the most as a band."""
    runs = np.atleast_2d(to_numpy("curves", runs))
    if runs.shape[-1] != len(x):
        label = line["label"]
        raise ValueError(f"curve {label!r} has {runs.shape[-1]} points but x has {len(x)}")
    ax.plot(x, middle(runs), **line)
    ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=line["color"], alpha=0.15)


def tick_each(ax: Axes, x: Array) -> None:
    """Make the axis of ``x`` logarithmic, with a tick at each point and at no other."""
    ax.set_xscale("log")
    ax.set_xticks(x, [f"{each:,g}" for each in x])
    ax.minorticks_off()


def weights_against(
    x: Array,
    weights: Array,
    *,
    keys: Sequence[object],
    xlabel: str,
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the weights of one query, one curve per key, against a number that is turned.

    Parameters
    ----------
    x : array of shape (n_points,)
    weights : array of shape (n_points, n_keys)
        Each row sums to 1.
    keys : sequence of n_keys labels
    xlabel : str
        What ``x`` is.
    log : bool
        Use a logarithmic axis for ``x``.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        Shapes or labels do not fit, or a row of weights does not sum to 1.

    Examples
    --------
    >>> import numpy as np
    >>> ax = weights_against(np.array([1, 2]), np.eye(2), keys=["a", "b"], xlabel="step")
    >>> len(ax.lines)
    2
    """
    points, matrix = to_numpy("x", x), as_matrix("weights", weights)
    labels = check_labels("keys", keys, matrix.shape[1], "column of weights")
    if points.shape != matrix.shape[:1]:
        raise ValueError(f"x has shape {shape(points)}, needs one number per row: {len(matrix)}")
    if not np.allclose(matrix.sum(axis=1), 1, atol=1e-3):
        raise ValueError("weights has rows that do not sum to 1: rows are points, columns are keys")
    ax = new_axes(ax)
    for column, label in enumerate(labels):
        style = STYLES[column % len(STYLES)]
        ax.plot(points, matrix[:, column], style, color=COLOURS[column % len(COLOURS)], label=label)
    ax.set(xlabel=xlabel, ylabel="weight", ylim=(-0.03, 1.03), xscale="log" if log else "linear")
    ax.grid(axis="y")
    ax.legend(title="key")
    return ax


def curves_with_spread(
    x: NDArray[Any],
    curves: Mapping[str, NDArray[Any]],
    *,
    xlabel: str,
    ylabel: str,
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean of several runs as a line, and from the least to the most as a band.

    Parameters
    ----------
    x : array of shape (n_points,)
    curves : mapping from a label to an array of shape (n_runs, n_points)
    xlabel, ylabel : str
    log : bool
        Use a logarithmic axis for ``x``, with a tick at each point.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default, with its legend above.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        A curve has another number of points than ``x``.

    Examples
    --------
    >>> import numpy as np
    >>> ax = curves_with_spread([1, 2], {"a": np.eye(2)}, xlabel="n", ylabel="accuracy")
    >>> ax.lines[0].get_ydata()
    array([0.5, 0.5])
    """
    alone = ax is None
    ax = new_axes(ax)
    for i, (label, runs) in enumerate(curves.items()):
        draw_band(
            ax, x, runs, label=label, marker="o", markersize=3,
            color=WITH_BLACK[i % len(WITH_BLACK)], linestyle=STYLES[i % len(STYLES)],
        )  # fmt: skip
    if log:
        tick_each(ax, x)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(axis="y")
    draw_legend(ax, alone=alone)
    return ax
