"""A figure as a phone shows it: as wide as its page, its panels under each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

__all__ = ["fitted", "narrowed"]

COLUMN = 7.0  # inches: 672 of the 688 pixels that text has
WIDTH = 3.4  # inches: 326 of the 328 pixels that a page of 360 leaves
LABELS, NUMBER, SCALE = 0.75, 0.28, 0.7  # inches: names of rows, a number in a cell, a scale
LONGEST, LINE = 38, 0.2  # letters of a label in a line, inches that a line takes
UPRIGHT = 18  # letters beside a chart
LETTER = 0.07  # inches of a title
LOWEST = 2.3  # inches of a chart that got narrower


@contextmanager
def fitted(figure: Figure) -> Iterator[None]:
    """Make a figure no wider than the column of a page, and back again.

    Parameters
    ----------
    figure : matplotlib Figure

    Yields
    ------
    None

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> figure = plt.figure(figsize=(14, 4))
    >>> with fitted(figure):
    ...     figure.get_size_inches().tolist()
    [7.0, 2.0]
    """
    width, height = figure.get_size_inches()
    share = min(1.0, COLUMN / width)
    figure.set_size_inches(width * share, height * share)
    try:
        yield
    finally:
        figure.set_size_inches(width, height)


@contextmanager
def narrowed(figure: Figure) -> Iterator[bool]:
    """Lay a figure out for a phone, and back again.

    Parameters
    ----------
    figure : matplotlib Figure

    Yields
    ------
    bool
        Whether anything had to change.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> figure = plt.figure(figsize=(6, 3))
    >>> with narrowed(figure) as changed:
    ...     changed, float(figure.get_figwidth())
    (True, 3.4)
    >>> float(figure.get_figwidth())
    6.0
    """
    width, height = figure.get_size_inches()
    if width <= WIDTH + 0.25:
        yield False
        return
    panels = [ax for ax in figure.axes if ax.get_subplotspec() is not None]
    empty = [ax for ax in panels if not ax.axison]
    panels = [ax for ax in panels if ax.axison]
    undo: list[Any] = [lambda: figure.set_size_inches(width, height)]
    undo += [lambda ax=ax: ax.set_in_layout(True) for ax in empty]
    for ax in empty:
        ax.set_in_layout(False)
    grid = panels[0].get_gridspec() if panels else None
    if grid is not None and all(ax.get_gridspec() is grid for ax in panels) and len(panels) > 1:
        undo += _stack(figure, panels, empty, grid)
    else:
        figure.set_size_inches(WIDTH, max(height * WIDTH / width, min(LOWEST, height)))
    undo += [_legend(ax) for ax in panels]
    undo += [_side(ax) for ax in panels]
    undo += _thin(figure, panels)
    try:
        yield True
    finally:
        for step in reversed(undo):
            step()


def _stack(figure: Figure, panels: list[Axes], empty: list[Axes], grid: Any) -> list[Any]:
    """Put panels into as many columns as fit, and return how to undo it."""
    width, height = figure.get_size_inches()
    columns = max(1, min(grid.ncols, int((WIDTH + 0.1) / max(map(_least_width, panels)))))
    rows = -(-len(panels) // columns)
    shrunk = min(1.0, WIDTH / columns / (width / grid.ncols))
    with_scale = any(ax.get_subplotspec() is None for ax in figure.axes)
    room = (WIDTH - SCALE * with_scale) / columns
    tallest = max(_height(ax, room, shrunk * height / grid.nrows) for ax in panels)
    figure.set_size_inches(WIDTH, rows * tallest)
    new = GridSpec(rows, columns, figure=figure)
    undo = []
    last = len(panels) - 1
    for number, ax in enumerate([*panels, *empty]):
        old = ax.get_subplotspec()
        undo.append(lambda ax=ax, old=old: ax.set_subplotspec(old))
        ax.set_subplotspec(new[divmod(min(number, last), columns)])
        if number % columns == 0:
            undo.append(_name_rows(ax))
    return undo


def _cells(ax: Axes) -> tuple[int, int] | None:
    """Return the rows and columns of a map, of a picture as if it had 4, of a chart nothing."""
    if not ax.images:
        return None
    rows, columns = ax.images[0].get_size()
    return (rows, columns) if ax.get_xticklabels() else (4, 4)


def _least_width(ax: Axes) -> float:
    """Return the inches below which a panel cannot be read."""
    cells = _cells(ax)
    if cells is None:
        return 2.4
    if not ax.get_xticklabels():
        return max(0.8 if len(ax.images) == 1 else 1.1, LETTER * len(ax.get_title()))
    return LABELS + cells[1] * NUMBER if ax.texts else LABELS + max(0.9, 0.12 * cells[1])


def _height(ax: Axes, width: float, otherwise: float) -> float:
    """Return the inches that a panel of a width needs."""
    cells = _cells(ax)
    if cells is None:
        return max(otherwise, LOWEST)
    if not ax.get_xticklabels():
        return width + 0.3
    cell = min((width - LABELS) / cells[1], 0.36)
    return cell * cells[0] + 0.85


def _name_rows(ax: Axes) -> Any:
    """Write the names of rows that the panel to the left had carried; return how to undo it."""
    labels = ax.__dict__.get("_qkv_labels")
    if not labels or ax.get_yticklabels() or not ax.get_xticklabels():
        return lambda: None
    ax.set_yticks(range(len(labels[0])), labels[0])
    return lambda: ax.set_yticks([])


def _legend(ax: Axes) -> Any:
    """Give a legend above its axes as many columns as fit, and room; return how to undo it."""
    old = ax.get_legend()
    if old is None or old.get_bbox_to_anchor().height > 0:  # among the data
        return lambda: None
    handles, labels = ax.get_legend_handles_labels()
    labels = [label if "$" in label else fill(label, LONGEST) for label in labels]
    lines = [label.splitlines() for label in labels]
    longest = max(len(line) for each in lines for line in each)
    columns = max(1, min(len(labels), 36 // (6 + longest)))
    ax.legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns)
    figure = ax.figure.figure
    if figure is not None:
        rows = sum(map(len, lines)) / columns
        figure.set_figheight(figure.get_figheight() + LINE * max(0, rows - 1))
    return lambda: vars(ax).update(legend_=old)


def _side(ax: Axes) -> Any:
    """Break a long name of the vertical axis, which is to be no longer than the axis."""
    label = ax.get_ylabel()
    ax.set_ylabel(label if "$" in label else fill(label, UPRIGHT))
    return lambda: ax.set_ylabel(label)


def _thin(figure: Figure, panels: list[Axes]) -> list[Any]:
    """Leave out every second label of an axis whose labels meet; return how to undo it."""
    figure.draw_without_rendering()
    undo = []
    for ax in panels:
        labels = [each for each in ax.get_xticklabels() if each.get_text()]
        boxes = [each.get_window_extent() for each in labels]
        letters = all(len(label.get_text()) == 1 for label in labels)  # which spell a word
        if letters or any(label.get_rotation() for label in labels):
            continue
        if any(one.x1 + 2 > other.x0 > one.x0 for one, other in pairwise(boxes)):
            ticks, texts = ax.get_xticks(), [each.get_text() for each in ax.get_xticklabels()]
            undo.append(lambda ax=ax, ticks=ticks, texts=texts: ax.set_xticks(ticks, texts))
            ax.set_xticks(ticks, [text if n % 2 == 0 else "" for n, text in enumerate(texts)])
    return undo
