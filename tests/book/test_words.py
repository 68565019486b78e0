"""No word stands twice in a row, wherever people read: pages, documents, docstrings, comments."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import nbformat
import pytest

from tests.book.prose import passages, sentences
from tests.workshop.docs import DOCUMENTS
from workshop.pages import ROOT, listed_pages, tracked

TWICE = re.compile(r"\b([^\W\d_]{2,})(?: |\n)\1\b", re.IGNORECASE)
PERHAPS = re.compile(r"\b([^\W\d_]{2,})[\s#]+\1\b", re.IGNORECASE)
MEANT = {"that that", "had had"}
PAGES = dict.fromkeys([*listed_pages(), *DOCUMENTS])
SOURCES = [path for path in tracked(ROOT) if path.suffix == ".py"]


def twice(text: str) -> list[str]:
    """Return the words that a text says twice in a row."""
    found = (each[0].replace("\n", " ") for each in TWICE.finditer(text) if not each[1].isupper())
    return [words for words in found if words.lower() not in MEANT]


def read_in(page: Path) -> Iterator[str]:
    """Yield the texts of a page."""
    if page.suffix == ".md":
        yield sentences(page.read_text(encoding="utf-8"))
    else:
        yield from (sentences(each.text) for each in passages(nbformat.read(page, as_version=4)))


def said_in(source: str) -> Iterator[str]:
    """Yield the docstrings of a module and its comments, one after the other."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield re.sub(r"(?m)^(>>>|\.\.\.) .*|`[^`]*`|^\w+ : .*", "", cleandoc(text))
    lines = tokenize.generate_tokens(io.StringIO(source).readline)
    yield "\n".join(each.string.lstrip("# ") for each in lines if each.type == tokenize.COMMENT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_word_of_a_page_comes_twice(page: Path) -> None:
    assert [words for text in read_in(page) for words in twice(text)] == []


def test_no_word_of_a_docstring_or_comment_comes_twice() -> None:
    texts = ((path, path.read_text(encoding="utf-8")) for path in SOURCES)
    found = [(path.name, words) for path, source in texts if PERHAPS.search(source)
             for text in said_in(source) for words in twice(text)]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("text", ["Of the the rows", "each of\nof them", "It is. Is is?"])
def test_a_word_that_comes_twice_is_found(text: str) -> None:
    assert len(twice(text)) == 1


def test_docstrings_and_comments_are_read_and_code_is_not() -> None:
    source = '"""Do it\nit."""\nx = y * y\nreturn_ = 1  # so so\n'
    assert [words for text in said_in(source) for words in twice(text)] == ["it it", "so so"]
    assert next(said_in('"""A.\n\n>>> f f\n"""')) == "A.\n\n"
