"""Two small maps side by side: what a function returned, and what it should have."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from numpy.typing import NDArray

from qkv_lib.formula.arrays import Array
from qkv_lib.plots.cells import draw_matrix
from qkv_lib.plots.frame import frame
from qkv_lib.plots.heat import write_numbers
from qkv_lib.plots.inputs import to_numpy
from qkv_lib.plots.scales import SCORES, WEIGHTS

MOST_NUMBERS = 36  # cells of one map: beyond it numbers no longer fit
TOLERANCE = 2e-5


def versus(yours: Array, expected: Array) -> NDArray[np.object_]:
    """Draw a result beside what it should have been, the first difference framed.

    Of more than two axes the matrix is drawn that holds the first difference; of one, a row.

    Parameters
    ----------
    yours, expected : array of one shape
        NumPy arrays or torch tensors.

    Returns
    -------
    ndarray of two matplotlib Axes

    Raises
    ------
    ValueError
        The shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> left, right = versus(np.eye(3), np.ones((3, 3)) / 3)
    >>> left.get_title(), right.get_title(), len(left.patches)
    ('yours', 'expected', 1)
    """
    mine = np.asarray(to_numpy("yours", yours), float)
    theirs = np.asarray(to_numpy("expected", expected), float)
    if mine.shape != theirs.shape:
        raise ValueError(f"yours has shape {mine.shape}, expected {theirs.shape}")
    mine, theirs, index = _matrices(mine, theirs)
    axes: NDArray[Any]
    figure, axes = plt.subplots(1, 2, figsize=(7.0, 2.6), layout="constrained", sharey=True)
    limits, colours = _limits(theirs)
    for ax, matrix, title in zip(axes, (mine, theirs), ("yours", "expected"), strict=True):
        _draw(ax, matrix, limits, colours, title)
        if index is not None:
            frame(ax, range(index[0], index[0] + 1), range(index[1], index[1] + 1))
    figure.colorbar(axes[1].images[0], ax=list(axes))
    return axes


def _matrices(mine: Array, theirs: Array) -> tuple[Array, Array, tuple[int, int] | None]:
    """Return the two matrices that hold the first difference, and its row and column."""
    mine, theirs = np.atleast_2d(mine), np.atleast_2d(theirs)
    finite = np.abs(theirs[np.isfinite(theirs)])
    allowed = TOLERANCE * max(1.0, float(finite.max(initial=0.0)))
    wrong = np.argwhere(~np.isclose(mine, theirs, rtol=0.0, atol=allowed, equal_nan=True))
    if not len(wrong):
        first = (0,) * (mine.ndim - 2)
        return mine[first], theirs[first], None
    *lead, row, column = map(int, wrong[0])
    return mine[tuple(lead)], theirs[tuple(lead)], (row, column)


def _limits(theirs: Array) -> tuple[tuple[float, float], Colormap]:
    """Return the colours' limits and their map: one hue for shares, two about 0 for others."""
    finite = theirs[np.isfinite(theirs)]
    if finite.size and finite.min() >= 0:
        return (0.0, max(1e-9, float(finite.max()))), WEIGHTS
    most = max(1e-9, float(np.abs(finite).max(initial=0.0)))
    return (-most, most), SCORES


def _draw(
    ax: Axes, matrix: Array, limits: tuple[float, float], colours: Colormap, title: str
) -> None:
    """Draw one map; what is no number stays blank."""
    seen = np.isfinite(matrix)
    draw_matrix(
        ax, np.ma.masked_array(matrix, ~seen), vmin=limits[0], vmax=limits[1], cmap=colours,
        aspect="auto",
    )  # fmt: skip
    if matrix.size <= MOST_NUMBERS:
        write_numbers(ax, matrix, seen)
    ax.set_title(title)
    ax.set_xticks(range(matrix.shape[1]))
    ax.set_yticks(range(matrix.shape[0]))
