"""What the extensions say, in the language of the build; `translated.py` translates the pages."""

from functools import partial
from pathlib import Path
from typing import Any

from docutils import nodes

from qkv_lib.rosetta.words import translated
from workshop.chinese import catalogue
from workshop.chinese.catalogue import Entry
from workshop.chinese.code import in_chinese
from workshop.chinese.messages import line

ENGLISH = "en"
EXTENSIONS = "site/extensions"
PICTURES = "site/pictures"
TABLES = "site/tables"
EVERYWHERE = (EXTENSIONS, PICTURES, TABLES)
"""The catalogues that any page may need."""

_language = ENGLISH
_read: dict[Path, tuple[float, dict[str, Entry]]] = {}


def entries(name: str) -> dict[str, Entry]:
    """Return the entries of a catalogue, which are read again when it has changed."""
    path = catalogue.path_of(name)
    changed = path.stat().st_mtime if path.exists() else 0.0
    if path not in _read or _read[path][0] != changed:
        _read[path] = (changed, catalogue.read(name))
    return _read[path][1]


def speak(language: str) -> None:
    """Note the language of this build."""
    global _language
    _language = language


def is_translated() -> bool:
    """Tell whether this build is in another language than English."""
    return _language != ENGLISH


def say(text: str, *filled: Any) -> str:
    """Return what an extension says, in the language of the build; ``{}`` is filled in order."""
    return (known(EXTENSIONS, text) or text).format(*filled)


def english(node: nodes.Node) -> str:
    """Return the words of a node as they are in English, whatever the language of the page."""
    return str(getattr(node, "attributes", {}).get("english", node.astext()))


def name_of(page: str) -> str:
    """Return the name of a page's catalogue.

    >>> name_of("book/appendix/glossary")
    'appendix/glossary'
    """
    return page.partition("/")[2] or page


def message(name: str, text: str) -> str:
    """Return one message of a catalogue in the language of the build, or as it is."""
    return known(name, line(text)) or text


def label(text: str) -> str | None:
    """Return what a picture says in the language of the build; None where there is nothing."""
    return known(PICTURES, text)


def tables(html: str) -> str:
    """Return what a cell shows with the tables of words in it in the language of the build."""
    return translated(html, partial(known, TABLES))


def known(name: str, text: str) -> str | None:
    """Return the translation of a text in the language of the build; None where there is none."""
    entry = entries(name).get(text) if is_translated() else None
    return entry.translation if entry and entry.done else None


def code(name: str, source: str) -> str:
    """Return the code of a page with its comments in the language of the build."""
    if not is_translated():
        return source
    done = {text: each.translation for text, each in entries(name).items() if each.done}
    return in_chinese(source, done.get)
