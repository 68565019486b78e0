"""Sphinx extension: a line does not break between what belongs together.

A formula is a box to the browser, which may break a line on either side of it: a full stop would
open the next line, an opening parenthesis end one. A number stays with its per cent sign, and a
short piece of code in one line. In Chinese a line may break beside any number, and would part 第
from 8章, or 15 from its minutes.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from spoken import is_translated

OPENING = re.compile(r"[(\[“‘（《]+$")
CLOSING = re.compile(r"^[.,;:!?)\]”’，。；：！？、）》]+")
COUNTED = re.compile(
    r"(第[\d.]+(?:至[\d.]+)?[章节页行列步]|\d[\d.,]*\s?(?:[kMG]B|分钟|小时|毫秒|秒|弧度|字节|个))"
)
CODE = (nodes.literal, nodes.FixedTextElement, nodes.math)
PER_CENT = re.compile(r"(?<=\d) (?=%)")
SHORT = 24  # characters of LaTeX; a longer formula may itself have to break on a narrow page
SHORT_CODE = 16


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
    """Put a space that does not break between a number and its per cent sign, but not in code.

    Chinese has none there.
    """
    space = "" if is_translated() else "\N{NO-BREAK SPACE}"
    for text in list(doctree.findall(nodes.Text)):
        if PER_CENT.search(text) and not isinstance(text.parent, CODE):
            text.parent.replace(text, nodes.Text(PER_CENT.sub(space, text)))


def hold_code(doctree: nodes.document) -> None:
    """Hold together code that is short enough for the line of a phone."""
    for code in doctree.findall(nodes.literal):
        if len(code.astext()) <= SHORT_CODE:
            code["classes"].append("unbroken")


def hold_counted(doctree: nodes.document) -> None:
    """Put the Chinese number of a chapter or a row, or a number with its unit, into one element."""
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, CODE):
            set_apart(text, COUNTED, "unbroken")


def set_apart(text: nodes.Text, pattern: re.Pattern[str], name: str) -> None:
    """Put each match of a pattern, one group, into an inline element of that class."""
    parts = pattern.split(text)
    if len(parts) > 1:
        pieces = [
            nodes.inline("", part, classes=[name]) if place % 2 else nodes.Text(part)
            for place, part in enumerate(parts)
            if part
        ]
        text.parent.replace(text, pieces)


def hold_all_together(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Do so for numbers with their units, short pieces of code, and formulas inside a line."""
    hold_per_cent(doctree)
    hold_counted(doctree)
    hold_code(doctree)
    for formula in list(doctree.findall(nodes.math)):
        hold_together(formula)


def setup(app: Sphinx) -> dict[str, Any]:
    """Hold together what belongs together when a page is written."""
    app.connect("doctree-resolved", hold_all_together)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
