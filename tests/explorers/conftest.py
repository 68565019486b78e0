"""A page with a figure of each kind, opened from a file in a browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qkv_lib import explorers
from qkv_lib.measures.cost import Block
from tests.browser import chromium, listening

X = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
WORDS = ["word1", "word2", "word3", "word4"]
KEYS = np.array([[1.0, 0.0], [0.5, 0.9], [-0.5, 0.9], [-1.0, -0.4]])
VALUES = np.array([[10.0, 1.0], [20.0, 2.0], [30.0, 4.0], [40.0, 8.0]])
RNG = np.random.default_rng(4)
WEIGHTS = RNG.dirichlet(np.ones(4), size=(2, 3, 4))
DATES = {
    "short": RNG.dirichlet(np.ones(5), size=(1, 2, 3)),
    "long": RNG.dirichlet(np.ones(11), size=(1, 2, 8)),
}
CHINESE = {"short": list("三月五日。"), "long": list("二〇二四年十二月三十日")}
ENGLISH = {"short": ["March", "5", "."], "long": ["Dec", "3", "0", ",", "2", "0", "2", "4"]}
SCORES = RNG.normal(size=8)
QUERY, KEY = RNG.normal(size=(2, 8))
BLOCK = Block(d_model=512, n_heads=8, n_kv_heads=2)
FIGURES = (
    explorers.steps(X, X, X, tokens=WORDS, name="one"),
    explorers.steps(-X, X, X, tokens=WORDS, name="two"),
    explorers.lookup(np.array([0.8, 0.3]), KEYS, VALUES, temperature=0.25, name="one"),
    explorers.lookup(np.array([0.9, -0.1]), KEYS, VALUES, axes=("sweet", "size"), name="named"),
    explorers.heads(WEIGHTS, tokens=WORDS, block=1, head=0, name="one"),
    explorers.heads(DATES, tokens=CHINESE, row_tokens=ENGLISH, decimals=8, name="dates"),
    explorers.cost(BLOCK, 4096, n_blocks=6, batch=3, name="one"),
    explorers.scaling(SCORES, width=64, name="one"),
    explorers.rope(QUERY, KEY, key_position=5, name="one"),
    explorers.sentence(name="one"),
    explorers.sentence("猫 喝 了 牛奶 因为 它 凉 了", depth=2, causal=False, name="zh"),
)
HEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Figures</title>'
    '<meta name="viewport" content="width=device-width">'
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Write a page of all figures, or of the kinds that a module names as its `KINDS`."""
    path = tmp_path_factory.mktemp("figures") / "figures.html"
    kinds = getattr(request.module, "KINDS", "")
    figures = "".join(each._repr_html_() for each in FIGURES if each.id.startswith(kinds))
    path.write_text(f"{HEAD}<body>{figures}", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tab(browser: Any) -> Any:
    """Give the page of a touch screen on which all are opened, one after the other."""
    return browser.new_context(has_touch=True).new_page()


@pytest.fixture
def page(tab: Any, file: Path) -> Iterator[Any]:
    """Open the figures from a file, anew; fail on any complaint or request."""
    faults: list[str] = []
    tab.set_viewport_size({"width": 900, "height": 1600})
    tab.emulate_media(media="null", reduced_motion="null")
    tab.mouse.move(0, 0)
    with listening(
        tab,
        console=lambda message: faults.append(message.text),
        pageerror=lambda error: faults.append(str(error)),
        request=lambda request: request.url == file.as_uri() or faults.append(request.url),
    ):
        tab.goto(file.as_uri())
        yield tab
    assert faults == []


def shown(figure: Any, caption: str, tables: str = ".live table") -> np.ndarray:
    """Return the numbers a reader sees in the table of this caption."""
    box = figure.locator(tables).filter(has=figure.page.locator("caption", has_text=caption))
    rows = [row.locator("td").all_inner_texts() for row in box.locator("tbody tr").all()]
    return np.array([[float(x.replace("−", "-").replace("∞", "inf")) for x in r] for r in rows])


def heard(figure: Any, text: str | re.Pattern[str]) -> None:
    """Wait until the figure's status line says this."""
    from playwright.sync_api import expect

    expect(figure.get_by_role("status")).to_have_text(text)


def centre(place: Any) -> tuple[float, float]:
    box = place.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
