"""Masks as shapes: which keys a query may attend to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from qkv_lib.formula.arrays import Array
from qkv_lib.plots.colours import CELLS
from qkv_lib.plots.heat import draw_cells, label_axes, new_axes
from qkv_lib.plots.inputs import as_mask, as_matrix, check_labels

MOST_NUMBERS = 12  # on an axis, so that they do not touch
ALLOWED, PAPER = CELLS[4].light, CELLS[5].light


def maskmap(
    mask: Array,
    *,
    queries: Sequence[object],
    keys: Sequence[object],
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Draw a mask: cells that may be attended to are filled, the others hatched.

    Parameters
    ----------
    mask : boolean array of shape (n_queries, n_keys)
        ``True`` = may attend.
    queries, keys : sequences of n_queries and of n_keys labels
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    title : str, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError
        ``mask`` is not boolean, or labels come as one string.
    ValueError
        ``mask`` has not two axes, or labels are too few or too many.

    Examples
    --------
    >>> import qkv_lib
    >>> ax = maskmap(qkv_lib.causal_mask(3), queries=range(3), keys=range(3))
    >>> len(ax.collections[0].get_paths())   # hatched cells
    3
    """
    matrix = as_matrix("mask", mask)
    seen = as_mask(matrix, matrix)
    rows = check_labels("queries", queries, matrix.shape[0], "row of mask")
    columns = check_labels("keys", keys, matrix.shape[1], "column of mask")
    ax = new_axes(matrix.shape) if ax is None else ax
    image = draw_cells(ax, seen.astype(float), seen, limits=(0.0, 1.0), kind="weights")
    image.set_cmap(ListedColormap([ALLOWED]))
    label_axes(ax, rows, columns, title=title)
    ax.set_xticks(np.arange(-0.5, matrix.shape[1]), minor=True)
    ax.set_yticks(np.arange(-0.5, matrix.shape[0]), minor=True)
    ax.grid(which="minor", color=PAPER, alpha=1, linewidth=1)
    ax.tick_params(which="minor", length=0)
    return ax


def mask_shapes(masks: Mapping[str, Array], *, n_columns: int = 2) -> list[Axes]:
    """Draw several masks in one figure, positions on the axes, each under its name.

    Parameters
    ----------
    masks : mapping from title to boolean array of shape (n_queries, n_keys)
    n_columns : int
        Maps side by side.

    Returns
    -------
    list of matplotlib Axes, one per mask; of many positions every second, third, … has its number

    Raises
    ------
    TypeError, ValueError
        As `maskmap`; ``masks`` is empty.

    Examples
    --------
    >>> import qkv_lib
    >>> causal, window = qkv_lib.causal_mask(6), qkv_lib.window_mask(6, window=2)
    >>> axes = mask_shapes({"causal": causal, "both": causal & window})
    >>> [ax.get_title() for ax in axes]
    ['causal', 'both']
    """
    if not masks:
        raise ValueError("masks is empty, needs at least one mask")
    n_rows = -(-len(masks) // n_columns)
    size = (0.6 + 2.9 * n_columns, 0.2 + 2.9 * n_rows)
    _, grid = plt.subplots(n_rows, n_columns, figsize=size, layout="constrained", squeeze=False)
    for spare in grid.flat[len(masks) :]:
        spare.remove()
    drawn = []
    for ax, (title, mask) in zip(grid.flat, masks.items(), strict=False):
        n_queries, n_keys = as_matrix("mask", mask).shape
        maskmap(mask, queries=range(n_queries), keys=range(n_keys), ax=ax, title=title)
        for axis, n in ((ax.xaxis, n_keys), (ax.yaxis, n_queries)):
            numbered = range(0, n, -(-n // MOST_NUMBERS))
            axis.set_ticks(numbered, [str(each) for each in numbered])
        drawn.append(ax)
    return drawn
