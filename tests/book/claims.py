"""What the book claims, sentence by sentence, and what holds it.

A claim is a sentence as it stands on a page, without its marks (`plain`), and the assert of a cell
or the test that would fail if it were not so. A changed sentence is no longer found, and an assert
that a claim leans on cannot go: both fail, and say what to do.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat

from workshop.pages import BOOK, ROOT, listed_pages

MARKS = [
    (r"<[^<>]+>", ""),
    (r"\{(?:eq|numref|cite\w?|cite:\w)\}`[^`]*`", ""),
    (r"\[([^\[\]]*)\]\([^()]*\)", r"\1"),
    (r"\{\w+\}`([^`]*)`", r"\1"),
    (r"[*`]", ""),
    (r"\s+", " "),
    (r" (?=[.,;:])", ""),
]


class Claim(NamedTuple):
    """Words of the book, and where what holds them stands."""

    words: str
    place: str
    proof: str
    """The words of the assert that holds them; of a test, its source."""
    source: str


def plain(text: str) -> str:
    """Return Markdown without links, roles, emphasis and tags, its white space single."""
    for pattern, new in MARKS:
        text = re.sub(pattern, new, text)
    return text.strip()


@cache
def pages() -> dict[str, str]:
    """Return the plain text of each page and document, with captions and alternative texts."""
    return {
        str(page.relative_to(ROOT)): plain("\n\n".join(_texts(page)))
        for page in [*listed_pages(), *documents()]
    }


def documents() -> list[Path]:
    """Return what those read who change the course; the record of faults is made by a command."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def _texts(page: Path) -> Iterator[str]:
    if page.suffix == ".md":
        yield page.read_text(encoding="utf-8")
        return
    for cell in nbformat.read(page, as_version=4).cells:
        if cell.cell_type == "markdown":
            yield cell.source
        shown = cell.metadata.get("mystnb", {})
        yield shown.get("figure", {}).get("caption", "")
        yield shown.get("image", {}).get("alt", "")


def of_cells() -> Iterator[Claim]:
    """Yield the claims that cells hold."""
    for page in sorted(BOOK.glob("*.ipynb")):
        for cell in nbformat.read(page, as_version=4).cells:
            for words, proof in cell.metadata.get("qkv", {}).get("holds", {}).items():
                place = f"{page.relative_to(ROOT)}#{cell.id}"
                yield Claim(words, place, proof, cell.source)


def of_tests() -> Iterator[Claim]:
    """Yield the claims that tests hold."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "@holds(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            for call in getattr(node, "decorator_list", []):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "holds":
                    source = ast.get_source_segment(text, node) or ""
                    place = f"{path.relative_to(ROOT)}::{node.name}"
                    yield from (Claim(ast.literal_eval(each), place, "", source)
                                for each in call.args)  # fmt: skip


@cache
def claims() -> list[Claim]:
    """Return every claim that something holds."""
    return [*of_cells(), *of_tests()]


def asserted(source: str) -> list[str]:
    """Return what the asserts of a source say; one that is always true says nothing."""
    tests = [node.test for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)]
    return [ast.unparse(test) for test in tests if not isinstance(test, ast.Constant)]


RUNS_ON = re.compile(r":::|\$\$|[.!?]\)\s+\S")
"""Words with the mark of another block, or after a sentence in brackets."""
PROVES = re.compile(r"^\s*(?:assert |np\.testing\.|torch\.testing\.|yield given\()", re.MULTILINE)


def fault(claim: Claim) -> str:
    """Return what is wrong with a claim, in words, or nothing."""
    if not any(claim.words in text for text in pages().values()):
        return (
            f"{claim.place} holds {claim.words!r}, which stands on no page. Where the sentence has "
            "changed, see that what is asserted still shows it, and repeat its new words there"
        )
    if RUNS_ON.search(claim.words):
        return (
            f"{claim.place}: {claim.words!r} runs on into what stands after it, so that this would "
            "count as held too; end it where its sentence ends, and claim what follows by itself"
        )
    if claim.words != plain(claim.words) or len(claim.words.split()) < 4:
        return (
            f"{claim.place}: {claim.words!r} is not as `plain` gives it, or too short to mean much"
        )
    if claim.proof:
        found = any(claim.proof in each for each in asserted(claim.source))
    else:
        found = ".py::" in claim.place and bool(PROVES.search(claim.source))
    if not found:
        return (
            f"{claim.place} does not assert {claim.proof!r}, on which the claim {claim.words!r} "
            "leans: write it there as it stands in the code, bring it back, or take the claim out"
        )
    return ""


def held(text: str) -> bool:
    """Return whether some claim that is held stands in a text."""
    text = plain(text)
    return any(claim.words in text for claim in claims())
