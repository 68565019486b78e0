"""Lay the notebooks into a folder that is the reader's: nothing of the reader's is overwritten.

A notebook counts as changed by its reader when the text or the code of a cell is another one than
was laid there; to run it, or to fold a cell, changes nothing of that kind.
"""

import hashlib
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
from nbformat.sign import NotebookNotary

from qkv_lib.practice.progress import FILE as PROGRESS

RECORD = ".laid.json"
"""What was laid: for each chapter its version, for each notebook a digest of its cells."""


def lay(made: Path, folder: Path) -> list[tuple[str, str]]:
    """Bring the notebooks of the course into the reader's folder; return which lie there twice.

    Parameters
    ----------
    made : Path
        Where the build wrote them.
    folder : Path
        The reader's folder, which is made if it is missing.

    Returns
    -------
    list of pairs
        The name of each chapter that the reader has changed, and of the newer one beside it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / PROGRESS).exists():
        (folder / PROGRESS).write_text("[]\n", encoding="utf-8")
    record = _read(folder / RECORD)
    beside = []
    for notebook in sorted(made.glob("*.ipynb")):
        content = notebook.read_bytes()
        version = hashlib.sha256(content).hexdigest()
        if record.get(notebook.stem) == version and (folder / notebook.name).exists():
            continue
        ours = digest(notebook)
        target = next(
            each
            for each in _names(folder, notebook)
            if not each.exists() or digest(each) in (ours, record.get(each.name, ours))
        )
        target.write_bytes(content)
        trust(target)
        record |= {notebook.stem: version, target.name: ours}
        if target.name != notebook.name:
            beside.append((notebook.name, target.name))
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return beside


def _names(folder: Path, notebook: Path) -> Iterator[Path]:
    """Yield where a notebook may lie: in its place, else beside it."""
    yield folder / notebook.name
    yield folder / f"{notebook.stem}-newer.ipynb"
    yield from (folder / f"{notebook.stem}-newer-{i}.ipynb" for i in count(2))


def digest(notebook: Path) -> str | None:
    """Return what the texts and the code of a notebook come to; None if it cannot be read."""
    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except Exception:  # whatever the reader made of it, it is the reader's
        return None
    words = json.dumps([[cell.cell_type, cell.source] for cell in cells])
    return hashlib.sha256(words.encode()).hexdigest()


def trust(notebook: Path) -> None:
    """Let JupyterLab run the scripts of the live figures, which are the course's own."""
    notary = NotebookNotary()
    notary.sign(nbformat.read(notebook, as_version=4))
    notary.store.close()


def _read(record: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(record.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError):
        return {}
