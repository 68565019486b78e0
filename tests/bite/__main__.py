"""Plant each fault in a scratch copy, run what must catch it, and say what did.

Run as ``python -m tests.bite [WORD …]``: all the faults, or those whose name or file has one of
the words. Without words the table in `README.md` beside this module is rewritten.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bite import book, kinds, library, read, said, truth, words
from tests.bite.plant import BUILD, Plant
from workshop.building import EDITIONS
from workshop.in_page.assets import FOLDER
from workshop.pages import ROOT

PLANTS: list[Plant] = [
    *library.PLANTS, *book.PLANTS, *read.PLANTS, *said.PLANTS, *kinds.PLANTS, *truth.PLANTS,
    *words.PLANTS,
]  # fmt: skip
SCRATCH = ROOT / "_build" / "bite"
TABLE = Path(__file__).parent / "README.md"
TABLE_HEAD = "| fault | place | caught by |\n|---|---|---|\n"


def copy(root: Path) -> None:
    """Make `root` a copy of what git knows of, or would."""
    shutil.rmtree(root, ignore_errors=True)
    if not (ROOT / ".git").exists():
        sys.exit(
            "The faults are planted in a copy of what git knows of, and this is no clone of it"
        )
    names = _output(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, root / name)
    for command in (["git", "init", "--quiet"], ["git", "add", "--all"]):  # tests ask what is known
        _output(command, root)
    (root / FOLDER.relative_to(ROOT)).parent.mkdir()
    (root / FOLDER.relative_to(ROOT)).symlink_to(FOLDER.resolve())  # what runs Python in a page


def caught_by(plant: Plant, root: Path) -> str | None:
    """Return what caught the fault in the copy at `root`, or None where nothing did."""
    with plant.planted(root):
        return failing(plant.checks, root)


def failing(checks: Sequence[str], root: Path) -> str | None:
    """Return the first check that fails in the copy at `root`, or None where all pass."""
    if BUILD in checks and (warning := build(root)):
        return f"`{BUILD}`: {warning}"
    tests = [check for check in checks if check != BUILD]
    ran = _run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider", *tests],
        root,
    )
    if ran.returncode == 0:
        return None
    found = re.search(r"^FAILED (.*?)(?: - .*)?$", ran.stdout, re.MULTILINE)
    if ran.returncode != 1 or not found:  # an error is no verdict
        raise RuntimeError(f"{' '.join(tests)} could not run:\n{ran.stdout}{ran.stderr}")
    return f"`{found[1]}`"


def build(root: Path) -> str | None:
    """Build the copy's pages as `make book` does; return the first warning, if there is one."""
    lay = ("-c", "from workshop.building import lay_beside; lay_beside()")
    for step in (*EDITIONS, lay):
        ran = _run([sys.executable, *step], root)
        if ran.returncode:
            break
    else:
        return None
    warning = re.search(r"(?:WARNING|ERROR): (.*)", ran.stdout + ran.stderr)
    if not warning:
        raise RuntimeError(f"the book could not be built:\n{ran.stdout}{ran.stderr}")
    return re.sub(r"\x1b\[[\d;]*m", "", warning[1])[:70]


def _run(command: list[str], root: Path) -> subprocess.CompletedProcess[str]:
    # No bytecode: a file planted and restored within a second keeps its size and time stamp.
    path = os.pathsep.join([str(root / "book" / "_ext"), str(root)])
    settings = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=root, env=os.environ | settings, capture_output=True, text=True, check=False
    )


def _output(command: list[str], root: Path) -> str:
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def prove_sound(plants: Sequence[Plant], root: Path) -> None:
    """Run every check on the copy without a fault: one that fails anyway would prove nothing."""
    checks = dict.fromkeys(check for plant in plants for check in plant.checks)
    cells = [check for check in checks if check.startswith("--") or check.endswith(".ipynb")]
    tests = [check for check in checks if check not in cells]
    for together in filter(None, (tests, cells)):  # a notebook alone: nbval takes every folder
        if (found := failing(together, root)) is not None:
            sys.exit(f"without any fault, {found} fails: `make test` first")


def chosen(words: Sequence[str]) -> list[Plant]:
    """Return the plants whose name or file has one of the words, or all."""
    return [
        each for each in PLANTS if not words or any(w in f"{each.name} {each.file}" for w in words)
    ]


def row(plant: Plant, check: str | None) -> str:
    """Return a row of the table."""
    return f"| {plant.name} | `{plant.file}` | {check or '**nothing**'} |\n"


def main(words: list[str]) -> None:
    """Plant, check and report; fail where a fault went through."""
    plants, started, rows = chosen(words), time.monotonic(), []
    copy(SCRATCH)
    print(f"{len(plants)} faults; first, every check without one", flush=True)
    prove_sound(plants, SCRATCH)
    for number, plant in enumerate(plants, start=1):
        found = caught_by(plant, SCRATCH)
        print(f"[{number}/{len(plants)}] {plant.name}\n    {found or 'NOT CAUGHT'}", flush=True)
        rows.append((plant, found))
    if not words:
        text, _, _ = TABLE.read_text(encoding="utf-8").partition(TABLE_HEAD)
        TABLE.write_text(text + TABLE_HEAD + "".join(row(*each) for each in rows), "utf-8")
    missed = [plant.name for plant, found in rows if found is None]
    minutes = (time.monotonic() - started) / 60
    print(f"{len(rows) - len(missed)} of {len(rows)} faults caught in {minutes:.0f} minutes")
    sys.exit(f"not caught: {'; '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
