"""A figure of matplotlib as SVG of this book, with a second layout for a phone.

Text stays text; black becomes the colour of the page's text, and each colour of
`qkv_lib.plots.colours` the page's shade of it. The bytes are the same in every run on one machine.
"""

from __future__ import annotations

import re
import warnings
from html import unescape
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from qkv_lib.plots.colours import css
from qkv_lib.plots.narrow import fitted, narrowed
from qkv_lib.plots.numbers import numbers_of
from qkv_lib.plots.scales import every_colour
from qkv_lib.plots.vector import Layout, picture
from qkv_lib.plots.words import rich

__all__ = ["as_svg"]

SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "qkv",
    "svg.image_inline": True,
    "image.composite_image": False,
}
CSS_PIXELS = 4 / 3  # in a point
BODY = re.compile(
    r'viewBox="([^"]*)".*?</metadata>\s*<defs>\s*<style.*?</style>\s*</defs>(.*)</svg>', re.S
)
TAG = re.compile(r"<[^>]+>")
TEXT = re.compile(r"(<text style=\"font-size: ([\d.]+)px[^>]*>)([^<]*)(</text>)")
FONT = re.compile(r"font: ((?:[a-z0-9]+ )*)([\d.]+)px [^;\"]*")
"""How older versions of matplotlib write a font, in one property."""
HAN = re.compile(r"[\u3400-\u9fff]")
LONG = re.compile(r"-?\d+\.\d{3,}")
HEX = {each.light: css(each) for each in every_colour()} | {"#000000": "currentColor"}


def as_svg(figure: Figure) -> str:
    """Return a figure as SVG, in two layouts where it is too wide for a phone.

    Parameters
    ----------
    figure : matplotlib Figure
        Stays as it is.

    Returns
    -------
    str

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> figure = plt.figure(figsize=(3, 2))
    >>> as_svg(figure).count("<svg")
    2
    """
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # the reader's font has it
        tables = numbers_of(figure)
        languages = _languages(tables)
        with fitted(figure):
            wide = _layout(figure, languages)
        with narrowed(figure) as changed:
            narrow = _layout(figure, languages) if changed else None
        return picture(wide, narrow, tables=tables, kind="qkv-plot")


def _layout(figure: Figure, languages: dict[str, str]) -> Layout:
    """Write a figure as it is now, and return what stands in the SVG."""
    formulas = [text for text in figure.findobj(mpl.text.Text) if _is_short_formula(text)]
    parsed = [text.get_parse_math() for text in formulas]
    figure.__dict__["_qkv_as_svg"] = True
    for text in formulas:
        text.set_parse_math(False)
    written = StringIO()
    try:
        figure.draw_without_rendering()  # what is laid out once moves a little the second time
        figure.savefig(
            written, format="svg", bbox_inches="tight", pad_inches=0.04, transparent=True,
            metadata={"Date": None, "Creator": None},
        )  # fmt: skip
    finally:
        del figure.__dict__["_qkv_as_svg"]
        for text, was in zip(formulas, parsed, strict=True):
            text.set_parse_math(was)
    found = BODY.search(written.getvalue())
    if found is None:
        raise RuntimeError("matplotlib writes its SVG in another way than saved.py reads it")
    width, height = (float(x) for x in found[1].split()[2:])
    box = f"0 0 {width:.2f} {height:.2f}"
    size = round(CSS_PIXELS * width, 1), round(CSS_PIXELS * height, 1)
    return Layout(*size, _of_the_page(found[2], languages), box)


def _is_short_formula(text: mpl.text.Text) -> bool:
    """Whether a text holds a formula that `qkv_lib.plots.words` can write."""
    return "$" in text.get_text() and "\\" not in text.get_text()


def _of_the_page(svg: str, languages: dict[str, str]) -> str:
    """Return the elements of a figure with the colours, the typeface and the text of the page."""
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    svg = FONT.sub(_font, svg)
    svg = re.sub(r"font-family: [^;\"]*(?:; )?", "", svg)
    svg = TEXT.sub(lambda m: _text(m, languages), svg)
    svg = TAG.sub(lambda tag: _plain_tag(tag[0]), svg)
    svg = _short_ids(svg)
    svg = re.sub(r"(?:^|\n)\s+", "\n", svg).strip()
    return f'<g style="stroke-linejoin: round; stroke-linecap: butt">\n{svg}\n</g>'


def _languages(tables: list[dict[str, Any]]) -> dict[str, str]:
    """Return the language of each label that a heat map tells one of."""
    told: dict[str, str] = {}
    for table in tables:
        for side, language in zip(("rows", "columns"), table.get("languages", ()), strict=False):
            told |= {str(label): language for label in table[side] if language}
    return told


def _text(element: re.Match[str], languages: dict[str, str]) -> str:
    """Return an element of text with its formulas written, and its language where it has one."""
    tag, size, words, end = element.groups()
    words = unescape(words)
    language = languages.get(words, "zh" if HAN.search(words) else "")
    marked = tag.replace("<text ", f'<text lang="{language}" ', 1) if language else tag
    return marked + rich(words, float(size)) + end


def _font(found: re.Match[str]) -> str:
    """Return the size of a font, its slant and its weight, each as a property."""
    words = found[1].split()
    slant = [f"font-style: {each}" for each in words if each in ("italic", "oblique")]
    weight = [f"font-weight: {each}" for each in words if each == "bold" or each.isdigit()]
    return "; ".join([f"font-size: {found[2]}px", *slant, *weight])


def _plain_tag(tag: str) -> str:
    """Return one tag with colours that have names, and coordinates to a hundredth of a point."""
    if tag.startswith("<image"):
        tag = re.sub(r' style="[^"]*"', "", tag)
        tag = tag.replace("<image ", '<image style="image-rendering: pixelated" ', 1)
        before, data, behind = re.split(r"(data:[^\"]*)", tag, maxsplit=1)
        return LONG.sub(_rounded, before) + re.sub(r"\s", "", data) + LONG.sub(_rounded, behind)
    tag = re.sub(r"#[0-9a-f]{6}", lambda colour: HEX.get(colour[0], colour[0]), tag)
    tag = re.sub(r'fill="(var[^"]*)"', r'style="fill: \1"', tag)
    tag = re.sub(r'<g id="cells">', '<g style="shape-rendering: crispEdges">', tag)
    tag = re.sub(r'<g id="QuadMesh_\d+">', '<g style="shape-rendering: crispEdges">', tag)
    tag = LONG.sub(_rounded, tag)
    return re.sub(r"\s*\n\s*", "", tag) if " d=" in tag else tag


def _rounded(number: re.Match[str]) -> str:
    return f"{round(float(number[0]), 2) + 0.0:.10g}"


def _short_ids(svg: str) -> str:
    """Keep the ids that something refers to, under short names in the order they come."""
    used = set(re.findall(r'(?:href="#|url\(#)([\w.-]+)', svg))
    names: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        old = found[1]
        return f' id="{names.setdefault(old, f"i{len(names)}")}"' if old in used else ""

    svg = re.sub(r' id="([^"]*)"', renamed, svg)
    return re.sub(
        r'(href="#|url\(#)([\w.-]+)', lambda found: found[1] + names.get(found[2], found[2]), svg
    )
