"""Each page in a browser, opened from its file: alone, light, at rest, accessible, on a phone too.

`QKV_AXE=all` runs each rule of axe in each width and theme; else the rules that do not depend on
the one or the other run once.
"""

import os
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.book.test_site import PAGES, SITE, built
from tests.book.visits import Visit, visit
from tests.browser import chromium, need_browser

need_browser()

MOST_SHIFT = 0.05  # of the window: what fonts that arrive late may move; 0.1 is called good
HEAVIEST = 400_000  # bytes, of a page and all it loads but its pictures
EVERY = pytest.mark.parametrize(
    "path", [*PAGES.values(), SITE / "search.html"], ids=lambda path: path.stem
)


@pytest.fixture(scope="module")
def visited() -> Iterator[Any]:
    """Return what was found on a page, which is opened once."""
    with chromium() as browser:
        page = browser.new_page()

        @cache
        def look(path: Path) -> Visit:
            return visit(page, built(path), thorough=os.environ.get("QKV_AXE") == "all")

        yield look
        page.close()


@EVERY
def test_nothing_comes_from_elsewhere(visited: Any, path: Path) -> None:
    found = visited(path)
    assert path.as_uri() in found.requests
    assert found.elsewhere == []


@EVERY
def test_the_console_is_silent(visited: Any, path: Path) -> None:
    assert visited(path).messages == []


@EVERY
def test_the_page_is_light(visited: Any, path: Path) -> None:
    assert 10_000 < visited(path).weight <= HEAVIEST


@EVERY
def test_nothing_moves_while_it_loads(visited: Any, path: Path) -> None:
    found = visited(path)
    assert found.unsized == []
    assert found.shift < MOST_SHIFT


@EVERY
def test_headings_skip_no_level(visited: Any, path: Path) -> None:
    levels = visited(path).headings
    assert levels[:1] == [1]
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


@EVERY
def test_nothing_comes_before_its_turn_with_the_tabulator(visited: Any, path: Path) -> None:
    assert visited(path).ahead == []


@EVERY
def test_code_fits_a_desktop(visited: Any, path: Path) -> None:
    assert visited(path).cut == []


@EVERY
def test_a_phone_is_wide_enough(visited: Any, path: Path) -> None:
    assert visited(path).sideways == []


@EVERY
def test_axe_finds_no_violation(visited: Any, path: Path) -> None:
    violations = visited(path).violations
    assert {"1280 light", "1280 dark", "360 dark"} <= set(violations)
    assert {look: faults for look, faults in violations.items() if faults} == {}
