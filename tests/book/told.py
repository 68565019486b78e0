"""What pages, quizzes, glossary, figures and exercises say, and what stands for it.

A sentence is held by an assert (`claims`), tried on the numbers of its picture (`shows`), or it is
recorded in `records/told.toml` under its place, with a kind and a digest: somebody has read it and
found that no assert can hold it. A changed sentence is no longer held, or has another digest.
``python -m tests.book.told`` writes the record anew, after whoever changed something has read it.
"""

import hashlib
import inspect
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat

from qkv_lib.practice.exercises import EXERCISES
from tests.book.claims import claims, documents, plain
from tests.book.glossary import entries
from tests.book.notebook_checks import figure_texts, quiz
from tests.book.prose import paragraphs
from tests.book.test_misconceptions import ROWS
from tests.test_docstrings import PUBLIC
from workshop.chinese.messages import code_texts
from workshop.chinese.sources import catalogues, named
from workshop.pages import BOOK, listed_pages

RECORD = Path(__file__).parent / "records" / "told.toml"
KINDS = {
    "meaning": "says what a word means, or how it is used",
    "choice": "an answer that is offered, and why it is right or wrong",
    "picture": "describes what is drawn",
    "symptom": "what people believe or see, with a link to what settles it",
    "task": "asks for something",
    "verdict": "names a mistake, and where to look; tests/practice tries the advice",
    "prose": "tells, explains or announces",
    "comment": "says in code what the code does",
    "docstring": "documents a name; formulas, shapes and errors are tried elsewhere",
    "document": "tells those who change the course how",
}
LATER = {"prose", "comment", "docstring", "document"}
HEADING = re.compile(r"(?m)^#+ (?=.)")
LINKED = re.compile(r"\[([^\]]*)\]\([^)]*\)")
SENTENCE = re.compile(r"(?<=[.!?:;])[”\"]?\s+")


class Told(NamedTuple):
    """A text that says something, and where."""

    place: str
    kind: str
    text: str
    shown: tuple[str, ...] = ()
    """What of it is tried on the numbers of a picture."""

    def sentences(self) -> list[str]:
        """Return its sentences, without marks."""
        texts = map(plain, self.text.split("\n\n"))
        return [each for text in texts for each in SENTENCE.split(text) if each]

    def open(self) -> list[str]:
        """Return the sentences that nothing holds."""
        shown = tuple(map(plain, self.shown))
        return [each for each in self.sentences() if unheld_part(each, shown) == each]

    def rest(self) -> list[str]:
        """Return what nothing holds: whole sentences, and those parts that no claim repeats."""
        shown = tuple(map(plain, self.shown))
        parts = [unheld_part(each, shown) for each in self.sentences()]
        return [part for part in parts if re.search(r"\w", part)]

    def unheld(self) -> int:
        """Return how many sentences that nothing holds say something: four words or more.

        What is said of several variants of one mistake is one sentence.
        """
        return sum(len(each.split()) > 3 for each in set(self.open()))

    def digest(self) -> str:
        """Return eight letters that change when one of these words does."""
        return hashlib.sha256(" ".join(self.rest()).encode()).hexdigest()[:8]


@cache
def unheld_part(sentence: str, shown: tuple[str, ...] = ()) -> str:
    """Return a sentence without the words that a claim, or what is shown, holds."""
    if sentence in "\n".join(shown) or sentence in all_claims():
        return ""
    for words in (*shown, *claim_words()):
        if words in sentence:
            sentence = sentence.replace(words, " ")
    return sentence


@cache
def claim_words() -> tuple[str, ...]:
    """Return the words of every claim that is held."""
    return tuple(claim.words for claim in claims())


@cache
def all_claims() -> str:
    """Return the words of every claim, one a line."""
    return "\n".join(claim_words())


@cache
def told() -> list[Told]:
    """Return all that must be accounted for."""
    found = [
        *_glossary(), *_misconceptions(), *_notebooks(), *_exercises(), *_verdicts(), *_pages(),
        *_documents(), *_docstrings(),
    ]  # fmt: skip
    return [each for each in found if each.kind not in LATER or each.rest()]


def _glossary() -> Iterator[Told]:
    for entry in entries((BOOK / "appendix" / "glossary.md").read_text(encoding="utf-8")):
        said = entry.definition.rpartition("See [")[0]
        yield Told(f"glossary: {entry.term}", "meaning", said)


def _misconceptions() -> Iterator[Told]:
    for row in ROWS:
        said = [LINKED.sub(r"\1", cell) for cell in row[:2] if cell]
        place = " ".join(". ".join(said).split()[:9])
        yield Told(f"misconceptions: {place}", "symptom", ". ".join(said))


