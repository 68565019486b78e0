"""Print the book: each page by Chromium, then all of them in one PDF with bookmarks.

    python -m workshop.pdf              # _build/book.pdf, and in Chinese _build/book-zh.pdf

Links from page to page lead to the page in the PDF; live figures show their tables.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, Fit, FloatObject, NameObject, NullObject, TextStringObject

from tests.browser import STILL, chromium
from workshop.pages import ROOT, listed_pages

MARGINS = {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
SCALE = 0.86  # lines of 88 characters, the longest of cells, fit between the margins
NUMBER = (
    '<div style="width: 100%; font-size: 8px; text-align: center"><span class="pageNumber"></span> '
    '<span class="title"></span></div>'
)
# On paper nothing can be opened: feedback of the quiz and hidden solutions stand open.
OPEN = """() => {
  Object.assign(document.documentElement.dataset, { theme: "light", mode: "light" });
  const closed = document.querySelectorAll("details:not(.figure-numbers)");
  for (const each of closed) each.open = true;
}"""
# The browser notes where an element stands if a link of the page leads to it: so one to each does.
# A section stands where its heading does, which may have been moved to the next sheet.
NAMES = """() => {
  for (const section of document.querySelectorAll("section[id]")) {
    const heading = section.querySelector(":scope > :is(h1, h2, h3, h4, h5, h6)");
    if (!heading || heading.id) continue;
    heading.id = section.id;
    section.removeAttribute("id");
  }
  const links = document.createElement("div");
  links.style = "height: 0; overflow: hidden";
  for (const { id } of document.querySelectorAll("[id]"))
    links.append(Object.assign(document.createElement("a"), { href: `#${id}`, textContent: id }));
  document.body.append(links);
}"""
# Those that are printed, but for the title of the page and of its contents: these have no name.
# The browser's bookmarks are not used: of a heading that it moved to the next sheet they hold the
# text twice, and of a formula none.
HEADINGS = """() => {
  const text = (heading) => {
    const copy = heading.cloneNode(true);
    for (const each of copy.querySelectorAll(".headerlink")) each.remove();
    for (const each of copy.querySelectorAll(".katex"))
      each.replaceWith(each.querySelector("annotation").textContent);
    return copy.textContent.replace(/\\s+/g, " ").trim();
  };
  return [...document.querySelectorAll(":is(h2, h3, h4, h5, h6)[id]")]
    .filter((heading) => heading.checkVisibility())
    .map((heading) => [Number(heading.tagName[1]), text(heading), heading.id]);
}"""


@dataclass(frozen=True)
class Edition:
    """A book to print: its pages, the file that it becomes, its language."""

    site: Path
    file: Path
    language: str


BUILT = ROOT / "_build"
EDITIONS = (
    Edition(BUILT / "html", BUILT / "book.pdf", "en"),
    Edition(BUILT / "html" / "zh", BUILT / "book-zh.pdf", "zh-CN"),
)


@dataclass(frozen=True)
class Printed:
    """A page of the book as a PDF, with its headings: level, text and id of each."""

    path: Path
    title: str
    headings: list[tuple[int, str, str]]
    pdf: bytes


@dataclass(frozen=True)
class Place:
    """A sheet of the book, and how high on it, in points from its foot: at its top by default."""

    sheet: int
    top: float | None = None


def print_page(page: Any, path: Path) -> Printed:
    """Print a page from its file."""
    page.emulate_media(media="print", color_scheme="light")
    page.goto(path.as_uri())
    page.evaluate("document.fonts.ready")
    # What unfolds slowly would be printed half seen.
    page.add_style_tag(content=STILL + "* { animation: none !important }")
    page.evaluate(OPEN)
    page.evaluate(NAMES)
    title = page.title().rpartition(" — ")[0] or path.stem
    pdf = page.pdf(
        format="A4", margin=MARGINS, scale=SCALE, print_background=True, tagged=True,
        display_header_footer=True, header_template="<span></span>", footer_template=NUMBER,
    )  # fmt: skip
    return Printed(path, title, page.evaluate(HEADINGS), pdf)


def merge(pages: Iterable[Printed]) -> PdfWriter:
    """Return one document: pages in their order, a bookmark for each, its headings below."""
    book = PdfWriter()
    places: dict[Path, dict[str, Place]] = {}
    sheets: list[Path] = []  # which page of the book each belongs to
    for page in pages:
        reader = PdfReader(BytesIO(page.pdf))
        places[page.path] = find_places(reader, len(sheets))
        sheets += [page.path] * len(reader.pages)
        book.append(reader, import_outline=False)
        add_bookmarks(book, page, places[page.path])
    for number, path in enumerate(sheets):
        turn_links(book, number, path, places)
    book.compress_identical_objects()
    return book


def find_places(reader: PdfReader, start: int) -> dict[str, Place]:
    """Return where each named element of a page stands in the book; of no name, its top."""
    places = {"": Place(start)}
    for name, mark in reader.named_destinations.items():
        number = reader.get_destination_page_number(mark)
        if number is not None:
            places[unquote(name.removeprefix("/"))] = Place(start + number, float(mark["/Top"]))
    return places


def add_bookmarks(book: PdfWriter, page: Printed, places: dict[str, Place]) -> None:
    """Add a bookmark for a page, and below it one for each of its headings."""
    top = book.add_outline_item(title=page.title, page_number=places[""].sheet)
    above = [(1, top)]
    for level, text, name in page.headings:
        while above[-1][0] >= level:
            above.pop()
        place = places[name]
        mark = book.add_outline_item(
            title=text, page_number=place.sheet, parent=above[-1][1], fit=Fit.xyz(top=place.top)
        )
        above.append((level, mark))


def turn_links(
    book: PdfWriter, number: int, path: Path, places: dict[Path, dict[str, Place]]
) -> None:
    """Have links of a sheet to files of the book lead into it; drop those to other files.

    Names hold for one page alone (many have a summary), so each is replaced by its place.
    """
    page = book.pages[number]
    kept = ArrayObject()
    for reference in page.get("/Annots", ArrayObject()).get_object():
        note = reference.get_object()
        address = urlsplit(str(note.get("/A", {}).get("/URI", "")))
        name = note.get("/Dest")
        if address.scheme == "file":
            there, name = places.get(Path(unquote(address.path))), unquote(address.fragment)
            if there is None:
                continue
            del note["/A"]
        elif isinstance(name, str):
            there, name = places[path], unquote(name.removeprefix("/"))
        else:  # a link to the world
            kept.append(reference)
            continue
        note[NameObject("/Dest")] = destination(book, there.get(name, there[""]))
        kept.append(reference)
    page[NameObject("/Annots")] = kept


def destination(book: PdfWriter, place: Place) -> ArrayObject:
    """Return a place as a link names it."""
    top = NullObject() if place.top is None else FloatObject(place.top)
    sheet = book.pages[place.sheet].indirect_reference
    return ArrayObject([sheet, NameObject("/XYZ"), NullObject(), top, NullObject()])


def print_book(edition: Edition) -> None:
    """Print each listed page of a built book, and write them as one."""
    pages: list[Printed] = []
    with chromium() as browser:
        for source in listed_pages():
            page = browser.new_page()
            path = edition.site / source.relative_to(ROOT).with_suffix(".html")
            pages.append(print_page(page, path))
            page.close()
    book = merge(pages)
    book.add_metadata({"/Title": pages[0].title})
    book.root_object[NameObject("/Lang")] = TextStringObject(edition.language)
    book.write(edition.file)
    print(f"{len(PdfReader(edition.file).pages)} pages: {edition.file}")


def main() -> None:
    """Print the book in both languages."""
    for edition in EDITIONS:
        print_book(edition)


if __name__ == "__main__":
    main()
