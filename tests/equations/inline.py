"""The formulas in running text that state something: those with a relation in them."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat

from tests.book.pointers import places
from tests.book.prose import passages
from tests.equations.docstrings import inline
from workshop.pages import listed_pages

RELATION = re.compile(r"(?<!\\)[=<>]|\\(?:le|ge|ne|approx|lt|gt|sim|(?:not)?in)(?![a-zA-Z])")
DROPPED = re.compile(
    r"\$\$.*?\$\$|^(`{3,}|~{3,})[^\n]*\n.*?^\1|`[^`\n]*`", re.DOTALL | re.MULTILINE
)
FORMULA = re.compile(r"(?<![\\$])\$([^$]+)\$")


class Stated(NamedTuple):
    """A formula in running text, and where it stands."""

    page: str
    cell: str
    formula: str

    @property
    def place(self) -> str:
        return f"{self.page}#{self.cell}"


@cache
def stated() -> list[Stated]:
    """Return the formulas of all pages that state something, and those of docstrings."""
    pages = [page for page in listed_pages() if page.parent.name != "library"]
    found = [each for page in pages for each in _on(page)]
    return found + [Stated("docstring of", name, one) for name, all_ in inline().items()
                    for one in all_]  # fmt: skip


def _on(page: Path) -> Iterator[Stated]:
    if page.suffix == ".ipynb":
        texts = [(each.name, each.text) for each in passages(nbformat.read(page, as_version=4))]
    else:
        texts = list(places(page))
    for cell, text in texts:
        for formula in FORMULA.findall(DROPPED.sub("", text)):
            if RELATION.search(formula):
                yield Stated(page.stem, cell, " ".join(formula.split()).removeprefix(r"\;"))
