"""A work is told alike wherever it stands: bibliography, keys, references of docstrings."""

import re
from collections import Counter

import pytest

from tests.book.works import plain, works
from tests.equations.docstrings import docstrings
from workshop.pages import BOOK

BIBLIOGRAPHY = (BOOK / "references.bib").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^@\w+\{(\w+),\n(.*?)^\}", BIBLIOGRAPHY, re.MULTILINE | re.DOTALL))
ARXIV = re.compile(r"(?:arXiv\.|eprint\s*=\s*\{)(\d\d)\d\d\.\d", re.IGNORECASE)
QUOTED = re.compile(
    r'(?:^|[.;:] |-- )([A-Z][^.;:"]*?(?: et al\.| and [A-Z]\w+| & [A-Z]\w+)?) (\d{4}), "([^"]+)"'
)

BY_PREPRINT = {("FlashAttention-2", "2023")}
"""Titles that a docstring gives with the year of the preprint, as their key does."""

OUTSIDE = {
    "An empirical study of smoothing techniques for language modeling",
    "Convolutional Sequence to Sequence Learning",
    "Decoupled Weight Decay Regularization",
    "Deep Inside Convolutional Networks",
    "Google's Neural Machine Translation System",
    "LLM.int8()",
    "Language Models are Unsupervised Multitask Learners",
    "Probabilistic Interpretation of Feedforward Classification Network Outputs",
    "Understanding the difficulty of training deep feedforward neural networks",
    "Using the Output Embedding to Improve Language Models",
}  # fmt: skip
"""Titles of docstrings that the book does not cite."""


def words(title: str) -> str:
    """Return a title in small letters, without marks."""
    return " ".join(re.findall(r"[a-z0-9]+", plain(title).lower()))


def named() -> list[tuple[str, str, str, str]]:
    """Return docstring, authors, year and title of each reference."""
    return [(name, *found) for name, text in docstrings().items()
            for found in QUOTED.findall(" ".join(text.split()))]  # fmt: skip


@pytest.mark.parametrize("field", ["doi", "eprint", "url", "title"])
def test_no_two_works_share_what_is_their_own(field: str) -> None:
    values = re.findall(rf"^\s*{field}\s*=\s*\{{(.*)\}}", BIBLIOGRAPHY, re.MULTILINE)
    assert values
    assert [value for value, count in Counter(values).items() if count > 1] == []


@pytest.mark.parametrize("key", [key for key in ENTRIES if ARXIV.search(ENTRIES[key])])
def test_a_work_appeared_with_its_preprint_or_in_the_year_after(key: str) -> None:
    begun = {2000 + int(year) for year in ARXIV.findall(ENTRIES[key])}
    assert len(begun) == 1, "two numbers of arXiv of different years"
    year = int(works()[key].year)
    assert begun <= {year, year - 1}, f"{key}: arXiv says {begun}, the entry {year}: which is it?"


def test_references_of_docstrings_are_those_of_the_bibliography() -> None:
    strange, unknown = [], set()
    for name, authors, year, title in named():
        hits = [work for work in works().values()
                if words(work.title).startswith(words(title))]  # fmt: skip
        if not hits:
            unknown.add(title)
            continue
        right = any(words(hit.authors[0]).split()[-1] in words(authors) for hit in hits)
        dated = year in {hit.year for hit in hits} or (title, year) in BY_PREPRINT
        if not right or not dated:
            strange.append(f"{name} says {authors} {year}, {title!r}; references.bib {hits}")
    assert strange == [], "look the work up, and mend the one that is wrong"
    assert unknown == OUTSIDE, "a title that references.bib has in other words, or not at all"
    assert len(named()) > 90
