"""A picture as SVG that a page takes in: text as text, and colours that follow the page.

Alone (in a notebook, on GitHub) it has a white card and dark text. The book takes the card away and
puts the picture into the page (`book/_ext/figures.py`), where it has the colours and the typeface
of the text around it. A picture may hold a second, narrow layout for a phone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from qkv_lib.plots.labels import spoken

__all__ = ["INK", "Layout", "inlined", "picture"]

#: The colour of text, where no page says otherwise.
INK = "#222832"
LAYOUT = re.compile(r'<svg class="qkv-(wide|narrow|only)"([^>]*)>\n(.*?)\n</svg>\n', re.DOTALL)
NAMED = re.compile(r'(\bid="|href="#|url\(#)')
STYLE = f"color: {INK}; fill: currentColor; font-family: system-ui, 'Segoe UI', Arial, sans-serif"


class Layout(NamedTuple):
    """One way to lay a picture out.

    Parameters
    ----------
    width, height : float
        Its size in CSS pixels.
    body : str
        The elements of SVG in it.
    box : str, optional
        The viewBox, where its unit is not a pixel.
    """

    width: float
    height: float
    body: str
    box: str = ""


def picture(
    wide: Layout,
    narrow: Layout | None = None,
    *,
    tables: Sequence[dict[str, Any]] = (),
    kind: str = "",
) -> str:
    """Return a picture as SVG, in one layout or in two, in the language that is asked for.

    Parameters
    ----------
    wide : Layout
        For a page.
    narrow : Layout, optional
        For a phone.
    tables : sequence of dict
        The numbers of its heat maps (`qkv_lib.plots.numbers`), which it carries.
    kind : str
        A second class beside ``qkv-picture``.

    Returns
    -------
    str

    Examples
    --------
    >>> print(picture(Layout(20, 10, '<path d="M0 0H20"/>')).splitlines()[0])
    <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
    """
    classes = " ".join(["qkv-picture", *kind.split()])
    size = f'width="{wide.width:g}" height="{wide.height:g}"'
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"',
        f'  {size} viewBox="0 0 {wide.width:g} {wide.height:g}" class="{classes}"',
        f'  style="{STYLE}">',
    ]
    if tables:
        text = json.dumps(list(tables), ensure_ascii=False, separators=(",", ":"))
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        lines.append(f"<metadata>{escaped}</metadata>")
    lines.append('<rect class="qkv-paper" width="100%" height="100%" fill="#ffffff"/>')
    lines.append(_inner(wide, "qkv-wide" if narrow else "qkv-only"))
    if narrow:
        lines.append(_inner(narrow, "qkv-narrow"))
    return spoken("\n".join([*lines, "</svg>", ""]))


def inlined(svg: str, alt: str, name: str) -> str:
    """Return a picture of the library as a part of a page, without its white card.

    Each of its layouts has the alt text; the style sheet shows one of them. Ids begin with the
    picture's name, so that none comes twice on a page.

    Parameters
    ----------
    svg : str
        What `picture` returned.
    alt : str
        What is seen, in words.
    name : str
        Of the picture on its page.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    ValueError
        There is no layout in it.

    Examples
    --------
    >>> inlined(picture(Layout(20, 10, "<g/>")), "a dot", "first").count('aria-label="a dot"')
    1
    """
    shown = []
    for layout, rest, body in LAYOUT.findall(svg):
        size = re.sub(r' style="[^"]*"', "", rest)
        own = NAMED.sub(rf"\g<1>{name}-{layout}-", body)
        shown.append(
            f'<svg class="qkv-{layout}" role="img" aria-label="{escape(alt)}"{size}>\n{own}\n</svg>'
        )
    if not shown:
        raise ValueError(f"{name}: no picture of qkv_lib.plots.vector")
    return '<div class="qkv-picture">' + "\n".join(shown) + "</div>"


def _inner(layout: Layout, name: str) -> str:
    hidden = ' style="display: none"' if name == "qkv-narrow" else ""
    box = layout.box or f"0 0 {layout.width:g} {layout.height:g}"
    size = f'width="{layout.width:g}" height="{layout.height:g}" viewBox="{box}"'
    return f'<svg class="{name}" {size}{hidden}>\n{layout.body}\n</svg>'
