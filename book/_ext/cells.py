"""Sphinx extension: each code cell and each heading of a notebook is a place to link to.

``[the leak](03-algorithm.ipynb#ch03-leak)`` leads to the cell with the id ``ch03-leak``; in
JupyterLab and on GitHub the same link opens the notebook. A link to a cell or heading that is
not there is a warning, and so fails the build.
"""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def add_anchors(app: Sphinx, doctree: nodes.document) -> None:
    """Give each code cell its id, and let links know the ids of cells and headings."""
    name = app.env.docname
    known = app.env.metadata[name].setdefault("myst_slugs", {})
    for section in doctree.findall(nodes.section):
        for anchor in section["ids"]:
            known[anchor] = (section.line, anchor, section[0].astext())
    source = Path(app.env.doc2path(name))
    if source.suffix != ".ipynb":
        return
    cells = json.loads(source.read_text(encoding="utf-8"))["cells"]
    for node in doctree.findall(lambda node: "cell_index" in getattr(node, "attributes", {})):
        anchor = cells[node["cell_index"]]["id"]
        node["ids"].append(anchor)
        known[anchor] = (node.line, anchor, anchor)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the anchors when a page has been read."""
    app.connect("doctree-read", add_anchors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
