"""A lookup: exact in a dictionary, soft in attention."""

from __future__ import annotations

from typing import Any

from qkv_lib.data.sentence import GUESS, THIRSTY, rows, step
from qkv_lib.drawings.canvas import Canvas, Drawing
from qkv_lib.plots.colours import KEY, QUERY, VALUE

__all__ = ["lookup"]

SHOWN = ("cat", "drank", "milk", "because")
HALF, HEIGHT, STEP = 336, 214, 40


def lookup() -> Drawing:
    """Draw a dictionary, where one key fits, beside attention, where every key has its weight.

    The weights are those that *it* gives in `qkv_lib.data.sentence`, by its head ``GUESS``.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> lookup()
    <drawing: a lookup, exact and soft>
    """
    found = step(rows(THIRSTY), GUESS).weights[THIRSTY.index("it")]
    soft = [float(found[THIRSTY.index(word)]) for word in SHOWN]
    exact = [float(word == "cat") for word in SHOWN]
    wide, narrow = Canvas(2 * HALF + 8, HEIGHT), Canvas(HALF, 2 * HEIGHT + 4)
    for sheet, left, top in ((wide, HALF + 8, 0.0), (narrow, 0.0, HEIGHT + 4.0)):
        _table(sheet, 0, 0, "A dictionary: one key fits, or none", '"cat"', exact)
        _table(sheet, left, top, "Attention: every key fits a little", "it", soft)
    return Drawing("a lookup, exact and soft", wide.layout(), narrow.layout())


def _table(
    sheet: Canvas, left: float, top: float, title: str, query: str, weights: list[float]
) -> None:
    """Draw a query, keys, values, and how much of each value becomes the output."""
    sheet.text(left + 4, top + 14, title, anchor="start", bold=True)
    first, middle = top + 62, top + 62 + 1.5 * STEP
    for x, name, colour in ((34, "query", QUERY), (148, "keys", KEY), (240, "values", VALUE)):
        sheet.text(left + x, top + 40, name, colour=colour)
    sheet.text(left + 308, top + 40, "output", colour=VALUE)
    sheet.box(left + 4, middle - 14, 60, 28, query, colour=QUERY)
    for row, (word, weight) in enumerate(zip(SHOWN, weights, strict=True)):
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
