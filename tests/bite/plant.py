"""What a planted fault is: one change of one file, and what is run to catch it."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workshop.pages import ROOT

Change = Callable[[str], str]
Edit = Callable[[NotebookNode], None]

BUILD = "make book"
"""Among the checks of a plant: the book is built, with warnings as errors."""


@dataclass(frozen=True)
class Plant:
    """A fault.

    Parameters
    ----------
    name : str
        What is wrong, in words.
    file : str
        Where, from the root of the repository.
    change : callable
        Takes the text of the file and returns the faulty one; raises LookupError where the
        place is not there any more, or not only once.
    checks : sequence of str
        What must catch it, in order: `BUILD`, or what pytest is asked to run.
    """

    name: str
    file: str
    change: Change
    checks: Sequence[str]

    def applied(self, root: Path = ROOT) -> str:
        """Return the text of the file with the fault in it."""
        return self.change((root / self.file).read_text(encoding="utf-8"))

    @contextmanager
    def planted(self, root: Path) -> Iterator[None]:
        """Keep the fault in the copy at `root` for a while."""
        sound = (root / self.file).read_bytes()
        (root / self.file).write_text(self.applied(root), encoding="utf-8")
        try:
            yield
        finally:
            (root / self.file).write_bytes(sound)


def swap(old: str, new: str) -> Change:
    """Replace a text that stands in the file once."""

    def change(text: str) -> str:
        if text.count(old) != 1:
            raise LookupError(f"stands {text.count(old)} times in the file, not once: {old!r}")
        return text.replace(old, new)

    return change


def first(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Change:
    """Replace the first match of a pattern, for places where any one will do."""

    def change(text: str) -> str:
        changed, count = re.subn(pattern, new, text, count=1, flags=re.MULTILINE)
        if not count:
            raise LookupError(f"nothing in the file matches {pattern!r}")
        return changed

    return change


def add(end: str) -> Change:
    """Add a text at the end of the file."""
    return lambda text: text + end


def cell(name: str, edit: Edit) -> Change:
    """Change the cell of this id in a notebook."""

    def change(text: str) -> str:
        notebook = nbformat.reads(text, as_version=4)
        cells = [each for each in notebook.cells if each.id == name]
        if len(cells) != 1:
            raise LookupError(f"{len(cells)} cells have the id {name!r}")
        edit(cells[0])
        return nbformat.writes(notebook) + "\n"

    return change


def source(old: str, new: str) -> Edit:
    """Replace a text that stands once in the source of the cell."""

    def edit(one: NotebookNode) -> None:
        one.source = swap(old, new)(one.source)

    return edit


def printed(old: str, new: str) -> Edit:
    """Replace a text that stands once in what the cell printed."""

    def edit(one: NotebookNode) -> None:
        one.outputs[0].text = swap(old, new)(one.outputs[0].text)

    return edit


def emptied(one: NotebookNode) -> None:
    """Leave the cell and its output, and take its code away."""
    one.source = ""


def without_alt(one: NotebookNode) -> None:
    """Take the description of the figure away."""
    del one.metadata["mystnb"]["image"]


def documented(module: str) -> tuple[str, ...]:
    """Return the test that runs the examples of a module."""
    name = "test_examples_run_and_have_the_shapes_that_are_documented"
    return (f"tests/shapes/test_documented.py::{name}[{module}]",)
