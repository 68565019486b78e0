"""What has been passed is noted where there is a file for it, and nowhere else."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from qkv_lib import softmax
from qkv_lib.practice import check, progress
from qkv_lib.practice.exercises import EXERCISES
from qkv_lib.practice.progress import FILE, SOLUTION
from tests.book.notebook_checks import code_cells
from workshop.pages import listed_pages


def yours(scores):
    return softmax(scores)


def softmax_rows_solution(scores):
    return softmax(scores)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def noted(folder: Path) -> list[str]:
    return list(json.loads((folder / FILE).read_text()))


def test_what_is_right_is_noted_once(folder: Path) -> None:
    (folder / FILE).write_text("[]")
    check("softmax-rows", yours)
    check("softmax-rows", yours)
    assert noted(folder) == ["softmax-rows"]
    assert [path.name for path in folder.iterdir()] == [FILE]


@pytest.mark.parametrize("function", [softmax_rows_solution, lambda scores: scores, ..., None])
def test_what_is_wrong_or_of_the_book_is_not_noted(folder: Path, function: object) -> None:
    (folder / FILE).write_text("[]")
    check("softmax-rows", function)
    assert noted(folder) == []


def test_every_solution_of_the_book_has_the_name_that_is_left_out() -> None:
    handed_in = [
        match
        for page in listed_pages()
        if page.suffix == ".ipynb"
        for cell in code_cells(nbformat.read(page, as_version=4))
        if "hide-cell" in cell.metadata.get("tags", [])
        for match in re.findall(r'^check\("[^"]+", (\w+)', cell.source, re.MULTILINE)
    ]
    assert len(handed_in) >= 50
    assert [name for name in handed_in if not name.endswith(SOLUTION)] == []


def test_without_the_file_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check("softmax-rows", yours)
    progress()
    assert list(folder.iterdir()) == []
    assert "Nothing is noted here" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{}", "my notes", "[1, null]"])
def test_a_file_that_is_no_list_of_names_is_no_progress(
    folder: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / FILE).write_text(content)
    check("softmax-rows", yours)
    assert "right" in capsys.readouterr().out
    assert (folder / FILE).read_text() == content or noted(folder) == ["softmax-rows"]


def test_a_folder_that_cannot_be_written_spoils_no_verdict(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError

    (folder / FILE).write_text("[]")
    monkeypatch.setattr(Path, "write_text", refuse)
    check("softmax-rows", yours)
    assert "right" in capsys.readouterr().out


def test_it_is_told_chapter_by_chapter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / FILE).write_text(json.dumps(["softmax-rows", "handed-over"]))
    progress()
    lines = capsys.readouterr().out.splitlines()
    numbers = [EXERCISES[name].number for name in ("handed-over", "softmax-rows")]
    assert lines[0].startswith("30 minutes")
    assert lines[0].endswith(f" 1 of  1   {numbers[0]}")
    (third,) = [line for line in lines if line.startswith(f"chapter {numbers[1][0]} ")]
    assert third.endswith(f"   {numbers[1]}")
    assert len(lines) == len({each.number.rpartition(".")[0] for each in EXERCISES.values()})
