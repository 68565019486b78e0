"""What is optional has a default, and an error names the bound that it checks."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.test_docstrings import PUBLIC, section
from tests.workshop.test_sources import LIBRARY, place, tree

ENTRY = re.compile(r"^\*{0,2}(\w+(?:, \*{0,2}\w+)*) : (.*(?:\n {5,}.*)*)", re.MULTILINE)


def optional(thing: Any) -> Iterator[str]:
    """Yield parameters that a docstring calls optional, but that have no default."""
    known = inspect.signature(thing).parameters
    for names, kind in ENTRY.findall(section(inspect.getdoc(thing) or "", "Parameters")):
        if "optional" in kind:
            for name in names.split(", "):
                parameter = known.get(name)
                if parameter and parameter.default is inspect.Parameter.empty:
                    yield name


def test_what_is_optional_has_a_default() -> None:
    assert [(name, each) for name, thing in PUBLIC.items() for each in optional(thing)] == []


def numbers(text: str) -> set[int]:
    """Return the whole numbers of a text."""
    return {int(each) for each in re.findall(r"(?<![\w.])\d+(?![\w.])", text)}


def said_in(node: ast.Raise) -> str:
    """Return the words of an error that are the same whatever happens."""
    return " ".join(each.value for each in ast.walk(node)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str))  # fmt: skip


def bounds(path: Path) -> Iterator[tuple[ast.Raise, set[int], set[int]]]:
    """Yield each error behind a condition, the numbers that it names, and those of its code."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.If):
            for inner in node.body:
                if isinstance(inner, ast.Raise):
                    yield inner, numbers(said_in(inner)), numbers(ast.unparse(node.test))


TELLS = {"digits": {500}, "_fit": {1}}
"""Numbers that say what a thing is, not how it is bounded."""


def test_an_error_names_the_bound_that_is_checked() -> None:
    strange = [
        f"{place(path, node)}: the error says {sorted(named)}, its condition has {sorted(checked)}"
        for path in LIBRARY
        for node, named, checked in bounds(path)
        if named
        and checked
        and not named & {each + i for each in checked for i in (-1, 0, 1)}
        and not named <= TELLS.get(path.stem, set())
    ]
    assert strange == []


def test_another_bound_in_the_words_is_found(tmp_path: Path) -> None:
    path = tmp_path / "refuses.py"
    path.write_text("if n < 1:\n    raise ValueError(f'n is {n}, needs at least 4')\n")
    ((_, named, checked),) = bounds(path)
    assert (named, checked) == ({4}, {1})
