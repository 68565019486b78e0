"""The numbers behind a heat map, carried in its picture for who cannot see the colours.

A figure writes the numbers of its heat maps into its SVG (`qkv_lib.plots.saved`), so that what
shows the picture can show them as a table: both come from one run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

MOST_CELLS = 1024  # a larger map is too much to read as a table: each row tells its largest cell
DECIMALS = 3


def carry_numbers(
    ax: Axes, rows: Sequence[str], columns: Sequence[str], names: tuple[str, str]
) -> None:
    """Have the figure of a heat map carry the map's numbers when it is saved."""
    ax.__dict__["_qkv_labels"] = (list(rows), list(columns), names)


def say_language(ax: Axes, *, rows: str = "", columns: str = "") -> None:
    """Say in which languages (BCP 47) the labels of a heat map are, for who hears its table."""
    ax.__dict__["_qkv_languages"] = [rows, columns]


def numbers_of(figure: Figure) -> list[dict[str, Any]]:
    """Return the heat maps of a figure as tables: title, names of the axes, labels, cells."""
    return [_table(ax) for ax in figure.axes if "_qkv_labels" in ax.__dict__ and ax.images]


def _table(ax: Axes) -> dict[str, Any]:
    """Return the numbers of the uppermost map, which may lie over a picture."""
    rows, columns, names = ax.__dict__["_qkv_labels"]
    matrix: Any = np.ma.masked_invalid(np.ma.asarray(ax.images[-1].get_array(), dtype=float))
    if matrix.size > MOST_CELLS:
        largest = matrix.argmax(axis=1)
        cells = [[columns[j], _cell(matrix[i, j])] for i, j in enumerate(largest)]
        columns = [f"largest of {len(columns)} {names[1]}", "its number"]
    else:
        cells = [[_cell(x) for x in row] for row in matrix]
    table = {"title": ax.get_title(), "names": names, "rows": rows, "columns": columns}
    if "_qkv_languages" in ax.__dict__:
        table["languages"] = ax.__dict__["_qkv_languages"]
    return table | {"cells": cells}


def _cell(x: Any) -> str:
    """Write a number to three decimals; a hidden cell is empty."""
    return "" if np.ma.is_masked(x) else f"{round(float(x), DECIMALS) + 0.0:.{DECIMALS}f}"
