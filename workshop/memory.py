"""Measure what each notebook needs: peak memory and processor time, in a fresh kernel.

Run as ``python -m workshop.memory [NOTEBOOK …]``; on Linux and macOS. Fails where a notebook
needs more than a Binder machine can be sure to give.
"""

import os
import subprocess
import sys
from pathlib import Path

from workshop.pages import listed_pages

MOST = 1500
"""Megabytes. Binder stops a server at 2 GB, and JupyterLab itself takes some of it."""

RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=900, resources={"metadata": {"path": "."}}).execute()
"""


def measure(notebook: Path) -> tuple[float, float]:
    """Return the peak memory in MB of one notebook's kernel, and the seconds it computed."""
    watcher = os.fork()  # so that the largest of *its* descendants is this notebook's kernel
    if watcher:
        _, status, used = os.wait4(watcher, 0)
        if status:
            raise RuntimeError(f"{notebook.name} fails: `make notebooks NB=…` shows where")
        return used.ru_maxrss / unit(), used.ru_utime + used.ru_stime
    ran = subprocess.run([sys.executable, "-c", RUN, notebook.name], cwd=notebook.parent)
    os._exit(ran.returncode != 0)


def unit() -> int:
    """Return how many of what the system counts memory in make a megabyte."""
    return 10**6 if sys.platform == "darwin" else 1000


def main(arguments: list[str]) -> None:
    """Print a row for each notebook."""
    paths = [Path(each).resolve() for each in arguments] or [
        page for page in listed_pages() if page.suffix == ".ipynb"
    ]
    print("| notebook | peak memory, MB | processor time, s |\n|---|---|---|")
    over = []
    for path in paths:
        memory, seconds = measure(path)
        print(f"| {path.stem} | {memory:.0f} | {seconds:.0f} |", flush=True)
        over += [path.stem] * (memory > MOST)
    if over:
        sys.exit(f"more than {MOST} MB: {', '.join(over)}")


if __name__ == "__main__":
    main(sys.argv[1:])
