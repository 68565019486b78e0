"""The launch buttons lead to the repository that the book is built from, or are not there."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell, new_notebook

from tests.book.site_checks import images_have_alt, no_other_host
from workshop.notebooks import METADATA
from workshop.pages import BOOK, ROOT

EXTENSIONS = BOOK / "_ext"
CONF = """
import sys
sys.path[:0] = [{extensions!r}, {root!r}]
extensions = ["myst_nb", "launch"]
html_theme = "sphinx_book_theme"
nb_execution_mode = "off"
master_doc = "book/page"
"""
CI = {"GITHUB_REPOSITORY": "ann/qkv", "GITHUB_SERVER_URL": "https://github.com"}


@pytest.fixture
def launch(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    return __import__("launch")


def test_a_folder_inside_another_repository_is_not_that_repository(
    launch: ModuleType, tmp_path: Path
) -> None:
    inside = tmp_path / "unzipped 书"
    inside.mkdir()
    for command in (["init"], ["remote", "add", "origin", "https://github.com/ann/thesis"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, capture_output=True)
    assert launch.origin(tmp_path) == "https://github.com/ann/thesis\n"
    assert launch.origin(inside) == ""


@pytest.mark.parametrize(
    ("environment", "remote", "address"),
    [
        (CI, "", "https://github.com/ann/qkv"),
        (CI, "git@github.com:bob/other.git", "https://github.com/ann/qkv"),
        ({"GITHUB_REPOSITORY": "ann/qkv"}, "", "https://github.com/ann/qkv"),
        ({}, "git@github.com:ann/qkv.git\n", "https://github.com/ann/qkv"),
        ({}, "ssh://git@github.com/ann/qkv.git", "https://github.com/ann/qkv"),
        ({}, "https://github.com/ann/qkv.git", "https://github.com/ann/qkv"),
        ({}, "https://github.com/ann/qkv/", "https://github.com/ann/qkv"),
        ({}, "https://ann:secret@github.com/ann/qkv", "https://github.com/ann/qkv"),
        ({}, "https://gitlab.com/ann/qkv", "https://gitlab.com/ann/qkv"),
        ({}, "", None),
        ({}, "/srv/git/qkv", None),
        ({}, "../qkv", None),
        ({}, "https://git.example.org/ann/qkv", None),
        ({**CI, "GITHUB_SERVER_URL": "https://github.example.org"}, "", None),
    ],
)
def test_the_address_is_that_of_the_repository(
    launch: ModuleType, environment: dict[str, str], remote: str, address: str | None
) -> None:
    assert launch.repository(environment, remote) == address


def built(folder: Path, environment: dict[str, str]) -> BeautifulSoup:
    """Build a book of one notebook and return its page."""
    (folder / "conf.py").write_text(CONF.format(extensions=str(EXTENSIONS), root=str(ROOT)))
    (folder / "book").mkdir()
    notebook = new_notebook(metadata=METADATA, cells=[new_markdown_cell("# Title", id="title")])
    nbformat.write(notebook, folder / "book" / "page.ipynb")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    command = [sys.executable, "-m", "sphinx", "-q", ".", "out"]
    subprocess.run(command, cwd=folder, env=clean | environment, check=True)
    return BeautifulSoup((folder / "out" / "book" / "page.html").read_text(), "html.parser")


def links(page: BeautifulSoup) -> dict[str, str]:
    found = page.select("a[href*='mybinder'], a[href*='colab']")
    return {link.get_text(strip=True): str(link["href"]) for link in found}


def test_a_page_can_be_opened_on_binder_and_on_colab_and_loads_nothing(tmp_path: Path) -> None:
    page = built(tmp_path, CI)
    assert links(page) == {
        "Binder": "https://mybinder.org/v2/gh/ann/qkv/HEAD?urlpath=lab/tree/my-notebooks/page.ipynb",
        "Colab": "https://colab.research.google.com/github/ann/qkv/blob/colab/book/page.ipynb",
    }
    assert no_other_host(page) == []
    assert images_have_alt(page) == []
    for icon in page.select("img[src*='logo_']"):
        assert (tmp_path / "out" / "book" / str(icon["src"])).resolve().is_file()


def test_without_a_repository_there_are_no_buttons(tmp_path: Path) -> None:
    assert links(built(tmp_path, {})) == {}


def test_on_gitlab_there_is_binder_alone(tmp_path: Path) -> None:
    gitlab = CI | {"GITHUB_SERVER_URL": "https://gitlab.com"}
    assert links(built(tmp_path, gitlab)) == {
        "Binder": "https://mybinder.org/v2/gl/ann%2Fqkv/HEAD?urlpath=lab/tree/my-notebooks/page.ipynb"
    }
