"""What runs in a page runs in Firefox too: with `QKV_RUN_HERE=firefox`, in some minutes.

The installed Firefox, not Playwright's; what is compared, and how, is that of `test_run_here.py`.
"""

from collections.abc import Iterator

import pytest

from tests.book.running import (
    FIRST,
    INSIDE,
    NOTEBOOKS,
    RUN,
    WHICH,
    answers,
    faults_at,
    misjudged,
    need_pieces,
    serving,
)
from tests.book.test_site import SITE, built
from tests.firefox import Firefox, Page, firefox, need_firefox

if WHICH != "firefox":
    pytest.skip("takes minutes: QKV_RUN_HERE=firefox asks for it", allow_module_level=True)
need_firefox()
need_pieces()

BASICS = ["path", *sorted(name for name in NOTEBOOKS if name[:2] in {"01", "02", "03", "04"})]
CELL = "ch01-hard"
SHOWN = "(id) => document.querySelector(`#${id} .cell_output`).innerText.trim()"
IDLE = "() => !document.querySelector('[aria-busy]')"
STATUS = "() => document.querySelector('.run-status')?.innerText"
CLICK = """([place, text]) => [...document.querySelectorAll(`${place} button`)].find(
  (each) => !each.hidden && each.textContent === text).click()"""
WRITE = """async ([id, text]) => {
  const editor = document.querySelector(`#${id} .cm-content`);
  editor.focus();
  document.execCommand("selectAll");
  await new Promise(requestAnimationFrame);
  document.execCommand("insertText", false, text);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Firefox]:
    """Give a Firefox; nothing may leave the machine, nothing may complain."""
    with firefox() as browser:
        yield browser
        assert [url for url in browser.requests if not url.startswith(INSIDE)] == []
        assert browser.faults == []


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture(scope="module")
def page(browser: Firefox) -> Page:
    """Give a page of chapter 1, opened from its file."""
    page = browser.new_page()
    page.goto(built(FIRST).as_uri())
    return page


def write(page: Page, text: str) -> None:
    page.evaluate(WRITE, [CELL, text])


def click(page: Page, text: str, place: str = f"#{CELL}") -> None:
    page.evaluate(CLICK, [place, text])


def status(page: Page, text: str) -> None:
    """Wait until the strip at the foot of the window says something."""
    page.wait_for(f"(text) => ({STATUS})()?.includes(text)", text)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_from_a_file_every_cell_shows_what_is_stored(name: str, browser: Firefox) -> None:
    address = built(SITE / "book" / f"{name}.html").as_uri()
    assert faults_at(browser.new_page(), address, name) == []


@pytest.mark.parametrize("name", BASICS)
def test_from_a_server_too(name: str, browser: Firefox, served: str) -> None:
    assert faults_at(browser.new_page(), f"{served}/book/{name}.html", name) == []


def test_answers_get_the_verdict_that_python_gives(page: Page) -> None:
    assert misjudged(page, answers()) == []


def test_loops_exits_errors_and_memory_end_a_cell_and_neither_page_nor_tab(
    browser: Firefox, served: str
) -> None:
    other, page = browser.new_page(), browser.new_page()
    for each in (other, page):
        each.goto(f"{served}/book/01-background.html")
    shown = page.evaluate(SHOWN, CELL)
    click(page, "Run")
    status(page, "Done.")
    assert page.evaluate(SHOWN, CELL) == shown
    click(page, "Edit")
    page.wait_for("(id) => document.querySelector(`#${id} .cm-content`)", CELL)
    for code, said in [
        ("for i in range(2)\n    pass", "SyntaxError"),
        ("import sys\nsys.exit(3)", "SystemExit"),
        ("exit()", "The cell has raised an error"),
        ("big = np.zeros(2 * 10**8)", "MemoryError"),
        ("hog = []\nwhile True: hog.append(bytearray(10**8))", "MemoryError"),
        ("def deeper(): deeper()\ndeeper()", "RecursionError"),
        ("import torch\ntorch.ones(3)", "torch is not in this page"),
        ("import pandas", "No module named 'pandas'"),
    ]:
        write(page, code)
        page.press("Shift+Enter")
        status(page, said)
        page.wait_for(IDLE)
    write(page, "print('so far')\nwhile True: pass")
    page.press("Shift+Enter")
    page.wait_for(f"(id) => ({SHOWN})(id).includes('so far')", CELL)

    assert other.evaluate(RUN, CELL)["outputs"][0]["text"].strip() == shown
    click(page, "Stop", ".run-strip")
    status(page, "Stopped")
    click(page, "As it was")
    assert page.evaluate(SHOWN, CELL) == shown
    click(page, "Run")
    status(page, "Done.")
    assert page.evaluate(SHOWN, CELL) == shown
    for each in (other, page):
        each.close()


def test_escape_and_tab_leave_the_editor(page: Page) -> None:
    click(page, "Edit")
    inside = "() => document.activeElement.matches('.cm-content')"
    page.wait_for(inside)
    page.press("Tab")  # indents
    assert page.evaluate(inside)
    page.press("Escape")
    page.press("Tab")
    assert not page.evaluate(inside)
    click(page, "As it was")
