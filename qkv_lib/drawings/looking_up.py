"""A lookup: exact in a dictionary, soft in attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qkv_lib.drawings.canvas import Canvas, Drawing
from qkv_lib.plots.colours import KEY, QUERY, VALUE

__all__ = ["lookup"]

HALF, STEP = 336, 40


def lookup(
    words: Sequence[str], weights: ArrayLike, values: ArrayLike, *, query: str = "query"
) -> Drawing:
    """Draw a dictionary, where one key fits, beside attention, where every key has its weight.

    Parameters
    ----------
    words : sequence of str
        The keys, from top to bottom; the dictionary is asked for the first.
    weights, values : array_like of shape (n_words,)
        One number per key.
    query : str
        What stands in the query's box in attention.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If there is not one weight and one value per word.

    Examples
    --------
    >>> lookup(["apple", "pear"], [0.7, 0.3], [3.0, 4.0], query="plum")
    <drawing: a lookup, exact and soft>
    """
    soft, prices = _one_each("weights", weights, words), _one_each("values", values, words)
    exact = [float(row == 0) for row in range(len(words))]
    height = 54 + STEP * len(words)
    wide, narrow = Canvas(2 * HALF + 8, height), Canvas(HALF, 2 * height + 4)
    for sheet, left, top in ((wide, HALF + 8, 0.0), (narrow, 0.0, height + 4.0)):
        title = "A dictionary: one key fits, or none"
        _table(sheet, (0, 0), title, f'"{words[0]}"', words, exact, prices)
        title = "Attention: every key fits a little"
        _table(sheet, (left, top), title, query, words, soft, prices)
    return Drawing("a lookup, exact and soft", wide.layout(), narrow.layout())


def _one_each(name: str, numbers: ArrayLike, words: Sequence[str]) -> list[float]:
    """Return the numbers as a list; refuse another number of them than of words."""
    found = [float(number) for number in np.asarray(numbers)]
    if len(found) != len(words):
        raise ValueError(f"{name} has {len(found)} numbers but words has {len(words)} names")
    return found


def _table(
    sheet: Canvas,
    corner: tuple[float, float],
    title: str,
    query: str,
    words: Sequence[str],
    weights: list[float],
    values: list[float],
) -> None:
    """Draw a query, keys, values, and how much of each value becomes the output."""
    left, top = corner
    sheet.text(left + 4, top + 14, title, anchor="start", bold=True)
    first, middle = top + 62, top + 62 + (len(words) - 1) / 2 * STEP
    heads = ((34, "query", QUERY), (148, "keys", KEY), (228, "weight · value", VALUE))
    for x, name, colour in heads:
        sheet.text(left + x, top + 36, name, colour=colour)
    sheet.text(left + 314, top + 36, "output", colour=VALUE)
    sheet.box(left + 4, middle - 14, 60, 28, query, colour=QUERY)
    for row, (word, weight, value) in enumerate(zip(words, weights, values, strict=True)):
        y = first + row * STEP
        ink: Any = {"opacity": 0.9 if weight else 0.25, "width": 1 + 6 * weight}
        sheet.line((left + 64, middle), (left + 110, y), dashed=not weight, **ink)
        sheet.box(left + 110, y - 14, 76, 28, word, colour=KEY)
        part = f"{weight:.2f} · {value:g}"
        sheet.box(left + 204, y - 14, 72, 28, part, colour=VALUE, size=12.5)
        sheet.line((left + 186, y), (left + 204, y), opacity=0.4)
        sheet.line(
            (left + 276, y), (left + 295, middle), colour=VALUE, dashed=not weight, **ink
        )  # fmt: skip
    sheet.circle(left + 314, middle, 18, colour=VALUE, depth=0.12)
    total = f"{np.dot(weights, values):.2f}"
    sheet.text(left + 314, middle, total, colour=VALUE, size=12)
