"""The built book has its pages, needs no other host, and every rule finds its fault.

Reads `_build/html`, which `make book` writes.
"""

import json
from functools import cache
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.book import site_checks as checks
from tests.book.notebook_checks import code_cells
from tests.equations.labels import display_equations
from workshop.pages import ROOT, listed_pages, markdown_parts

SITE = ROOT / "_build" / "html"
PAGES = {page: SITE / page.relative_to(ROOT).with_suffix(".html") for page in listed_pages()}


def built(path: Path) -> Path:
    assert path.is_file(), f"{path.relative_to(ROOT)} is missing: run `make book` first"
    return path


@cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(built(path).read_text(encoding="utf-8"), "html.parser")


def test_the_site_has_the_listed_pages_and_no_others() -> None:
    built(SITE / "index.html")
    assert sorted(SITE.glob("book/**/*.html")) == sorted(PAGES.values())


@pytest.mark.parametrize("path", PAGES.values(), ids=lambda path: path.stem)
def test_the_page_keeps_the_rules(path: Path) -> None:
    found = {check.__name__: check(parsed(path)) for check in checks.PAGE_CHECKS}
    assert {rule: faults for rule, faults in found.items() if faults} == {}


def test_pages_that_the_builder_adds_need_no_other_host() -> None:
    built(SITE / "index.html")
    every = {path for path in SITE.glob("**/*.html") if "zh" not in path.parts}
    added = every - set(PAGES.values()) | {SITE / "zh" / "search.html"}
    assert {path.name: checks.no_other_host(parsed(path)) for path in added} == {
        path.name: [] for path in added
    }


def test_a_host_that_cannot_be_is_no_other_host() -> None:
    script = 'a("https://here.invalid/"); b("https://here.invalid.example.org/x.js")'
    assert checks.outside_in_script(script) == ["https://here.invalid.example.org/x.js"]


def test_a_link_in_the_words_of_a_script_loads_nothing() -> None:
    script = (
        r'say("by <a href=\"https://example.org/\">them</a>"); load("https://example.org/x.js")'
    )
    assert checks.outside_in_script(script) == ["https://example.org/x.js"]


def test_scripts_and_styles_need_no_other_host() -> None:
    built(SITE / "index.html")
    faults = {}
    for suffix, rule in ((".js", checks.outside_in_script), (".css", checks.outside_in_css)):
        for path in SITE.glob(f"**/*{suffix}"):
            faults[str(path.relative_to(SITE))] = rule(path.read_text(encoding="utf-8"))
    assert {name: found for name, found in faults.items() if found} == {}


def test_the_index_of_the_search_holds_the_names_of_the_library_and_no_words() -> None:
    text = built(SITE / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").rstrip().removesuffix(")"))
    assert "attention" in json.dumps(index["objects"])
    assert [
        name for name in ("terms", "titleterms", "alltitles", "indexentries") if index[name]
    ] == []


def test_every_internal_link_leads_somewhere() -> None:
    assert checks.broken_targets({path: parsed(path) for path in PAGES.values()}) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_labelled_equation_is_on_its_page(page: Path) -> None:
    equations = [each for text in markdown_parts(page) for each in display_equations(text)]
    shown = {element["id"] for element in parsed(PAGES[page]).select("div.math[id]")}
    assert {f"equation-{each.label}" for each in equations} - shown == set()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.suffix == ".ipynb"], ids=lambda page: page.stem
)
def test_every_code_cell_can_be_linked_to_by_its_id(page: Path) -> None:
    ids = [cell.id for cell in code_cells(nbformat.read(page, as_version=4))]
    shown = [element["id"] for element in parsed(PAGES[page]).select("div.cell[id]")]
    assert ids == shown


# The rules themselves: a sound page passes, and each planted fault is found.

FORMULA = '<span class="katex"><math><mi>d</mi></math></span>'
SOUND = f"""<!DOCTYPE html><html lang="en"><head>
<link rel="canonical" href="https://example.org/page.html"><link rel="stylesheet" href="a.css">
<style>p {{ background: url("data:image/png;base64,//AA") }}</style>
<script>const svg = "http://www.w3.org/2000/svg";</script></head>
<body><h1>Title</h1><p>A <a href="https://example.org/paper">paper</a>, for $5.</p>
<div class="qkv-picture"><svg role="img" aria-label="A drawing"><g id="clip"></g>
<path clip-path="url(#clip)"></path></svg></div><p id="here"></p>
<img src="heat.png" alt="A heat map"><span class="math">{FORMULA}</span>
<pre>'$$' and "https://example.org/in-code"</pre></body></html>"""


