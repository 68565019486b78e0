"""The colours of the book, each with its name, its shade on a light page and on a dark one.

Queries are blue, keys are orange and values are green wherever they stand: in words, formulas,
drawings, plots and live figures. The hues are Okabe and Ito's, which every common colour blindness
tells apart; the shades are such that text in them reads on the page (contrast 4.5 or more). No
colour says anything alone: the letter or the word stands beside it.

Those of heat maps are in `qkv_lib.plots.scales`. This module needs no matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CELLS", "COLOURS", "GREY", "KEY", "LINES", "QUERY", "VALUE", "Colour", "css", "luminance",
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
