"""A page is built again when what it is made from has changed, whatever the dates say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workshop.pages import BOOK

CONF = f"""
import sys
sys.path[:0] = [{str(BOOK / "_ext")!r}, "."]
extensions = ["by_content", "sphinx.ext.autodoc"]
"""
PAGES = {
    "conf.py": CONF,
    "index.rst": "Home\n====\n\n.. toctree::\n\n   other\n   made\n",
    "other.rst": "Other\n=====\n\n.. include:: part.txt\n",
    "part.txt": "part",
    "made.rst": "Made\n====\n\n.. automodule:: module\n",
    "module.py": '"""the docstring"""',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    build(tmp_path)
    return tmp_path


def build(folder: Path) -> str:
    command = [sys.executable, "-m", "sphinx", "-N", str(folder), str(folder / "html")]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout


@pytest.mark.parametrize(
    ("file", "page"),
    [("index.rst", "index"), ("part.txt", "other"), ("module.py", "made")],
)
def test_a_newer_text_with_an_older_date_is_built(folder: Path, file: str, page: str) -> None:
    text = PAGES[file].replace("Home", "News").replace("part", "News")
    (folder / file).write_text(text.replace("the docstring", "News"), encoding="utf-8")
    os.utime(folder / file, (10**9, 10**9))
    assert "updating environment: 0 added, 1 changed, 0 removed" in build(folder)
    assert "News" in (folder / "html" / f"{page}.html").read_text(encoding="utf-8")


def test_where_nothing_changed_nothing_is_built(folder: Path) -> None:
    assert "0 added, 0 changed, 0 removed" in build(folder)
