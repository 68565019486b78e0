"""Sphinx extension: marks that a page carries, read off its English words while it is built.

- A section that begins with *Second reading.* may be skipped at first; the words become a mark.
- The section of an exercise has a class, by which scripts find it.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from spoken import english

SECOND_READING = "Second reading."
EXERCISE = re.compile(r"Exercise \d")


def mark_second_readings(doctree: nodes.document) -> None:
    """Make the words *Second reading.* at the beginning of a section a mark."""
    for section in doctree.findall(nodes.section):
        opening = section.next_node(nodes.paragraph)
        if opening is None or opening.parent is not section or not opening.children:
            continue
        words = opening[0]
        if isinstance(words, nodes.emphasis) and english(opening).startswith(SECOND_READING):
            words["classes"].append("second-reading")
            drop_full_stop(opening)


def drop_full_stop(opening: nodes.paragraph) -> None:
    """Take away the Chinese full stop behind the mark: in Markdown it cannot stand inside."""
    behind = opening[1] if len(opening) > 1 else None
    if isinstance(behind, nodes.Text) and behind.startswith("。"):
        opening[1] = nodes.Text(behind[1:])


def mark_exercises(doctree: nodes.document) -> None:
    """Give the section of each exercise its class."""
    for section in doctree.findall(nodes.section):
        if EXERCISE.match(english(section[0])):
            section["classes"].append("exercise")


def mark(_app: Sphinx, doctree: nodes.document) -> None:
    """Mark one page."""
    mark_second_readings(doctree)
    mark_exercises(doctree)


def setup(app: Sphinx) -> dict[str, Any]:
    """Mark each page when it has been read."""
    app.connect("doctree-read", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
