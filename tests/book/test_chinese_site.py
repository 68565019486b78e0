"""The Chinese pages are the English ones in Chinese: same places, same outputs, same formulas."""

import re
from functools import cache
from html import escape, unescape
from pathlib import Path

import pytest

from qkv_lib.rosetta.words import said
from tests.book.test_chinese import missing
from tests.book.test_site import SITE, built
from workshop.building import OWN
from workshop.chinese import catalogue, pictures, verdicts
from workshop.chinese.sources import page_name
from workshop.pages import ROOT, listed_pages

CHINESE = SITE / "zh"
PAGES = [page.relative_to(ROOT).with_suffix(".html") for page in listed_pages()]
NAMES = {page.relative_to(ROOT).with_suffix(".html"): page_name(page) for page in listed_pages()}

ANCHOR = re.compile(r'\sid="([^"]+)"')
FORMULA = re.compile(  # those between the lines: what a word of the glossary says has some too
    r'katex-display.*?<annotation encoding="application/x-tex">(.*?)</annotation>', re.DOTALL
)
WORDS = re.compile(r"\\text\{[^{}]*\}")  # what a formula says in words
OUTPUT = re.compile(r'<div class="output (?:stream|text_plain)[^>]*>(.*?)</pre>', re.DOTALL)
ADDRESS = re.compile(r'\s(?:src|href)="([^"#?]+)[^"]*"')


@cache
def read(page: Path) -> str:
    text = built(page).read_text(encoding="utf-8")
    return text[text.index("<html") :]


def article(page: Path) -> str:
    text = read(page)
    return text[text.index("<article") : text.index("</article>")]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_anchors_outputs_and_formulas_are_those_of_the_english_page(page: Path) -> None:
    english, chinese = article(SITE / page), article(CHINESE / page)
    assert ANCHOR.findall(english) == ANCHOR.findall(chinese)
    assert list(map(judged, OUTPUT.findall(english))) == OUTPUT.findall(chinese)
    first, second = ([WORDS.sub("", each) for each in FORMULA.findall(page)]
                     for page in (english, chinese))  # fmt: skip
    assert first == second


def judged(output: str) -> str:
    """Return the HTML of an output with the verdicts in it in Chinese."""
    before, span, text = output.rpartition("<span></span>")
    said = verdicts.in_chinese(unescape(text))
    return output if said == unescape(text) else before + span + escape(said, quote=False)


def test_formulas_say_their_words_in_chinese() -> None:
    said = WORDS.findall(" ".join(FORMULA.findall(article(CHINESE / "book/03-algorithm.html"))))
    assert said == [r"\text{若 }", r"\text{否则}"]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_each_page_leads_to_the_other_language_and_back(page: Path) -> None:
    for here, there, code in ((SITE, CHINESE, "zh-CN"), (CHINESE, SITE, "en")):
        text = read(here / page)
        (link,) = re.findall(r'<a class="language-switch" href="([^"]+)" hreflang="([^"]+)"', text)
        assert ((here / page).parent / link[0]).resolve() == (there / page).resolve()
        assert link[1] == code
        assert text.count('rel="alternate" hreflang=') == 2
    assert read(CHINESE / page).startswith('<html lang="zh-CN"')
    assert read(SITE / page).startswith('<html lang="en"')


@pytest.mark.parametrize("page", [*PAGES, Path("search.html")], ids=str)
def test_what_a_chinese_page_asks_for_is_there(page: Path) -> None:
    found = set(ADDRESS.findall(read(CHINESE / page)))
    files = {each for each in found if not re.match(r"[a-z]+:", each)}
    assert {
        each for each in found if re.match("https?:", each) and each.endswith((".js", ".css"))
    } == set()
    lost = {each for each in files if not ((CHINESE / page).parent / each).is_file()}
    assert lost == set()


def test_nothing_that_both_have_lies_there_twice() -> None:
    built(CHINESE / "index.html")
    twice = [
        path.relative_to(CHINESE).as_posix()
        for path in (CHINESE / "_static").rglob("*")
        if path.is_file()
        and path.name not in OWN
        and path.parent.name != "pages"
        and (SITE / path.relative_to(CHINESE)).is_file()
        and (SITE / path.relative_to(CHINESE)).read_bytes() == path.read_bytes()
    ]
    assert twice == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_says_what_of_it_is_still_english(page: Path) -> None:
    assert ('class="edition-note' in article(CHINESE / page)) == (missing(NAMES[page]) != [])


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_pictures_speak_chinese_too(page: Path) -> None:
    known = {each.text: each.translation for each in catalogue.read("site/pictures").values()}
    said = set(pictures.messages(article(CHINESE / page)))
    assert {text for text in said if known.get(text, text) != text} == set()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_tables_of_cells_speak_chinese_too(page: Path) -> None:
    known = {each.text: each.translation for each in catalogue.read("site/tables").values()}
    english, chinese = (list(said(article(side / page))) for side in (SITE, CHINESE))
    assert chinese == [known.get(each, each) for each in english]
    assert bool(english) == (NAMES[page] in {"05-practice", "07-tools"})
