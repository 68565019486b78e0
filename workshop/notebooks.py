"""Execute notebooks and store their outputs so that a second run writes the same bytes.

Run as ``python -m workshop.notebooks [NOTEBOOK …]``; without arguments, every
notebook that `_toc.yml` lists. A notebook that fails is left as it was.
"""

import copy
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from tqdm import tqdm

from workshop import measured
from workshop.children import settle
from workshop.pages import listed_pages

# No patch version of Python, no absolute path: the same on every machine.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
CELL_TIMEOUT = 600


def execute(path: Path, *, show_progress: bool = True) -> None:
    """Run the notebook at `path` from its folder and rewrite it with the new outputs."""
    notebook = nbformat.read(path, as_version=4)
    before = copy.deepcopy(notebook)
    cells = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in notebook.cells)
    with tqdm(total=cells, desc=path.name, unit="cell", disable=not show_progress) as progress:
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(path.parent)}},
            on_cell_executed=lambda **_: progress.update(),
        )
        client.execute()
    clean(notebook)
    keep_measured(notebook, before)
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def clean(notebook: NotebookNode) -> None:
    """Remove what differs from run to run, or tells of the machine, and nothing else."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
            for output in cell.outputs:
                output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def keep_measured(notebook: NotebookNode, before: NotebookNode) -> None:
    """Keep the texts of a cell whose measured numbers moved only within its tolerance."""
    stored = {cell.id: cell.outputs for cell in before.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if allowed := measured.tolerance(cell):
            settled = measured.settle(cell.outputs, stored[cell.id], allowed)
            if measured.shown(settled) == measured.shown(stored[cell.id]):
                cell.outputs = settled


def merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of one stream: where they break depends on timing."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def main(arguments: list[str]) -> None:
    """Execute the notebooks named, or all that are listed."""
    paths = [Path(each) for each in arguments] or [
        page for page in listed_pages() if page.suffix == ".ipynb"
    ]
    settle()
    for number, path in enumerate(paths, start=1):
        started = time.monotonic()
        print(f"[{number}/{len(paths)}] {path.name}", flush=True)
        execute(path)
        print(f"    done in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
