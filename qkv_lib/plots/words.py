"""Words with short formulas in them, as text of SVG: letters in italics, scripts, colours.

``$W_Q$`` is a formula: letters, numbers and signs with scripts, and nothing that begins with a
backslash. Its queries, keys and values have their colours.
"""

from __future__ import annotations

import re
from html import escape
from typing import NamedTuple

from qkv_lib.plots.colours import KEY, QUERY, VALUE, Colour, css

__all__ = ["rich"]

OF_LETTER = {"q": QUERY, "k": KEY, "v": VALUE}
MATH = "font-family: KaTeX_Math, 'Times New Roman', serif; font-style: italic"
UPRIGHT = "font-family: KaTeX_Main, 'Times New Roman', serif"
TERM = re.compile(r"([A-Za-z]+|\d+|[^\sA-Za-z\d_^])((?:[_^](?:\{[^}]*\}|.))*)|(\s+)")
SCRIPT = re.compile(r"([_^])(\{[^}]*\}|.)")
FORMULA = re.compile(r"\$([^$]*)\$")


class _Run(NamedTuple):
    """Letters of one look, and how much lower than the line they stand."""

    text: str
    style: str = ""
    shift: float = 0.0


def rich(line: str, size: float) -> str:
    """Return a line of text as the content of an element ``<text>``.

    Parameters
    ----------
    line : str
        What stands between two dollars is a formula.
    size : float
        Of its letters.

    Returns
    -------
    str

    Examples
    --------
    >>> rich("1 < 2", 12)
    '1 &lt; 2'
    >>> rich("$QK$", 12).count("<tspan")
    1
    """
    runs: list[_Run] = []
    for number, part in enumerate(FORMULA.split(line)):
        runs += _formula(part, size) if number % 2 else [_Run(part)]
    written, height = [], 0.0
    for run in filter(lambda run: run.text, runs):
        move = f' dy="{run.shift - height:.3g}"' if run.shift != height else ""
        style = f' style="{run.style}"' if run.style else ""
        text = escape(run.text, quote=False)
        written.append(f"<tspan{move}{style}>{text}</tspan>" if move or style else text)
        height = run.shift
    return "".join(written)


def _formula(latex: str, size: float) -> list[_Run]:
    runs = []
    for base, marks, space in TERM.findall(latex):
        held = [(mark, text.strip("{}")) for mark, text in SCRIPT.findall(marks)]
        colour = _colour_of(base, "".join(text for _, text in held))
        fill = f"; fill: {css(colour)}" if colour else ""
        letter = base.isalpha() and len(base) <= 2
        large = f"{MATH}; font-size: {1.12 * size:.3g}px{fill}"
        runs.append(_Run(space or base, large if letter else ""))
        for mark, text in held:
            face = UPRIGHT if (len(text) > 1 and text.isalpha()) or text.isdigit() else MATH
            small = f"{face}; font-size: {0.76 * size:.3g}px{fill}"
            runs.append(_Run(text, small, (0.25 if mark == "_" else -0.4) * size))
    return runs


def _colour_of(base: str, script: str) -> Colour | None:
    if base in ("Q", "K", "V") or (base in ("q", "k", "v") and script):
        return OF_LETTER[base.lower()]
    named = [letter for letter in script if letter in "QKV"]
    return OF_LETTER[named[0].lower()] if base == "W" and len(named) == 1 else None
