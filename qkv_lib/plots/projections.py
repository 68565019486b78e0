"""Where queries, keys and values come from: the box, the vector in it, the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from qkv_lib.formula.arrays import Array
from qkv_lib.formula.checks import check_count
from qkv_lib.plots.colours import COLOURS
from qkv_lib.plots.frame import frame
from qkv_lib.plots.heat import (
    Matrix,
    color_limits,
    draw_cells,
    heatmap,
    label_axes,
    write_numbers,
)
from qkv_lib.plots.inputs import as_matrix, check_labels


def projections(
    x: Array, query: Array, key: Array, value: Array, *, tokens: Sequence[object], row: int = 0
) -> list[Axes]:
    """Draw an input and its three projections, and follow one row through them.

    Parameters
    ----------
    x : array of shape (n, d_model)
    query, key : arrays of shape (n, d_k)
    value : array of shape (n, d_v)
    tokens : sequence of n labels, one per row
    row : int
        The row that is framed in all four.

    Returns
    -------
    list of four matplotlib Axes
        X, Q, K, V.

    Raises
    ------
    TypeError, ValueError
        An array is no matrix, has not one row per token, or ``row`` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.eye(2)
    >>> axes = projections(x, x, x, x, tokens=["a", "b"])
    >>> [ax.get_title() for ax in axes]
    ['$X$', '$Q = X W_Q$', '$K = X W_K$', '$V = X W_V$']
    """
    panels = {"$X$": x, "$Q = X W_Q$": query, "$K = X W_K$": key, "$V = X W_V$": value}
    names = ("x", "query", "key", "value")
    matrices = [as_matrix(*pair) for pair in zip(names, panels.values(), strict=True)]
    for name, matrix in zip(names, matrices, strict=True):
        rows = check_labels("tokens", tokens, len(matrix), f"row of {name}")
    if check_count("row", row, least=0) >= len(rows):
        raise ValueError(f"row is {row}, needs one of the {len(rows)} rows")
    widths = [matrix.shape[1] for matrix in matrices]
    size = (min(8.0, 1.2 + 0.52 * sum(widths)), 1.5 + 0.36 * len(rows))
    _, axes = plt.subplots(1, 4, figsize=size, width_ratios=widths, layout="constrained")
    colours = ("black", *(each.light for each in COLOURS))
    for ax, matrix, title, colour in zip(axes, matrices, panels, colours, strict=True):
        _draw(ax, matrix, rows, title)
        frame(ax, range(row, row + 1), range(matrix.shape[1])).set_edgecolor(colour)
    for ax in axes[1:]:
        ax.set(ylabel=None, yticks=[])
    return list(axes)


def _draw(ax: Axes, matrix: Matrix, rows: list[str], title: str) -> None:
    """Draw a matrix of features, one row per word, with its numbers."""
    seen = np.ones(matrix.shape, bool)
    draw_cells(ax, matrix, seen, limits=color_limits(matrix, seen, "scores"), kind="scores")
    write_numbers(ax, matrix, seen)
    features = [str(feature) for feature in range(matrix.shape[1])]
    label_axes(ax, rows, features, names=("words", "features"), title=title)


def side_by_side(
    maps: Mapping[str, Array], *, queries: Sequence[object], keys: Sequence[object]
) -> list[Axes]:
    """Draw several maps of weights beside each other, for comparison.

    Parameters
    ----------
    maps : mapping from a title to an array of shape (n_queries, n_keys)
        Weights, 0 to 1.
    queries, keys : sequences of n_queries and of n_keys labels

    Returns
    -------
    list of matplotlib Axes, one per map

    Raises
    ------
    ValueError
        ``maps`` is empty, or a map does not suit `heatmap`.

    Examples
    --------
    >>> import numpy as np
    >>> axes = side_by_side({"hard": np.eye(2)}, queries=["a", "b"], keys=["a", "b"])
    >>> axes[0].get_title()
    'hard'
    """
    if not maps:
        raise ValueError("maps is empty, needs at least one map of weights")
    _, row = plt.subplots(
        1, len(maps), figsize=(min(8.0, 2.8 * len(maps)), 2.9), layout="constrained", squeeze=False
    )
    for ax, (title, weights) in zip(row[0], maps.items(), strict=True):
        heatmap(weights, queries=queries, keys=keys, ax=ax, title=title)
    return list(row[0])
