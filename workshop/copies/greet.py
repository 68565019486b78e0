"""Show in the notebook that greets what its reader has passed, without running it."""

import io
from contextlib import chdir, redirect_stdout
from pathlib import Path

import nbformat
from nbformat.v4 import new_output

from qkv_lib.practice import progress
from workshop.copies.folder import digest, trust
from workshop.copies.index import NAME, PASSED


def greet(folder: Path) -> None:
    """Write the progress into the output of its cell, if the cell is there."""
    path = folder / f"{NAME}.ipynb"
    if digest(path) is None:  # the reader has made something else of it
        return
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.id == PASSED:
            cell.outputs = [new_output("stream", name="stdout", text=told(folder))]
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    trust(path)


def told(folder: Path) -> str:
    """Return what `progress` prints in a folder."""
    words = io.StringIO()
    with chdir(folder), redirect_stdout(words):
        progress()
    return words.getvalue()
