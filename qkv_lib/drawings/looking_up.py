"""A lookup: exact in a dictionary, soft in attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qkv_lib.data.sentence import GUESS, THIRSTY, rows, step
from qkv_lib.drawings.canvas import Canvas, Drawing
from qkv_lib.plots.colours import KEY, QUERY, VALUE

__all__ = ["lookup"]

SHOWN = ("cat", "drank", "milk", "because")
HALF, STEP = 336, 40


def lookup(
    words: Sequence[str] = SHOWN,
    weights: ArrayLike | None = None,
    values: ArrayLike | None = None,
    *,
    query: str = "it",
) -> Drawing:
    """Draw a dictionary, where one key fits, beside attention, where every key has its weight.

    Parameters
    ----------
    words : sequence of str
        The keys, from top to bottom; the dictionary is asked for the first.
    weights, values : array_like of shape (n_words,), optional
        One number per key. The default weights are what *it* gives the default words in
        `qkv_lib.data.sentence`, by its head ``GUESS``.
    query : str
        What stands in the query's box in attention.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If there is not one weight per word.

    Examples
    --------
    >>> lookup()
    <drawing: a lookup, exact and soft>
    >>> lookup(["apple", "pear"], [0.7, 0.3], [3.0, 4.0], query="$q$")
    <drawing: a lookup, exact and soft>
    """
    if weights is None:
        found = step(rows(THIRSTY), GUESS).weights[THIRSTY.index("it")]
        weights = [found[THIRSTY.index(word)] for word in words]
    soft = [float(weight) for weight in np.asarray(weights)]
    if len(soft) != len(words):
        raise ValueError(f"weights has {len(soft)} numbers but words has {len(words)} names")
    prices = None if values is None else [float(value) for value in np.asarray(values)]
    exact = [float(row == 0) for row in range(len(words))]
    height = 54 + STEP * len(words)
    wide, narrow = Canvas(2 * HALF + 8, height), Canvas(HALF, 2 * height + 4)
    for sheet, left, top in ((wide, HALF + 8, 0.0), (narrow, 0.0, height + 4.0)):
        title = "A dictionary: one key fits, or none"
        _table(sheet, (0, 0), title, f'"{words[0]}"', words, exact, prices)
        title = "Attention: every key fits a little"
        _table(sheet, (left, top), title, query, words, soft, prices)
    return Drawing("a lookup, exact and soft", wide.layout(), narrow.layout())


def _table(
    sheet: Canvas,
    corner: tuple[float, float],
    title: str,
    query: str,
    words: Sequence[str],
    weights: list[float],
    values: list[float] | None,
) -> None:
    """Draw a query, keys, values, and how much of each value becomes the output."""
    left, top = corner
    sheet.text(left + 4, top + 14, title, anchor="start", bold=True)
    first, middle = top + 62, top + 62 + (len(words) - 1) / 2 * STEP
    handed = (240, "values", VALUE) if values is None else (228, "weight · value", VALUE)
    for x, name, colour in ((34, "query", QUERY), (148, "keys", KEY), handed):
        sheet.text(left + x, top + 36, name, colour=colour)
    sheet.text(left + 314, top + 36, "output", colour=VALUE)
    sheet.box(left + 4, middle - 14, 60, 28, query, colour=QUERY)
    for row, (word, weight) in enumerate(zip(words, weights, strict=True)):
        y = first + row * STEP
        ink: Any = {"opacity": 0.9 if weight else 0.25, "width": 1 + 6 * weight}
        sheet.line((left + 64, middle), (left + 110, y), dashed=not weight, **ink)
        sheet.box(left + 110, y - 14, 76, 28, word, colour=KEY)
        value = f"$v_{row + 1}$" if values is None else f"· {values[row]:g}"
        sheet.box(left + 204, y - 14, 72, 28, f"{weight:.2f} {value}", colour=VALUE, size=12.5)
        sheet.line((left + 186, y), (left + 204, y), opacity=0.4)
        sheet.line(
            (left + 276, y), (left + 295, middle), colour=VALUE, dashed=not weight, **ink
        )  # fmt: skip
    sheet.circle(left + 314, middle, 18, colour=VALUE, depth=0.12)
    total = "$o$" if values is None else f"{np.dot(weights, values):.2f}"
    sheet.text(left + 314, middle, total, colour=VALUE, size=15 if values is None else 12)
