"""Labels in any script: matplotlib's own font has no Chinese, and warns for each glyph it lacks.

In SVG the reader's fonts draw the text; the font found here measures it, and draws it in PNG.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cache

from matplotlib import rcParams
from matplotlib.font_manager import (
    FontEntry,
    FontProperties,
    findfont,
    findSystemFonts,
    fontManager,
    get_font,
    weight_dict,
)

NORMAL = weight_dict["normal"]
CHINESE_FAMILIES = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Noto Sans CJK JP",
    "Noto Serif CJK SC",
    "Noto Serif CJK JP",
    "Arial Unicode MS",
)


def drawable(labels: Iterable[str], families: Iterable[str] = CHINESE_FAMILIES) -> FontProperties:
    """Return the font that draws the labels here.

    Parameters
    ----------
    labels : iterable of str
    families : iterable of str
        Fonts to try, in order, for what the default font lacks.

    Returns
    -------
    FontProperties
        The default family, and behind it the fonts that were needed.

    Examples
    --------
    >>> drawable(["the", "cat"]).get_family() == rcParams["font.family"]
    True
    """
    usual: list[str] = list(rcParams["font.family"])
    missing = _missing(labels, findfont(FontProperties(family=usual)))
    family = _family(missing, families)
    if missing and not family and _new_fonts():
        family = _family(missing, families)
    return FontProperties(family=[*usual, family] if family else usual)


def _family(missing: set[str], families: Iterable[str]) -> str | None:
    """Return the first family that has all of some letters; none where none are missing."""
    for family in families if missing else ():
        font = _font(family)
        if font and not _missing(missing, font.fname):
            return family
    return None


@cache
def _new_fonts() -> bool:
    """Tell matplotlib of the fonts that came after it listed them, once a process."""
    known = {each.fname for each in fontManager.ttflist}
    new = [path for path in findSystemFonts() if path not in known]
    for path in new:
        with suppress(OSError, RuntimeError):  # a file that is no font for it
            fontManager.addfont(path)
    return bool(new)


def _missing(labels: Iterable[str], path: str) -> set[str]:
    font = get_font(path)
    letters = {letter for label in labels for letter in label if letter != "\n"}
    return {letter for letter in letters if font.get_char_index(ord(letter)) == 0}


def _font(family: str) -> FontEntry | None:
    """Return a family's font of normal weight, or the one that stands for it from now on.

    Some Chinese families have no normal weight (WenQuanYi Zen Hei is *medium*), and matplotlib
    warns each time that it takes another weight than it was asked for.
    """
    fonts = [each for each in fontManager.ttflist if each.name == family]
    for font in fonts:
        weight = font.weight
        if (weight_dict.get(weight) if isinstance(weight, str) else weight) == NORMAL:
            return font
    if not fonts:
        return None
    stand_in = replace(fonts[0], weight=NORMAL)
    fontManager.ttflist.append(stand_in)
    return stand_in
