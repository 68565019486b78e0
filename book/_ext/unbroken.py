"""Sphinx extension: a line does not break between what belongs together.

A formula is a box to the browser, which may break a line on either side of it: a full stop would
open the next line, an opening parenthesis end one. And a number stays with its per cent sign.
In Chinese a line may break beside any number, and would part 第 from 8章.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

OPENING = re.compile(r"[(\[“‘（《]+$")
CLOSING = re.compile(r"^[.,;:!?)\]”’，。；：！？、）》]+")
CHAPTER = re.compile(r"(第[\d.]+(?:至[\d.]+)?[章节页行列步])")
CODE = (nodes.literal, nodes.FixedTextElement, nodes.math)
PER_CENT = re.compile(r"(?<=\d) (?=%)")
SHORT = 24  # characters of LaTeX; a longer formula may itself have to break on a narrow page


def hold_together(formula: nodes.math) -> None:
    """Put a formula and the punctuation that touches it into one inline element."""
    siblings, place = formula.parent, formula.parent.index(formula)
    before = siblings[place - 1] if place else None
    behind = siblings[place + 1] if place + 1 < len(siblings) else None
    opening = OPENING.search(before) if isinstance(before, nodes.Text) else None
    closing = CLOSING.search(behind) if isinstance(behind, nodes.Text) else None
    if not (opening or closing):
        return
    size = ["short"] if len(formula.astext()) <= SHORT else []
    held = nodes.inline(classes=["unbroken", *size])
    siblings[place] = held
    if closing:
        siblings[place + 1] = nodes.Text(behind[closing.end() :])
    if opening:
        siblings[place - 1] = nodes.Text(before[: opening.start()])
        held += nodes.Text(opening[0])
    held += formula
    if closing:
        held += nodes.Text(closing[0])


def hold_per_cent(doctree: nodes.document) -> None:
    """Put a space that does not break between a number and its per cent sign, but not in code."""
    for text in list(doctree.findall(nodes.Text)):
        if PER_CENT.search(text) and not isinstance(text.parent, CODE):
            text.parent.replace(text, nodes.Text(PER_CENT.sub("\N{NO-BREAK SPACE}", text)))


def hold_chapters(doctree: nodes.document) -> None:
    """Put the Chinese number of a chapter, a page or a row into one inline element."""
    for text in list(doctree.findall(nodes.Text)):
        parts = CHAPTER.split(text)
        if len(parts) == 1 or isinstance(text.parent, CODE):
            continue
        pieces = [
            nodes.inline("", part, classes=["unbroken"]) if place % 2 else nodes.Text(part)
            for place, part in enumerate(parts)
            if part
        ]
        text.parent.replace(text, pieces)


def hold_all_together(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Do so for each number with a per cent sign, each chapter, and each formula inside a line."""
    hold_per_cent(doctree)
    hold_chapters(doctree)
    for formula in list(doctree.findall(nodes.math)):
        hold_together(formula)


def setup(app: Sphinx) -> dict[str, Any]:
    """Hold together what belongs together when a page is written."""
    app.connect("doctree-resolved", hold_all_together)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
