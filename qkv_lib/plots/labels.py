"""The words in a picture, each replaced by its translation in the place where it stood.

A picture of this library is SVG whose text is text. A label may take several lines, and each layout
of a picture breaks it elsewhere: it is one message, and its translation is laid out anew. A formula
in it is a field, ``{0}``. The names of the rows and columns of a heat map are tokens or numbers,
and stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape, unescape
from itertools import combinations, count, pairwise
from math import ceil
from statistics import fmean
from typing import Any, NamedTuple

from qkv_lib.language import language, words_of

__all__ = ["spoken", "translated"]

TEXT = r"<text\b[^>]*>(?:[^<]|<tspan\b[^>]*>[^<]*</tspan>)*</text>"
BLOCK = re.compile(rf"{TEXT}(?:\n{TEXT})*")
LINE = re.compile(r"<text\b([^>]*)>(.*?)</text>", re.DOTALL)
STYLED = r"<tspan\b[^>]*\bstyle=[^>]*>[^<]*</tspan>"
SIGNS = r"<tspan\b(?![^>]*\bstyle=)[^>]*>(?:[^<\w]|[\d_])*</tspan>"
FORMULA = re.compile(rf"{STYLED}(?:{STYLED}|{SIGNS})*")
SHIFT = re.compile(r'\bdy="([-\d.]+)"')
LATIN = re.compile(r"[\x21-\x7e]{2}")
FIELD = re.compile(r"\{(\d+)\}")
MOVED = re.compile(r"translate\(([-\d.]+) ([-\d.]+)\)")
PLACE = re.compile(r'\bx="([-\d.]+)" y="([-\d.]+)"')
ROUGH = {**dict.fromkeys("，。；：/", 0), "的": 1}
"""How badly a line ends with a sign, in letters."""
SIZE = re.compile(r"font-size: ([\d.]+)px")
METADATA = re.compile(r"<metadata>(.*?)</metadata>", re.DOTALL)
Translate = Callable[[str], str | None]


def spoken(svg: str) -> str:
    """Return a picture in the language that is asked for; in English, as it is.

    Parameters
    ----------
    svg : str

    Returns
    -------
    str

    Examples
    --------
    >>> spoken("<svg></svg>")
    '<svg></svg>'
    """
    words = words_of("qkv_lib.plots", language())
    try:
        return translated(svg, words.get) if words else svg
    except ValueError:  # a text that another version of matplotlib writes in another way
        return svg


def translated(svg: str, translate: Translate) -> str:
    """Return a picture with each label that has a translation replaced by it.

    Parameters
    ----------
    svg : str
    translate : callable
        Returns the translation of a label, or None.

    Returns
    -------
    str

    Examples
    --------
    >>> text = '<text x="5" y="9" style="font-size: 12px">{}</text>'
    >>> translated(text.format("keys"), {"keys": "键"}.get) == text.format("键")
    True
    """
    kept = names(svg)

    def block(found: re.Match[str]) -> str:
        written = []
        for lines in labels(found[0]):
            text, formulas = said(lines)
            translation = translate(text) if text not in kept else None
            if translation is None or translation == text:
                written += [f"<text{line.attributes}>{line.content}</text>" for line in lines]
            else:
                written += laid_out(lines, translation, formulas)
        return "\n".join(written)

    return BLOCK.sub(block, svg)


class Line(NamedTuple):
    """A line of a label: its attributes and its text in SVG, where it stands, how large it is."""

    attributes: str
    content: str
    x: float
    y: float
    size: float

    @property
    def moved(self) -> bool:
        """Tell whether it is set where its first letter stands: a line among several, in charts."""
        return MOVED.search(self.attributes) is not None

    @property
    def upright(self) -> bool:
        """Tell whether it runs up the page."""
        return "rotate(-90)" in self.attributes

    @property
    def width(self) -> float:
        """Return how long it is, in the letters that matplotlib has measured it with."""
        from matplotlib.font_manager import findfont, get_font  # only charts need it

        font = get_font(findfont("DejaVu Sans"))
        font.set_size(self.size, 72)
        font.set_text(plain(self.content))
        return float(font.get_width_height()[0]) / 64

    def follows(self, other: Line) -> bool:
        """Tell whether it is the next line of the same label."""
        alike = (self.size, self.upright, self.moved) == (other.size, other.upright, other.moved)
        step = self.x - other.x if self.upright else self.y - other.y
        beside = self.moved or self.x == other.x
        return alike and beside and 1.1 * self.size < step < 1.5 * self.size


def line_of(attributes: str, content: str) -> Line:
    """Return one element of text."""
    place = MOVED.search(attributes) or PLACE.search(attributes)
    size = SIZE.search(attributes)
    if place is None or size is None:
        raise ValueError(f"a text of no known place or size: {attributes}")
    return Line(attributes, content, float(place[1]), float(place[2]), float(size[1]))


def labels(block: str) -> list[list[Line]]:
    """Return the labels of elements of text that follow each other, each with its lines."""
    found: list[list[Line]] = []
    for each in LINE.findall(block):
        line = line_of(*each)
        if found and line.follows(found[-1][-1]):
            found[-1].append(line)
        else:
            found.append([line])
    return found


def plain(content: str) -> str:
    """Return the text of a line without its marks."""
    return unescape(re.sub("<[^>]+>", "", content))


def said(lines: list[Line]) -> tuple[str, list[str]]:
    """Return a label as a message, and what stands for its fields."""
    whole = " ".join(line.content.strip() for line in lines)
    whole = re.sub(r"(?<=\w)- (?=[a-z])", "-", whole)
    text, formulas = with_fields(whole, FORMULA)
    return plain(text), formulas


def with_fields(text: str, formula: re.Pattern[str]) -> tuple[str, list[str]]:
    """Return a text with a field in the place of each formula, and the formulas.

    >>> with_fields("$Q$ and $K$", re.compile(r"[$][^$]*[$]"))
    ('{0} and {1}', ['$Q$', '$K$'])
    """
    numbers = count()
    return formula.sub(lambda _: f"{{{next(numbers)}}}", text), formula.findall(text)


def names(svg: str) -> set[str]:
    """Return the names of the rows and columns of the heat maps in a picture."""
    found = METADATA.search(svg)
    tables: list[dict[str, Any]] = json.loads(unescape(found[1])) if found else []
    return {str(name) for each in tables for name in (*each["rows"], *each["columns"])}


def laid_out(lines: list[Line], translation: str, formulas: list[str]) -> list[str]:
    """Return the elements of a translation, around the middle of the label that it replaces."""
    texts = [filled(escape(each, quote=False), formulas) for each in broken(translation, lines)]
    first, last = lines[0], lines[-1]
    if len(lines) == len(texts) == 1 and not first.moved:
        return [f"<text{first.attributes}>{texts[0]}</text>"]
    gaps = max(len(lines) - 1, 1)
    step = (last.x - first.x if first.upright else last.y - first.y) / gaps or 1.35 * first.size
    places = [(i - (len(texts) - 1) / 2) * step for i in range(len(texts))]
    x, y = fmean(line.x for line in lines), fmean(line.y for line in lines)
    if not first.moved:
        before, behind = re.split(r' y="[^"]*"', first.attributes)
        return [
            f'<text{before} y="{y + place:.4g}"{behind}>{text}</text>'
            for place, text in zip(places, texts, strict=True)
        ]
    if first.upright:
        middle = fmean(line.y - line.width / 2 for line in lines)
        at = [f"translate({x + place:.2f} {middle:.2f}) rotate(-90)" for place in places]
    else:
        middle = fmean(line.x + line.width / 2 for line in lines)
        at = [f"translate({middle:.2f} {y + place:.2f})" for place in places]
    style = f"font-size: {first.size:g}px; text-anchor: middle"
    return [
        f'<text style="{style}" transform="{place}">{text}</text>'
        for place, text in zip(at, texts, strict=True)
    ]


def filled(text: str, formulas: list[str]) -> str:
    """Return a label with its formulas in their fields; what follows a script is on the line again.

    >>> filled("{0} for all", ['<tspan dy="3" style="">k</tspan>'])
    '<tspan dy="3" style="">k</tspan><tspan dy="-3"> for all</tspan>'
    """
    parts = FIELD.split(text)
    written = parts[0]
    for number, behind in zip(parts[1::2], parts[2::2], strict=True):
        formula = formulas[int(number)]
        height = sum(map(float, SHIFT.findall(formula)))
        back = f'<tspan dy="{-height:.3g}">{behind}</tspan>' if height and behind else behind
        written += formula + back
    return written


def broken(translation: str, lines: list[Line]) -> list[str]:
    """Return the lines of a translation: no more than the label had.

    They are about as long as each other, end with a mark of punctuation or with 的 rather than
    anywhere, and never in a Latin word.
    """
    n_lines = min(ceil(letters(translation) / room(lines)), len(lines))
    if n_lines == 1:
        return [translation]
    ends = [i for i in range(1, len(translation)) if not LATIN.match(translation, i - 1)]
    ends = [i for i in ends if translation[i] not in "，。；：！？、）”"]

    def parts(places: tuple[int, ...]) -> list[str]:
        return [translation[i:j].strip() for i, j in pairwise((0, *places, len(translation)))]

    def cost(places: tuple[int, ...]) -> int:
        rough = sum(ROUGH.get(translation[i - 1], 6) for i in places)
        return max(map(letters, parts(places))) + rough

    return parts(min(combinations(ends, n_lines - 1), key=cost))


def letters(text: str) -> int:
    """Return how many letters wide a text is; a field is as wide as a letter with its script."""
    return sum(map(wide, FIELD.sub("xx", text)))


def room(lines: list[Line]) -> int:
    """Return how many letters wide a label is."""
    return max(letters(plain(line.content)) for line in lines)


def wide(sign: str) -> int:
    """Return how many letters wide a sign is."""
    return 2 if ord(sign) > 0x2E7F else 1
