"""Each number in the text of a notebook is printed near by, follows from one, or has its reason."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.book import numbers
from tests.book.test_notebooks import NOTEBOOKS


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.stem)
def test_each_number_of_the_text_is_told(page: Path) -> None:
    notebook = nbformat.read(page, as_version=4)
    assert numbers.untold(notebook, numbers.record(page)) == [], f"see {numbers.RECORD}"


def test_each_part_of_the_record_is_a_notebook() -> None:
    assert set(numbers.records()) <= {page.stem for page in NOTEBOOKS}


def notebook(text: str) -> NotebookNode:
    printed = new_output("stream", name="stdout", text="share 0.9134, 1,200 rows, 62.4\n")
    cells = [
        new_code_cell("rows = 48_000", id="run", outputs=[printed]),
        *(new_code_cell("pass", id=f"other-{n}") for n in range(3)),
        new_markdown_cell(text, id="text"),
    ]
    return new_notebook(cells=[cells[0], cells[-1], *cells[1:-1]])


@pytest.mark.parametrize("text", [
    "It is about 0.91, or 91 %, of 1,200 rows; about 62.",
    "48,000 rows; see section 6.2, `x[12]`, $$x_{12}$$ (eq-12) and [chapter 12](12.ipynb).",
    "**Time**: about 35 minutes,\nand 20 more.",
    "| 2017 | {cite:t}`vaswani2017` |",
])  # fmt: skip
def test_a_number_that_is_printed_passes(text: str) -> None:
    assert numbers.untold(notebook(text), {}) == []


@pytest.mark.parametrize(("text", "written"), [
    ("It is about 0.81.", "0.81"),
    ("It is 81 %.", "81"),
    ("It is about 0.914.", "0.914"),
    ("Of 1,300 rows.", "1,300"),
    ("Exactly 62 of them.", "62"),
    ("Not 91 of them.", "91"),
    ("| 2016 | {cite:t}`vaswani2017` |", "2016"),
    ("| 2017 | {cite:t}`vaswani2017` |\n| 2017 | nobody |", "2017"),
])  # fmt: skip
def test_a_number_that_nothing_prints_is_found(text: str, written: str) -> None:
    assert numbers.untold(notebook(text), {}) == [f"text: {written} is in no output near by"]


@pytest.mark.parametrize("source", ["@run", "= 2 * 600", "the question's own example"])
def test_an_entry_tells_where_a_number_comes_from(source: str) -> None:
    away = notebook("Nothing.")
    away.cells.append(new_markdown_cell("Of 1,200 rows.", id="far"))
    assert numbers.untold(away, {}) == ["far: 1,200 is in no output near by"]
    assert numbers.untold(away, {"far": {"1,200": source}}) == []
    away.cells[-1].source = "Of 1,300 rows."
    assert "far: 1,200 stands there no more" in numbers.untold(away, {"far": {"1,200": source}})


@pytest.mark.parametrize("source", ["@other-1", "= 2 * 601", "@copying.json", "so"])
def test_an_entry_that_does_not_tell_it_is_a_fault(source: str) -> None:
    faults = numbers.untold(notebook("Of 1,201 rows."), {"text": {"1,201": source}})
    assert faults == [f"text: 1,201 is not what {source} gives"]
