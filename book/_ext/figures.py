"""Sphinx extension: each image of a page says its size, so that nothing moves while it loads."""

from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def size(path: Path) -> str:
    """Return the attributes of an image that give its width and height in pixels."""
    with Image.open(path) as image:
        width, height = image.size
    return f'width="{width}" height="{height}"'


def visit_image(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write an image as Sphinx does, with its size."""
    path = Path(translator.builder.srcdir, node["uri"])
    written = len(translator.body)
    HTML5Translator.visit_image(translator, node)
    if not {"width", "height", "scale"} & set(node.attributes) and path.is_file():
        tag = translator.body[written]
        translator.body[written] = tag.replace("<img ", f"<img {size(path)} ", 1)


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx's own writer of images."""
    app.add_node(nodes.image, override=True, html=(visit_image, HTML5Translator.depart_image))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