def page(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


@pytest.mark.parametrize("check", checks.PAGE_CHECKS, ids=lambda check: check.__name__)
def test_a_sound_page_passes(check: checks.Check) -> None:
    assert check(page(SOUND)) == []


@pytest.mark.parametrize(
    "planted",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<script src="//cdn.example.org/x.js"></script>',
        '<script>const url = "https://cdn.example.org/x.js"</script>',
        '<script type="importmap">{"imports": {"x": "https://cdn.example.org/x.js"}}</script>',
        '<link rel="stylesheet" href="https://cdn.example.org/x.css">',
        '<link rel="preconnect" href="https://cdn.example.org">',
        '<link rel="icon" href="HTTPS://cdn.example.org/x.ico">',
        '<style>@import "https://cdn.example.org/x.css";</style>',
        "<style>@font-face { src: url( 'https://cdn.example.org/x.woff2') }</style>",
        '<p style="background: url(//cdn.example.org/x.png)">x</p>',
        "<p onclick=\"fetch('https://cdn.example.org')\">x</p>",
        '<img alt="x" src="https://cdn.example.org/x.png">',
        '<img alt="x" src="x.png" srcset="x.png 1x, https://cdn.example.org/x.png 2x">',
        '<iframe src="https://cdn.example.org"></iframe>',
        '<object data="https://cdn.example.org/x.svg"></object>',
        '<video poster="https://cdn.example.org/x.png"></video>',
        '<svg><image xlink:href="https://cdn.example.org/x.png"/></svg>',
        '<svg><use href="https://cdn.example.org/x.svg#a"/></svg>',
        '<form action="https://cdn.example.org/post"></form>',
        '<meta http-equiv="refresh" content="0; url=https://cdn.example.org">',
    ],
)
def test_another_host_is_found(planted: str) -> None:
    (fault,) = checks.no_other_host(page(SOUND.replace("</body>", f"{planted}</body>")))
    assert "cdn.example.org" in fault.lower()


@pytest.mark.parametrize(
    ("check", "old", "new", "fault"),
    [
        (checks.is_one_document, ' lang="en"', "", "no lang"),
        (checks.is_one_document, "<h1>Title</h1>", "", "0 <h1>"),
        (checks.is_one_document, "<p>", "<h1>Again</h1><p>", "2 <h1>"),
        (checks.images_have_alt, ' alt="A heat map"', "", "no alt text: heat.png"),
        (checks.images_have_alt, "A heat map", " ", "no alt text: heat.png"),
        (checks.images_have_alt, ' aria-label="A drawing"', "", "no label: a picture"),
        (checks.images_have_alt, ' role="img"', "", "no label: a picture"),
        (checks.ids_come_once, 'id="clip"', 'id="here"', "2 elements with the id here"),
        (checks.ids_come_once, "url(#clip)", "url(#clop)", "a picture refers to clop"),
        (checks.formulas_are_rendered, FORMULA, r"\(d\)", "formula not rendered"),
        (checks.no_dollars_left, "for $5", "for $$d$$", "left as typed: $$"),
        (checks.no_dollars_left, "for $5", r"for \(d\)", r"left as typed: \("),
    ],
)
def test_a_planted_fault_is_found(check: checks.Check, old: str, new: str, fault: str) -> None:
    assert old in SOUND
    found = check(page(SOUND.replace(old, new)))
    assert any(fault in each for each in found), found


def test_broken_links_and_anchors_are_found(tmp_path: Path) -> None:
    first, second = tmp_path / "first.html", tmp_path / "second.html"
    first.write_text('<a href="second.html#here">a</a><a href="#lost">b</a><a href="no.html">c</a>')
    second.write_text('<p id="here"><a href="first.html">a</a><img src="no.png"></p>')
    pages = {path.resolve(): page(path.read_text()) for path in (first, second)}
    assert sorted(checks.broken_targets(pages)) == [
        "first.html: no anchor #lost",
        "first.html: no file no.html",
        "second.html: no file no.png",
    ]
