"""Sphinx extension: pictures in the page.

A picture that the library made as SVG (`qkv_lib.plots.vector`) becomes part of the page: it has
the page's colours, light and dark, its typeface, its language, and on a phone its narrow layout.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator
from spoken import label

from qkv_lib.plots.labels import translated
from qkv_lib.plots.vector import inlined


def visit_image(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write a picture into the page, or an image of another kind as Sphinx does."""
    path = Path(translator.builder.srcdir, node["uri"])
    if path.suffix == ".svg" and 'class="qkv-picture' in (svg := path.read_text("utf-8")):
        pictures = translator.__dict__.setdefault("qkv_pictures", [])
        pictures.append(path)
        svg = translated(svg, label)
        translator.body.append(inlined(svg, node.get("alt", ""), f"picture-{len(pictures)}") + "\n")
        return
    HTML5Translator.visit_image(translator, node)


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx's own writer of images."""
    app.add_node(nodes.image, override=True, html=(visit_image, HTML5Translator.depart_image))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
