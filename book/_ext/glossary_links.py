"""Sphinx extension: in each chapter, the first use of a word of the glossary shows its meaning.

The word is a link to its entry, and where the pointer or the keyboard rests on it the entry's text
appears beside it. Only running text is searched: no headings, code, links, captions, formulas or
tables. A word is found in its plural too, and in any case of its letters, a name only as it is
written. A word that people also use every day (*output*, *chance*) is meant as a term where its
Chinese word stands behind it, and only there.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from docutils import nodes
from quiz import QuizOffer
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from spoken import is_translated, say

from workshop.chinese.terms import terms as law

CHAPTER = re.compile(r"(?:^|/)\d\d-")  # the pages that are searched
GLOSSARY = re.compile(r"(?:^|/)glossary$")
CLOSED = (
    nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.caption, nodes.math,
    nodes.math_block, nodes.raw, nodes.table, nodes.subtitle, nodes.rubric, nodes.target,
    nodes.citation_reference, nodes.footnote_reference, addnodes.pending_xref,
    addnodes.download_reference, QuizOffer,
)  # fmt: skip

# Words of the glossary that mean something else elsewhere: weights of a file, a query of a search.
EVERYDAY = frozenset({
    "alignment", "attention", "bias", "block", "chance", "context", "feature", "head", "key",
    "layout", "mask", "offset", "output", "patch", "probe", "property", "query", "rule", "scaling",
    "scores", "seed", "state", "token", "value", "weights",
})  # fmt: skip
# Chinese words of the glossary that say more than its English word: 循环 is also a loop of code.
WIDER = frozenset({"循环"})


class Term(NamedTuple):
    """A word of the glossary: as it is written there, where, and what it says."""

    word: str
    page: str
    anchor: str
    meaning: tuple[nodes.Node, ...] = ()
    everyday: bool = False
    english: str = ""  # where ``word`` is Chinese


Terms = dict[str, Term]


def terms_of(env: BuildEnvironment) -> Terms:
    """Return the words of the glossary by their small letters."""
    objects = [
        (name, page, anchor)
        for name, _, kind, page, anchor, _ in env.domains["std"].get_objects()
        if kind == "term" and GLOSSARY.search(page)
    ]
    meanings = {
        anchor: meaning
        for page in {page for _, page, _ in objects}
        for anchor, meaning in meanings_of(env.get_doctree(page))
    }
    found = [
        Term(name, page, anchor, meanings.get(anchor, ()), name.lower() in EVERYDAY)
        for name, page, anchor in objects
    ]
    if is_translated():
        chinese = {each.word: each.chinese[0] for each in law() if each.chinese}
        found = [
            each._replace(word=chinese[each.word], english=each.word)
            for each in found
            if each.word in chinese
        ]
    return {each.word.lower(): each for each in found}


def meanings_of(glossary: nodes.document) -> Iterator[tuple[str, tuple[nodes.Node, ...]]]:
    """Yield for each anchor of a glossary what its entry says, up to where it says "See …"."""
    for entry in glossary.findall(nodes.definition_list_item):
        *_, definition = entry
        paragraphs = [each for each in definition if isinstance(each, nodes.paragraph)]
        said: list[nodes.Node] = []
        for node in paragraphs[1] if len(paragraphs) > 1 else ():
            sign = say("See ")
            text, see, _ = node.partition(sign) if isinstance(node, nodes.Text) else ("", "", "")
            if see and (not text or text[-1].isspace() or text.endswith(("。", "。）"))):
                said.append(nodes.Text(text.rstrip()))
                break
            said.append(without_links(node))
        for term in entry.findall(nodes.term):
            for anchor in term["ids"]:
                yield anchor, tuple(said)


def without_links(node: nodes.Node) -> nodes.Node:
    """Return a copy of a node; what would be a link, or a target, is its text alone."""
    if isinstance(node, (nodes.reference, addnodes.pending_xref, nodes.target)):
        return nodes.Text(node.astext())
    return node.deepcopy()


def is_meant(term: Term, found: re.Match[str]) -> bool:
    """Tell whether a word is the term: a name is written as a name."""
    return term.word.islower() or found[1] == term.word


def is_introduced(term: Term, text: nodes.Text, end: int) -> bool:
    """Tell whether the other language's word stands in brackets behind what ends at ``end``."""
    rest, behind = str(text)[end:], after(text)
    if is_translated():
        return rest.lower().startswith(f"（{term.english.lower().removesuffix('s')}")
    if not rest and isinstance(text.parent, (nodes.emphasis, nodes.strong)):
        rest, behind = "", after(text.parent)
        if behind:
            rest = behind.pop(0).astext()
    return rest == " (" and bool(behind) and 'lang="zh"' in behind[0].astext()


