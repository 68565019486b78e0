"""The build of the pages: every warning is an error, and only what has changed is built again.

The book is built twice at the same time, in English and in Chinese, each with its own memory of
what was built: the Chinese pages lie below `zh`, one for each English one.

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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workshop.alone import alone
from workshop.children import ROOT, call, say
from workshop.environment import needed

BUILT = ROOT / "_build"
HOME = BUILT / "html" / "book" / "index.html"
CHINESE = BUILT / "html" / "zh"
BUILT_FROM = BUILT / "built-from"  # the hash of what the pages there were made from, written last

OWN = {
    "said.js", "documentation_options.js", "translations.js", "passages.js", "gpt.js",
}  # fmt: skip
"""Files below `_static` that each language has for itself."""
NOT_PUBLISHED = {".buildinfo", "_sources", "objects.inv"}
# Its module does nothing when it is run by name.
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
OPTIONS = ("build", ".", "-W", "-n", "--keep-going", "--quiet")
EDITIONS = [("-c", JUPYTER_BOOK, *OPTIONS), ("-m", "workshop.edition")]
EXTENSIONS = ROOT / "book" / "_ext"
COPIES = ROOT / "workshop" / "copies"  # which writes the readers' notebooks while a page is written
SPEAKER = ROOT / "qkv_lib" / "explorers"  # whose words stand in the notebooks of all Chinese pages


def build() -> None:
    """Build the book and print the path of the page to open."""
    with alone():
        now = fingerprint()
        if not (HOME.exists() and BUILT_FROM.exists() and BUILT_FROM.read_text() == now):
            for folder in ("html", ".doctrees", "jupyter_execute", "zh"):
                shutil.rmtree(BUILT / folder, ignore_errors=True)
        BUILT_FROM.unlink(missing_ok=True)
        try:
            both()
            lay_beside()
        except subprocess.CalledProcessError:
            print("The book has warnings or errors: they are listed above.", file=sys.stderr)
            raise
        if not HOME.exists():
            sys.exit(f"The book was built, but {HOME} is not there")
        BUILT_FROM.write_text(now)
    say(f"Open {HOME}")


def both() -> None:
    """Build the English pages and the Chinese ones, each in a process of its own."""
    path = os.pathsep.join([str(EXTENSIONS), str(ROOT)])
    with ThreadPoolExecutor() as pool:
        sites = [pool.submit(call, *edition, PYTHONPATH=path) for edition in EDITIONS]
    for site in sites:
        site.result()


def lay_beside() -> None:
    """Lay the Chinese pages below the English ones, without what these have already."""
    made, english, target = BUILT / "zh" / "html", BUILT / "html", CHINESE
    wanted = {
        path.relative_to(made)
        for path in sources(made)
        if path.relative_to(made).parts[0] not in NOT_PUBLISHED
        and not is_shared(path, english / path.relative_to(made))
    }
    for old in sources(target):
        if old.relative_to(target) not in wanted:
            old.unlink()
    for name in wanted:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).unlink(missing_ok=True)
        try:
            os.link(made / name, target / name)
        except OSError:  # another disk, or one without links
            shutil.copy2(made / name, target / name)


def is_shared(path: Path, english: Path) -> bool:
    """Tell whether a file of the Chinese site is the same as its English one, and asked for there.

    Pages ask for what lies in `_static` and `_images` beside the English pages where that is there
    (`book/_ext/languages.py`).
    """
    return (
        bool({"_static", "_images"} & set(path.parts))
        and path.name not in OWN
        and path.parent.name != "pages"  # what Python in the page knows of its cells
        and english.exists()
        and path.read_bytes() == english.read_bytes()
    )


def fingerprint() -> str:
    """Return a hash of what all pages are made from: settings, looks, extensions, packages."""
    looks = [ROOT / "book" / "_static", ROOT / "book" / "_templates"]
    folders = [EXTENSIONS, *looks, COPIES, SPEAKER]
    files = [
        ROOT / "_config.yml",
        ROOT / "_toc.yml",
        *(path for each in folders for path in sources(each)),
    ]
    digest = hashlib.sha256("\n".join([str(ROOT), *needed("book")]).encode())
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
