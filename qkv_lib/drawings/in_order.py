"""Words in order: decoding with a cache, the stripes of sinusoids, the turning pairs of RoPE."""

from __future__ import annotations

import math

from qkv_lib.drawings.canvas import Canvas, Drawing
from qkv_lib.plots.colours import KEY, QUERY, VALUE

__all__ = ["causal", "induction", "rope_pairs", "stripes"]

WORDS = ("the", "cat", "drank", "the", "milk")


def causal() -> Drawing:
    """Draw how words are written one by one, and which keys and values the cache holds.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> causal()
    <drawing: causal decoding and the cache>
    """
    sheet = Canvas(338, 330)
    left, pitch = 58, 56
    for row in range(len(WORDS)):
        y = 46 + 50 * row
        sheet.text(6, y, f"step {row + 1}", anchor="start", size=12)
        for column in range(row + 1):
            x, new = left + pitch * column + 24, column == row
            for place, colour in ((x - 10, KEY), (x + 4, VALUE)):
                sheet.square(place, y + 4, 12, colour=colour, depth=0.95 if new else 0.14)
            sheet.text(x, y - 10, WORDS[column], size=12, bold=new, faint=not new)
        x = left + pitch * row + 24
        sheet.circle(x - 18, y + 10, 5, colour=QUERY, depth=0.95)
        if row:
            sheet.arrow((x - 23, y + 24), (left + 20, y + 24), colour=QUERY)
            sheet.line((x - 18, y + 16), (x - 18, y + 24), (x - 24, y + 24), colour=QUERY)
    y = 306
    sheet.circle(14, y, 5, colour=QUERY, depth=0.95)
    sheet.text(24, y, "query", anchor="start", size=12)
    sheet.square(76, y - 6, 12, colour=KEY, depth=0.95)
    sheet.square(90, y - 6, 12, colour=VALUE, depth=0.95)
    sheet.text(108, y, "new key, value", anchor="start", size=12)
    sheet.square(206, y - 6, 12, colour=KEY, depth=0.14)
    sheet.square(220, y - 6, 12, colour=VALUE, depth=0.14)
    sheet.text(238, y, "from the cache", anchor="start", size=12)
    return Drawing("causal decoding and the cache", sheet.layout())


def induction() -> Drawing:
    """Draw the two steps by which an induction head continues what has begun to repeat.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> induction()
    <drawing: an induction head>
    """
    sheet = Canvas(338, 236)
    words = ("the", "cat", "drank", "…", "the", "?")
    pitch, left, y = 54, 34, 118
    for place, word in enumerate(words):
        sheet.box(left + pitch * place - 23, y - 14, 46, 28, word, bold=word == "?")
    first, second, last = left, left + pitch, left + 4 * pitch
    sheet.text(6, 16, "Step 1, layer 1: each token looks at the one before",
               anchor="start", size=11.5)  # fmt: skip
    sheet.text(6, 32, "it and keeps a mark. “cat” now says: after “the”.",
               anchor="start", size=11.5)  # fmt: skip
    sheet.line((first, y - 14), (first, y - 44), (second, y - 44), colour=VALUE)
    sheet.arrow((second, y - 44), (second, y - 15), colour=VALUE)
    sheet.text((first + second) / 2, y - 56, "the", size=12, colour=VALUE)
    sheet.line((last, y + 14), (last, y + 44), (second, y + 44), colour=QUERY)
    sheet.arrow((second, y + 44), (second, y + 15), colour=QUERY)
    sheet.text((second + last) / 2, y + 56, "who comes after “the”?", size=12, colour=QUERY)
    sheet.line((second + 12, y - 14), (second + 12, y - 30), (left + 5 * pitch, y - 30),
               colour=VALUE)  # fmt: skip
    sheet.arrow((left + 5 * pitch, y - 30), (left + 5 * pitch, y - 15), colour=VALUE)
    sheet.text((second + left + 5 * pitch) / 2 + 20, y - 42, "cat", size=12, colour=VALUE)
    sheet.text(6, 204, "Step 2, layer 2: the last “the” asks for such a mark,",
               anchor="start", size=11.5)  # fmt: skip
    sheet.text(6, 220, "finds “cat”, and copies it as what comes next.",
               anchor="start", size=11.5)  # fmt: skip
    return Drawing("an induction head", sheet.layout())


def stripes(*, places: int = 24, width: int = 16) -> Drawing:
    """Draw sinusoidal positions: a column per place, a row per feature, from fast to slow.

    Parameters
    ----------
    places, width : int
        How many positions, and how many features, which are even.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> stripes()
    <drawing: the stripes of sinusoids>
    """
    sheet = Canvas(340, 34 + 12 * width + 44)
    left, top, cell = 46, 24, 12

    def number(feature: int, place: int) -> float:
        angle = place / 10000 ** (2 * (feature // 2) / width)
        return math.cos(angle) if feature % 2 else math.sin(angle)

    sheet.text(left + places * cell / 2, 10, "position 0, 1, 2, … →", size=12)
    sheet.matrix(left, top, width, places, cell=cell, shade=lambda i, j: (1 + number(i, j)) / 2)
    for pair, name in ((0, "fast"), (width // 2 - 1, "slow")):
        y = top + (2 * pair + 1) * cell
        sheet.text(left - 8, y, name, anchor="end", size=12)
        sheet.line((left - 4, y - cell + 2), (left - 4, y + cell - 2), width=2)
    low = top + width * cell + 20
    for place, (value, shade) in enumerate((("−1", 0.0), ("0", 0.5), ("1", 1.0))):
        sheet.square(left + 60 * place, low - 6, 12, depth=shade)
        sheet.text(left + 18 + 60 * place, low, value, anchor="start", size=12)
    sheet.text(
        left, low + 22, "two rows, a sine and a cosine, are one pair", anchor="start", size=12
    )
    return Drawing("the stripes of sinusoids", sheet.layout())


SPEEDS = ((1.0, "1"), (0.25, "1/4"), (1 / 16, "1/16"))  # radians per position


def rope_pairs() -> Drawing:
    """Draw three pairs of a query and a key, turned by their places, at two pairs of places.

    Both times the query stands two places behind the key; the angles between them are the same.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> rope_pairs()
    <drawing: the turning pairs of RoPE>
    """
    sheet = Canvas(340, 344)
    for row, (key, query) in enumerate(((1, 3), (4, 6))):
        top = 36 + 154 * row
        sheet.text(6, top - 8, f"key at {key}, query at {query}", anchor="start", size=12.5)
        for column, (speed, name) in enumerate(SPEEDS):
            x, y = 62 + 108 * column, top + 58
            sheet.circle(x, y, 44, opacity=0.35)
            _pie(sheet, x, y, 24, speed * key, speed * query)
            for place, colour in ((key, KEY), (query, QUERY)):
                angle = speed * place
                tip = (x + 44 * math.cos(angle), y - 44 * math.sin(angle))
                sheet.arrow((x, y), tip, colour=colour)
            if row == 1:
                sheet.text(x, top + 120, f"pair {column}: {name}", size=11.5)
    sheet.text(170, 328, "radians per position", size=11.5)
    return Drawing("the turning pairs of RoPE", sheet.layout())


def _pie(sheet: Canvas, x: float, y: float, radius: float, start: float, end: float) -> None:
    """Draw the angle between two directions."""
    steps = [start + (end - start) * i / 12 for i in range(13)]
    arc = [(x + radius * math.cos(a), y - radius * math.sin(a)) for a in steps]
    sheet.line(*arc, width=2.2, opacity=0.75)
