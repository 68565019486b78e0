"""Where messages come from: pages, and the words that code says.

Each catalogue has a name, which is also its file's: that of a page is its place in `book/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from workshop.chinese import messages, pictures, tables, words
from workshop.chinese.messages import Message
from workshop.pages import BOOK, ROOT, listed_pages

COPIES = ROOT / "workshop" / "copies"
PRACTICE = ROOT / "qkv_lib" / "practice"


@cache
def catalogues() -> dict[str, Callable[[], list[Message]]]:
    """Return the catalogues by their names, each with what reads its messages."""
    found: dict[str, Callable[[], list[Message]]] = {}
    for page in listed_pages():
        found[page_name(page)] = lambda page=page: messages.of_page(page)
    found["site/scripts"] = lambda: words.of_scripts(BOOK / "_static")
    found["site/extensions"] = lambda: words.of_extensions(BOOK / "_ext", COPIES)
    found["site/explorers"] = lambda: words.of_explorers(ROOT / "qkv_lib" / "explorers")
    found["site/pictures"] = lambda: pictures.of_pictures(listed_pages())
    found["site/tables"] = lambda: tables.of_tables(listed_pages())
    found["practice/engine"] = lambda: words.of_engine(PRACTICE)
    for folder in sorted((PRACTICE / "exercises").glob("chapter_*")):
        found[f"practice/{folder.name}"] = lambda folder=folder: words.of_exercises(folder)
    return found


def page_name(page: Path) -> str:
    """Return the name of a page's catalogue.

    >>> page_name(BOOK / "appendix" / "glossary.md")
    'appendix/glossary'
    """
    return page.relative_to(BOOK).with_suffix("").as_posix()


def page_of(name: str) -> Path | None:
    """Return the page that a catalogue belongs to, if it is that of a page."""
    return next((page for page in listed_pages() if page_name(page) == name), None)


def named(word: str) -> Iterator[str]:
    """Yield the catalogues that a word names: ``01-background``, ``practice``, ``all``."""
    for name in catalogues():
        if word in (name, "all", name.rpartition("/")[2], name.rpartition("/")[0]):
            yield name
