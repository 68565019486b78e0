"""Links, references and citations lead to what their words are about.

That a target exists, the build proves. Here the words around a pointer and those of its target
must have something in common: rare words count more than frequent ones. Where they have not, the
pointer stands in `records/pointers.txt` with its place and target, so that nobody changes it
unawares. Words tell a chapter from another, but seldom a section from its neighbours: a link into
a page whose words fit another place there better stands in `records/sections.txt`.
``python -m tests.book.pointers`` writes both files. A link called "chapter 4" or "6.2"
must lead there in any case, and "exercise 3.2" to the exercise of that number.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat
from docutils.nodes import make_id

from tests.book.notebook_checks import figure_texts
from tests.book.prose import passages, sentences, shown
from tests.book.works import blocks, cited, works
from workshop.pages import listed_pages

RECORD = Path(__file__).parent / "records" / "pointers.txt"
SECTIONS = Path(__file__).parent / "records" / "sections.txt"
ENOUGH = {"link": 5.0, "eq": 7.0, "numref": 3.0, "cite": 3.0}  # in natural units of information
NOTEBOOKS = [page for page in listed_pages() if page.suffix == ".ipynb"]
PAGES = [page for page in listed_pages() if page.parent.name != "library"]
BARELY = 1.3

LINK = re.compile(r"\[([^\]]*)\]\(((?:[\w./-]+\.ipynb)?(?:#[\w-]+)?)\)")
ROLE = re.compile(r"\{(eq|numref)\}`([^`]+)`")
HEADING = re.compile(r"(?:^\(([\w-]+)\)=\n)?^#+ (.*)$", re.MULTILINE)
EQUATION = re.compile(r"\$\$.*?\$\$ \(([\w-]+)\)", re.DOTALL)
NUMBERED = re.compile(r"^(?:chapter |section )?(\d+(?:\.\d+)?)(?![\d.]* and)", re.IGNORECASE)
OF_ITS_OWN = re.compile(r"^(exercise|question) (\d+(?:\.\d+)*)$", re.IGNORECASE)


class Pointer(NamedTuple):
    """Something that leads elsewhere: where it stands, its own words and those around it."""

    page: str
    place: str
    kind: str
    words: str
    around: str
    target: str

    @property
    def line(self) -> str:
        """How the record names it."""
        return f"{self.page} {self.place} {self.target}"


def stems(text: str) -> set[str]:
    """Return the words of a text, cut so that forms of one word agree."""
    return {word[:5] for word in re.findall(r"[a-z]{3,}", text.lower())}


def pointers(page: Path) -> Iterator[Pointer]:
    """Yield what on a page leads elsewhere in the book, or to a work."""
    for place, text in places(page):
        for block in blocks(text) if page.suffix == ".ipynb" else [text]:
            around = sentences(LINK.sub(r"\1", block))
            found = [("link", words, address(page, to)) for words, to in LINK.findall(block) if to]
            found += [(kind, "", target) for kind, target in ROLE.findall(block)]
            found += [("cite", "", key) for key in cited(block)]
            yield from (Pointer(page.stem, place, kind, words, f"{words} {around}", target)
                        for kind, words, target in found)  # fmt: skip


def places(page: Path) -> Iterator[tuple[str, str]]:
    """Yield the texts of a page with their names: cells, entries of the glossary, or lines."""
    if page.suffix == ".ipynb":
        notebook = nbformat.read(page, as_version=4)
        yield from ((each.name, each.text) for each in passages(notebook))
    else:
        text = page.read_text(encoding="utf-8")
        parts = re.split(r"\n+(?=\S)", text)
        heads = (stripped(part.partition("\n")[0])[:40] for part in parts)
        yield from (
            (make_id(head) or "text", part) for head, part in zip(heads, parts, strict=True)
        )


def address(page: Path, to: str) -> str:
    """Return file and anchor of a link, wherever the page lies."""
    file, _, anchor = to.partition("#")
    return f"{Path(file).name or page.name}#{anchor}".rstrip("#")


def stripped(markdown: str) -> str:
    """Return a line without markup."""
    return re.sub(r"<span.*?</span>|<[^>]*>|\{[\w:]+\}|[`$*\\()]", "", markdown).strip()


@cache
def targets() -> dict[str, str]:
    """Return what can be pointed at, each with the words that say what it is."""
    found = {key: f"{work.title} {' '.join(work.authors)}" for key, work in works().items()}
    for page in NOTEBOOKS:
        heading = ""
        notebook = nbformat.read(page, as_version=4)
        found[page.name] = sentences(notebook.cells[0].source)
        for cell in notebook.cells:
            alt, figure = figure_texts(cell)
            if cell.cell_type == "markdown":
                for number, (label, title) in enumerate(HEADING.findall(cell.source)):
                    heading = title if number == 0 or not label else heading
                    for anchor in filter(None, (make_id(stripped(title)), label)):
                        found[f"{page.name}#{anchor}"] = f"{title} {cell.source}"
            for equation in EQUATION.finditer(cell.source):
                near = cell.source[max(0, equation.start() - 600) : equation.end() + 300]
                found[equation[1]] = f"{heading} {equation[1].replace('-', ' ')} {near}"
            if name := figure.get("name"):
                found[name] = f"{heading} {figure.get('caption', '')} {alt}"
            found[f"{page.name}#{cell.id}"] = " ".join(
                (heading, cell.source, figure.get("caption", ""), alt, shown(cell)[:2000])
            )
    return found


@cache
def known() -> dict[str, set[str]]:
    """Return the stems of each target."""
    return {target: stems(words) for target, words in targets().items()}


@cache
def information() -> dict[str, float]:
    """Return how much each stem tells: the logarithm of how rare it is among the targets."""
    counts = Counter(stem for found in known().values() for stem in found)
    return {stem: math.log(len(known()) / count) for stem, count in counts.items()}


def agreement(pointer: Pointer) -> float:
    """Return how much the words around a pointer and those of its target share; 1 is enough."""
    shared = stems(pointer.around) & known().get(pointer.target, set())
    return sum(information()[stem] for stem in shared) / ENOUGH[pointer.kind]


def misnumbered(pointer: Pointer) -> str | None:
    """Return what is wrong with the number that a link gives to its target, if anything is."""
    file, _, anchor = pointer.target.partition("#")
    if pointer.kind != "link":
        return None
    if pointer.words.isdigit() and anchor[-1:].isdigit():  # [2](#correction-2)
        same = anchor.endswith(f"-{pointer.words}")
        return None if same else f"{pointer.words} leads to {anchor}"
    if found := OF_ITS_OWN.match(pointer.words):
        kind, number = found[1].lower(), found[2]
        title = targets().get(pointer.target, "")
        exact = rf"Exercise {re.escape(number)}:" if kind == "exercise" else rf"{number}\."
        return None if re.match(exact, title) else f"{pointer.words} is not {pointer.target}"
    if found := NUMBERED.match(pointer.words):
        chapter = re.match(r"0?(\d+(?:-\d+)?)-", file)
        is_ = chapter[1].replace("-", ".") if chapter else None
        return None if is_ == found[1] else f"{pointer.words} leads to {pointer.target}"
    return None


def faults(page: Path, record: set[str]) -> list[str]:
    """Return the pointers of a page whose words are about something else, as far as they tell."""
    found = []
    for each in pointers(page):
        wrong = misnumbered(each)
        if wrong is None and agreement(each) < 1 and each.line not in record:
            wrong = f"{each.around.strip()[:60]!r} … leads to {each.target}"
        found += [f"{each.place}: {wrong}"] if wrong else []
    return found


@cache
def places_on(file: str) -> list[str]:
    """Return what can be pointed at within a page."""
    return [target for target in targets() if target.startswith(f"{file}#")]


def fits_elsewhere(pointer: Pointer) -> bool:
    """Return whether the words of a link into a page fit another place of it better."""
    file, _, anchor = pointer.target.partition("#")
    if pointer.kind != "link" or not anchor:
        return False
    rivals = (pointer._replace(target=each) for each in places_on(file))
    return agreement(pointer) < 0.999 * max(map(agreement, rivals), default=0.0)


def sections() -> set[str]:
    """Return the links into pages whose place was looked at by somebody."""
    return set(SECTIONS.read_text(encoding="utf-8").splitlines())


def record() -> set[str]:
    """Return the pointers that words alone cannot tell."""
    return set(RECORD.read_text(encoding="utf-8").splitlines())


def main() -> None:
    """Write the record anew, with what is told so barely that a word elsewhere can change it."""
    found = [each for page in PAGES for each in pointers(page)]
    untold = {each.line for each in found if agreement(each) < BARELY}
    within = {each.line for each in found if fits_elsewhere(each)}
    for path, lines in ((RECORD, untold), (SECTIONS, within)):
        path.write_text("".join(f"{line}\n" for line in sorted(lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
