"""Sphinx extension: what formulas say in words, *otherwise*, is in the language of the page.

Names stay as they are in both languages: what code prints (*hits*), what counts (*model*).
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from spoken import is_translated, say

SAID = (
    "additive", "attention", "bottom-right", "by", "convolutions", "dot", "feed-forward",
    "for some", "if", "is True", "otherwise", "post:", "pre:", "projections", "recurrence",
    "scores, weighted sum", "steps", "top-left", "where", "where it is False",
)  # fmt: skip
TEXT = re.compile(r"\\text\{(\s*)([^{}]*?)(\s*)\}")


def in_language(latex: str) -> str:
    r"""Return a formula with its words in the language of the build.

    >>> in_language(r"\text{if } M_{ij}")
    '\\text{if } M_{ij}'
    """
    return TEXT.sub(translation, latex)


def translation(found: re.Match[str]) -> str:
    """Return one text of a formula, with the spaces about it."""
    before, words, behind = found.groups()
    return rf"\text{{{before}{say(words) if words in SAID else words}{behind}}}"


def translate_words(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Put each formula of a page into its language, for the page and for its notebook."""
    if not is_translated():
        return
    for kind in (nodes.math, nodes.math_block):
        for formula in doctree.findall(kind):
            formula[:] = [nodes.Text(in_language(formula.astext()))]


def setup(app: Sphinx) -> dict[str, Any]:
    """Translate when a page is written."""
    app.connect("doctree-resolved", translate_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
