"""What the tests prove, as tables in MyST Markdown, read off the tests themselves.

Run as ``python -m workshop.what_is_tested``, or ``make tested``: it prints `docs/what-is-tested.md`
with each table in its place, so that the page cannot go stale.
"""

import ast
import importlib
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from string import ascii_lowercase

import nbformat

from qkv_lib.practice.exercises import EXERCISES
from tests.arrays import LIBRARIES
from tests.equations import registry
from tests.equations.labels import display_equations
from tests.practice.answers import ANSWERS
from tests.properties.cases import DTYPES
from tests.properties.excuses import excuse_for
from tests.properties.implementations import IMPLEMENTATIONS
from tests.properties.planted import FAULTS
from tests.properties.properties import PROPERTIES
from workshop import measured
from workshop.pages import BOOK, ROOT, listed_pages, markdown_parts
from workshop.tolerances import tolerance

NOTEBOOKS = [page for page in listed_pages() if page.suffix == ".ipynb"]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def words(name: str) -> str:
    """Return the name of a test or a property as the sentence that it is."""
    return name.removeprefix("test_").replace("_", " ")


def title(page: Path) -> str:
    """Return the title of a page without its Chinese."""
    heading = re.search(r"^# (.*?)(?: \(<span.*)?$", markdown_parts(page)[0], re.MULTILINE)
    assert heading, f"{page.name} has no title"
    return heading[1]


def link(page: Path, anchor: str, text: str) -> str:
    """Return a link from the appendix to a place on a page."""
    return f"[{text}](../{page.relative_to(BOOK)}#{anchor})"


def equations() -> str:
    """Return equation → what its test shows → what may differ, one table a page."""
    for module in sorted((ROOT / "tests" / "equations").glob("test_*.py")):
        importlib.import_module(f"tests.equations.{module.stem}")
    tables = []
    for page in listed_pages():
        found = [each.label for text in markdown_parts(page) for each in display_equations(text)]
        rows = [_equation_row(label) for label in found if label]
        if rows:
            head = ("equation", "what its test shows", "may differ by")
            tables.append(f"### {title(page)}\n\n{table(head, rows)}")
    return "\n\n".join(tables)


def _equation_row(label: str) -> list[str]:
    test = registry.TESTS.get(label)
    if test is None:  # which fails the tests
        return [f"{{eq}}`{label}`", "", "no test"]
    by_hand = registry.BY_HAND.get(label)
    shown = words(test.__name__) + (f" (by hand: it {by_hand})" if by_hand else "")
    return [f"{{eq}}`{label}`", shown, tolerance(test)]


# Short names for the head of the table; others stand there as they are.
SHORT = {
    "attention_steps": "steps",
    "tiles.blocked_attention": "blocked",
    "tiles.tiled_attention": "tiled",
    "fused.fused_attention": "fused",
    "cache.KVCache": "cache",
    "MultiHeadAttention.eval": "layer, eval",
    "MultiHeadAttention.train": "layer, train",
}


def properties() -> str:
    """Return property × implementation: how many libraries and dtypes pass, and excuses."""
    rows = [
        [words(name), *(_passing(name, each.name) for each in IMPLEMENTATIONS)]
        for name in PROPERTIES
    ]
    head = ["property", *(SHORT.get(each.name, each.name) for each in IMPLEMENTATIONS)]
    return table(head, rows)


def excuses() -> str:
    """Return the reasons behind the letters, and how many cells each of them covers."""
    reasons = [reason for name in PROPERTIES for each in IMPLEMENTATIONS
               for reason in _outcomes(name, each.name)]  # fmt: skip
    rows = [[letter, reason, f"{reasons.count(reason)}"] for reason, letter in _letters().items()]
    passing = f"**{reasons.count(None)}** of {len(reasons)}"
    return table(("letter", "why it cannot pass", "cells"), [*rows, ["", "**pass**", passing]])


