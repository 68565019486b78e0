"""Real sentences about real things: the docstrings of SciPy, each with a title and a text.

The sources are parsed, not imported. SciPy's documentation is under its BSD-3-Clause licence.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from typing import NamedTuple

__all__ = ["Entry", "load_docstrings"]

PACKAGE = "scipy"
APART = re.compile(r"/(tests|_lib|_external|_build_utils)/")
SHORTEST_TITLE, SHORTEST_TEXT, LONGEST_TEXT = 4, 12, 60  # words
MARKUP = re.compile(r":math:|::|>>>|\[ ?\d|\.\. |-{3,}|={3,}|\$|\\|\|")


class Entry(NamedTuple):
    """What one function or class says about itself.

    Attributes
    ----------
    name : str
        Of the function or class.
    title : str
        The first line of its docstring.
    text : str
        The paragraph after it.
    """

    name: str
    title: str
    text: str

    @property
    def sentence(self) -> str:
        """The first sentence of the text."""
        return re.split(r"(?<=\.) (?=[A-Z])", self.text)[0]


def load_docstrings() -> list[Entry]:
    """Return the entries of the installed SciPy, always in the same order.

    A text belongs to exactly one title; entries with formulas, code or tables are left out.

    Returns
    -------
    list of Entry

    Raises
    ------
    FileNotFoundError
        SciPy is not installed, or without its sources.

    Examples
    --------
    >>> entries = load_docstrings()
    >>> next(each.title for each in entries if each.name == "iirpeak")
    'Design second-order IIR peak (resonant) digital filter.'
    """
    entries: dict[str, Entry] = {}
    texts: set[str] = set()
    for source in _sources():
        for entry in _entries(ast.parse(source)):
            if entry.title not in entries and entry.text not in texts:
                entries[entry.title] = entry
                texts.add(entry.text)
    if not entries:
        raise FileNotFoundError(
            f"{PACKAGE} is installed without its sources: pip install {PACKAGE}"
        )
    return list(entries.values())


def _sources() -> Iterator[str]:
    try:
        listed = distribution(PACKAGE).files or []
    except PackageNotFoundError:
        raise FileNotFoundError(
            f"the package {PACKAGE} is not installed: pip install {PACKAGE}"
        ) from None
    for file in sorted(listed, key=str):
        if file.suffix == ".py" and file.parts[0] == PACKAGE and not APART.search(str(file)):
            yield file.locate().read_text(encoding="utf-8")  # type: ignore[attr-defined]


def _entries(module: ast.Module) -> Iterator[Entry]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            title, text = _paragraphs(ast.get_docstring(node) or "")
            if _is_prose(title, SHORTEST_TITLE) and _is_prose(text, SHORTEST_TEXT):
                yield Entry(node.name, title, text)


def _paragraphs(docstring: str) -> tuple[str, str]:
    """Return the first two paragraphs, each on one line, without the marks of markup."""
    first, second, *_ = [*re.split(r"\n\s*\n", docstring), "", ""]
    return _plain(first), _plain(second)


def _plain(paragraph: str) -> str:
    text = re.sub(r" ?\[\d+\]_", "", paragraph)  # citations
    text = re.sub(r":\w+:(?=`)", "", text)  # roles, :math: apart
    return " ".join(re.sub(r"[`*]", "", text).split()) if ":math:" not in paragraph else ""


def _is_prose(text: str, shortest: int) -> bool:
    words = len(text.split())
    return shortest <= words <= LONGEST_TEXT and text.endswith(".") and not MARKUP.search(text)
