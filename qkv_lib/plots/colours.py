"""The colours of the book, each with its name, its shade on a light page and on a dark one.

Queries are blue, keys are orange and values are green wherever they stand: in words, formulas,
drawings, plots and live figures. The hues are Okabe and Ito's, which every common colour blindness
tells apart; the shades are such that text in them reads on the page (contrast 4.5 or more). No
colour says anything alone: the letter or the word stands beside it.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["COLOURS", "KEY", "QUERY", "VALUE", "Colour", "css", "style_sheet"]


class Colour(NamedTuple):
    """A colour of the book.

    Parameters
    ----------
    name : str
        The name of its variable in CSS, without the dashes.
    light, dark : str
        Its shade on a light page and on a dark one, as ``#rrggbb``.
    """

    name: str
    light: str
    dark: str


#: Blue, for queries.
QUERY = Colour("qkv-q", "#006aa6", "#56b4e9")
#: Orange, for keys.
KEY = Colour("qkv-k", "#ad4c00", "#ff9d5c")
#: Green, for values.
VALUE = Colour("qkv-v", "#007556", "#3ccf9f")
#: All three.
COLOURS = (QUERY, KEY, VALUE)


def css(colour: Colour) -> str:
    """Return a colour as CSS: the page's shade, or the light one where no page sets any.

    Parameters
    ----------
    colour : Colour

    Returns
    -------
    str

    Examples
    --------
    >>> css(QUERY)
    'var(--qkv-q, #006aa6)'
    """
    return f"var(--{colour.name}, {colour.light})"


def style_sheet() -> str:
    """Return the style sheet that gives each colour its shade, by the theme of the page.

    Returns
    -------
    str

    Examples
    --------
    >>> "--qkv-k: #ad4c00;" in style_sheet()
    True
    """
    shades = {
        "html": [f"  --{each.name}: {each.light};" for each in COLOURS],
        'html[data-theme="dark"]': [f"  --{each.name}: {each.dark};" for each in COLOURS],
    }
    rules = [f"{page} {{\n{chr(10).join(lines)}\n}}" for page, lines in shades.items()]
    words = [
        f".{each.name}, .{each.name} .katex {{ color: var(--{each.name}); }}" for each in COLOURS
    ]
    return "\n".join([*rules, *words]) + "\n"
