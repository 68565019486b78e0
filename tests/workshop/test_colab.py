"""The notebooks for Colab install the library where it is missing, and nowhere else."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from workshop.colab import CELL_ID, main, with_install_cell
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
    before = os.getcwd()
    assert run_cell() == []
    assert os.getcwd() == before


def test_where_it_is_missing_the_cell_installs_this_revision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert run_cell() == [
        f"git clone --quiet {ADDRESS} /content/course",
        f"git -C /content/course checkout --quiet {REVISION}",
        '%pip install --quiet "/content/course[tools]"',
    ]


def test_every_notebook_gets_the_cell_once_and_is_else_as_committed(tmp_path: Path) -> None:
    main([ADDRESS, REVISION, str(tmp_path)])
    pages = [page for page in listed_pages() if page.suffix == ".ipynb"]
    assert len(pages) == len(list(tmp_path.rglob("*.ipynb"))) > 0
    for page in pages:
        made = nbformat.read(tmp_path / page.relative_to(ROOT), as_version=4)
        nbformat.validate(made)
        assert made.cells[0].id == CELL_ID
        assert made.cells[1:] == nbformat.read(page, as_version=4).cells
        assert with_install_cell(made, ADDRESS, REVISION) == made


@pytest.mark.parametrize(
    ("address", "revision"),
    [("/srv/git", REVISION), ("https://a.org/b/c; rm x", REVISION), (ADDRESS, "a; rm x")],
)
def test_what_is_no_address_or_revision_is_refused(address: str, revision: str) -> None:
    notebook: Any = nbformat.read(NOTEBOOK, as_version=4)
    with pytest.raises(ValueError, match="cannot stand in a command"):
        with_install_cell(notebook, address, revision)
