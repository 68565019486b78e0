"""Each number that a notebook states is printed near by, follows from one, or has its reason.

A number is looked for in the code and the outputs of the three cells before it and of the one
after. What is not found there has an entry in `records/numbers.toml`: under the cell, the number
and where it comes from: ``"@cell"``, a cell of the same notebook that shows it; ``"= 6 * 768"``,
a sum that gives it; else the reason why no cell does.
"""

import math
import re
import tomllib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

from qkv_lib.experiments.table import LIBRARY
from tests.book.prose import passages, sentences, shown
from tests.book.works import blocks, cited, works

RECORD = Path(__file__).parent / "records" / "numbers.toml"
BEFORE, AFTER = 3, 1
LEAST = 10  # whole numbers below it count what stands beside them

NUMBER = re.compile(r"(?<![\w.^{/-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w^]|\.\d|-\w)")
PRINTED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:_\d{3})+|\d+(?:\.\d+)?(?:e[-+]?\d+)?")
ROUGHLY = re.compile(
    r"(?:about|nearly|almost|around|over|under|than|near|above|below|some|to|≈|\\approx)\s*\$?$"
)
SHARE = re.compile(r"\s*(?:%|points)")
PLACES = (
    r"(?i:chapters?|sections?|exercises?|questions?|steps?|figure|equation)\s+\[?"
    r"\d+(?:\.\d+)*(?:(?:,| to| and| or|–)\s*\d+(?:\.\d+)*)*"
)
NOT_STATED = [  # places, headings, the numbers of a list, and how long a page takes
    PLACES, r"\[\d+(?:\.\d+)+\]", r"(?m)^#+ .*$", r"(?m)^\d+\. ", r"(?s)\*\*Time\*\*.*?(?=\n\n|\Z)",
]  # fmt: skip
YEAR = re.compile(r"(?:19|20)\d\d")

Record = dict[str, dict[str, str]]


class Number(NamedTuple):
    """A number as it is written, whether it is rounded, and whether it is a percentage."""

    written: str
    rough: bool
    share: bool

    @property
    def decimals(self) -> int:
        """How many digits stand behind the point."""
        return len(self.written.partition(".")[2])

    def is_told_by(self, text: str) -> bool:
        """Whether a text shows this number, to the digits that are written."""
        return any(self.is_(each) for each in PRINTED.findall(text))

    def is_(self, printed: str) -> bool:
        """Whether a printed number is this one: as exactly as it is written."""
        value, said = number(printed), number(self.written)
        exact = "e" not in printed and "." not in printed
        if self.decimals == 0 and not (self.rough or self.share or exact):
            return False
        scales = (1, 100) if self.share else (1,)
        return any(math.isclose(round(value * by, self.decimals), said) for by in scales)


def number(written: str) -> float:
    """Return the value of a number as people or Python write it."""
    return float(written.replace(",", "").replace("_", ""))


def stated(text: str) -> Iterator[Number]:
    """Yield the numbers that a Markdown text states, but for years of works cited beside them."""
    text = sentences(without_years_of_works(text))
    for pattern in NOT_STATED:
        text = re.sub(pattern, " ", text)
    for found in NUMBER.finditer(text):
        if "." in found[0] or number(found[0]) >= LEAST:
            rough = ROUGHLY.search(text[: found.start()]) is not None
            yield Number(found[0], rough, SHARE.match(text, found.end()) is not None)


def without_years_of_works(text: str) -> str:
    """Return the text without the years of works that are cited beside them."""
    return "\n".join(without_years(block) for block in blocks(text))


def without_years(block: str) -> str:
    """Return a paragraph or a row of a table without the years of the works that it cites."""
    years = {works()[key].year for key in cited(block) if key in works()}
    return YEAR.sub(lambda year: "" if year[0] in years else year[0], block)


def near(cells: list[str], place: int) -> str:
    """Return code and outputs of the cells around a place, of texts that are empty elsewhere."""
    before, after = filter(None, reversed(cells[: place + 1])), filter(None, cells[place + 1 :])
    return "\n".join([*islice(before, BEFORE), *islice(after, AFTER)])


def untold(notebook: NotebookNode, entries: Record) -> list[str]:
    """Return the numbers that no cell near by shows and no entry explains, and idle entries."""
    cells = [f"{each.source}\n{shown(each)}" if each.cell_type == "code" else ""
             for each in notebook.cells]  # fmt: skip
    told = {each.id: text for each, text in zip(notebook.cells, cells, strict=True)}
    faults, used = [], set()
    for place, name, text in passages(notebook):
        around, entry = near(cells, place), entries.get(name, {})
        for each in stated(text):
            used |= {(name, each.written), (name, "*")}
            if each.is_told_by(around):
                continue
            source = entry.get(each.written, entry.get("*"))
            if source is None:
                faults.append(f"{name}: {each.written} is in no output near by")
            elif not follows(each, source, told):
                faults.append(f"{name}: {each.written} is not what {source} gives")
    written = {(name, each) for name, entry in entries.items() for each in entry}
    return faults + [
        f"{name}: {each} stands there no more" for name, each in sorted(written - used)
    ]


def follows(each: Number, source: str, told: dict[str, str]) -> bool:
    """Tell whether a number is what its entry says: shown by a cell, or the value of a sum."""
    if re.fullmatch(r"@\S+\.json", source):
        stored = LIBRARY / "experiments" / "results" / source[1:]
        return each.is_told_by(stored.read_text(encoding="utf-8"))
    if source.startswith("@"):
        return each.is_told_by(told.get(source[1:], ""))
    if source.startswith("="):
        value = eval(source[1:], {"__builtins__": {}}, vars(math))
        return math.isclose(round(value, each.decimals), number(each.written))
    return len(source.split()) >= 2


def records() -> dict[str, Record]:
    """Return the entries of every notebook."""
    return tomllib.loads(RECORD.read_text(encoding="utf-8"))


def record(page: Path) -> Record:
    """Return the entries of one notebook."""
    return records().get(page.stem, {})
