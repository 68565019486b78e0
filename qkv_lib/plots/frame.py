"""Frame cells of a heat map, to say: these."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from qkv_lib.plots.colours import LINES

COLOUR = LINES[1].light  # far from the blues of weights and the purples of scores


def frame(ax: Axes, rows: range, columns: range) -> Rectangle:
    """Draw a frame around a block of cells of a heat map.

    Parameters
    ----------
    ax : matplotlib Axes
        The heat map.
    rows, columns : range
        The block: consecutive rows and columns, counted from 0.

    Returns
    -------
    matplotlib Rectangle

    Raises
    ------
    ValueError
        The block is empty, has gaps, or reaches beyond the map.

    Examples
    --------
    >>> import numpy as np
    >>> from qkv_lib.plots import heatmap
    >>> ax = heatmap(np.eye(3), queries="a b c".split(), keys="d e f".split())
    >>> frame(ax, range(1), range(3)).get_width()      # the first row
    3.0
    """
    n_rows, n_columns = ax.images[0].get_size()
    _check_block("rows", rows, n_rows)
    _check_block("columns", columns, n_columns)
    corner = (columns.start - 0.5, rows.start - 0.5)
    box = Rectangle(
        corner, float(len(columns)), float(len(rows)),
        fill=False, edgecolor=COLOUR, linewidth=3, clip_on=False,
    )  # fmt: skip
    ax.add_patch(box)
    return box


def _check_block(name: str, block: range, size: int) -> None:
    if not block or block.step != 1 or block.start < 0 or block.stop > size:
        raise ValueError(f"{name} is {block}, needs consecutive {name} within range(0, {size})")
