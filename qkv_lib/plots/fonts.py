"""Labels in any script: matplotlib's own font has no Chinese, and warns for each glyph it lacks."""

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


def drawable(
    labels: Iterable[str], families: Iterable[str] = CHINESE_FAMILIES
) -> tuple[list[str], FontProperties]:
    """Return the labels as they can be drawn here, and the font that draws them.

    Parameters
    ----------
    labels : iterable of str
    families : iterable of str
        Fonts to try, in order, for what the default font lacks.

    Returns
    -------
    list of str
        A label that no font here can draw becomes its number, ``#0``, ``#1``, …: a figure
        with numbers is of use, one with empty boxes is not.
    FontProperties
        The default family, and behind it the font that was needed.

    Examples
    --------
    >>> drawable(["the", "注意"], families=[])[0]
    ['the', '#1']
    """
    labels = list(labels)
    chosen: list[str] = list(rcParams["font.family"])
    missing = _missing(labels, findfont(FontProperties(family=chosen)))
    for family in families:
        path = _path(family) if missing else None
        if path and not (left := _missing([*missing], path)):
            missing, chosen = left, [*chosen, family]
    texts = [
        f"#{number}" if missing.intersection(label) else label
        for number, label in enumerate(labels)
    ]
    return texts, FontProperties(family=chosen)


def _missing(labels: Iterable[str], path: str) -> set[str]:
    font = get_font(path)
    letters = {letter for label in labels for letter in label if letter != "\n"}
    return {letter for letter in letters if font.get_char_index(ord(letter)) == 0}


def _path(family: str) -> str | None:
    try:
        return str(findfont(FontProperties(family=[family]), fallback_to_default=False))
    except ValueError:
        return None
