"""The notebooks for Colab install the library where it is missing, and nowhere else."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workshop.addresses import CHINESE_PAGES
from workshop.colab import CELL_ID, main, with_install_cell, with_siblings_on_colab
from workshop.copies.__main__ import MADE, MADE_IN_CHINESE
from workshop.pages import BOOK, ROOT, listed_pages

ADDRESS, REVISION = "https://github.com/ann/qkv", "0123abc"
NOTEBOOK = BOOK / "02-concepts.ipynb"


class Shell:
    """Stands for IPython: remembers what it is asked to run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def system(self, command: str) -> None:
        self.ran.append(command)

    def run_line_magic(self, name: str, line: str) -> None:
        self.ran.append(f"%{name} {line}")


def run_cell() -> list[str]:
    """Run the cell as IPython would, and return the commands that it gives."""
    notebook = with_install_cell(nbformat.read(NOTEBOOK, as_version=4), ADDRESS, REVISION)
    code = TransformerManager().transform_cell(notebook.cells[0].source)
    shell = Shell()
    exec(code, {"get_ipython": lambda: shell})
    return shell.ran


def test_where_the_library_is_the_cell_does_nothing() -> None:
    assert run_cell() == []


def test_where_it_is_missing_the_cell_installs_this_revision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert run_cell() == [
        f'%pip install --quiet "qkv-lib[tools] @ git+{ADDRESS}@{REVISION}"',
    ]


def test_every_notebook_gets_the_cell_once_and_is_else_the_readers(tmp_path: Path) -> None:
    main([ADDRESS, REVISION, str(tmp_path)])
    for made_by_build, place in ((MADE, "book"), (MADE_IN_CHINESE, "zh/book")):
        assert made_by_build.is_dir(), "no notebooks are built: run `make book` first"
        for path in made_by_build.glob("*.ipynb"):
            made = nbformat.read(tmp_path / place / path.name, as_version=4)
            nbformat.validate(made)
            assert made.cells[0].id == CELL_ID
            ours = nbformat.read(path, as_version=4)
            assert made.cells[1:] == with_siblings_on_colab(ours, ADDRESS, place).cells
            assert with_install_cell(made, ADDRESS, REVISION) == made
        names = {path.stem for path in (tmp_path / place).glob("*.ipynb")}
        assert names == {page.stem for page in listed_pages() if page.suffix == ".ipynb"} | {
            "index"
        }


def test_publishing_commits_the_notebooks_of_both_languages() -> None:
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    (added,) = re.findall(r"git add (.+)", text)
    assert set(added.split()) == {BOOK.name, CHINESE_PAGES.rstrip("/")}


def test_links_to_other_notebooks_lead_to_colab() -> None:
    text = "[2](02-concepts.ipynb), [a](06-1-images.ipynb#cell-id=x), [b](#eq-a), [c](https://a.b/c.ipynb)"
    notebook = new_notebook(cells=[new_markdown_cell(text), new_code_cell(text)])
    moved, code = with_siblings_on_colab(notebook, ADDRESS).cells
    place = "https://colab.research.google.com/github/ann/qkv/blob/colab/book"
    assert moved.source == text.replace("02-c", f"{place}/02-c").replace("06-1", f"{place}/06-1")
    assert code.source == text


@pytest.mark.parametrize(
    ("address", "revision"),
    [("/srv/git", REVISION), ("https://a.org/b/c; rm x", REVISION), (ADDRESS, "a; rm x")],
)
def test_what_is_no_address_or_revision_is_refused(address: str, revision: str) -> None:
    notebook: Any = nbformat.read(NOTEBOOK, as_version=4)
    with pytest.raises(ValueError, match="cannot stand in a command"):
        with_install_cell(notebook, address, revision)
