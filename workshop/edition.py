"""Build the Chinese pages as `jupyter-book build` builds the English ones; a warning is an error.

Run as ``python -m workshop.edition``, by `workshop/building.py`. The command line of Jupyter Book
knows one language, that of `_config.yml`.
"""

import sys
from pathlib import Path

from jupyter_book.sphinx import build_sphinx

from workshop.children import ROOT

MADE = ROOT / "_build" / "zh" / "html"
FIRST = '<meta http-equiv="Refresh" content="0; url=book/index.html" />\n'
OTHERWISE = {
    "language": "zh_CN",
    "html_search_language": "en",  # what finds, in Chinese too, is search.js
    "external_toc_path": (ROOT / "_toc.yml").as_posix(),
    "latex_individualpages": False,
    "nitpicky": True,
}


def build(folder: Path = MADE) -> int:
    """Build the pages; return 0 if there was no warning."""
    folder.mkdir(parents=True, exist_ok=True)
    status = build_sphinx(
        ROOT,
        folder,
        noconfig=True,
        path_config=ROOT / "_config.yml",
        confoverrides=OTHERWISE,
        warningiserror=True,
        keep_going=True,
        quiet=True,
    )
    if not isinstance(status, int):  # an exception, which has been told
        return 1
    (folder / "index.html").write_text(FIRST, encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(build())
