"""The cells of a notebook as a page runs them: in which order, and what they are to show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from workshop import measured, pictures

HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
EXERCISE = re.compile(r"Exercise \d")
CHECK = re.compile(r"^check\(", re.MULTILINE)


@dataclass
class Cell:
    """A code cell.

    Parameters
    ----------
    id, source : str
    exercise : str
        The heading of the exercise that it belongs to; empty outside.
    yours : bool
        Whether the reader is to write it.
    node : NotebookNode
        The cell in the notebook.
    """

    id: str
    source: str
    exercise: str
    yours: bool
    node: NotebookNode = field(repr=False)


def cells(path: Path) -> list[Cell]:
    """Return the code cells of a notebook."""
    found: list[Cell] = []
    exercise, level = "", 0
    for node in nbformat.read(path, as_version=4).cells:
        if node.cell_type == "markdown":
            for marks, title in HEADING.findall(FENCE.sub("", node.source)):
                if EXERCISE.match(title):
                    exercise, level = title, len(marks)
                elif len(marks) <= level or not level:
                    exercise, level = "", 0
        elif node.cell_type == "code" and node.source.strip():
            tags = node.metadata.get("tags", [])
            yours = bool(exercise and CHECK.search(node.source) and "hide-cell" not in tags)
            found.append(Cell(node.id, node.source, exercise, yours, node))
    return found


def before(all_cells: list[Cell], pressed: Cell) -> dict[str, bool]:
    """Return the cells that come before one that is pressed, in their order, and whether they run.

    All above it do but the exercises; of its own exercise, all but the reader's answer. Of those
    that do not run, the imports are made all the same.
    """
    above = all_cells[: all_cells.index(pressed)]
    return {
        each.id: not each.exercise or (each.exercise == pressed.exercise and not each.yours)
        for each in above
    }


def text_of(outputs: list[dict[str, Any]], kind: str, name: str = "stdout") -> str:
    """Return what a page shows of one kind."""
    return "".join(
        each["text"] for each in outputs if each["kind"] == kind and each.get("name", name) == name
    )


def differences(cell: Cell, outputs: list[dict[str, Any]]) -> list[str]:
    """Return how what a page shows differs from what the notebook has stored.

    Parameters
    ----------
    cell : Cell
    outputs : list of dict
        As `workshop.in_page.kernel.Session.run` returns them.
    """
    allowed = measured.tolerance(cell.node)
    stored = cell.node.outputs
    faults = []

    def compare(what: str, new: str, old: str) -> None:
        if allowed is not None:
            new = measured.settle_text(new, old, allowed)
        if new.rstrip() != old.rstrip():
            faults.append(f"{what}: {new[:300]!r}, stored {old[:300]!r}")

    printed = "".join(x.text for x in stored if x.output_type == "stream" and x.name == "stdout")
    compare("printed", text_of(outputs, "stream"), printed)
    errors = [f"{x.ename}: {x.evalue}" for x in stored if x.output_type == "error"]
    raised = [x["text"].splitlines()[-1] for x in outputs if x["kind"] == "error"]
    if len(errors) != len(raised):
        faults.append(f"raised {[x['text'] for x in outputs if x['kind'] == 'error']}")
    for new, old in zip(raised, errors, strict=False):
        compare("raised", new, old.splitlines()[-1] if old else "")
    shown = [x.data for x in stored if "data" in x]
    mine = [x for x in outputs if x["kind"] in ("html", "svg", "text")]
    if len(shown) != len(mine):
        return [*faults, f"{len(mine)} things shown, stored {len(shown)}"]
    for new, old in zip(mine, shown, strict=True):
        if new["kind"] == "svg" and pictures.SVG in old:
            if not pictures.alike(new["text"], old[pictures.SVG]):
                faults.append("another picture")
        else:
            key = "text/html" if new["kind"] == "html" else "text/plain"
            compare(new["kind"], new["text"], old.get(key, ""))
    return faults
