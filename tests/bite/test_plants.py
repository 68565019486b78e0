"""Every fault can still be planted, changes something, and what must catch it exists."""

from collections import Counter
from pathlib import Path

import pytest

from tests.bite.__main__ import PLANTS, TABLE, build, failing, row
from tests.bite.plant import BUILD, Plant, cell, emptied, first, swap
from workshop.pages import ROOT

NOTEBOOK = ROOT / "book" / "02-concepts.ipynb"


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_the_fault_can_be_planted(plant: Plant) -> None:
    assert plant.applied() != (ROOT / plant.file).read_text(encoding="utf-8")


def test_what_must_catch_the_faults_is_there() -> None:
    named = {check.partition("::")[0] for plant in PLANTS for check in plant.checks}
    files = {name for name in named if not name.startswith("--")} - {BUILD}
    assert {name for name in files if not (ROOT / name).is_file()} == set()


def test_there_are_at_least_forty_and_no_two_are_called_the_same() -> None:
    names = Counter(plant.name for plant in PLANTS)
    assert len(names) >= 40
    assert set(names.values()) == {1}


def test_the_table_has_every_fault_and_all_are_caught() -> None:
    rows = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if "| `" in line]
    assert [line.split(" | ")[:2] for line in rows] == [
        row(plant, None).split(" | ")[:2] for plant in PLANTS
    ]
    assert not any("**nothing**" in line for line in rows)


@pytest.mark.parametrize("text", ["none", "a word and a word"])
def test_a_text_that_is_not_there_once_is_no_place(text: str) -> None:
    with pytest.raises(LookupError, match="times in the file, not once: 'a word'"):
        swap("a word", "another")(text)


def test_a_pattern_or_a_cell_that_is_gone_is_no_place() -> None:
    with pytest.raises(LookupError, match="nothing in the file matches"):
        first("x+", "y")("abc")
    with pytest.raises(LookupError, match="0 cells have the id 'gone'"):
        cell("gone", emptied)(NOTEBOOK.read_text(encoding="utf-8"))


def write(root: Path, test: str) -> Path:
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (root / "test_it.py").write_text(test)
    return root


def test_a_check_that_fails_is_named_and_one_that_passes_is_not(tmp_path: Path) -> None:
    assert failing(["test_it.py"], write(tmp_path, "def test_a(): pass")) is None
    broken = write(tmp_path, "def test_a(): pass\ndef test_b(): assert 1 == 2")
    assert failing(["test_it.py"], broken) == "`test_it.py::test_b`"


def test_a_check_that_cannot_run_has_caught_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="could not run"):
        failing(["test_it.py"], write(tmp_path, "import no_such_module"))


def test_a_book_that_cannot_be_built_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="could not be built"):
        build(tmp_path)  # nothing is there: a build that is never run would pass
