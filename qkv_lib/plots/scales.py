"""The colours of heat maps, and the style sheet that holds every colour of the book.

A colour of a heat map has for its dark shade the same hue, mirrored in luminance: what black reads
on there, white reads on here, equally well.
"""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, to_hex, to_rgb
from numpy.typing import NDArray

from qkv_lib.plots.colours import CELLS, COLOURS, LINES, Colour, luminance

__all__ = ["SCORES", "WARM", "WEIGHTS", "every_colour", "mirrored", "style_sheet"]

LEVELS = 33  # steps of a scale; odd, so that scores have a middle


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
    >>> COLOURS[0] in every_colour()
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
