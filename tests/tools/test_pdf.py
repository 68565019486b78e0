"""The book in one PDF: bookmarks in order, links within it, nothing of the disk."""

from pathlib import Path

from tests.browser import chromium, need_browser
from tests.tools.pdf import merge, print_page

need_browser()

PAGE = """<!doctype html><html lang="en"><title>{title} — Book</title>
<article><h1>{title}</h1><h2>Part of {title}</h2>
<p><a href="{other}">over</a> <a href="notes.txt">notes</a> <a href="https://example.org/">far</a></p>
<details><summary>Hidden</summary><p>solution of {title}</p></details></article></html>"""


def addresses(page: object) -> list[str]:
    notes = [note.get_object() for note in page.get("/Annots", [])]
    return [str(note["/A"]["/URI"]) for note in notes if "/URI" in note.get("/A", {})]


def test_two_pages_become_one_book(tmp_path: Path) -> None:
    paths = [tmp_path / "one.html", tmp_path / "two.html"]
    for path, other, title in zip(paths, reversed(paths), ("One", "Two"), strict=True):
        path.write_text(PAGE.format(title=title, other=other.name), encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page()
        book = merge([(path, *print_page(page, path)) for path in paths])
    assert len(book.pages) == 2
    first, second = book.pages
    assert "solution of One" in first.extract_text()
    assert addresses(first) == addresses(second) == ["https://example.org/"]
    targets = [
        [note.get_object()["/Dest"][0] for note in page["/Annots"] if "/Dest" in note.get_object()]
        for page in (first, second)
    ]
    assert targets == [[second.indirect_reference], [first.indirect_reference]]
    titles = [entry["/Title"] for entry in book.get_outline_root().children()]
    assert titles == ["One", "Two"]
