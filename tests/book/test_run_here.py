"""What runs in a page: every cell with a button shows what the book shows, every answer is judged.

Each press goes through `qkvRun`, the same way as a click. By default the chapters share one Python,
which forgets all names between them, and of the answers every tenth is given; with
`QKV_RUN_HERE=all` each chapter starts its own, from a disk and from a server, and all are given.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from qkv_lib.practice.exercises import EXERCISES
from tests.book.running import (
    BEGIN,
    FIRST,
    INSIDE,
    NOTEBOOKS,
    PATIENCE,
    RUN,
    WHICH,
    answers,
    faults_at,
    faults_of,
    misjudged,
    need_pieces,
    serving,
)
from tests.book.test_site import SITE, built
from tests.book.visits import STANDARD, heard
from tests.browser import STILL, chromium, need_browser
from tests.holds import holds
from tests.practice.answers import ANSWERS
from workshop.in_page import assets
from workshop.pages import BOOK

need_browser()
need_pieces()

ALL = WHICH == "all"
MOST = {"numpy": 14_000_000, "matplotlib": 27_000_000 - 14_000_000}  # bytes, by step


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as engine:
        yield engine


@pytest.fixture(scope="module")
def context(browser: Any) -> Iterator[Any]:
    """Give the tabs of one reader; nothing may leave the machine, nothing may complain."""
    context = browser.new_context(accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    asked, faults = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda each: heard(faults, each))
    context.on("weberror", lambda each: faults.append(str(each.error)))
    yield context
    context.close()
    assert [url for url in asked if not url.startswith(INSIDE)] == []
    assert faults == []


@pytest.fixture(scope="module")
def page(context: Any) -> Any:
    """Give a page of chapter 1, opened from its file."""
    page = context.new_page()
    page.goto(built(FIRST).as_uri())
    return page


@pytest.fixture(scope="module")
def opened(served: str, context: Any) -> tuple[Any, list[str]]:
    """Give a page of chapter 1 from a server, and what it has asked for by itself."""
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served}/book/{FIRST.name}")
    return page, list(asked)


@pytest.fixture(scope="module")
def tab(opened: tuple[Any, list[str]]) -> Any:
    return opened[0]


@holds("tests/book/test_run_here.py presses every button in Chromium and compares;")
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_with_a_button_shows_what_is_stored(name: str, page: Any, context: Any) -> None:
    address = built(SITE / "book" / f"{name}.html").as_uri()
    found = faults_at(context.new_page(), address, name) if ALL else faults_of(page, name)
    assert found == []


# In a page of its own: the others share theirs, and leave answers in its cells.
@pytest.mark.parametrize("name", NOTEBOOKS if ALL else ["path"])
def test_from_a_server_too(name: str, served: str, context: Any) -> None:
    assert faults_at(context.new_page(), f"{served}/book/{name}.html", name) == []


@holds("cells that need only NumPy or matplotlib, and all exercises")
def test_most_cells_and_all_exercises_have_a_button(page: Any) -> None:
    told = {name: page.evaluate(BEGIN, name) for name in NOTEBOOKS}
    share = {
        name: sum(bool(each["needs"]) for each in found.values()) / len(found)
        for name, found in told.items()
    }
    assert min(share[name] for name in NOTEBOOKS if name[:2] in {"02", "03", "04"}) > 0.9
    assert share["01-background"] > 0.7
    yours = [each for found in told.values() for each in found.values() if each["yours"]]
    assert len(yours) == len(EXERCISES)
    assert [each["source"][:60] for each in yours if not each["needs"]] == []


@holds("Then a page loads 12 MB, and 13 MB more at the first cell that draws a figure.")
def test_the_pieces_are_small_enough() -> None:
    folder = built(SITE / "_static" / "run" / "worker.js").parent / "pieces"
    steps = assets.steps()
    steps["numpy"] = [*steps["numpy"], "library.zip"]
    for step, names in steps.items():
        size = sum((folder / f"{name}.js").stat().st_size for name in names)
        assert size <= MOST[step]
        assert round(size / 1e6) == {"numpy": 12, "matplotlib": 13}[step]
    assert (folder.parent / "licences" / "numpy.txt").stat().st_size > 1000


def test_answers_get_the_verdict_that_python_gives(page: Any) -> None:
    every = answers() if ALL else answers()[::10]
    assert len(every) > 100
    assert misjudged(page, every) == []


COLOURS = """(cell) => new Set([...cell.querySelectorAll(".cm-line span")].map(
  (each) => getComputedStyle(each).color)).size"""
FOCUSED = "(element) => element === document.activeElement"
# axe reads the whole page: leave what holds the cell.
ALONE = """(cell) => {
  for (let each = cell; each !== document.body; each = each.parentElement)
    for (const other of [...each.parentElement.children]) if (other !== each) other.remove();
}"""
LOOK = """async (tags) => {
  const { violations, passes } = await axe.run(".cell", { runOnly: tags, preload: false });
  return {
    passed: passes.map(({ id }) => id),
    faults: violations.flatMap(({ id, nodes }) => nodes.map((each) => [id, each.failureSummary])),
  };
}"""


def status(page: Any, text: str) -> None:
    """Wait until the strip at the foot of the window says something."""
    page.locator(".run-status", has_text=text).wait_for()


def type_into(cell: Any, text: str) -> None:
    """Write code into a cell, as a reader does."""
    editor = cell.locator(".cm-content")
    editor.press("Control+a")
    cell.page.keyboard.insert_text(text)


@holds("Nothing of Python is loaded until the first press.")
def test_a_page_loads_nothing_of_python_by_itself(opened: Any) -> None:
    light = ("run.js", "run.css", "words.js")
    _, asked = opened
    assert asked
    assert [x for x in asked if "/run/" in x and not x.split("?")[0].endswith(light)] == []


@holds(
    "Run first runs the cells above, in their order, and then this one.",
    "Stop ends a cell that takes too long.",
    "As it was puts back the code and the output of the book.",
    "Beyond that, it raises MemoryError, or the page ends it and starts it anew at the next Run.",
    "PyTorch does not run in a page.",
    "Shift+Enter runs the cell.",
)
def test_loops_exits_errors_and_memory_end_a_cell_and_not_the_page(tab: Any) -> None:
    page = tab
    cell = page.locator("#ch01-hard")
    shown = cell.locator(".cell_output").inner_text()
    cell.get_by_role("button", name="Run").click()
    status(page, "Done.")
    assert cell.locator(".cell_output").inner_text() == shown

    cell.get_by_role("button", name="Edit").click()
    type_into(cell, "for i in range(2)\n    pass")
    cell.get_by_role("button", name="Run").click()
    status(page, "SyntaxError")
    assert "for i in range(2)" in cell.locator(".output.error").inner_text()
    for code, said in [
        ("import sys\nsys.exit(3)", "SystemExit"),
        ("exit()", "The cell has raised an error"),
        ("big = np.zeros(2 * 10**8)", "MemoryError"),
        ("hog = []\nwhile True: hog.append(bytearray(10**8))", "MemoryError"),
        ("def deeper(): deeper()\ndeeper()", "RecursionError"),
        ("import torch\ntorch.ones(3)", "torch is not in this page"),
        ("import pandas", "No module named 'pandas'"),
    ]:
        type_into(cell, code)
        page.keyboard.press("Shift+Enter")
        page.locator("#ch01-hard:not([aria-busy])").wait_for()
        status(page, said)
    type_into(cell, "print('so far')\nwhile True: pass")
    page.keyboard.press("Shift+Enter")
    cell.locator(".cell_output", has_text="so far").wait_for()
    page.get_by_role("button", name="Stop").click()
    status(page, "Stopped")

    cell.get_by_role("button", name="As it was").click()
    assert cell.locator(".cell_output").inner_text() == shown
    cell.get_by_role("button", name="Run").click()
    status(page, "Done.")
    assert cell.locator(".cell_output").inner_text() == shown


# One token of each kind that has a colour.
TOKENS = """# a comment
@property
def name(x: int) -> str:
    return f"text {x}" if x is not None and x > 1.5 else 'none'
