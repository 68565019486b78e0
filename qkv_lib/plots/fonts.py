"""Labels in any script: matplotlib's own font has no Chinese, and warns for each glyph it lacks.

In SVG the reader's fonts draw the text; the font found here measures it, and draws it in PNG.
"""

from __future__ import annotations

from collections.abc import Iterable

from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont, get_font

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
    chosen: list[str] = list(rcParams["font.family"])
    missing = _missing(list(labels), findfont(FontProperties(family=chosen)))
    for family in families:
        path = _path(family) if missing else None
        if path and not (left := _missing([*missing], path)):
            missing, chosen = left, [*chosen, family]
    return FontProperties(family=chosen)


def _missing(labels: Iterable[str], path: str) -> set[str]:
    font = get_font(path)
    letters = {letter for label in labels for letter in label if letter != "\n"}
    return {letter for letter in letters if font.get_char_index(ord(letter)) == 0}


def _path(family: str) -> str | None:
    try:
        return str(findfont(FontProperties(family=[family]), fallback_to_default=False))
    except ValueError:
        return None
