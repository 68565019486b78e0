"""The readers' notebooks in JupyterLab, as they stand on the screen.

Reads `_build/html`, which `make book` writes, and starts a server of its own.
"""

import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.book.notebook_checks import code_cells
from tests.browser import chromium, need_browser
from workshop.copies.__main__ import MADE, jupyterlab
from workshop.copies.folder import lay
from workshop.copies.greet import greet

need_browser()

PATIENCE = 60_000  # milliseconds; a busy machine is slow
QUIET = [
    "--no-browser", "--allow-root", "--IdentityProvider.token=", "--ServerApp.port_retries=0",
    "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Lay the notebooks into a folder whose JupyterLab keeps its own settings and signatures."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
            patch.setenv(f"JUPYTER_{name}", str(home / name.lower()))
        for name in ("SETTINGS_DIR", "WORKSPACES_DIR"):
            patch.setenv(f"JUPYTERLAB_{name}", str(home / name.lower()))
        assert MADE.is_dir(), "no notebooks are built: run `make book` first"
        lay(MADE, home / "mine")
        (home / "mine" / "progress.json").write_text('["handed-over"]')
        greet(home / "mine")
        yield home / "mine"


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Start JupyterLab and return where it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = jupyterlab(folder, [*QUIET, f"--ServerApp.port={port}"])
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield answering(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(30)


def answering(address: str) -> str:
    """Wait until a server answers."""
    for _ in range(PATIENCE // 100):
        try:
            urllib.request.urlopen(f"{address}/api")
        except OSError:
            time.sleep(0.1)
        else:
            return address
    raise TimeoutError(address)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Open the notebook that greets, in a workspace where no other test left a notebook open."""
    led = urllib.request.urlopen(address).url  # JupyterLab leads to it
    here = led.replace("/lab/", f"/lab/workspaces/{request.node.name}/", 1)
    opened = browser.new_page(viewport={"width": 1300, "height": 1000})
    opened.set_default_timeout(PATIENCE)
    opened.goto(here)
    yield opened
    opened.close()


def notebook(page: Any, title: str) -> Any:
    """Wait for the notebook of that title and return what shows it."""
    heading = page.locator("h1", has_text=title)
    heading.wait_for()
    return page.locator(".jp-Notebook").filter(has=heading)


def test_it_opens_with_the_greeting_and_what_has_been_passed(page: Any) -> None:
    page.locator(".jp-Notebook h1", has_text="Queries, keys and values").wait_for()
    output = page.locator(".jp-Notebook .jp-OutputArea-output", has_text="30 minutes")
    output.wait_for()  # text of an output stands later than the headings
    told = output.inner_text()
    assert re.search(r"^30 minutes +1 of +1 +0\.1$", told, re.MULTILINE)


def test_a_chapter_stands_on_the_screen_as_on_its_page(page: Any, folder: Path) -> None:
    """Its numbers, its names and its live figure; what is folded there is closed here."""
    page.locator(".jp-Notebook a", has_text="4. Mathematics").click()
    shown = notebook(page, "4. Mathematics")
    live = shown.locator("qkv-scaling")
    live.wait_for()
    assert live.evaluate("element => element.shadowRoot !== null")
    numbers = shown.locator("mjx-assistive-mml mlabeledtr > mtd:first-child")
    assert numbers.first.text_content() == "(4.1)"
    shown.locator(".jp-MarkdownOutput strong", has_text="Fig. 4.1").wait_for()
    shown.locator(".jp-MarkdownOutput", has_text="Luong et al., 2015]").first.wait_for()
    text = "\n".join(shown.locator(".jp-MarkdownOutput").all_text_contents())
    assert "[Luong et al., 2015]" in text.replace("\xa0", " ")
    assert not re.search(r"\{\w+(:\w)?\}|:::|\(eq-", text)
    closed = {
        cell.source.split("\n")[0]
        for cell in code_cells(nbformat.read(folder / "04-mathematics.ipynb", as_version=4))
        if cell.metadata.get("jupyter", {}).get("source_hidden")
    }
    folded = shown.locator(".jp-InputPlaceholder")
    folded.nth(3).wait_for(state="attached")  # cells further down come when there is time
    folds = folded.all_text_contents()
    assert {fold.strip() for fold in folds} <= closed


def test_an_exercise_is_open_and_its_solution_closed(page: Any) -> None:
    name = "def handed_over_solution"
    page.locator(".jp-DirListing-item", has_text="path.ipynb").dblclick()
    shown = notebook(page, "Attention in thirty minutes")
    shown.locator("h3", has_text="Exercise 0.1").wait_for()
    shown.locator(".jp-InputPlaceholder", has_text=name).wait_for(state="attached")
    assert "softmax(scaled) @ V" not in shown.text_content()
    assert shown.locator(".cm-line", has_text="def handed_over(X").count() == 1  # it is open
