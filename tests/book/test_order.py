"""The order of the pages: as they are numbered, as they need each other, as the home page says.

And what looks alike means the same: boxes of one title have one class, thousands one comma.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import yaml

from tests.book.prose import passages, sentences
from tests.test_import import APART, FLOORS
from tests.workshop.docs import DOCUMENTS
from workshop.pages import BOOK, ROOT, directive, listed_pages, tokens

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [page.relative_to(BOOK).with_suffix("").as_posix() for page in listed_pages()]
CHAPTERS = [page for page in PAGES if re.match(r"\d\d-", page)]
INDEX = (BOOK / "index.md").read_text(encoding="utf-8")


def number(page: str) -> tuple[int, ...]:
    """Return the number of a chapter or section by the name of its file: 06-1-images is 6.1."""
    return tuple(map(int, re.findall(r"\d+(?=-)", page.split("/")[-1])))


def texts(page: Path) -> Iterator[str]:
    """Yield what a page says in Markdown."""
    if page.suffix == ".md":
        yield page.read_text(encoding="utf-8")
    else:
        cells = nbformat.read(page, as_version=4).cells
        yield from (cell.source for cell in cells if cell.cell_type == "markdown")


def test_chapters_come_in_the_order_of_their_numbers() -> None:
    numbers = [number(page) for page in CHAPTERS]
    assert numbers == sorted(numbers), f"_toc.yml has {CHAPTERS}"
    assert [n for n in numbers if len(n) == 1] == [(n,) for n in range(1, 10)]


def test_a_section_stands_under_its_chapter() -> None:
    (chapters,) = (part["chapters"] for part in TOC["parts"] if part["caption"] == "Chapters")
    for chapter in chapters:
        above = number(chapter["file"].removeprefix("book/"))
        under = [number(each["file"]) for each in chapter.get("sections", [])]
        assert under == [(*above, i) for i in range(1, len(under) + 1)], chapter["file"]


def test_the_parts_are_a_start_the_chapters_and_appendices() -> None:
    assert [part["caption"] for part in TOC["parts"]] == ["Start here", "Chapters", "Appendices"]
    assert [page for page in PAGES if page.startswith("appendix/")] == PAGES[-len(
        [page for page in PAGES if page.startswith("appendix/")]) :]  # fmt: skip
    assert PAGES[:2] == ["index", "path"]
    assert PAGES[-1] == "appendix/bibliography"


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_title_has_the_number_of_the_file(page: str) -> None:
    title = next(texts(BOOK / f"{page}.ipynb")).splitlines()[0]
    found = re.match(r"# (\d+(?:\.\d+)?)\.? ", title)
    assert found, f"{page}: {title!r} begins with no number"
    assert tuple(map(int, found[1].split("."))) == number(page), f"{page} is called {title!r}"


def needed(page: str) -> set[tuple[int, ...]]:
    """Return the chapters and sections that a page says it needs."""
    text = "\n\n".join(texts(BOOK / f"{page}.ipynb"))
    found = re.search(r"\*\*Needs\*\*:?(.*?)(?:\n\n|\Z)", text, re.DOTALL)
    assert found, f"{page} does not say what it needs"
    links = re.findall(r"\]\((\d\d-[\w-]+)\.ipynb", found[1])
    said = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", found[1])
    lists = re.findall(r"(?:chapters?|sections?) (\d(?:\.\d)?(?:(?:,? and |, | to )\d(?:\.\d)?)*)",
                       said)  # fmt: skip
    plain = {tuple(map(int, each.split("."))) for part in lists
             for each in re.findall(r"\d(?:\.\d)?", part)}  # fmt: skip
    return {number(link) for link in links} | plain


@pytest.mark.parametrize("page", CHAPTERS)
def test_what_a_page_needs_comes_before_it(page: str) -> None:
    before = {number(each) for each in CHAPTERS[: CHAPTERS.index(page)]}
    assert needed(page) <= before, f"{page} needs what comes later, or what is not there"


def test_most_pages_need_another() -> None:
    assert sum(bool(needed(page)) for page in CHAPTERS) >= len(CHAPTERS) - 3


def test_the_home_page_lists_the_chapters_as_they_come() -> None:
    (course,) = re.findall(r"```\{course-map\}\n(.*?)```", INDEX, re.DOTALL)
    assert [line.partition(":")[0] for line in course.splitlines()] == [
        page for page in CHAPTERS if len(number(page)) == 1]  # fmt: skip


@pytest.mark.parametrize("page", ["index.md", "appendix/library.md"])
def test_pages_that_are_named_in_a_row_come_in_that_order(page: str) -> None:
    folder = Path(page).parent
    text = (BOOK / page).read_text(encoding="utf-8")
    rows = [re.findall(r"\]\(([\w/-]+)\.(?:md|ipynb)", block) for block in text.split("\n\n")]
    named = [[(folder / each).as_posix() for each in row] for row in rows if len(row) > 2]
    assert named
    for row in named:
        assert row == sorted(row, key=PAGES.index), f"{page} names them in another order: {row}"


def test_the_library_comes_in_the_order_of_its_floors() -> None:
    rooms = [page.rpartition("/")[2] for page in PAGES if page.startswith("appendix/library/")]
    floors = [each for each in FLOORS if each in rooms]
    assert [each for each in rooms if each in FLOORS] == floors
    assert rooms[0] == "doors"
    assert set(rooms[1 + len(floors) :]) >= set(APART) - {"plots", "drawings", "explorers"}


def boxes(text: str) -> Iterator[tuple[str, str]]:
    """Yield title and class of each box, of those inside others too."""
    for token in tokens(text):
        name = directive(token)
        if name == "admonition":
            found = re.search(r"^:class: *(.*)$", token.content, re.MULTILINE)
            yield token.info.partition("}")[2].strip(), found[1] if found else ""
        elif name in ("note", "warning", "tip", "important", "caution", "danger", "hint"):
            yield token.info.partition("}")[2].strip() or name, name


def test_boxes_of_one_title_look_alike() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for page in listed_pages():
        for text in texts(page):
            for title, look in boxes(text):
                found[title].add(look)
    assert len(found) >= 4
    assert {title: looks for title, looks in found.items() if len(looks) > 1 or "" in looks} == {}
    asks = {title for title, looks in found.items() if looks == {"predict"}}
    assert asks == {"Predict"}, "only what asks for a guess looks like it"
    warns = {title for title, looks in found.items() if "warning" in looks}
    assert warns == {"A common mistake"}, "only what many get wrong is a warning"


def test_a_box_of_another_class_is_found() -> None:
    text = ":::{admonition} Predict\n:class: note\nWhat?\n:::\n\n:::{warning}\nHot.\n:::\n"
    assert list(boxes(text)) == [("Predict", "note"), ("warning", "warning")]


BADLY = re.compile(
    r"(?<![\d.,\w])\d{1,3}(?:,\d{3})*,(?:\d{1,2}|\d{4,})(?![\d,])"  # 12,00 and 1,2345
    r"|(?<![\d.,\w/-])\d{5,}(?![\d\w.-])"  # 12345, which is written 12,345
    r"|(?<![\w.,/-])0\d+(?![-\w])"  # 07
    r"|\d+\.\d+\.(?=\s[a-z])"  # 1.5. and then
    r"|(?<!\d)\.\d+\b(?!\w)"  # .5
)


def badly_written(text: str) -> list[str]:
    """Return the numbers of a text that are not written as the book writes them."""
    return [found[0] for found in BADLY.finditer(re.sub(r"\$[^$]*\$|https?:\S+", " ", text))]


@pytest.mark.parametrize("page", [*listed_pages(), *DOCUMENTS], ids=lambda page: page.stem)
def test_numbers_are_written_alike(page: Path) -> None:
    if page.suffix == ".ipynb":
        read = [each.text for each in passages(nbformat.read(page, as_version=4))]
    else:
        read = [page.read_text(encoding="utf-8")]
    assert [each for text in read for each in badly_written(sentences(text))] == []


@pytest.mark.parametrize(("text", "found"), [
    ("It is 12,00 wide.", ["12,00"]), ("1,2345 rows", ["1,2345"]), ("12345 rows", ["12345"]),
    ("1,234 rows, 12,345,678 more", []), ("a. 12, 13, and 1.5", []), ("of .5", [".5"]),
    ("$x_{1,2}$, 2026-11", []), ("1, 2,000", []),
])  # fmt: skip
def test_a_number_that_is_written_badly_is_found(text: str, found: list[str]) -> None:
    assert badly_written(text) == found


def headings() -> Iterator[tuple[str, int, str]]:
    """Yield page, level and words of each heading."""
    for page in listed_pages():
        for text in texts(page):
            text = re.sub(r"(?ms)^(`{3,}).*?^\1", "", text)
            for marks, words in re.findall(r"^(#+) (.+)$", text, re.MULTILINE):
                yield page.stem, len(marks), words


def test_headings_of_one_name_or_kind_have_one_level() -> None:
    found: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for page, level, words in headings():
        kind = "an exercise" if words.startswith("Exercise ") else words
        if level > 1:  # the title of a page may be a section of another
            found[kind][level].append(page)
    assert len(found["Summary"]) == len(found["an exercise"]) == 1
    strange = {words: dict(levels) for words, levels in found.items() if len(levels) > 1}
    assert set(strange) <= {"Queries, keys and values"}, "one name, two levels"
    assert set(found["an exercise"]) == {3}
    assert set(found["Summary"]) == set(found["Exercises"]) == set(found["Quiz"]) == {2}


TAGS = {"hide-cell", "hide-input", "hide-output", "remove-input", "zh-output", "raises-exception",
        "second-reading", "nbval-ignore-output"}  # fmt: skip
FEW = 12


def folded_wrongly(cell: nbformat.NotebookNode) -> str:
    """Return what is wrong with what a cell folds away, or nothing."""
    tags = set(cell.metadata.get("tags", []))
    draws = any("image/svg+xml" in output.get("data", {}) for output in cell.outputs)
    lines = [line for line in cell.source.splitlines() if line.strip()]
    only_asserts = bool(lines) and all(re.match(r"assert |[ )\]#]", line) for line in lines)
    if strange := tags - TAGS:
        return f"nobody knows the tag {', '.join(strange)}"
    if draws and len(lines) > FEW and not tags & {"hide-input", "remove-input"}:
        return f"code of a figure of more than {FEW} lines is folded: hide-input"
    if cell.id.endswith(("-test", "-solution")) and "hide-cell" not in tags:
        return "a test or a solution is folded away: hide-cell"
    if only_asserts and len(lines) > 1 and "hide-cell" not in tags:
        return "a cell that only tests is folded: hide-cell"
    return ""


def answers(cells: list[nbformat.NotebookNode]) -> Iterator[nbformat.NotebookNode]:
    """Yield the cell that answers each *Predict*: the next one that shows anything."""
    for at, cell in enumerate(cells):
        if cell.cell_type == "markdown" and ("Predict", "predict") in boxes(cell.source):
            yield next(each for each in cells[at:] if each.get("outputs"))


def is_live(cell: nbformat.NotebookNode) -> bool:
    """Tell whether a cell shows a live figure, in which the reader has to find the answer."""
    return any("data-explorer" in each.get("data", {}).get("text/html", "")
               for each in cell.outputs)  # fmt: skip


NOTEBOOKS = pytest.mark.parametrize(
    "page", [page for page in listed_pages() if page.suffix == ".ipynb"], ids=lambda page: page.stem
)


@NOTEBOOKS
def test_cells_fold_away_what_they_should(page: Path) -> None:
    cells = nbformat.read(page, as_version=4).cells
    assert [f"{cell.id}: {fault}" for cell in cells if cell.cell_type == "code"
            if (fault := folded_wrongly(cell))] == []  # fmt: skip


@NOTEBOOKS
def test_the_answer_to_a_prediction_is_folded_away(page: Path) -> None:
    cells = nbformat.read(page, as_version=4).cells
    open_ones = [
        cell.id
        for cell in answers(cells)
        if not is_live(cell) and "hide-output" not in cell.metadata.get("tags", [])
    ]
    assert open_ones == []


def test_the_answer_is_the_next_cell_that_shows_anything() -> None:
    asked = nbformat.v4.new_markdown_cell(":::{admonition} Predict\n:class: predict\nWhat?\n:::")
    made, shown = nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("x")
    shown.outputs = [nbformat.v4.new_output("stream", text="1")]
    assert list(answers([shown, asked, made, shown])) == [shown]
    shown.outputs = [nbformat.v4.new_output("display_data", {"text/html": "<i data-explorer='a'>"})]
    assert is_live(shown)
