"""The works of the bibliography, and where a text cites them."""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from pybtex.database import parse_file

from workshop.pages import BOOK

CITED = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


class Work(NamedTuple):
    """A work: the family names of its authors, its title and its year, in plain letters."""

    authors: list[str]
    title: str
    year: str


@cache
def works() -> dict[str, Work]:
    """Return every work of the bibliography by its key."""
    found = {}
    for key, entry in parse_file(BOOK / "references.bib").entries.items():
        people = [" ".join(person.last_names) for person in entry.persons.get("author", [])]
        title = plain(entry.fields["title"])
        found[key] = Work([plain(each) for each in people], title, entry.fields["year"])
    return found


def plain(text: str) -> str:
    """Return a text of BibTeX without commands, braces and accents."""
    text = re.sub(r"\\[a-zA-Z]+(?![a-zA-Z])|\\.|[{}]", "", text)
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def cited(text: str) -> list[str]:
    """Return the keys that a text cites, in order."""
    return [key.strip() for found in CITED.findall(text) for key in found.split(",")]


def blocks(markdown: str) -> list[str]:
    """Return the paragraphs of a text, the items of its lists and the rows of its tables."""
    return re.split(r"\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.)\s*)", markdown)
