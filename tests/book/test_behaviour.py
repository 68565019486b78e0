"""What a reader meets on a page: the first answer counts, and what is no text has contrast too."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.book.test_site import SITE, built
from tests.book.visits import heard, set_theme
from tests.browser import chromium, need_browser

need_browser()

CHAPTER = SITE / "book" / "03-algorithm.html"
LEAST = 3.0  # of icons, borders and the ring around what has the focus (WCAG 1.4.11)

# The contrast of a colour that an element has with what lies behind the element.
CONTRAST = """(element, property) => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const solid = (each) => {
    const [r, g, b, alpha = 1] = parts(getComputedStyle(each).backgroundColor);
    return alpha > 0.5 || !each.parentElement ? [r, g, b] : solid(each.parentElement);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = property === "color" ? solid(element) : solid(element.parentElement);
  const [r, g, b] = parts(getComputedStyle(element)[property]);
  const [dim, bright] = [light([r, g, b]), light(behind)].sort((x, y) => x - y);
  return (bright + 0.05) / (dim + 0.05);
}"""
PARTS = [
    (".article-header-buttons .theme-switch-button", "color"),
    (".article-header-buttons .search-button", "color"),
    (".run-button", "borderTopColor"),
]
FOCUSED = [".bd-article p a", "details.quiz-option > summary", ".run-button", ".prev-next-area a"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as engine:
        yield engine


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page()
    faults: list[str] = []
    page.on("console", lambda each: heard(faults, each))
    page.goto(built(CHAPTER).as_uri())
    yield page
    page.close()
    assert faults == []


def test_the_first_answer_to_a_question_counts(page: Any) -> None:
    """Who opens a wrong option, and then the right one, has not known it."""
    wrong = page.locator("details.quiz-option:has(.quiz-wrong), details.quiz-option").filter(
        has_text="That is softmax over the queries"
    )
    right = page.locator("details.quiz-option").filter(has_text="Softmax runs over the keys, sep")
    wrong.locator("summary").click()
    right.locator("summary").click()
    stored = page.evaluate("JSON.parse(localStorage.getItem('qkv-progress'))")
    assert [each["quiz"] for each in stored.values()] == [{"1": False}]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_icons_and_borders_are_seen(theme: str, page: Any) -> None:
    set_theme(page, theme)
    for selector, of in PARTS:
        found = page.locator(selector).first.evaluate(CONTRAST, of)
        assert found >= LEAST, f"{selector}: {of} has a contrast of {found:.2f}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_has_the_focus_is_seen(theme: str, page: Any) -> None:
    set_theme(page, theme)
    page.keyboard.press("Tab")  # from here on the keyboard is in use
    for selector in FOCUSED:
        element = page.locator(selector).first
        element.focus()
        style = element.evaluate("(each) => getComputedStyle(each).outlineStyle")
        found = element.evaluate(CONTRAST, "outlineColor")
        assert style == "solid", f"{selector} has no ring"
        assert found >= LEAST, f"the ring of {selector} has a contrast of {found:.2f}"


def test_words_of_a_text_stay_english_in_a_chinese_figure(browser: Any) -> None:
    """*values* is a word of the text there, and elsewhere a word that a figure says."""
    page = browser.new_page()
    page.goto(built(SITE / "zh" / "book" / "06-2-language.html").as_uri())
    page.evaluate("""() => {
        const figure = document.createElement("qkv-heads");
        const there = document.querySelector("#heads-minilm");
        figure.id = "heads-values";
        figure.dataset.explorer = there.dataset.explorer.replaceAll('"river"', '"values"');
        there.after(figure);
        window.qkvSpeak();
    }""")
    figure = page.locator("#heads-values")
    assert "跟踪的查询" in figure.locator("legend").all_inner_texts()
    for words in ("label:has(> input[name=row])", "thead th", "tbody th"):
        assert "values" in figure.locator(words).all_inner_texts()
    page.close()


def test_what_a_style_writes_is_chinese_in_a_chinese_figure(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto(built(SITE / "zh" / "book" / "06-2-language.html").as_uri())
    wide = page.locator("#heads-minilm .wide").first
    said = wide.evaluate("(element) => getComputedStyle(element, '::after').content")
    assert "左右滑动" in said
    assert "Scroll" not in said
    page.close()
