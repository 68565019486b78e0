"""Print the book: each page by Chromium, then all of them in one PDF with bookmarks.

    python -m tests.tools.pdf              # _build/book.pdf

Links from page to page lead to the page in the PDF; live figures show their tables.
"""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject, NullObject

from tests.browser import chromium
from tests.tools.pages import ROOT, listed_pages

SITE = ROOT / "_build" / "html"
BOOK = ROOT / "_build" / "book.pdf"
MARGINS = {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
SCALE = 0.86  # lines of 88 characters, the longest of cells, fit between the margins
NUMBER = (
    '<div style="width: 100%; font-size: 8px; text-align: center"><span class="pageNumber"></span> '
    '<span class="title"></span></div>'
)
# On paper nothing can be opened: feedback of the quiz and hidden solutions stand open.
OPEN = """() => {
  Object.assign(document.documentElement.dataset, { theme: "light", mode: "light" });
  const still = document.createElement("style");  // what unfolds slowly would be printed half seen
  still.textContent = "* { animation: none !important; transition: none !important; }";
  document.head.append(still);
  const closed = document.querySelectorAll("details:not(.figure-numbers)");
  for (const each of closed) each.open = true;
}"""


def print_page(page: Any, path: Path) -> tuple[str, bytes]:
    """Return the title of a page, and the page as a PDF."""
    page.emulate_media(media="print", color_scheme="light")
    page.goto(path.as_uri())
    page.evaluate("document.fonts.ready")
    page.evaluate(OPEN)
    title = page.title().rpartition(" — ")[0] or path.stem
    pdf = page.pdf(
        format="A4", margin=MARGINS, scale=SCALE, print_background=True, outline=True, tagged=True,
        display_header_footer=True, header_template="<span></span>", footer_template=NUMBER,
    )  # fmt: skip
    return title, pdf


def merge(pages: Iterable[tuple[Path, str, bytes]]) -> PdfWriter:
    """Return one document: pages in their order, a bookmark for each, its headings below."""
    book, starts = PdfWriter(), {}
    for path, title, pdf in pages:
        starts[path] = len(book.pages)
        book.append(BytesIO(pdf), outline_item=title, import_outline=True)
    for number in range(len(book.pages)):
        turn_links(book, number, starts)
    book.compress_identical_objects()
    return book


def turn_links(book: PdfWriter, number: int, starts: dict[Path, int]) -> None:
    """Have a link to a file of the book lead to its page; drop links to other files of the disk."""
    page = book.pages[number]
    kept = ArrayObject()
    for reference in page.get("/Annots", ArrayObject()).get_object():
        note = reference.get_object()
        address = str(note.get("/A", {}).get("/URI", ""))
        if address.startswith("file:"):
            start = starts.get(Path(unquote(urlsplit(address).path)))
            if start is None:
                continue
            del note["/A"]
            note[NameObject("/Dest")] = top_of(book, start)
        kept.append(reference)
    page[NameObject("/Annots")] = kept


def top_of(book: PdfWriter, number: int) -> ArrayObject:
    """Return the top of a page, as a link names its destination."""
    place = [NameObject("/XYZ"), NullObject(), NullObject(), NullObject()]
    return ArrayObject([book.pages[number].indirect_reference, *place])


def main() -> None:
    """Print each listed page of the built book, and write them as one."""
    pages = []
    with chromium() as browser:
        for source in listed_pages():
            path = SITE / source.relative_to(ROOT).with_suffix(".html")
            page = browser.new_page()
            pages.append((path, *print_page(page, path)))
            page.close()
    book = merge(pages)
    book.add_metadata({"/Title": "Queries, keys and values"})
    book.write(BOOK)
    print(f"{len(PdfReader(BOOK).pages)} pages: {BOOK.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
