"""What runs in a page: every cell with a button shows what the book shows, every answer is judged.

Each press goes through `qkvRun`, the same way as a click. By default the chapters share one Python,
which forgets all names between them, and of the answers every tenth is given; with
`QKV_RUN_HERE=all` each chapter starts its own, from a disk and from a server, and all are given.
"""

import ast
import http.server
import json
import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from qkv_lib.practice.exercises import EXERCISES
from tests.book.test_site import SITE, built
from tests.book.visits import heard
from tests.browser import REQUIRED, chromium, need_browser
from tests.practice.answers import ANSWERS
from workshop.in_page import assets
from workshop.in_page.cells import Cell, cells, differences
from workshop.pages import BOOK, listed_pages

need_browser()
if not assets.is_complete():
    if os.environ.get(REQUIRED):
        pytest.fail("pages run nothing: see `python -m workshop.in_page.assets`", pytrace=False)
    pytest.skip("needs what `python -m workshop.in_page.assets` fetches", allow_module_level=True)

ALL = os.environ.get("QKV_RUN_HERE") == "all"
PATIENCE = 180_000  # milliseconds: a busy machine is slow, not wrong
NOTEBOOKS = {path.stem: path for path in listed_pages() if path.suffix == ".ipynb"}
MOST = {"numpy": 14_000_000, "matplotlib": 27_000_000 - 14_000_000}  # bytes, by step
FIRST = SITE / "book" / "01-background.html"
BEGIN = """async (name) => {
  const { cells } = await qkvRun.open(`book-${name}`);
  if (qkvRun.python.worker) await qkvRun.python.fresh();
  return cells;
}"""
TORCH = {"torch", "F", "dim", "keepdim", "mT", "unsqueeze", "masked_fill"}
RUN = f"""(id) => Promise.race([
  qkvRun.run(id),
  new Promise((_, failed) => setTimeout(() => failed(new Error(`${{id}} runs on`)), {PATIENCE})),
])"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that prints nothing, and has an icon of nothing."""

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    handler = partial(Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


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
    inside = ("file:", "blob:", "data:", "http://127.0.0.1:")
    assert [url for url in asked if not url.startswith(inside)] == []
    assert faults == []


@pytest.fixture(scope="module")
def page(context: Any) -> Any:
    """Give a page of chapter 1, opened from its file."""
    page = context.new_page()
    page.goto(built(FIRST).as_uri())
    return page


def faults_of(page: Any, name: str) -> list[str]:
    """Press every cell of a notebook that has a button, and return what differs."""
    told = page.evaluate(BEGIN, name)
    every = cells(NOTEBOOKS[name])
    assert {each.id: each.source for each in every} == {k: v["source"] for k, v in told.items()}
    pressed = [each for each in every if told[each.id]["needs"]]
    in_order = [x for x in pressed if not x.exercise] + [x for x in pressed if x.exercise]
    return [fault for each in in_order for fault in press(page, each)]


def press(page: Any, cell: Cell) -> list[str]:
    result = page.evaluate(RUN, cell.id)
    if "at" in result:
        return [f"{cell.id}: {result['at']} above it fails: {result['outputs']}"]
    return [f"{cell.id}: {each}" for each in differences(cell, result["outputs"])]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_with_a_button_shows_what_is_stored(name: str, page: Any, context: Any) -> None:
    if not ALL:
        assert faults_of(page, name) == []
        return
    alone = context.new_page()
    alone.goto(built(SITE / "book" / f"{name}.html").as_uri())
    assert faults_of(alone, name) == []
    alone.close()


@pytest.mark.parametrize("name", NOTEBOOKS if ALL else ["path"])
def test_from_a_server_too(name: str, served: str, context: Any) -> None:
    page = context.new_page()
    page.goto(f"{served}/book/{name}.html")
    assert faults_of(page, name) == []
    page.close()


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


def test_the_pieces_are_small_enough() -> None:
    folder = built(SITE / "_static" / "run" / "worker.js").parent / "pieces"
    steps = assets.steps()
    steps["numpy"] = [*steps["numpy"], "library.zip"]
    for step, names in steps.items():
        assert sum((folder / f"{name}.js").stat().st_size for name in names) <= MOST[step]
    assert (folder.parent / "licences" / "numpy.txt").stat().st_size > 1000


JUDGE = """
import json, math
import numpy as np
import qkv_lib
from qkv_lib.practice import diagnose, grade, run
from qkv_lib.practice.exercises import EXERCISES

# What the library answers is asked for once an exercise, not once an answer.
kept = {}
def once(function, key):
    def cached(*args):
        found = key(*args)
        if found not in kept:
            kept[found] = function(*args)
        return kept[found]
    return cached
if not hasattr(run, "_plain"):
    run._plain = run.cases_of, run.reference_values
    run.cases_of = once(run._plain[0], lambda exercise: exercise.name)
    run.reference_values = once(run._plain[1], lambda e, args: (e.name, *map(id, args)))

def verdict_on(name, kind, what):
    if kind == "mistake":
        answer = next(each.wrong for each in EXERCISES[name].mistakes if each.name == what)
    else:
        names = {"math": math, "np": np, "qkv_lib": qkv_lib}
        before = set(names)
        exec(compile(what, "<cell>", "exec"), names)
        answer = next(v for k, v in names.items() if k not in before | {"__builtins__"})
    found = grade(name, answer)
    return [found.status, found.mistake]

print(json.dumps([verdict_on(*each) for each in json.loads(ANSWERS)]))
"""


def needs_torch(source: str) -> bool:
    """Tell whether code names torch, or a method or an argument that only its tensors have."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {str(node.arg) for node in nodes if isinstance(node, ast.keyword)}
    return not names.isdisjoint(TORCH)


def answers() -> list[tuple[str, str, str, list[str | None]]]:
    """Return exercise, kind, answer and the verdict that Python gives, as `test_check.py` holds."""
    found: list[tuple[str, str, str, list[str | None]]] = []
    for name, each in ANSWERS.items():
        sources = [(style, text, ["right", None]) for style, text in each.right.items()]
        sources += [
            ((*edit, "numpy")[3], each.edited(edit), ["wrong", edit[0]])
            for edit in each.edits
            if edit[0] != "different"
        ]
        found += [
            (name, "source", text, verdict)
            for style, text, verdict in sources
            if "torch" not in style and not needs_torch(text)
        ]
        mistakes = [mistake.name for mistake in EXERCISES[name].mistakes]
        found += [(name, "mistake", mistake, ["wrong", mistake]) for mistake in mistakes]
    return found


def test_answers_get_the_verdict_that_python_gives(page: Any) -> None:
    page.evaluate(BEGIN, "path")
    page.evaluate(RUN, "path-exercise-yours")
    every = answers() if ALL else answers()[::10]
    faults = []
    for start in range(0, len(every), 20):
        some = every[start : start + 20]
        asked = json.dumps([each[:3] for each in some])
        source = f"ANSWERS = {asked!r}\n{JUDGE}"
        arguments = {"source": source, "name": "judge", "show": False}
        result = page.evaluate("(more) => qkvRun.python.ask('run', more)", arguments)
        errors = [each["text"] for each in result["outputs"] if each["kind"] == "error"]
        assert errors == []
        verdicts = json.loads(result["outputs"][0]["text"])
        faults += [
            (*each, verdict)
            for each, verdict in zip(some, verdicts, strict=True)
            if verdict != each[3]
        ]
    assert len(every) > 100
    assert faults == []


def status(page: Any, text: str) -> None:
    """Wait until the strip at the foot of the window says something."""
    page.locator(".run-status", has_text=text).wait_for()


def type_into(cell: Any, text: str) -> None:
    """Write code into a cell, as a reader does."""
    editor = cell.locator(".cm-content")
    editor.press("Control+a")
    cell.page.keyboard.insert_text(text)


def test_loops_exits_errors_and_memory_end_a_cell_and_not_the_page(
    served: str, context: Any
) -> None:
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served}/book/01-background.html")
    cell = page.locator("#ch01-hard")
    assert [url for url in asked if "/run/" in url and not url.split("?")[0].endswith(
        ("run.js", "run.css", "words.js"))] == []  # fmt: skip

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
    page.close()


def test_two_tabs_do_not_disturb_each_other(served: str, context: Any) -> None:
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto(f"{served}/book/01-background.html")
    shown = second.locator("#ch01-hard .cell_output").inner_text()
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
    for page in (first, second):
        page.close()


def test_an_answer_is_judged_ticked_kept_and_taken_along(
    served: str, context: Any, tmp_path: Path
) -> None:
    page = context.new_page()
    page.goto(f"{served}/book/01-background.html")
    exercise = page.locator("#ch01-exercise-hard-yours")
    tick = page.locator("#exercise-1-1-hard-lookup .progress-tick input")
    right = next(iter(ANSWERS["hard-lookup"].right.values()))
    call = f"\ncheck('hard-lookup', {right.split('(')[0].split()[-1]})"
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
    page.close()
