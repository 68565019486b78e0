"""The messages of the book: each piece of text that a reader sees, as its source has it.

A message is what the translation replaces as a whole: a heading, a paragraph, a cell of a table, a
title of a box, a question and its options, a caption, the description of a picture, a comment in
code. It is known by its text, so it has no line and moves freely.
"""

from __future__ import annotations

import io
import re
import textwrap
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from workshop.pages import VERBATIM, directive, directive_body, top_tokens

# What is the same in every language. The rest of a message is what is translated.
SAME = re.compile(
    r"""
    \{[\w:.-]+\}`[^`]*`                 # a role with its target
    | (`+)(?:(?!\1).)+\1                # code
    | \$[^$]+\$                         # a formula
    | \]\([^)\s]*(?:\s"[^"]*")?\)       # where a link leads
    | <[^>]+>                           # a tag
    | https?://\S+
    """,
    re.VERBOSE | re.DOTALL,
)
SPOKEN = {"admonition", "question", "right", "wrong"}  # their argument is text
NO_PROSE = VERBATIM | {"math", "live-sentence", "course-map", "glossary"}
WORDLESS = ("remove-cell",)
NAME = re.compile(r"\w+(?:\.\w+)+|\d\d-[\w-]+")  # a module, a notebook
PRAGMA = re.compile(r"#\s*(fmt|noqa|type|pragma|ruff|mypy|nbval|NBVAL)\b")


class Message(NamedTuple):
    """A text, what it is, and where it stands: the id of a cell, or the heading before it."""

    text: str
    kind: str
    place: str = ""


def line(text: str) -> str:
    """Return a text on one line: breaks of lines mean nothing in Markdown."""
    return " ".join(text.split())


def speaks(text: str) -> bool:
    r"""Tell whether a text holds anything to translate.

    >>> speaks(r"$QK^\top$ (3.1)"), speaks("`word1`, 0.88"), speaks("the row")
    (False, False, True)
    >>> speaks('<span lang="zh">键</span>'), speaks("$k$, a")
    (True, False)
    >>> speaks("qkv_lib.plots.heads"), speaks("01-background")
    (False, False)
    """
    if NAME.fullmatch(text):
        return False
    words = re.findall(r"[^\W\d_]+", SAME.sub(" ", text))
    return any(len(word) > 1 or "\u4e00" <= word <= "\u9fff" for word in words)


COMMENTED = ("bash", "yaml")
"""Languages of code outside the cells whose comments are messages.

They are read as those of Python: what is no number there, such as "2G", is quoted."""


def of_page(page: Path) -> list[Message]:
    """Return the messages of a page, in their order, each once."""
    if page.suffix == ".md":
        found = list(of_markdown(page.read_text(encoding="utf-8"), ""))
    else:
        cells = nbformat.read(page, as_version=4).cells
        found = [message for cell in cells for message in of_cell(cell)]
    return once(message for message in found if speaks(message.text))


def of_outputs(
    pages: list[Path], kind: str, said: Callable[[str], Iterator[str]]
) -> Iterator[tuple[str, str]]:
    """Yield what the stored outputs of one kind say, each text with the cell it stands in."""
    for page in pages:
        if page.suffix == ".ipynb":
            for cell in nbformat.read(page, as_version=4).cells:
                for output in cell.get("outputs", []):
                    for text in said(output.get("data", {}).get(kind, "")):
                        yield text, cell.id


def once(messages: Iterator[Message]) -> list[Message]:
    """Return each message where it stands first."""
    found: dict[str, Message] = {}
    for message in messages:
        found.setdefault(message.text, message)
    return list(found.values())


def of_cell(cell: NotebookNode) -> Iterator[Message]:
    """Yield what a cell says: its text, or its comments, caption and description."""
    if cell.cell_type == "markdown":
        yield from of_markdown(cell.source, cell.id)
        return
    tags = cell.metadata.get("tags", [])
    if not {"remove-cell", "remove-input"} & set(tags):
        for text in code_texts(cell.source):
            yield Message(text, "comment", cell.id)
    shown = cell.metadata.get("mystnb", {})
    if caption := shown.get("figure", {}).get("caption"):
        yield Message(line(caption), "caption", cell.id)
    if alt := shown.get("image", {}).get("alt"):
        yield Message(line(alt), "alt", cell.id)


