"""What formulas say in words: *otherwise*, *where*; in the language of the page.

Names stay as they are in both languages: what code prints (*hits*), what counts (*model*).
"""

import re

from translated import say

SAID = (
    "additive", "attention", "bottom-right", "by", "convolutions", "dot", "feed-forward", "filter",
    "for some", "if", "is True", "otherwise", "post:", "pre:", "projections", "recurrence",
    "scores, weighted sum", "steps", "top-left", "where", "where it is False",
)  # fmt: skip
TEXT = re.compile(r"\\text\{(\s*)([^{}]*?)(\s*)\}")


def in_language(latex: str) -> str:
    r"""Return a formula with its words in the language of the build.

    >>> in_language(r"\text{if } M_{ij}")
    '\\\\text{if } M_{ij}'
    """
    return TEXT.sub(translation, latex)


def translation(found: re.Match[str]) -> str:
    """Return one text of a formula, with the spaces about it."""
    before, words, behind = found.groups()
    return rf"\text{{{before}{say(words) if words in SAID else words}{behind}}}"
