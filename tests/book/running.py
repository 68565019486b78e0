"""What tests of cells that run in a page share: a press, what it is compared with, the answers.

A page is whatever has `evaluate`: Chromium's, by Playwright, or Firefox's (`tests/firefox.py`).
"""

import ast
import http.server
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from qkv_lib.practice.exercises import EXERCISES
from tests.book.test_site import SITE
from tests.browser import REQUIRED
from tests.practice.answers import ANSWERS
from workshop.in_page import assets
from workshop.in_page.cells import Cell, cells, differences
from workshop.pages import listed_pages

PATIENCE = 180_000  # milliseconds: a busy machine is slow, not wrong
NOTEBOOKS = {path.stem: path for path in listed_pages() if path.suffix == ".ipynb"}
FIRST = SITE / "book" / "01-background.html"
INSIDE = ("file:", "blob:", "data:", "http://127.0.0.1:")  # where a request may go
WHICH = os.environ.get("QKV_RUN_HERE", "")
Answer = tuple[str, str, str, list[str | None]]
BEGIN = """async (name) => {
  const { cells } = await qkvRun.open(`book-${name}`);
  if (qkvRun.python.worker) await qkvRun.python.fresh();
  return cells;
}"""
RUN = f"""(id) => Promise.race([
  qkvRun.run(id),
  new Promise((_, failed) => setTimeout(() => failed(new Error(`${{id}} runs on`)), {PATIENCE})),
])"""
TORCH = {"torch", "F", "dim", "keepdim", "mT", "unsqueeze", "masked_fill"}
JUDGE = """
import json, math
import numpy as np
import qkv_lib
from qkv_lib.practice import grade
from qkv_lib.practice.exercises import EXERCISES

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


def need_pieces() -> None:
    """Skip the module that calls this where pages run nothing."""
    if not assets.is_complete():
        if os.environ.get(REQUIRED):
            pytest.fail("pages run nothing: see `python -m workshop.in_page.assets`", pytrace=False)
        pytest.skip(
            "needs what `python -m workshop.in_page.assets` fetches", allow_module_level=True
        )


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


@contextmanager
def serving() -> Iterator[str]:
    """Serve the site, and give its address."""
    handler = partial(Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def faults_of(page: Any, name: str) -> list[str]:
    """Press every cell of a notebook that has a button, and return what differs."""
    told = page.evaluate(BEGIN, name)
    every = cells(NOTEBOOKS[name])
    assert {each.id: each.source for each in every} == {k: v["source"] for k, v in told.items()}
    pressed = [each for each in every if told[each.id]["needs"]]
    in_order = [x for x in pressed if not x.exercise] + [x for x in pressed if x.exercise]
    return [fault for each in in_order for fault in press(page, each)]


def faults_at(page: Any, address: str, name: str) -> list[str]:
    """Open a notebook's page in a new tab, press every cell, and close the tab."""
    page.goto(address)
    faults = faults_of(page, name)
    page.close()
    return faults


def press(page: Any, cell: Cell) -> list[str]:
    result = page.evaluate(RUN, cell.id)
    if "at" in result:
        return [f"{cell.id}: {result['at']} above it fails: {result['outputs']}"]
    return [f"{cell.id}: {each}" for each in differences(cell, result["outputs"])]


def needs_torch(source: str) -> bool:
    """Tell whether code names torch, or a method or an argument that only its tensors have."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {str(node.arg) for node in nodes if isinstance(node, ast.keyword)}
    return not names.isdisjoint(TORCH)


def answers() -> list[Answer]:
    """Return exercise, kind, answer and the verdict that Python gives, as `test_check.py` holds."""
    found: list[Answer] = []
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


def misjudged(page: Any, every: list[Answer]) -> list[Any]:
    """Give answers in a page, and return those that get another verdict than from Python."""
    page.evaluate(BEGIN, "path")
    page.evaluate(RUN, "path-exercise-yours")
    faults = []
    for start in range(0, len(every), 20):
        some = every[start : start + 20]
        asked = json.dumps([each[:3] for each in some])
        source = f"ANSWERS = {asked!r}\n{JUDGE}"
        arguments = {"source": source, "name": "judge", "show": False}
        result = page.evaluate("(more) => qkvRun.python.ask('run', more)", arguments)
        assert [each["text"] for each in result["outputs"] if each["kind"] == "error"] == []
        verdicts = json.loads(result["outputs"][0]["text"])
        faults += [
            (*each, verdict)
            for each, verdict in zip(some, verdicts, strict=True)
            if verdict != each[3]
        ]
    return faults
