"""On paper nothing scrolls: what is wider than the paper would be cut."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.book.test_site import PAGES, built
from tests.browser import chromium, need_browser
from workshop.pdf import MARGINS, OPEN, SCALE

need_browser()

MILLIMETRES = 210 - sum(int(MARGINS[side].removesuffix("mm")) for side in ("left", "right"))
WIDTH = round(MILLIMETRES / 25.4 * 96 / SCALE)
"""CSS pixels between the margins of A4, as `workshop.pdf` prints it."""

CUT = """(width) => [...document.querySelectorAll(
    ".bd-article :is(table, pre, img, .katex-display > .katex)")]
  .filter((each) => each.checkVisibility())
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([each, { left, right }]) => left < 0 || right > width + 1)
  .map(([each, { right }]) => `${each.tagName} to ${right}: ${each.textContent.slice(0, 60)}`)"""


HIDDEN = """() => [...document.querySelectorAll(
    ".bd-article details:not(.figure-numbers) > :not(summary, .run-bar)")]
  .filter((each) => !each.checkVisibility({ visibilityProperty: true }) || !each.offsetHeight)
  .filter((each) => each.textContent.trim())
  .map((each) => `not on paper: ${each.textContent.trim().slice(0, 60)}`)"""
"""Solutions, tests and the feedback of a quiz are folded on the screen, and printed."""


@pytest.fixture(scope="module")
def paper() -> Iterator[Any]:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": 1100})
        page.emulate_media(media="print")
        yield page
        page.close()


@pytest.mark.parametrize("path", PAGES.values(), ids=lambda path: path.stem)
def test_nothing_is_cut(path: Path, paper: Any) -> None:
    paper.goto(built(path).as_uri())
    paper.evaluate(OPEN)
    assert paper.evaluate(CUT, WIDTH) == []
    assert paper.evaluate(HIDDEN) == []


def test_what_is_hidden_on_paper_is_found(paper: Any) -> None:
    paper.set_content(
        '<article class="bd-article"><details open><p>Solution</p></details></article>'
    )
    assert paper.evaluate(HIDDEN) == []
    paper.add_style_tag(content="@media print { p { display: none } }")
    assert paper.evaluate(HIDDEN) == ["not on paper: Solution"]


def test_what_is_too_wide_is_found(paper: Any) -> None:
    paper.set_content('<article class="bd-article"><table><td>wide</td></table></article>')
    paper.add_style_tag(content="td { min-width: 2000px }")
    assert [each.split(" ")[0] for each in paper.evaluate(CUT, WIDTH)] == ["TABLE"]
