"""Make the notebooks that Colab opens: the readers' ones, with a first cell that installs.

Run as ``python -m workshop.colab ADDRESS REVISION FOLDER``. Publishing does so and pushes the
folder to the branch that the buttons name (`book/_ext/launch.py`). The readers' notebooks, which
the build makes, have no such cell: with `make lab` the library is installed already. What is made
here also works on Kaggle, in VS Code, or wherever else one file is opened on its own.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from workshop.addresses import CHINESE_PAGES, on_colab
from workshop.copies.__main__ import MADE, MADE_IN_CHINESE

CELL_ID = "colab-install"
SOURCE = """# Install the library of the course, unless it is installed already.
import importlib.util

if importlib.util.find_spec("qkv_lib") is None:
    %pip install --quiet "qkv-lib[tools] @ git+{address}@{revision}\""""
SIBLING = re.compile(r"(?<=\]\()([\w-]+)\.ipynb(?=[#)\s])")  # Colab opens no file beside a notebook


def with_siblings_on_colab(
    notebook: NotebookNode, address: str, folder: str = "book"
) -> NotebookNode:
    """Return the notebook with its links to other ones leading to where Colab opens them."""
    if not address.startswith("https://github.com/"):
        return notebook

    def moved(link: re.Match[str]) -> str:
        return on_colab(address, f"{folder}/{link[1]}")

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = SIBLING.sub(moved, cell.source)
    return notebook


def with_install_cell(notebook: NotebookNode, address: str, revision: str) -> NotebookNode:
    """Return the notebook with the install cell in front, once."""
    for name, value, pattern in (
        ("address", address, r"https://[\w.-]+(?:/[\w.-]+){2,}"),
        ("revision", revision, r"\w[\w./-]*"),
    ):
        if not re.fullmatch(pattern, value):  # it stands in a command
            raise ValueError(f"{name} is {value!r}, which cannot stand in a command")
    cell = new_code_cell(SOURCE.format(address=address, revision=revision), id=CELL_ID)
    rest = [each for each in notebook.cells if each.id != CELL_ID]
    return NotebookNode({**notebook, "cells": [cell, *rest]})


def main(arguments: list[str]) -> None:
    """Write every reader's notebook, with the cell, below the folder, and the Chinese ones too."""
    address, revision, folder = arguments
    for made, place in ((MADE, "book"), (MADE_IN_CHINESE, f"{CHINESE_PAGES}book")):
        paths = sorted(made.glob("*.ipynb"))
        if not paths:
            sys.exit(f"no notebooks in {made}: build the book first")
        for path in paths:
            notebook = nbformat.read(path, as_version=4)
            notebook = with_siblings_on_colab(notebook, address, place)
            target = Path(folder) / place / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(with_install_cell(notebook, address, revision), target)


if __name__ == "__main__":
    main(sys.argv[1:])
