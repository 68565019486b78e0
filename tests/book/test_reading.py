"""What a reader does with the built pages: search in two languages, keep track, read on paper."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.book.test_site import SITE, built
from tests.book.visits import DESKTOP, FORGET, PHONE, heard
from tests.browser import chromium, listening, need_browser
from workshop.pages import BOOK

need_browser()

PATIENCE = 120_000  # milliseconds
CHAPTER = SITE / "book" / "02-concepts.html"
HOME = SITE / "book" / "index.html"
NO_STORAGE = """Object.defineProperty(window, "localStorage", {
  configurable: true, get() { throw new DOMException("blocked", "SecurityError"); },
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as engine:
        yield engine


def complaints(faults: list[str]) -> dict[str, Any]:
    """Return who hears what a page complains of, and notes it."""
    return {
        "console": lambda each: heard(faults, each),
        "pageerror": lambda error: faults.append(str(error)),
    }


@pytest.fixture(scope="module")
def tab(browser: Any) -> Any:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    return page


@pytest.fixture
def page(tab: Any) -> Iterator[Any]:
    """Give a page that has forgotten its reader; fail on any complaint."""
    faults: list[str] = []
    tab.set_viewport_size(DESKTOP)
    tab.emulate_media(color_scheme="null")
    with listening(tab, **complaints(faults)):
        yield tab
        tab.evaluate(FORGET)
    assert faults == []


def found(page: Any, query: str) -> list[str]:
    """Search as a reader does, and return the addresses of what is found."""
    page.goto(f"{built(SITE / 'search.html').as_uri()}?q={query}")
    page.get_by_text("Places found").or_(page.get_by_text("Nothing found")).wait_for()
    links = page.locator("#search-results .search a").all()
    return [str(link.get_attribute("href")) for link in links]


def test_search_finds_chinese_and_english(page: Any) -> None:
    for query, where in [
        ("查询", "book/02-concepts.html"),
        ("注意力机制", "book/index.html"),
        ("padding", "book/03-algorithm.html"),
        ("RoPE", "book/04-mathematics.html"),
    ]:
        assert any(address.startswith(where) for address in found(page, query)), query
    assert found(page, "无此词也") == []


@pytest.mark.parametrize("query", ["causal mask", "因果掩码", "KV cache", "缩放点积注意力"])
def test_search_leads_to_the_section_and_quotes_it_first_the_glossary(
    query: str, page: Any
) -> None:
    first, *others = found(page, query)
    assert first.startswith("book/appendix/glossary.html#term-")
    assert others
    assert all("#" in address for address in others)
    quoted = page.locator("#search-results .context mark").all_inner_texts()
    assert quoted
    assert {text.lower()[:2] for text in quoted} <= {word.lower()[:2] for word in query.split()}


def test_search_offers_the_word_that_was_meant(page: Any) -> None:
    assert found(page, "attetion sink") == []
    page.get_by_role("link", name="attention sink").click()
    page.get_by_text("Places found").wait_for()
    page.get_by_role("link", name="attention sink").first.wait_for()


def test_a_query_stays_text(page: Any) -> None:
    """What looks like markup or like a pattern is searched, not run."""
    for query in ("<img src=x onerror=alert(1)>", "(((", "a.*", "%5Cb["):
        found(page, query)
    assert page.locator("#search-results img").count() == 0


def answer_and_pass(page: Any) -> None:
    """Open a right answer, tick an exercise, and say that the page is read."""
    page.goto(built(CHAPTER).as_uri())
    page.locator("details.quiz-option.right > summary").first.click()
    # By hand where an exercise does not run in the page; else its check does it.
    page.evaluate(
        "qkvProgress.pass(document.querySelector('.run-bar[data-yours]')"
        "?.closest('section').id ?? 'exercise')"
    )
    ticks = page.locator(".progress-tick").all_inner_texts()
    assert "I have read this page" in ticks, (
        f"progress.js sets a tick at the end; these are {ticks}"
    )
    page.get_by_label("I have read this page").check()


def test_progress_is_shown_on_the_home_page_and_can_be_forgotten(page: Any) -> None:
    answer_and_pass(page)
    contents = page.locator(".bd-docs-nav")
    assert "✓" in contents.locator("a", has_text="2. Concepts").inner_text()
    assert "✓" not in contents.locator("a", has_text="3. Algorithm").inner_text()
    page.goto(built(HOME).as_uri())
    shown = page.locator(".course-progress[data-page='book/02-concepts']").inner_text()
    assert "✓ read" in shown
    source = (BOOK / f"{CHAPTER.stem}.ipynb").read_text(encoding="utf-8")
    assert f"exercises passed: 1 of {source.count('### Exercise ')} ·" in shown
    assert "quiz: 1 right of 1 answered" in shown
    page.get_by_role("button", name="Forget it").click()
    page.goto(built(CHAPTER).as_uri())
    assert page.locator(".progress-tick input:checked").count() == 0
    assert page.locator(".progress-read").count() == 0


def test_where_storage_is_blocked_a_page_still_works(browser: Any) -> None:
    page, faults = browser.new_page(), []
    page.add_init_script(NO_STORAGE)
    with listening(page, **complaints(faults)):
        answer_and_pass(page)
        assert page.get_by_label("I have read this page").is_checked()
    page.close()
    assert faults == []


def test_the_front_page_is_alive(page: Any) -> None:
    page.goto(built(HOME).as_uri())
    figure = page.locator("#sentence-home")
    cat = figure.locator(".word", has_text="cat")
    assert cat.locator("small").inner_text() == "0.79"
    figure.get_by_role("radio", name="cold").check()
    figure.get_by_role("radio", name="two").check()
    assert cat.locator("small").inner_text() == "0.13"


PICTURES = """() => [...document.querySelectorAll(".qkv-picture > svg")]
  .filter((svg) => svg.checkVisibility())
  .map((svg) => ({
    alt: svg.getAttribute("aria-label").length,
    layout: svg.getAttribute("class"),
    scale: svg.getBoundingClientRect().width / svg.getAttribute("width"),
    right: svg.getBoundingClientRect().right,
    ink: getComputedStyle(svg).color === getComputedStyle(svg.closest("article")).color,
    card: [svg, svg.parentElement].some(
      (each) => getComputedStyle(each).backgroundColor !== "rgba(0, 0, 0, 0)"),
    paper: svg.querySelectorAll(".qkv-paper").length,
  }))"""


def drawn(mark: str) -> dict[str, int]:
    """Return the built pages that hold a mark, each with how often."""
    pages = sorted(built(CHAPTER).parent.glob("*.html"))
    counts = {page.as_uri(): page.read_text(encoding="utf-8").count(mark) for page in pages}
    return {page: count for page, count in counts.items() if count}


def pictures(page: Any, size: dict[str, int], theme: str) -> list[dict[str, Any]]:
    """Return what is seen of each picture on a page of this width, where this theme is wanted."""
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("(theme) => document.documentElement.dataset.theme === theme", arg=theme)
    return list(page.evaluate(PICTURES))


def test_pictures_follow_the_page(page: Any) -> None:
    """In the dark none has a white card, and on a phone each has its narrow layout, unshrunk."""
    pages = drawn('class="qkv-picture"')
    most = max(pages, key=lambda each: pages[each])
    page.goto(most)
    wide = [pictures(page, DESKTOP, theme) for theme in ("light", "dark")]
    narrow = [pictures(page, PHONE, theme) for theme in ("dark", "light")]
    for seen in wide + narrow:
        assert len(seen) == pages[most] >= 3
        for each in seen:
            assert each["alt"] >= 40
            assert each["ink"]
            assert not each["card"]
            assert each["paper"] == 0
            assert each["scale"] > 0.9
    assert "qkv-wide" in {each["layout"] for each in wide[0]}
    for each in narrow[0] + narrow[1]:
        assert each["layout"] != "qkv-wide"
        assert each["right"] <= PHONE["width"]


def test_heat_maps_turn_with_the_theme(page: Any) -> None:
    """The least of a scale is pale on a light page, and deep on a dark one."""
    page.goto(next(iter(drawn("--warm-0,"))))
    least = "getComputedStyle(document.querySelector('[style*=\"--warm-0,\"]')).fill"
    shades = []
    for theme in ("light", "dark"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        shades.append(page.evaluate(least))
    light, dark = (sum(int(x) for x in re.findall(r"\d+", shade)[:3]) for shade in shades)
    assert light > 600
    assert dark < 100


def test_the_switch_stays_at_the_place_that_is_read(page: Any) -> None:
    page.goto(built(SITE / "book" / "03-algorithm.html").as_uri() + "#five-steps")
    for folder, language in (("html/zh", "zh-CN"), ("html", "en")):
        page.wait_for_function("scrollY > 100")
        # Playwright would scroll to where the head of the page stands before it sticks.
        page.locator("a.language-switch").dispatch_event("click")
        page.wait_for_url(f"**/{folder}/book/03-algorithm.html#five-steps")
        assert page.evaluate("document.documentElement.lang") == language


def test_the_figure_of_the_home_page_speaks_chinese(page: Any) -> None:
    page.goto(built(SITE / "zh" / "book" / "index.html").as_uri())
    figure = page.locator("qkv-sentence")
    assert "提问的词" in (figure.locator("[role=radiogroup]").get_attribute("aria-label") or "")
    assert "asks" not in figure.locator(".panel").inner_text()
