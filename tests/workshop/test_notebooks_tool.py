"""`make notebooks` writes the same bytes again, and nothing of the machine."""

from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook, new_output

from workshop.notebooks import METADATA, execute, merge_streams

SOURCES = [
    "import sys\nprint('one')\nsys.stdout.flush()\nprint('two')",
    "%matplotlib inline\nimport numpy as np\nfrom qkv_lib import plots",
    "ax = plots.heatmap(np.eye(2), queries=['a', 'b'], keys=['c', 'd'])",
]


def write(path: Path, sources: list[str]) -> None:
    cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    nbformat.write(new_notebook(cells=cells), path)


@pytest.mark.filterwarnings("default")  # the kernel's own
def test_a_second_run_writes_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "small.ipynb"
    write(path, SOURCES)
    execute(path, show_progress=False)
    first = path.read_bytes()
    execute(path, show_progress=False)
    assert path.read_bytes() == first

    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata == METADATA
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3]
    assert notebook.cells[0].outputs == [new_output("stream", name="stdout", text="one\ntwo\n")]
    svg = notebook.cells[2].outputs[-1].data["image/svg+xml"]
    assert '<metadata>[{"title":"","names":["queries","keys"],"rows":["a","b"]' in svg


@pytest.mark.filterwarnings("default")
def test_a_notebook_that_fails_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "failing.ipynb"
    write(path, ["raise ValueError('no')"])
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="no"):
        execute(path, show_progress=False)
    assert path.read_bytes() == before


def test_pieces_of_one_stream_are_joined_and_no_others() -> None:
    def piece(name: str, text: str) -> nbformat.NotebookNode:
        return new_output("stream", name=name, text=text)

    shown = new_output("display_data", data={"text/plain": "x"})
    outputs = [piece("stdout", "a"), piece("stdout", "b"), shown, piece("stdout", "c")]
    assert merge_streams(outputs) == [piece("stdout", "ab"), shown, piece("stdout", "c")]