class A: b = True; c = [len("\\n") for each in range(2)]"""


@holds("Edit opens an editor. Tab indents; Escape and then Tab leaves it.")
def test_the_editor_has_names_contrast_and_a_way_out(context: Any) -> None:
    page = context.new_page()
    page.goto(built(SITE / "book" / "path.html").as_uri())
    cell = page.locator(".cell:has(.run-bar[data-needs=numpy])").first
    cell.get_by_role("button", name="Edit").press("Enter")
    editor = cell.locator(".cm-content")
    assert "Escape, then Tab" in editor.get_attribute("aria-label")
    before = editor.inner_text()
    page.keyboard.press("Tab")  # indents
    assert editor.inner_text() != before
    assert editor.evaluate(FOCUSED)
    for way in ("Tab", "Shift+Tab"):
        editor.focus()
        page.keyboard.press("Escape")
        page.keyboard.press(way)
        assert not editor.evaluate(FOCUSED)
        assert page.evaluate("document.activeElement !== document.body")

    type_into(cell, TOKENS)
    assert cell.evaluate(COLOURS) >= 4
    cell.evaluate(ALONE)
    page.add_style_tag(content=STILL)
    page.evaluate(Axe().axe_script)
    for theme in ("light", "dark"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        found = page.evaluate(LOOK, STANDARD)
        assert found["faults"] == []
        assert {"aria-input-field-name", "color-contrast", "button-name"} <= set(found["passed"])
    page.close()


def test_two_tabs_do_not_disturb_each_other(tab: Any, served: str, context: Any) -> None:
    first, second = tab, context.new_page()
    second.goto(f"{served}/book/{FIRST.name}")
    shown = second.locator("#ch01-hard .cell_output").inner_text()
    second.evaluate(RUN, "ch01-hard")  # starts its Python, before the loop takes a processor
    cell = first.locator("#ch01-hard")
    cell.get_by_role("button", name="Edit").click()
    type_into(cell, "print('so far')\nwhile True: pass")
    first.keyboard.press("Shift+Enter")
    cell.locator(".cell_output", has_text="so far").wait_for()
    assert second.evaluate(RUN, "ch01-hard")["outputs"][0]["text"].strip() == shown.strip()
    first.get_by_role("button", name="Stop").click()
    status(first, "Stopped")
    assert second.evaluate(RUN, "ch01-hard")["outputs"][0]["text"].strip() == shown.strip()
    cell.get_by_role("button", name="As it was").click()
    assert first.evaluate(RUN, "ch01-hard")["outputs"][0]["text"].strip() == shown.strip()
    second.close()


@holds(
    "In an exercise, Write your answer here opens the editor, and Check says whether your answer "
    "is right.",
    "If it is not, you can ask for more, one step at a time: the name of the mistake, where to "
    "look, a solution.",
    "Download as a notebook saves the chapter with what you have written.",
)
def test_an_answer_is_judged_ticked_kept_and_taken_along(tab: Any, tmp_path: Path) -> None:
    page = tab
    exercise = page.locator("#ch01-exercise-hard-yours")
    tick = page.locator("#exercise-1-1-hard-lookup .progress-tick input")
    right = next(iter(ANSWERS["hard-lookup"].right.values()))
    name = right.split("(")[0].split()[-1]
    call = f"\nfrom qkv_lib.practice import check\ncheck('hard-lookup', {name})"
    wrong = ANSWERS["hard-lookup"].edited(ANSWERS["hard-lookup"].edits[0])
    exercise.get_by_role("button", name="Write").click()
    type_into(exercise, wrong + call)
    exercise.get_by_role("button", name="Check").click()
    exercise.locator(".run-help").wait_for()
    assert not tick.is_checked()
    stages = exercise.locator(".run-help")
    while stages.get_by_role("button").count():
        stages.get_by_role("button").first.click()
    assert "The mistake:" in stages.inner_text()
    assert "A solution:" in stages.inner_text()
    type_into(exercise, right + call)
    exercise.get_by_role("button", name="Check").click()
    status(page, "hard-lookup: right.")
    assert tick.is_checked()

    with page.expect_download() as saved:
        page.get_by_role("button", name="Download as a notebook").click()
    target = tmp_path / saved.value.suggested_filename
    saved.value.save_as(target)
    notebook = json.loads(target.read_text(encoding="utf-8"))
    sources = {each["id"]: each["source"] for each in notebook["cells"]}
    assert right.strip() in sources["ch01-exercise-hard-yours"]
    book = json.loads((BOOK / "01-background.ipynb").read_text(encoding="utf-8"))
    assert len(notebook["cells"]) == len(book["cells"])

    page.reload()
    assert right.strip() in page.locator("#ch01-exercise-hard-yours .cell_input").inner_text()
    assert tick.is_checked()


def test_figures_run_again_on_a_chinese_page_are_chinese(context: Any) -> None:
    page = context.new_page()
    page.goto(built(SITE / "zh" / "book" / "03-algorithm.html").as_uri())
    for cell in ("ch03-wrong-axis-figure", "ch03-explorer"):
        assert "at" not in page.evaluate(RUN, cell)
    assert "查询" in page.locator("#ch03-wrong-axis-figure figure svg").first.text_content()
    page.locator("#ch03-explorer .live", has_text="查询").wait_for()
    page.close()
