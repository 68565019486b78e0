"""The book in one PDF: bookmarks in order, links within it, nothing of the disk."""

from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from tests.browser import chromium, need_browser
from workshop import pdf
from workshop.pages import ROOT
from workshop.pdf import merge, print_page

need_browser()

PAGE = """<!doctype html><html lang="en"><title>{title} — Book</title><article>
<h1>{title}</h1><div id="jb-print-toc"><h2>Contents</h2></div>
<section id="part"><h2>Part <em>of</em> {title}<a class="headerlink">#</a></h2>
<section id="why"><h3>Why
<span class="katex"><math><mi>d</mi><annotation>d_k</annotation></math><i>dk</i></span></h3>
<h2 id="unseen" style="display: none">Unseen</h2><a href="#here">here</a>
<p><a href="{other}">over</a> <a href="{other}#here">there</a> <a href="notes.txt">notes</a>
<a href="https://example.org/">far</a></p>
<details><summary>Hidden</summary><p>solution of {title}</p></details>
<p id="here" style="break-before: page">Here ends {title}</p></section></section>
</article></html>"""


def addresses(page: object) -> list[str]:
    notes = [note.get_object() for note in page.get("/Annots", [])]
    return [str(note["/A"]["/URI"]) for note in notes if "/URI" in note.get("/A", {})]


def targets(page: Any) -> list[Any]:
    notes = [note.get_object() for note in page["/Annots"]]
    return [note["/Dest"][0] for note in notes if "/Dest" in note]


def bookmarks(entry: Any) -> list[Any]:
    found: list[Any] = []
    for each in entry.children() if entry.has_children() else []:
        found += [each["/Title"], *filter(None, [bookmarks(each)])]
    return found


def test_two_pages_become_one_book(tmp_path: Path) -> None:
    paths = [tmp_path / "one.html", tmp_path / "two.html"]
    for path, other, title in zip(paths, reversed(paths), ("One", "Two"), strict=True):
        path.write_text(PAGE.format(title=title, other=other.name), encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page()
        book = merge([print_page(page, path) for path in paths])
    first, end_of_first, second, end_of_second = book.pages
    assert "solution of One" in first.extract_text()
    assert "Here ends Two" in end_of_second.extract_text()
    assert addresses(first) == addresses(second) == ["https://example.org/"]
    assert targets(first) == [
        each.indirect_reference for each in (end_of_first, second, end_of_second)
    ]
    assert targets(second) == [
        each.indirect_reference for each in (end_of_second, first, end_of_first)
    ]
    assert bookmarks(book.get_outline_root()) == [
        "One", ["Part of One", ["Why d_k"]], "Two", ["Part of Two", ["Why d_k"]]
    ]  # fmt: skip


def test_a_book_says_its_title_and_its_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PAGE.format(title="查询", other="one.html")
    (tmp_path / "one.html").write_text(page, encoding="utf-8")
    monkeypatch.setattr(pdf, "listed_pages", lambda: [ROOT / "one.md"])
    pdf.print_book(pdf.Edition(tmp_path, tmp_path / "book.pdf", "zh-CN"))
    book = PdfReader(tmp_path / "book.pdf")
    assert (book.metadata or {})["/Title"] == "查询"
    assert book.root_object["/Lang"] == "zh-CN"
    assert book.outline[0].title == "查询"


def test_both_languages_are_printed() -> None:
    assert {each.language for each in pdf.EDITIONS} == {"en", "zh-CN"}
    assert len({each.file for each in pdf.EDITIONS}) == 2
