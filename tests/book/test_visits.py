"""What is looked at once in place of many times is still found: contrast in both themes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.book.visits import visit
from tests.browser import chromium, need_browser

need_browser()

PAGE = """<!doctype html><html lang="en" data-theme="light"><head><title>Page</title><style>
html[data-theme="dark"] {{ background: #121212; color: #eee }}
html[data-theme="dark"] .soft {{ color: #444 }}
.box {{ background: #555 }}
</style></head><body><main><h1>Page</h1><p>Text.</p><p>More text.</p>
<details><summary>Closed</summary><p class="{look}" style="{style}">Not on the screen.</p></details>
<p class="{look}" style="{style}">This can hardly be read.</p>
<p class="{look}" style="{style}">Nor can this.</p>
<p>Sound.</p><div style="{around}"><p>In what is faint.</p></div></main></body></html>"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with chromium() as running:
        opened = running.new_page()
        yield opened
        opened.close()


@pytest.mark.parametrize(
    ("look", "style", "around", "found_in"),
    [
        ("", "", "", []),
        ("", "color: #aaa", "", ["1280 light"]),
        ("soft", "", "", ["1280 dark"]),
        ("box", "", "", ["1280 light"]),
        ("", "opacity: 0.3", "", ["1280 light", "1280 dark"]),
        ("", "", "opacity: 0.3", ["1280 light", "1280 dark"]),
    ],
    ids=["sound", "pale", "pale in the dark", "on a dim ground", "faint", "in what is faint"],
)
def test_a_text_without_contrast_is_found_in_the_theme_where_it_is(
    page: Any, tmp_path: Path, look: str, style: str, around: str, found_in: list[str]
) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE.format(look=look, style=style, around=around), encoding="utf-8")
    found = visit(page, path)
    assert found.contrasts["looks"] < found.contrasts["texts"]
    faulty = [
        where for where, faults in found.violations.items() if "color-contrast" in str(faults)
    ]
    assert faulty == found_in


@pytest.mark.parametrize(("columns", "n_cut"), [(40, 0), (400, 1)])
def test_code_that_is_wider_than_its_box_is_found(
    page: Any, tmp_path: Path, columns: int, n_cut: int
) -> None:
    path = tmp_path / "page.html"
    code = f'<article class="bd-article"><pre>{"x" * columns}</pre></article>'
    text = PAGE.format(look="", style="", around="").replace("<p>Text.</p>", code)
    path.write_text(text, encoding="utf-8")
    found = visit(page, path)
    assert len(found.cut) == n_cut


@pytest.mark.parametrize(
    "when",
    ['new PerformanceObserver(late).observe({ type: "paint", buffered: true })',
     "setTimeout(late, 300)"],
    ids=["as soon as it is painted", "later"],
)  # fmt: skip
def test_what_moves_is_found(page: Any, tmp_path: Path, when: str) -> None:
    path = tmp_path / "page.html"
    script = f"""<script>const late = () => document.querySelector("main").insertAdjacentHTML(
      "beforebegin", "<p style='height: 300px'>Late.</p>"); {when};</script>"""
    path.write_text(PAGE.format(look="", style="", around="") + script, encoding="utf-8")
    assert visit(page, path).shift > 0.1
