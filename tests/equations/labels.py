"""Find the display equations of a text and compare their labels with the tests."""

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import NamedTuple

from markdown_it.token import Token

from workshop.pages import directive, directive_option, tokens


class Equation(NamedTuple):
    """A display equation: its label, if it has one, and its formula."""

    label: str | None
    formula: str


def display_equations(text: str) -> list[Equation]:
    """Return the display equations of MyST Markdown, in any of its notations."""
    found = []
    for token in tokens(text):
        if token.type == "math_block_label":
            found.append(Equation(token.info, token.content.strip()))
        elif token.type in {"math_block", "amsmath"}:
            found.append(Equation(None, token.content.strip()))
        elif token.type == "inline":
            found.extend(_in_a_paragraph(token.children or []))
        elif directive(token) == "math":
            found.append(Equation(directive_option(token, "label"), token.content.strip()))
    return found


def _in_a_paragraph(children: list[Token]) -> list[Equation]:
    """Return the `$$ … $$` of a paragraph, which MyST shows as inline math between dollars."""
    return [
        Equation(None, after.content.strip())
        for before, after in pairwise(children)
        if after.type == "math_inline" and before.type == "text" and before.content.endswith("$")
    ]


def faults(equations: Iterable[Equation], tested: Collection[str]) -> list[str]:
    """Return what keeps the equations from being proved one by one."""
    equations = list(equations)
    labels = Counter(each.label for each in equations if each.label)
    return [
        *(
            f"display equation without label: {each.formula}"
            for each in equations
            if not each.label
        ),
        *(f"label used {count} times: {label}" for label, count in labels.items() if count > 1),
        *(f"label without test: {label}" for label in labels if label not in tested),
        *(f"test without label: {label}" for label in tested if label not in labels),
    ]
