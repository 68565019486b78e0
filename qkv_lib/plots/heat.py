"""The heat map: the one way this book draws a matrix of queries by keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from qkv_lib.formula.arrays import Array
from qkv_lib.plots.cells import draw_matrix
from qkv_lib.plots.colours import CELLS, luminance
from qkv_lib.plots.fonts import drawable
from qkv_lib.plots.inputs import as_mask, as_matrix, check_labels
from qkv_lib.plots.numbers import carry_numbers
from qkv_lib.plots.scales import SCORES, WEIGHTS

Kind = Literal["weights", "scores"]
Matrix = NDArray[Any]

HIDDEN: dict[str, Any] = {
    "facecolor": CELLS[0].light,
    "edgecolor": CELLS[1].light,
    "hatch": "////",
    "linewidth": 0.0,
}
MIDDLE = 0.179  # the luminance against which black and white stand out alike, 4.6 to 1
ON_PALE, ON_DEEP = CELLS[2].light, CELLS[3].light
MOST_ZEROS = 6  # cells that say 0.00; more of them are left empty
MOST_NUMBERS = 64  # cells: beyond it numbers no longer fit
ROUNDING = 1e-5  # what float32 may stray from 0 and 1
MOST_LABELS = 16  # of more than one letter, on an axis: more of them touch


def heatmap(
    values: Array,
    *,
    queries: Sequence[object],
    keys: Sequence[object],
    mask: Array | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    kind: Kind = "weights",
    annotate: bool | None = None,
    colorbar: bool | None = None,
) -> Axes:
    """Draw scores or weights as colours: one row per query, one column per key.

    Parameters
    ----------
    values : array of shape (n_queries, n_keys)
        NumPy array or torch tensor. −∞ among scores counts as masked.
    queries, keys : sequences of n_queries and of n_keys labels
        They name the rows and the columns.
    mask : boolean array that broadcasts to (n_queries, n_keys), optional
        ``True`` = may attend; where it is ``False`` the cell is hatched instead of coloured.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    title : str, optional
    kind : {"weights", "scores"}
        Weights are coloured from 0 to 1, whatever their largest; scores symmetrically about 0,
        up to their largest magnitude.
    annotate : bool, optional
        Write the numbers into the cells; by default where there are at most 64 cells.
    colorbar : bool, optional
        Draw the scale beside the map; by default where no numbers are written.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError
        ``values`` are no numbers, ``mask`` is not boolean, or labels come as one string.
    ValueError
        Shapes do not fit; labels are too few or too many; ``kind`` is unknown; a value is NaN or
        +∞, a weight lies outside 0 to 1, or a masked weight is not 0.

    Examples
    --------
    >>> import numpy as np
    >>> import qkv_lib
    >>> words = ["word1", "word2"]
    >>> ax = heatmap(np.array([[0.7, 0.3], [0.1, 0.9]]), queries=words, keys=words)
    >>> ax.get_ylabel(), ax.get_xlabel()
    ('queries', 'keys')
    """
    matrix = as_matrix("values", values)
    rows = check_labels("queries", queries, matrix.shape[0], "row of values")
    columns = check_labels("keys", keys, matrix.shape[1], "column of values")
    seen = _seen(matrix, mask, kind)
    ax = new_axes(matrix.shape) if ax is None else ax
    annotate = matrix.size <= MOST_NUMBERS if annotate is None else annotate
    image = draw_cells(ax, matrix, seen, limits=color_limits(matrix, seen, kind), kind=kind)
    if annotate:
        write_numbers(ax, matrix, seen)
    if colorbar or (colorbar is None and not annotate):
        ax.figure.colorbar(image, ax=ax, label=kind)
    label_axes(ax, rows, columns, title=title)
    return ax


def _seen(matrix: Matrix, mask: Array | None, kind: Kind) -> NDArray[np.bool_]:
    """Return which cells hold a number to show, and refuse numbers that cannot be right."""
    if kind not in ("weights", "scores"):
        raise ValueError(f"kind is {kind!r}, needs 'weights' or 'scores'")
    if np.isnan(matrix).any() or np.isposinf(matrix).any():
        raise ValueError("values holds NaN or +infinity: nothing honest can be drawn for it")
    seen = np.ones(matrix.shape, bool) if mask is None else as_mask(mask, matrix)
    if kind == "scores":
        return seen & ~np.isneginf(matrix)
    low, high = float(matrix.min()), float(matrix.max())
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ValueError(
            f"values lie between {low:.4g} and {high:.4g}, weights lie between 0 and 1: "
            "pass the weights, or kind='scores'"
        )
    leak = float(matrix[~seen].max(initial=0.0))
    if leak > ROUNDING:
        raise ValueError(
            f"values has a weight of {leak:.4g} where mask is False: a masked weight must be 0"
        )
    return seen


def color_limits(matrix: Matrix, seen: NDArray[np.bool_], kind: Kind) -> tuple[float, float]:
    """Return the ends of the colour scale: 0 and 1 for weights, ± the largest score."""
    if kind == "weights":
        return 0.0, 1.0
    largest = float(np.abs(matrix[seen]).max(initial=0.0)) or 1.0
    return -largest, largest


def new_axes(shape: tuple[int, ...]) -> Axes:
    """Return the axes of a new figure whose cells are square and large enough to read."""
    n_rows, n_columns = shape
    size = (min(1.6 + 0.62 * n_columns, 6.6), min(1.2 + 0.5 * n_rows, 6.6))
    _, ax = plt.subplots(figsize=size, layout="constrained")
    return ax


def draw_cells(
    ax: Axes,
    matrix: Matrix,
    seen: NDArray[np.bool_],
    *,
    limits: tuple[float, float],
    kind: Kind,
) -> Any:
    """Colour the cells that are seen, hatch the others, and return the image."""
    image = draw_matrix(
        ax,
        np.ma.masked_array(matrix, ~seen),
        cmap=WEIGHTS if kind == "weights" else SCORES,
        vmin=limits[0],
        vmax=limits[1],
    )
    hidden = [Rectangle((j - 0.5, i - 0.5), 1, 1) for i, j in np.argwhere(~seen)]
    if hidden:
        ax.add_collection(PatchCollection(hidden, **HIDDEN), autolim=False)
    return image


def write_numbers(ax: Axes, matrix: Matrix, seen: NDArray[np.bool_]) -> None:
    """Write each number that is seen into its cell, light on dark."""
    (image,) = ax.images
    decimals = _decimals(matrix[seen])
    nothing = np.round(matrix, decimals) == 0
    told = seen if np.count_nonzero(seen & nothing) <= MOST_ZEROS else seen & ~nothing
    for i, j in np.argwhere(told):
        deep = luminance(image.cmap(image.norm(matrix[i, j]))) < MIDDLE
        text = f"{round(float(matrix[i, j]), decimals) + 0.0:.{decimals}f}"
        colour = ON_DEEP if deep else ON_PALE
        ax.text(j, i, text, ha="center", va="center", size=8.5, color=colour)


def _decimals(numbers: Matrix) -> int:
    whole = bool(np.all(numbers == np.round(numbers)))
    if whole and np.abs(numbers).max(initial=0.0) > 1:
        return 0
    return 2 if np.abs(numbers).max(initial=0.0) < 100 else 0


def thinned(labels: list[str]) -> list[str]:
    """Leave out every second label of an axis on which all would touch."""
    if sum(len(each) > 1 for each in labels) <= MOST_LABELS:
        return labels
    return [label if n % 2 == 0 else "" for n, label in enumerate(labels)]


def label_axes(
    ax: Axes,
    rows: list[str],
    columns: list[str],
    *,
    names: tuple[str, str] = ("queries", "keys"),
    title: str | None = None,
) -> None:
    """Name both axes, and each row and column; a dollar sign is a dollar sign."""
    long = max(map(len, columns)) > 3 or len(columns) > 12
    for ticks, side in ((ax.set_yticks, rows), (ax.set_xticks, columns)):
        ticks(range(len(side)), thinned(side), fontproperties=drawable(side), parse_math=False)
    ax.tick_params(length=0, labelsize=rcParams["xtick.labelsize"])
    ax.spines[:].set_visible(False)
    if long:
        plt.setp(ax.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
    ax.set_ylabel(names[0])
    ax.set_xlabel(names[1])
    if title is not None:
        ax.set_title(title, fontfamily=drawable([title]).get_family(), parse_math=False)
    carry_numbers(ax, rows, columns, names)
