"""Which cells a page can run, found by running them without torch, and without matplotlib first.

A cell counts as run when it shows what the notebook has stored, and when the functions that it
defines find their global names: one that uses torch could never be called. That it shows the same
in the page as well is what `tests/book/test_run_here.py` proves. What was found is kept in
``_build`` for as long as neither the notebook nor the library changes.

A cell that a page shall not run says so in its metadata: ``"qkv": {"here": false}``.
"""

from __future__ import annotations

import builtins
import dis
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from workshop.in_page.cells import Cell, cells, differences
from workshop.in_page.kernel import ABSENT, LATER, Placeholder, Session

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "_build" / "in-page-marks.json"
STEPS = ("numpy", "matplotlib")
HERE = "here"

Marks = dict[str, dict[str, str]]


def marks(notebooks: Iterable[Path]) -> Marks:
    """Return, for the name of each notebook, cell → step; an empty string where none is enough."""
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.is_file() else {}
    library = digest([*(ROOT / "qkv_lib").rglob("*.py"), *Path(__file__).parent.glob("*.py")])
    keys = {path: library + digest([path]) for path in notebooks}
    stale = [path for path, key in keys.items() if kept.get(path.stem, {}).get("key") != key]
    for path, found in tried(stale).items():
        kept[path.stem] = {"key": keys[path], "cells": found}
    if stale:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(kept, indent=1))
    return {path.stem: kept[path.stem]["cells"] for path in keys}


def digest(paths: Iterable[Path]) -> str:
    """Return a hash of files."""
    hashes = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def tried(notebooks: Sequence[Path]) -> dict[Path, dict[str, str]]:
    """Run the cells in two processes, one for each step."""
    if not notebooks:
        return {}
    names = [str(path.resolve()) for path in notebooks]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}
    runs = {
        step: subprocess.Popen(
            [sys.executable, "-m", "workshop.in_page.marks", step, *names],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE,
        )
        for step in STEPS
    }  # fmt: skip
    found: list[dict[str, str]] = [{} for _ in notebooks]
    for step, run in runs.items():
        shown, _ = run.communicate()
        if run.returncode:
            raise RuntimeError(f"the cells could not be tried with {step}")
        for cells_of, ids in zip(found, json.loads(shown.splitlines()[-1]), strict=True):
            for cell in ids:
                cells_of.setdefault(cell, step)
    return {
        path: {each.id: cells_of.get(each.id, "") for each in cells(path)}
        for path, cells_of in zip(notebooks, found, strict=True)
    }


class Blind(PathFinder):
    """Finds modules, but for those that a page does not hold."""

    hidden: tuple[str, ...] = ABSENT

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Find nothing for what is hidden."""
        if fullname.partition(".")[0] in cls.hidden:
            return None
        return super().find_spec(fullname, path, target)

    @classmethod
    def find_distributions(cls, *about: Any, **named: Any) -> Any:
        """Find no distribution of what is hidden."""
        found = super().find_distributions(*about, **named)
        return (each for each in found if each.metadata["Name"] not in cls.hidden)


def runnable(notebook: Path, session: Session) -> list[str]:
    """Return the ids of the cells that run and show what is stored."""
    session.fresh()
    os.chdir(notebook.parent)
    every = cells(notebook)
    in_order = [each for each in every if not each.exercise] + [x for x in every if x.exercise]
    return [each.id for each in in_order if _runs(session, each)]


def _runs(session: Session, cell: Cell) -> bool:
    """Tell whether a cell runs as it did for the notebook; if not, leave no name of it behind."""
    names, printed = dict(session.names), np.get_printoptions()
    if cell.node.metadata.get("qkv", {}).get(HERE, True):
        result = session.run(cell.source, cell.id)
        faults = differences(cell, result["outputs"]) or lacking(cell.source, session.names)
        if not result["missing"] and not faults:
            return True
        if os.environ.get("QKV_WHY"):
            print(cell.id, result["missing"], faults, file=sys.stderr)
    session.names.clear()
    session.names.update(names)
    np.set_printoptions(**{k: v for k, v in printed.items() if k != "override_repr"})
    session.imports(cell.source)
    return False


def lacking(source: str, names: Mapping[str, Any]) -> list[str]:
    """Return the global names for which the functions of a cell would look in vain."""
    inner = [compile(source, "cell", "exec")]
    for code in inner:
        inner += [each for each in code.co_consts if isinstance(each, CodeType)]
    found = {
        line.argval
        for code in inner[1:]
        for line in dis.get_instructions(code)
        if line.opname == "LOAD_GLOBAL"
    }
    known = {*vars(builtins), *(k for k, v in names.items() if not isinstance(v, Placeholder))}
    return sorted(found - known)


def main(step: str, notebooks: Sequence[Path]) -> None:
    """Print the ids of the cells of each notebook that run with a step."""
    Blind.hidden = ABSENT if step == LATER else (*ABSENT, LATER)
    sys.meta_path = [Blind if each is PathFinder else each for each in sys.meta_path]
    if step == LATER:
        import matplotlib as mpl

        mpl.use("agg")
    session = Session()
    print(json.dumps([runnable(path, session) for path in notebooks]))


if __name__ == "__main__":
    main(sys.argv[1], [Path(each) for each in sys.argv[2:]])
