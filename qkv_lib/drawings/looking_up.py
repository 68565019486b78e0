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
    words: Sequence[str] = SHOWN, weights: ArrayLike | None = None, *, query: str = "it"
) -> Drawing:
    """Draw a dictionary, where one key fits, beside attention, where every key has its weight.

    Parameters
    ----------
    words : sequence of str
        The keys, from top to bottom; the dictionary is asked for the first.
    weights : array_like of shape (n_words,), optional
        One weight per key. The default is what *it* gives the default words in
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
    >>> lookup(["apple", "pear"], [0.7, 0.3], query="$q$")
    <drawing: a lookup, exact and soft>
    """
    if weights is None:
        found = step(rows(THIRSTY), GUESS).weights[THIRSTY.index("it")]
        weights = [found[THIRSTY.index(word)] for word in words]
    soft = [float(weight) for weight in np.asarray(weights)]
    if len(soft) != len(words):
        raise ValueError(f"weights has {len(soft)} numbers but words has {len(words)} names")
    exact = [float(row == 0) for row in range(len(words))]
    height = 54 + STEP * len(words)
    wide, narrow = Canvas(2 * HALF + 8, height), Canvas(HALF, 2 * height + 4)
    for sheet, left, top in ((wide, HALF + 8, 0.0), (narrow, 0.0, height + 4.0)):
        _table(sheet, (0, 0), "A dictionary: one key fits, or none", f'"{words[0]}"', words, exact)
        _table(sheet, (left, top), "Attention: every key fits a little", query, words, soft)
    return Drawing("a lookup, exact and soft", wide.layout(), narrow.layout())


def _table(
    sheet: Canvas,
    corner: tuple[float, float],
    title: str,
    query: str,
    words: Sequence[str],
    weights: list[float],
) -> None:
    """Draw a query, keys, values, and how much of each value becomes the output."""
    left, top = corner
    sheet.text(left + 4, top + 14, title, anchor="start", bold=True)
    first, middle = top + 62, top + 62 + (len(words) - 1) / 2 * STEP
    for x, name, colour in ((34, "query", QUERY), (148, "keys", KEY), (240, "values", VALUE)):
        sheet.text(left + x, top + 40, name, colour=colour)
    sheet.text(left + 308, top + 40, "output", colour=VALUE)
    sheet.box(left + 4, middle - 14, 60, 28, query, colour=QUERY)
    for row, (word, weight) in enumerate(zip(words, weights, strict=True)):
        y = first + row * STEP
        ink: Any = {"opacity": 0.9 if weight else 0.25, "width": 1 + 6 * weight}
        sheet.line((left + 64, middle), (left + 110, y), dashed=not weight, **ink)
        sheet.box(left + 110, y - 14, 76, 28, word, colour=KEY)
        sheet.box(
            left + 204, y - 14, 72, 28, f"{weight:.2f} $v_{row + 1}$", colour=VALUE, size=12.5
        )
        sheet.line((left + 186, y), (left + 204, y), opacity=0.4)
        sheet.line(
            (left + 276, y), (left + 296, middle), colour=VALUE, dashed=not weight, **ink
        )  # fmt: skip
    sheet.circle(left + 310, middle, 15, colour=VALUE, depth=0.12)
    sheet.text(left + 310, middle, "$o$", colour=VALUE, size=15)