def _outcomes(name: str, row: str) -> list[str | None]:
    """Return for each library and dtype why the cell cannot pass, or None: it must.

    What no implementation can offer (NumPy has no bfloat16) is no cell.
    """
    (offered,) = (each.libraries for each in IMPLEMENTATIONS if each.name == row)
    found = [
        excuse_for((name, row, library, dtype))
        for library in LIBRARIES
        if library in offered
        for dtype in DTYPES
    ]
    return [
        excuse and excuse.reason
        for excuse in found
        if excuse is None or (excuse.property, excuse.implementation) != ("*", "*")
    ]


def _passing(name: str, row: str) -> str:
    outcomes = _outcomes(name, row)
    letters = "".join(_letters()[reason] for reason in dict.fromkeys(outcomes) if reason)
    return f"{outcomes.count(None)} {letters}".strip()


@cache
def _letters() -> dict[str, str]:
    """Return a letter for each reason, in the order in which the table meets them."""
    reasons = dict.fromkeys(
        reason
        for name in PROPERTIES
        for each in IMPLEMENTATIONS
        for reason in _outcomes(name, each.name)
        if reason
    )
    return dict(zip(reasons, ascii_lowercase, strict=False))


def faults() -> str:
    """Return planted fault → the property that must catch it."""
    rows = [[fault.name, words(name)] for fault, name in FAULTS]
    return table(("planted fault", "the property that must catch it"), rows)


def exercises() -> str:
    """Return exercise → how many right and wrong answers its checker is tried on."""
    rows = []
    for page in NOTEBOOKS:
        for name, heading, cell in _exercises_of(page):
            answers, exercise = ANSWERS[name], EXERCISES[name]
            wrong = len(answers.edits) + len(exercise.mistakes)
            named = {edit[0] for edit in answers.edits} | {m.name for m in exercise.mistakes}
            counts = (len(answers.right), wrong, len(named - {"different", "raises"}))
            rows.append([link(page, cell, heading), *map(str, counts)])
    return table(("exercise", "right answers", "wrong answers", "mistakes named"), rows)


def _exercises_of(page: Path) -> Iterable[tuple[str, str, str]]:
    """Yield name, heading and cell of each exercise that `check` grades, once."""
    heading, met = "", set()
    for cell in nbformat.read(page, as_version=4).cells:
        if found := re.findall(r"^### Exercise ([\d.]+: .*)$", cell.source, re.MULTILINE):
            heading = found[-1]
        if cell.cell_type == "code" and (called := re.search(r'\bcheck\("([\w-]+)"', cell.source)):
            if (called[1], heading) not in met:
                yield called[1], heading, cell.id
            met.add((called[1], heading))


def cells() -> str:
    """Return page → its code cells, how their outputs are proved, and its assertions."""
    rows = []
    for page in NOTEBOOKS:
        code = [each for each in nbformat.read(page, as_version=4).cells
                if each.cell_type == "code"]  # fmt: skip
        ignored = sum("nbval-ignore-output" in each.metadata.get("tags", []) for each in code)
        within = sum(measured.tolerance(each) is not None for each in code)
        asserts = sum(_asserts(each.source) for each in code)
        strictly = len(code) - ignored - within
        counts = (len(code), strictly, within, ignored, asserts)
        rows.append([title(page), *map(str, counts)])
    total = [f"**{sum(int(row[i]) for row in rows)}**" for i in range(1, 6)]
    head = ("page", "cells run", "to the letter", "within a tolerance", "only run", "assertions")
    return table(head, [*rows, ["**all**", *total]])


def _asserts(source: str) -> int:
    return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))


TABLES: dict[str, Callable[[], str]] = {
    each.__name__: each for each in (equations, properties, excuses, faults, exercises, cells)
}

PAGE = ROOT / "docs" / "what-is-tested.md"


def with_tables(text: str) -> str:
    """Return a page with a table in the place of each comment that names one."""
    return re.sub(r"<!-- table: (\w+) -->", lambda found: TABLES[found[1]](), text)


if __name__ == "__main__":
    print(with_tables(PAGE.read_text(encoding="utf-8")))
