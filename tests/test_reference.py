"""The pages of the book that are the library reference show all that the library offers."""

import importlib
import re
from pathlib import Path

from tests.test_docstrings import PUBLIC

PAGES = Path(__file__).parent.parent / "book" / "appendix" / "library"
SHOWN = [
    importlib.import_module(name)
    for page in sorted(PAGES.glob("*.md"))
    for name in re.findall(r"automodule:: ([\w.]+)", page.read_text(encoding="utf-8"))
]


# Inner rooms of figures and tables: readers call what is made with them.
INNER = {
    "qkv_lib.drawings.canvas",
    "qkv_lib.language",
    "qkv_lib.plots.labels",
    "qkv_lib.plots.narrow",
    "qkv_lib.plots.saved",
    "qkv_lib.plots.style",
    "qkv_lib.plots.vector",
    "qkv_lib.plots.words",
    "qkv_lib.rosetta.words",
}


def is_shown(name: str) -> bool:
    thing, short = PUBLIC[name], name.rpartition(".")[2]
    return any(getattr(module, short, None) is thing for module in SHOWN)


def test_the_reference_shows_all_that_is_public() -> None:
    asked = [name for name in PUBLIC if name.rpartition(".")[0] not in INNER]
    assert [name for name in asked if not is_shown(name)] == []