def _exercises() -> Iterator[Told]:
    for name, exercise in EXERCISES.items():
        faults = (*exercise.mistakes, *exercise.properties)
        said = [f"{each.name}: {each.says}. {each.look or ''}." for each in faults]
        said += [exercise.symptom, *code_texts(exercise.solution)]
        yield Told(f"exercise {name}", "verdict", " ".join([exercise.skeleton, *said]))


def _verdicts() -> Iterator[Told]:
    """Yield all else that grading says: its evidence, the words of the engine, by module."""
    said = [each for name in named("practice") for each in catalogues()[name]()]
    for place in dict.fromkeys(each.place for each in said):
        texts = [each.text for each in said if each.place == place]
        yield Told(f"verdicts of {place}", "verdict", "\n\n".join(texts))


def _notebooks() -> Iterator[Told]:
    for page in sorted(BOOK.glob("*.ipynb")):
        notebook = nbformat.read(page, as_version=4)
        for number, options in enumerate(quiz(notebook), start=1):
            for letter, (_, offer, feedback) in zip("abcdef", options, strict=False):
                yield Told(
                    f"{page.stem}: question {number}{letter}", "choice", f"{offer} {feedback}"
                )
        for cell in notebook.cells:
            place = f"{page.stem}#{cell.id}"
            if cell.source.startswith("### Exercise"):
                yield Told(place, "task", cell.source)
            elif cell.cell_type == "markdown" and "{question}" not in cell.source:
                yield Told(place, "prose", paragraphs(cell.source))
            elif cell.cell_type == "code" and said_in_code(cell):
                yield Told(f"{place}: comments", "comment", "\n\n".join(said_in_code(cell)))
            alt, figure = figure_texts(cell)
            if alt or figure:
                shown = tuple(cell.metadata.get("qkv", {}).get("shows", {}))
                text = f"{alt}. {figure.get('caption', '')}"
                yield Told(place, "picture", text, shown)


def _pages() -> Iterator[Told]:
    for page in listed_pages():
        if page.suffix == ".md":
            name = page.relative_to(BOOK).with_suffix("").as_posix()
            for title, section in sections(page.read_text(encoding="utf-8")):
                yield Told(f"{name}: {title}", "prose", paragraphs(_written(page, section)))


def said_in_code(cell: nbformat.NotebookNode) -> list[str]:
    """Return the comments and docstrings of a cell that readers see, but for those of a task."""
    hidden = {"remove-cell", "remove-input"} & set(cell.metadata.get("tags", []))
    return [] if hidden else [each for each in code_texts(cell.source) if "returns:" not in each]


def _documents() -> Iterator[Told]:
    for path in documents():
        for title, section in sections(path.read_text(encoding="utf-8")):
            yield Told(f"{path.name}: {title}", "document", paragraphs(section))


def _docstrings() -> Iterator[Told]:
    for name, thing in PUBLIC.items():
        said = re.sub(r"(?ms)^Examples\n-+\n.*", "", inspect.cleandoc(thing.__doc__ or ""))
        yield Told(f"docstring of {name.removeprefix('qkv_lib.')}", "docstring", said)


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield each section of a Markdown file: its title, without its Chinese, and what is in it."""
    before, *others = HEADING.split(re.sub(r"(?ms)^```.*?^```", "", text))
    yield "", before
    for each in others:
        title, _, section = each.partition("\n")
        yield plain(title).partition(" (")[0].replace('"', "'"), section


def _written(page: Path, section: str) -> str:
    """Return what of a section is not told elsewhere: rows of misconceptions are."""
    return re.sub(r"(?m)^\|.*$", "", section) if page.stem == "misconceptions" else section


@cache
def record() -> dict[str, str]:
    """Return kind and digest of what nothing holds, by place."""
    return dict(tomllib.loads(RECORD.read_text(encoding="utf-8")))


def fault(one: Told) -> str:
    """Return what is wrong with a text, in words, or nothing."""
    open_, noted = one.rest(), record().get(one.place, "")
    if not open_:
        return (
            f"{one.place}: all of it is held now; take its line out of {RECORD.name}"
            if noted
            else ""
        )
    kind, _, digest = noted.partition(" ")
    if digest != one.digest() or kind not in KINDS:
        return (
            f"{one.place}: nothing holds {open_}. Is it so? Then name the words in the cell or "
            "test that shows it (CONTRIBUTING.md, Claim something); where nothing can, "
            f"`python -m tests.book.told` notes in {RECORD.name} that it has been read"
        )
    return ""


def main() -> None:
    """Write the record anew."""
    lines = [f'"{each.place}" = "{each.kind} {each.digest()}"' for each in told() if each.rest()]
    head = "".join(f"# {kind}: {what}.\n" for kind, what in KINDS.items())
    RECORD.write_text(head + "\n".join(line.replace("\\", "\\\\") for line in lines) + "\n",
                      encoding="utf-8")  # fmt: skip


if __name__ == "__main__":
    main()
