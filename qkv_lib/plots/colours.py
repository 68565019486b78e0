"""The colours of the book, each with its name, its shade on a light page and on a dark one.

Queries are blue, keys are orange and values are green wherever they stand: in words, formulas,
drawings, plots and live figures. The hues are Okabe and Ito's, which every common colour blindness
tells apart; the shades are such that text in them reads on the page (contrast 4.5 or more). No
colour says anything alone: the letter or the word stands beside it.

A colour of a heat map has for its dark shade the same hue, mirrored in luminance: what black reads
on there, white reads on here, equally well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, to_hex, to_rgb
from numpy.typing import NDArray

__all__ = [
    "CELLS", "COLOURS", "GREY", "KEY", "LINES", "QUERY", "SCORES", "VALUE", "WARM", "WEIGHTS",
    "Colour", "css", "every_colour", "luminance", "mirrored", "style_sheet",
]  # fmt: skip


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
#: Of curves and points, in this order. The styles of lines and markers say it again.
LINES = (
    Colour("line-1", "#0072b2", "#5ab0ee"),
    Colour("line-2", "#d55e00", "#ff8f45"),
    Colour("line-3", "#009e73", "#35cf9c"),
    Colour("line-4", "#cc79a7", "#e6a0c6"),
    Colour("line-5", "#e69f00", "#f2b632"),
    Colour("line-6", "#56b4e9", "#a5d8f7"),
)
#: Behind a hidden cell and its hatching; of numbers on pale cells and on deep ones; of masks.
CELLS = (
    Colour("cell-hidden", "#e4e4e4", "#2e3136"),
    Colour("cell-hatch", "#8a8a8a", "#7d838b"),
    Colour("cell-on-pale", "#010101", "#ffffff"),
    Colour("cell-on-deep", "#fefefe", "#000000"),
    Colour("cell-allowed", "#4292c6", "#4f9fd4"),
    Colour("cell-paper", "#ffffff", "#121212"),
    Colour("grey", "#777777", "#8f959d"),
)
#: Neither black nor a colour, for a line of chance or an outline.
GREY = "#777777"
LEVELS = 33  # steps of a scale; odd, so that scores have a middle


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


def luminance(colour: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the relative luminance (WCAG 2) of a colour: red, green, blue, each from 0 to 1.

    Parameters
    ----------
    colour : sequence of float

    Returns
    -------
    float

    Examples
    --------
    >>> luminance((1, 1, 1))
    1.0
    """
    light = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in colour[:3]]
    return float(np.dot(light, (0.2126, 0.7152, 0.0722)))


def mirrored(colour: str) -> str:
    """Return a colour on which white reads as well as black reads on the one given.

    Parameters
    ----------
    colour : str
        As ``#rrggbb``.

    Returns
    -------
    str
        Of the same hue, as far as it can be shown.

    Examples
    --------
    >>> mirrored("#ffffff"), mirrored("#000000")
    ('#000000', '#ffffff')
    """
    rgb = np.array(to_rgb(colour))
    wanted = 1.05 * 0.05 / (luminance(rgb) + 0.05) - 0.05
    grey = np.full(3, _grey_of(luminance(rgb)))
    low, high = -1.0, 2.0  # lightness that is added to the hue
    for _ in range(60):
        middle = (low + high) / 2
        if luminance(_moved(rgb - grey, middle)) > wanted:
            high = middle
        else:
            low = middle
    red, green, blue = _moved(rgb - grey, (low + high) / 2)
    return to_hex((red, green, blue))


def _grey_of(light: float) -> float:
    """Return the grey, from 0 to 1, of a luminance."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _moved(hue: NDArray[np.float64], lightness: float) -> NDArray[np.float64]:
    """Return a hue, given as its distance from grey, at another lightness."""
    return np.clip(hue + lightness, 0, 1)


def _scale(name: str, colormap: str) -> tuple[ListedColormap, tuple[Colour, ...]]:
    shades = [to_hex(x) for x in colormaps[colormap](np.linspace(0, 1, LEVELS))]
    levels = [Colour(f"{name}-{i}", shade, mirrored(shade)) for i, shade in enumerate(shades)]
    return ListedColormap(shades, name=name), tuple(levels)


_WEIGHTS, _SCORES, _WARM = (
    _scale(name, colormap)
    for name, colormap in (("weight", "Blues"), ("score", "PuOr"), ("warm", "Oranges"))
)
#: Of weights: one hue, deeper is more; it reads without colour vision and in print.
WEIGHTS = _WEIGHTS[0]
#: Of scores: two hues about a neutral 0, distinct in every common colour blindness.
SCORES = _SCORES[0]
#: Of a map that lies over a picture.
WARM = _WARM[0]


def every_colour() -> list[Colour]:
    """Return all colours that have a name.

    Returns
    -------
    list of Colour

    Examples
    --------
    >>> QUERY in every_colour()
    True
    """
    return [*COLOURS, *LINES, *CELLS, *_WEIGHTS[1], *_SCORES[1], *_WARM[1]]


def style_sheet() -> str:
    """Return the style sheet that gives each colour its shade, by the theme of the page.

    On a light page, those of plots have the shade that stands in the picture.

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
        'html[data-theme="dark"]': [f"  --{each.name}: {each.dark};" for each in every_colour()],
    }
    rules = [f"{page} {{\n{chr(10).join(lines)}\n}}" for page, lines in shades.items()]
    words = [
        f".{each.name}, .{each.name} .katex {{ color: var(--{each.name}); }}" for each in COLOURS
    ]
    return "\n".join([*rules, *words]) + "\n"
