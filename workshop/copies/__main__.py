"""Lay the reader's notebooks into `my-notebooks`; with `lab`, open them in JupyterLab.

Run as ``python -m workshop.copies [lab] [zh_CN] [OPTION …]``, when the book is built; the options
are JupyterLab's. The Chinese ones lie in a folder of their own, `my-notebooks-zh`.
"""

import os
import subprocess
import sys
from pathlib import Path

from qkv_lib.language import VARIABLE
from workshop.addresses import CHINESE_FOLDER, FOLDER
from workshop.chinese import catalogue
from workshop.copies.folder import lay
from workshop.copies.greet import greet
from workshop.copies.index import NAME
from workshop.pages import ROOT

MADE = ROOT / "_build" / "html" / "notebooks"
MADE_IN_CHINESE = ROOT / "_build" / "html" / "zh" / "notebooks"
CHINESE = "zh_CN"


def main(arguments: list[str]) -> int:
    """Lay them, tell of newer ones, and open them if asked to."""
    made, folder = MADE, ROOT / FOLDER
    words: dict[str, str] = {}
    if CHINESE in arguments:
        arguments = [each for each in arguments if each != CHINESE]
        made, folder = MADE_IN_CHINESE, ROOT / CHINESE_FOLDER
        os.environ[VARIABLE] = CHINESE
        known = catalogue.read("site/extensions")
        words = {text: each.translation for text, each in known.items() if each.done}

    def say(text: str, *filled: object) -> str:
        return words.get(text, text).format(*filled)

    if not made.is_dir():
        print(say("no notebooks in {}: build the book first", made), file=sys.stderr)
        return 1
    for yours, newer in lay(made, folder):
        print(say("{} has your changes; the newer chapter is {}", yours, newer))
    greet(folder)
    print(say("Your notebooks are in {}", folder))
    if arguments[:1] != ["lab"]:
        return 0
    return subprocess.run(jupyterlab(folder, arguments[1:]), check=False).returncode


def jupyterlab(folder: Path, options: list[str]) -> list[str]:
    """Return the command that opens a folder of notebooks, with the one that greets."""
    place = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{NAME}.ipynb"]
    return [sys.executable, "-m", "jupyterlab", *place, *options]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
