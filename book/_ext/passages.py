"""Sphinx extension: the passages that the search shows, one per section and per glossary entry.

Sphinx's own search finds pages and fetches each one to quote it, which a page opened from a file
may not do. Here the words of all sections stand in one script beside the page of the search, which
loads it and no other page does: `search.js` finds, ranks and quotes them, from a file as well.
Of Sphinx's index, the names of the library are left, which `search.js` asks for.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from quiz import QuizOffer
from sphinx import addnodes
from sphinx.application import Sphinx

CHINESE = r"\u3400-\u4dbf\u4e00-\u9fff"
SKIPPED = (
    nodes.section,
    nodes.literal_block,
    nodes.math_block,
    nodes.raw,
    nodes.comment,
    addnodes.glossary,
    addnodes.desc,
    QuizOffer,  # most are wrong
)


NUMBERED = ("eq", "numref")  # references whose text is a number, known only when a page is written
WHERE = re.compile(r" See (chapter|section) .*$")  # the last line of a glossary entry
RUN = re.compile(rf"[{CHINESE}]+")


class Passage(NamedTuple):
    """What is found: where it stands, what it is called, what it says."""

    page: str
    anchor: str
    title: str
    text: str


def words_of(node: nodes.Node) -> str:
    """Return the text that a reader sees as words: no code, no displayed formula."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, SKIPPED) or node.get("reftype") in NUMBERED:
        return ""
    if isinstance(node, nodes.math):
        return "" if "\\" in node.astext() else node.astext()
    inside = "".join(map(words_of, node.children))
    return inside if isinstance(node, nodes.Inline) else f"{inside} "


def passages(page: str, doctree: nodes.document) -> Iterator[Passage]:
    """Yield each section of a page with its own words, and each entry of its glossaries."""
    for section in doctree.findall(nodes.section):
        heading, *rest = section.children
        text = " ".join("".join(map(words_of, rest)).split())
        yield Passage(page, section["ids"][0], words_of(heading).strip(), text)
    for glossary in doctree.findall(addnodes.glossary):
        for entry in glossary.findall(nodes.definition_list_item):
            term, text = entry.children[0], " ".join(words_of(entry.children[-1]).split())
            chinese = RUN.match(text)
            name = f"{term.astext()} {chinese[0]}" if chinese else term.astext()
            text = WHERE.sub("", text)
            yield Passage(page, term["ids"][0], name, text)


def write_passages(app: Sphinx, error: Exception | None) -> None:
    """Write the passages of all pages into a script of the site."""
    if error is not None or app.builder.format != "html":
        return
    pages = {
        page: {
            "title": words_of(app.env.titles[page]).strip(),
            "passages": [each[1:] for each in passages(page, app.env.get_doctree(page))],
        }
        for page in sorted(app.env.found_docs)
    }
    script = "window.qkvPages = " + json.dumps(pages, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, "_static", "passages.js").write_text(f"{script};\n", encoding="utf-8")


def keep_names(app: Sphinx) -> list[Any]:
    """Leave only the names of the library in Sphinx's index; add no page."""
    index = app.builder.indexer
    for pages_of in (index._mapping, index._title_mapping):
        pages_of.clear()
    for names_on in (index._all_titles, index._index_entries):
        names_on.update({page: [] for page in names_on})
    return []


def load_in_the_search(
    app: Sphinx, page: str, _template: str, _context: dict[str, Any], _doctree: Any
) -> None:
    """Load the passages, and what finds in them, where a reader searches."""
    if page == "search":
        app.add_js_file("passages.js", loading_method="defer")
        app.add_js_file("search.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Collect the passages when all pages are written."""
    app.connect("build-finished", write_passages)
    app.connect("html-collect-pages", keep_names)
    app.connect("html-page-context", load_in_the_search)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
