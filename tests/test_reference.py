"""The page of the book that is the library reference shows all that the library offers."""

import importlib
import re
from pathlib import Path

import pytest

from tests.test_docstrings import PUBLIC

PAGE = Path(__file__).parent.parent / "book" / "appendix" / "library.md"
SHOWN = [
    importlib.import_module(name)
    for name in re.findall(r"automodule:: ([\w.]+)", PAGE.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("name", PUBLIC)
def test_the_reference_shows_it(name: str) -> None:
    thing, short = PUBLIC[name], name.rpartition(".")[2]
    assert any(getattr(module, short, None) is thing for module in SHOWN)