def after(node: nodes.Node) -> list[nodes.Node]:
    """Return the nodes that follow a node in its parent."""
    siblings = node.parent.children
    (place,) = (i for i, each in enumerate(siblings) if each is node)
    return list(siblings[place + 1 :])


def pattern_of(terms: Terms) -> re.Pattern[str]:
    """Return the pattern that finds a word as a whole, the longer of two words first."""
    words = "|".join(map(either_number, sorted(terms, key=len, reverse=True)))
    if is_translated():  # Chinese has no gaps between words
        return re.compile(f"({words})")
    return re.compile(rf"(?<![\w-])({words})(?:e?s)?(?![\w-])", re.I)


def either_number(word: str) -> str:
    """Return the pattern of a word whose plural changes its last letter (query, queries)."""
    return f"{re.escape(word[:-1])}(?:y|ies)" if word.endswith("y") else re.escape(word)


def singular(word: str) -> str:
    """Return the word of the glossary that was found, in small letters."""
    return re.sub("ies$", "y", word.lower())


def running_text(doctree: nodes.document) -> Iterator[nodes.Text]:
    """Yield each piece of text that may hold links."""
    for text in list(doctree.findall(nodes.Text)):
        above = text.parent
        while above is not None and not isinstance(above, CLOSED):
            above = above.parent
        if above is None:
            yield text


def link_first_uses(doctree: nodes.document, terms: Terms, address: Any) -> None:
    """Replace the first use of each word by a link with its meaning; `address` leads to a page."""
    left = dict(terms)
    words = pattern_of(terms)  # all of them: a shorter word is not found within a longer one
    for text in running_text(doctree):
        pieces: list[nodes.Node] = []
        end = 0
        for found in words.finditer(text):
            word = singular(found[1])
            if word not in left:  # its first use is earlier
                continue
            if not is_meant(left[word], found):
                continue
            everyday = left[word].everyday or word in EVERYDAY | WIDER
            if everyday and not is_introduced(left[word], text, found.end()):
                continue
            link = linked(left.pop(word), found[0], address)
            pieces += [nodes.Text(text[end : found.start()]), link]
            end = found.end()
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text[end:])])


def linked(term: Term, word: str, address: Any) -> nodes.inline:
    """Return a word as a link, followed by its meaning for who asks for it."""
    link = nodes.reference(
        "", word, internal=True, refuri=f"{address(term.page)}#{term.anchor}",
        classes=["glossary-link"],
    )  # fmt: skip
    box = nodes.inline("", "", link, classes=["glossary-word"])
    if term.meaning:
        meaning = (each.deepcopy() for each in term.meaning)
        box += nodes.inline("", "", *meaning, classes=["glossary-meaning"])
    return box


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
    before, now = (
        getattr(env, "glossary_terms", None),
        {
            word: (term.page, term.anchor, "".join(each.astext() for each in term.meaning))
            for word, term in terms_of(env).items()
        },
    )
    env.glossary_terms = now  # type: ignore[attr-defined]
    return [page for page in env.found_docs if CHAPTER.search(page)] if before != now else []


def setup(app: Sphinx) -> dict[str, Any]:
    """Link when all pages are read."""
    app.connect("env-updated", write_chapters_again)
    app.connect("doctree-resolved", link_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
