"""The build of the pages: every warning is an error, and only what has changed is built again.

Sphinx builds a page again when it, or something that it is made from, has changed; the extension
`book/_ext/by_content.py` tells it by content. What all pages are made from is compared here, and
what was begun and never finished, or with errors, is begun anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from workshop.alone import alone
from workshop.children import ROOT, call, say
from workshop.environment import packages

BUILT = ROOT / "_build"
HOME = BUILT / "html" / "book" / "index.html"
BUILT_FROM = BUILT / "built-from"  # the hash of what the pages there were made from, written last

# Its module does nothing when it is run by name.
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
OPTIONS = ("build", ".", "-W", "-n", "--keep-going", "--quiet")
EXTENSIONS = ROOT / "book" / "_ext"
COPIES = ROOT / "workshop" / "copies"  # which writes the readers' notebooks while a page is written


def build() -> None:
    """Build the book and print the path of the page to open."""
    with alone():
        now = fingerprint()
        if not (HOME.exists() and BUILT_FROM.exists() and BUILT_FROM.read_text() == now):
            for folder in ("html", ".doctrees", "jupyter_execute"):
                shutil.rmtree(BUILT / folder, ignore_errors=True)
        BUILT_FROM.unlink(missing_ok=True)
        try:
            call(
                "-c",
                JUPYTER_BOOK,
                *OPTIONS,
                PYTHONPATH=os.pathsep.join([str(EXTENSIONS), str(ROOT)]),
            )
        except subprocess.CalledProcessError:
            print("The book has warnings or errors: they are listed above.", file=sys.stderr)
            raise
        if not HOME.exists():
            sys.exit(f"The book was built, but {HOME} is not there")
        BUILT_FROM.write_text(now)
    say(f"Open {HOME}")


def fingerprint() -> str:
    """Return a hash of what all pages are made from: settings, looks, extensions, packages."""
    folders = [EXTENSIONS, ROOT / "book" / "_static", ROOT / "book" / "_templates", COPIES]
    files = [
        ROOT / "_config.yml",
        ROOT / "_toc.yml",
        *(path for each in folders for path in sources(each)),
    ]
    digest = hashlib.sha256("\n".join([str(ROOT), *packages()]).encode())
    for path in [ROOT / "_config.yml", ROOT / "_toc.yml", *files]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def sources(folder: Path) -> list[Path]:
    """Return the files under a folder that are neither hidden nor made by Python."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
    )
