"""Sphinx extension: in each chapter, the first use of a word of the glossary links to its entry.

Only running text is searched: no headings, code, links, captions, formulas or tables. A word is
found in its plural too, and in any case of its letters.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CHAPTER = re.compile(r"(?:^|/)\d\d-")  # the pages that are searched
GLOSSARY = re.compile(r"(?:^|/)glossary$")
CLOSED = (
    nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.caption, nodes.math,
    nodes.math_block, nodes.raw, nodes.table, nodes.subtitle, nodes.rubric, nodes.target,
    nodes.citation_reference, nodes.footnote_reference, addnodes.pending_xref,
    addnodes.download_reference,
)  # fmt: skip

Terms = dict[str, tuple[str, str]]


def terms_of(env: BuildEnvironment) -> Terms:
    """Return where each word of the glossary stands, page and anchor; words in small letters."""
    return {
        name.lower(): (page, anchor)
        for name, _, kind, page, anchor, _ in env.domains["std"].get_objects()
        if kind == "term" and GLOSSARY.search(page)
    }


def pattern_of(terms: Terms) -> re.Pattern[str]:
    """Return the pattern that finds a word as a whole, the longer of two words first."""
    words = sorted(terms, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, words))})(?:e?s)?(?![\w-])", re.I)


def running_text(doctree: nodes.document) -> Iterator[nodes.Text]:
    """Yield each piece of text that may hold links."""
    for text in list(doctree.findall(nodes.Text)):
        above = text.parent
        while above is not None and not isinstance(above, CLOSED):
            above = above.parent
        if above is None:
            yield text


def link_first_uses(doctree: nodes.document, terms: Terms, address: Any) -> None:
    """Replace the first use of each word by a link; `address` gives that of a page."""
    left = dict(terms)
    for text in running_text(doctree):
        pieces: list[nodes.Node] = []
        end = 0
        for found in pattern_of(left).finditer(text) if left else ():
            word = found[1].lower()
            if word not in left:  # its first use is earlier in this very text
                continue
            page, anchor = left.pop(word)
            link = nodes.reference(
                "", found[0], internal=True, refuri=f"{address(page)}#{anchor}",
                classes=["glossary-link"],
            )  # fmt: skip
            pieces += [nodes.Text(text[end : found.start()]), link]
            end = found.end()
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text[end:])])


def link_page(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Link the words of one chapter."""
    if app.builder.format == "html" and CHAPTER.search(page):
        terms = terms_of(app.env)
        if terms:
            link_first_uses(
                doctree, terms, lambda target: app.builder.get_relative_uri(page, target)
            )


def write_chapters_again(_app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have the chapters written anew when the words of the glossary have changed."""
    before, now = getattr(env, "glossary_terms", None), terms_of(env)
    env.glossary_terms = now  # type: ignore[attr-defined]
    return [page for page in env.found_docs if CHAPTER.search(page)] if before != now else []


def setup(app: Sphinx) -> dict[str, Any]:
    """Link when all pages are read."""
    app.connect("env-updated", write_chapters_again)
    app.connect("doctree-resolved", link_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
