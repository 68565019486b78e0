"""Lay the reader's notebooks into `my-notebooks`; with `lab`, open them in JupyterLab.

Run as ``python -m workshop.copies [lab [OPTION …]]``, when the book is built; the options are
JupyterLab's.
"""

import subprocess
import sys
from pathlib import Path

from workshop.copies.folder import lay
from workshop.copies.greet import greet
from workshop.copies.index import NAME
from workshop.pages import ROOT

MADE = ROOT / "_build" / "html" / "notebooks"
FOLDER = ROOT / "my-notebooks"


def main(arguments: list[str]) -> int:
    """Lay them, tell of newer ones, and open them if asked to."""
    if not MADE.is_dir():
        print(f"no notebooks in {MADE}: build the book first", file=sys.stderr)
        return 1
    for line in lay(MADE, FOLDER):
        print(line)
    greet(FOLDER)
    print(f"Your notebooks are in {FOLDER}")
    if arguments[:1] != ["lab"]:
        return 0
    return subprocess.run(jupyterlab(FOLDER, arguments[1:]), check=False).returncode


def jupyterlab(folder: Path, options: list[str]) -> list[str]:
    """Return the command that opens a folder of notebooks, with the one that greets."""
    place = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{NAME}.ipynb"]
    return [sys.executable, "-m", "jupyterlab", *place, *options]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