def of_markdown(text: str, place: str) -> Iterator[Message]:
    """Yield the messages of a text in MyST, those inside directives too."""
    kind = "text"
    for token in top_tokens(text):
        name = directive(token)
        if token.type.endswith("_open"):
            kind = {"heading_open": "heading", "td_open": "cell", "th_open": "cell"}.get(
                token.type, "text"
            )
        elif token.type == "inline":
            yield Message(line(token.content), kind, place)
        elif token.type == "fence" and token.info.strip() in COMMENTED:
            for said in code_texts(token.content):
                yield Message(said, "comment", place)
        elif name == "glossary":
            yield from of_glossary(directive_body(token))
        elif name == "course-map":
            for entry in directive_body(token).splitlines():
                yield Message(entry.partition(": ")[2].strip(), "text", place)
        elif name:
            argument = token.info.partition("}")[2].strip()
            if name in SPOKEN and argument:
                named = {"admonition": "title", "question": "question"}.get(name, f"option: {name}")
                yield Message(line(argument), named, place)
            if name not in NO_PROSE:
                yield from of_markdown(directive_body(token), place)


def of_glossary(body: str) -> Iterator[Message]:
    """Yield the terms of a glossary and what is said of them."""
    for entry in re.split(r"\n(?=\S)", body.strip("\n")):
        term, _, said = entry.partition("\n")
        yield Message(line(term), "term", term)
        yield from of_markdown(textwrap.dedent(said), term)


class Comment(NamedTuple):
    """A comment in code: its text, and the part of the source that it fills, from 0."""

    text: str
    first: tuple[int, int]
    last: tuple[int, int]
    docstring: bool = False


def comments(source: str) -> Iterator[Comment]:
    r"""Yield the comments of a piece of code; lines that belong together are one.

    >>> [each.text for each in comments("x = 1  # one\n# two\n# lines\ny = 2  # noqa")]
    ['one', 'two lines']
    """
    try:
        found = list(tokenize.generate_tokens(io.StringIO(magic_free(source)).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    lines = source.splitlines()
    block: list[tokenize.TokenInfo] = []
    before = tokenize.NEWLINE
    for token in [*found, None]:
        whole = (
            token is not None
            and token.type == tokenize.COMMENT
            and not lines[token.start[0] - 1][: token.start[1]].strip()
        )
        follows = whole and block and token.start == (block[-1].start[0] + 1, block[-1].start[1])
        if block and not follows and (token is None or token.type not in LAYOUT):
            yield joined(block)
            block = []
        if token is None:
            return
        if token.type == tokenize.COMMENT and not PRAGMA.match(token.string):
            if whole:
                if block and not follows:
                    yield joined(block)
                    block = []
                block.append(token)
            else:
                yield joined([token])
        elif token.type == tokenize.STRING and before in STARTS and '"""' in token.string[:4]:
            (row, column), (to, end) = token.start, token.end
            text = textwrap.dedent(" " * column + token.string[3:-3]).strip()
            yield Comment(text, (row - 1, column), (to - 1, end), docstring=True)
        if (token.type not in LAYOUT and token.type != tokenize.COMMENT) or token.type in STARTS:
            before = token.type


LAYOUT = (tokenize.NL,)
STARTS = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def joined(block: list[tokenize.TokenInfo]) -> Comment:
    """Return lines of comment as one."""
    text = line(" ".join(each.string.lstrip("#") for each in block))
    (row, column), (to, end) = block[0].start, block[-1].end
    return Comment(text, (row - 1, column), (to - 1, end))


def magic_free(source: str) -> str:
    """Return code without the commands of IPython, which are no Python; lines stay lines."""
    return re.sub(r"^[ \t]*[%!].*$", "pass", source, flags=re.MULTILINE) + "\n"


def code_texts(source: str) -> Iterator[str]:
    """Yield the texts of the comments and docstrings of a cell."""
    for each in comments(source):
        if each.text and speaks(each.text):
            yield each.text
