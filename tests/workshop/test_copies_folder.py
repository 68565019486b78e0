"""The reader's folder: what is missing is laid, what the reader has changed is kept."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.holds import holds
from workshop.copies import folder as folders
from workshop.copies.folder import lay
from workshop.copies.greet import greet
from workshop.copies.index import PASSED

FIRST, SECOND, THIRD = "first version", "second version", "third version"


@pytest.fixture(autouse=True)
def signed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return what has been signed; the database of whoever runs the tests is left alone."""
    seen: list[Path] = []
    monkeypatch.setattr(folders, "trust", seen.append)
    monkeypatch.setattr("workshop.copies.greet.trust", seen.append)
    return seen


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "made").mkdir()
    return tmp_path / "made"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "mine"


def publish(made: Path, text: str, name: str = "03-algorithm") -> None:
    cells = [new_markdown_cell(text, id="text"), new_code_cell("1 + 1", id="sum")]
    nbformat.write(new_notebook(cells=cells), made / f"{name}.ipynb")


def edit(path: Path, **fields: Any) -> None:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].update(nbformat.from_dict(fields))
    nbformat.write(notebook, path)


def text(path: Path) -> str:
    return str(nbformat.read(path, as_version=4).cells[0].source)


def test_what_is_missing_is_laid_and_trusted(made: Path, mine: Path, signed: list[Path]) -> None:
    publish(made, FIRST)
    assert lay(made, mine) == []
    target = mine / "03-algorithm.ipynb"
    assert target.read_bytes() == (made / target.name).read_bytes()
    assert json.loads((mine / "progress.json").read_text()) == []
    assert signed == [target]


def test_a_second_time_changes_nothing(made: Path, mine: Path, signed: list[Path]) -> None:
    publish(made, FIRST)
    lay(made, mine)
    before = {path: path.read_bytes() for path in mine.iterdir()}
    assert lay(made, mine) == []
    assert {path: path.read_bytes() for path in mine.iterdir()} == before
    assert len(signed) == 1


def test_a_notebook_that_was_only_run_is_brought_up_to_date(made: Path, mine: Path) -> None:
    publish(made, FIRST)
    lay(made, mine)
    edit(mine / "03-algorithm.ipynb", execution_count=7, metadata={"collapsed": True})
    publish(made, SECOND)
    assert lay(made, mine) == []
    assert text(mine / "03-algorithm.ipynb") == SECOND


@holds(
    "A copy that you have changed is never overwritten: a newer version is put beside it.",
)
def test_a_changed_notebook_stays_and_the_newer_one_lies_beside_it(made: Path, mine: Path) -> None:
    publish(made, FIRST)
    lay(made, mine)
    edit(mine / "03-algorithm.ipynb", source="my answer")
    mine_now = (mine / "03-algorithm.ipynb").read_bytes()
    assert lay(made, mine) == []  # nothing is newer
    publish(made, SECOND)
    assert lay(made, mine) == [("03-algorithm.ipynb", "03-algorithm-newer.ipynb")]
    assert text(mine / "03-algorithm-newer.ipynb") == SECOND
    assert lay(made, mine) == []  # said once
    publish(made, THIRD)
    lay(made, mine)
    assert text(mine / "03-algorithm-newer.ipynb") == THIRD  # nobody had changed it
    edit(mine / "03-algorithm-newer.ipynb", source="my other answer")
    publish(made, FIRST)
    lay(made, mine)
    assert text(mine / "03-algorithm-newer-2.ipynb") == FIRST
    assert (mine / "03-algorithm.ipynb").read_bytes() == mine_now
    assert text(mine / "03-algorithm-newer.ipynb") == THIRD


@pytest.mark.parametrize("content", [b"", b"no notebook", b"[]", b'{"cells": 1}'])
def test_what_is_no_notebook_any_more_is_not_overwritten(
    made: Path, mine: Path, content: bytes
) -> None:
    publish(made, FIRST)
    lay(made, mine)
    (mine / "03-algorithm.ipynb").write_bytes(content)
    publish(made, SECOND)
    lay(made, mine)
    assert (mine / "03-algorithm.ipynb").read_bytes() == content
    assert text(mine / "03-algorithm-newer.ipynb") == SECOND


@pytest.mark.parametrize("record", [b"", b"no json", b"[1]"])
def test_without_a_record_a_file_of_the_same_name_is_the_readers(
    made: Path, mine: Path, record: bytes
) -> None:
    mine.mkdir()
    (mine / folders.RECORD).write_bytes(record)
    publish(mine, "of the reader")
    publish(made, FIRST)
    assert len(lay(made, mine)) == 1
    assert text(mine / "03-algorithm.ipynb") == "of the reader"


def test_what_the_reader_deleted_after_merging_does_not_come_back(made: Path, mine: Path) -> None:
    publish(made, FIRST)
    lay(made, mine)
    edit(mine / "03-algorithm.ipynb", source="my answer")
    publish(made, SECOND)
    lay(made, mine)
    (mine / "03-algorithm-newer.ipynb").unlink()
    assert lay(made, mine) == []
    assert not (mine / "03-algorithm-newer.ipynb").exists()


def test_the_progress_of_the_reader_is_kept(made: Path, mine: Path) -> None:
    mine.mkdir()
    (mine / "progress.json").write_text('["attention"]')
    publish(made, FIRST)
    lay(made, mine)
    assert (mine / "progress.json").read_text() == '["attention"]'


@holds("The file progress.json beside them records which exercises you have passed.")
def test_the_greeting_shows_what_has_been_passed_and_stays_untouched(
    made: Path, mine: Path
) -> None:
    greeting = new_notebook(cells=[new_code_cell("progress()", id=PASSED)])
    nbformat.write(greeting, made / "index.ipynb")
    lay(made, mine)
    greet(mine)
    (mine / "progress.json").write_text('["attention"]')
    greet(mine)
    (output,) = nbformat.read(mine / "index.ipynb", as_version=4).cells[0].outputs
    (chapter,) = [each for each in output.text.splitlines() if each.startswith("chapter 3 ")]
    assert " 1 of " in chapter
    publish(made, "A new greeting", "index")
    lay(made, mine)
    assert text(mine / "index.ipynb") == "A new greeting"


def test_a_greeting_that_is_no_notebook_any_more_is_left_alone(mine: Path) -> None:
    mine.mkdir()
    (mine / "index.ipynb").write_text("mine")
    greet(mine)
    assert (mine / "index.ipynb").read_text() == "mine"
