"""Make the notebooks that Colab opens: the committed ones, with a first cell that installs.

Run as ``python -m workshop.colab ADDRESS REVISION FOLDER``. Publishing does so and pushes the
folder to the branch that the buttons name (`book/_ext/launch.py`). The committed notebooks have
no such cell: everywhere else the library is installed already, and only who publishes knows the
address of the repository.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from workshop.pages import ROOT, listed_pages

CELL_ID = "colab-install"
SOURCE = """# On Colab: fetch the course and install its library, once. Elsewhere this does nothing.
import importlib.util
import os

if importlib.util.find_spec("qkv_lib") is None:
    !git clone --quiet {address} /content/course
    !git -C /content/course checkout --quiet {revision}
    %pip install --quiet "/content/course[tools]"
if os.path.isdir("/content/course/book"):
    os.chdir("/content/course/book")"""


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
    """Write every notebook of the book, with the cell, below the folder."""
    address, revision, folder = arguments
    for page in listed_pages():
        if page.suffix == ".ipynb":
            notebook = nbformat.read(page, as_version=4)
            target = Path(folder) / page.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(with_install_cell(notebook, address, revision), target)


if __name__ == "__main__":
    main(sys.argv[1:])
