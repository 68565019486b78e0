"""What of a page people read as sentences: no code, no formula on a line of its own, no address."""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from nbformat import NotebookNode

from tests.book.notebook_checks import figure_texts

DROPPED = [
    r"^(`{3,}|~{3,})[^\n]*\n.*?^\1",  # a block of code
    r"\$\$.*?\$\$(?: \([\w-]+\))?",
    r"`+[^`]+`+",
    r"^:[\w-]+:.*$",  # an option of a directive
    r"^\([\w-]+\)=$",
    r"<[^>]*>",
]
NOT_TOLD = [
    r"^ *(`{3,}|~{3,})[^\n]*\n.*?^ *\1",  # a block of code
    r"^\$\$.*?^\$\$(?: \([\w-]+\))?",
    r"^:{3,}.*?$",
    r"^ *:[\w-]+:.*?$",
    r"^#+ .*?$",
    r"^\([\w-]+\)=$",
    r"^\|[-|: ]+$",
    r"^---.*?^---$",
]
ROLES, LINKS = r"\{[\w:]+\}`[^`]*`", r"\]\([^)]*\)"


class Passage(NamedTuple):
    """A text of a notebook and the number of the cell that holds it."""

    cell: int
    name: str
    text: str


def passages(notebook: NotebookNode) -> Iterator[Passage]:
    """Yield what is read: the Markdown of each cell, and the caption and alt text of a figure."""
    for number, cell in enumerate(notebook.cells):
        alt, figure = figure_texts(cell)
        written = (
            [cell.source] if cell.cell_type == "markdown" else [figure.get("caption", ""), alt]
        )
        yield from (Passage(number, cell.id, text) for text in written if text)


def sentences(markdown: str) -> str:
    """Return a Markdown text without what is not read as a sentence."""
    for pattern in (ROLES, *DROPPED):
        markdown = re.sub(pattern, " ", markdown, flags=re.DOTALL | re.MULTILINE)
    return re.sub(LINKS, "]", markdown)


def paragraphs(markdown: str) -> str:
    """Return what a Markdown text tells, a paragraph, item or row each: no heading, no formula."""
    for pattern in NOT_TOLD:
        markdown = re.sub(pattern, "\n\n", markdown, flags=re.DOTALL | re.MULTILINE)
    markdown = re.sub(r"^(?=\s*(?:[-*] |\d+\. |\|))", "\n", markdown, flags=re.MULTILINE)
    return re.sub(r"\n{2,}", "\n\n", markdown).strip()


def shown(cell: NotebookNode) -> str:
    """Return what a code cell shows as text: what it prints, its tables, the words of pictures."""
    parts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        parts += [output.get("text", ""), data.get("text/plain", "")]
        parts += [words_of(data.get(kind, "")) for kind in ("text/html", "image/svg+xml")]
    return "\n".join(parts)


def words_of(markup: str) -> str:
    """Return the text of HTML or SVG, without its scripts, styles and the names of glyphs."""
    markup = re.sub(r"<(script|style|title|metadata).*?</\1>", "", markup, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", markup))
