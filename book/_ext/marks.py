"""Sphinx extension: marks that a page carries for the eye, read off its words while it is built.

A section that begins with *Second reading.* may be skipped at first; the words become a mark.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

SECOND_READING = "Second reading."


def mark_second_readings(doctree: nodes.document) -> None:
    """Make the words *Second reading.* at the beginning of a section a mark."""
    for section in doctree.findall(nodes.section):
        opening = section.next_node(nodes.paragraph)
        if opening is None or opening.parent is not section or not opening.children:
            continue
        words = opening[0]
        if isinstance(words, nodes.emphasis) and words.astext() == SECOND_READING:
            words["classes"].append("second-reading")


def mark(_app: Sphinx, doctree: nodes.document) -> None:
    """Mark one page."""
    mark_second_readings(doctree)


def setup(app: Sphinx) -> dict[str, Any]:
    """Mark each page when it has been read."""
    app.connect("doctree-read", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
