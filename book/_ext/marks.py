"""Sphinx extension: marks that a page carries for the eye, read off its words while it is built.

- Of the options of a quiz (`<details class="quiz-option">`) the right one is the one whose feedback
  begins with **Yes.**; it gets the class `right`, every other one `wrong`.
- A section that begins with *Second reading.* may be skipped at first; the words become a mark.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

OPTION = '<details class="quiz-option">'
SECOND_READING = "Second reading."


def mark_options(doctree: nodes.document) -> None:
    """Give each option of a quiz the class of its feedback."""
    for option in doctree.findall(nodes.raw):
        if OPTION not in option.astext():
            continue
        feedback = option.next_node(nodes.strong, siblings=True)
        found = feedback.astext() if feedback else ""
        kind = {"Yes.": "right", "No.": "wrong"}.get(found)
        if kind is None:
            raise ValueError(f"the feedback of a quiz begins with {found!r}, not with Yes. or No.")
        marked = option.astext().replace(OPTION, f'<details class="quiz-option {kind}">')
        option[:] = [nodes.Text(marked)]


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
    mark_options(doctree)
    mark_second_readings(doctree)


def setup(app: Sphinx) -> dict[str, Any]:
    """Mark each page when it has been read."""
    app.connect("doctree-read", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
