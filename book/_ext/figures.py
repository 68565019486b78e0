"""Sphinx extension: each image of a page says its size, so that nothing moves while it loads.

A wide picture has several panels or small print. It stands in a box that scrolls, and says how
narrow it may get there; `book/_static/custom.css` does the rest.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

WIDE = 540  # pixels; figures are drawn so that their text is as large as the page's at full size
LEAST = 0.72  # of its full size: below it the text of a picture is too small
BOX = '<div class="wide-picture" style="--least: {}px"><div>'


def attributes(width: int, height: int) -> str:
    """Return the attributes of an image that give its width and height in pixels."""
    return f'width="{width}" height="{height}"'


def box(width: int) -> tuple[str, str]:
    """Return what stands before and behind a picture: the box of a wide one, else nothing.

    >>> box(500)
    ('', '')
    >>> box(800)
    ('<div class="wide-picture" style="--least: 576px"><div>', '</div></div>')
    """
    return (BOX.format(round(LEAST * width)), "</div></div>") if width > WIDE else ("", "")


def visit_image(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write an image as Sphinx does, with its size, and a wide one in its box."""
    path = Path(translator.builder.srcdir, node["uri"])
    written = len(translator.body)
    HTML5Translator.visit_image(translator, node)
    if not {"width", "height", "scale"} & set(node.attributes) and path.is_file():
        with Image.open(path) as image:
            width, height = image.size
        before, behind = box(width)
        tag = translator.body[written].replace("<img ", f"<img {attributes(width, height)} ", 1)
        translator.body[written] = before + tag.rstrip("\n") + behind + "\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx's own writer of images."""
    app.add_node(nodes.image, override=True, html=(visit_image, HTML5Translator.depart_image))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
