"""What an editor, a system or a reader leaves beside the sources turns nothing red."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workshop import pages

LEFT = (".ipynb_checkpoints/a-checkpoint.ipynb", "Untitled.ipynb", ".DS_Store", "a.md~", "own/b.py")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a book with one notebook, and with what was left beside it."""
    book = tmp_path / "book"
    for name in ("a.ipynb", *LEFT):
        (book / name).parent.mkdir(parents=True, exist_ok=True)
        (book / name).write_text("{}")
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    return book


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def test_only_what_git_tracks_belongs_to_the_book(checkout: Path) -> None:
    git(checkout.parent, "init")
    git(checkout.parent, "add", "book/a.ipynb")
    assert pages.tracked(checkout) == [checkout / "a.ipynb"]


def test_a_file_that_is_tracked_and_gone_is_not_there(checkout: Path) -> None:
    git(checkout.parent, "init")
    git(checkout.parent, "add", "book/a.ipynb")
    (checkout / "a.ipynb").unlink()
    assert pages.tracked(checkout) == []


def test_without_git_hidden_files_are_left_out(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    found = {path.relative_to(checkout).as_posix() for path in pages.tracked(checkout)}
    assert "a.ipynb" in found
    assert not {name for name in found if name.startswith(".")}


def test_a_notebook_that_a_reader_left_is_not_proved() -> None:
    left = pages.BOOK / f"left-by-test-{os.getpid()}.ipynb"
    left.write_text("not a notebook")
    try:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "--nbval", "--collect-only", "-q", str(pages.BOOK)],
            cwd=pages.ROOT, capture_output=True, text=True,
        )  # fmt: skip
    finally:
        left.unlink()
    assert run.returncode == 0, run.stdout
    assert left.name not in run.stdout
    assert "01-background.ipynb" in run.stdout
