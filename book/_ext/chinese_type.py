"""Sphinx extension: what the typography of Chinese asks for, and a translation cannot type.

English italics mark two things, which Chinese tells apart. A word that is *mentioned*, a word of
the book's sentence or the name of a feature, stands between quotation marks. What is *stressed*
has a dot below each sign, though not below Latin letters and digits, and a paragraph in italics is
no stress but an aside. A per cent sign follows its number directly; a citation leaves a space
behind a Latin name.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from spoken import is_translated

from qkv_lib.data.lexicon import FEATURES, LEXICON
from qkv_lib.language import words_of
from workshop.chinese.gate import HAN

HAN_SIGN = re.compile(f"[{HAN}]")
LATIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9.:%+−-]*)")
PER_CENT = re.compile(r"(?<=\d)[ \N{NO-BREAK SPACE}](?=%)")
LATIN_END = re.compile(r"[A-Za-z0-9]$")
CODE = (nodes.literal, nodes.FixedTextElement, nodes.math)


def mentioned() -> set[str]:
    """Return the words that are mentioned, never stressed: of the sentence, and of its features."""
    names = words_of("qkv_lib.explorers", "zh_CN")
    features = {names[each] for each in (*FEATURES, "description")}
    return features | {word for word in LEXICON if HAN_SIGN.search(word)}


def is_mention(text: str, words: set[str]) -> bool:
    """Tell whether a text is nothing but such words, with their numbers.

    >>> is_mention("猫 喝 了 牛奶，因为 它 渴 了", {"猫", "喝", "了", "牛奶", "因为", "它", "渴"})
    True
    >>> is_mention("描述2", {"描述"}), is_mention("收到", {"描述"})
    (True, False)
    """
    parts = re.findall(f"[{HAN}]+", text)
    return bool(parts) and all(part in words for part in parts) and not re.search("[A-Za-z]", text)


def quote(mention: nodes.emphasis) -> None:
    """Put what is mentioned between quotation marks, or between those that are typed."""
    siblings, place = mention.parent, mention.parent.index(mention)
    typed = "".join(each.astext() for each in siblings[:place])
    marks = "‘’" if typed.count("“") > typed.count("”") else "“”"
    if typed.endswith(("“", "‘")):
        marks = ""
    siblings[place] = nodes.inline("", classes=["mention"])
    siblings[place] += [nodes.Text(marks[:1]), *mention.children, nodes.Text(marks[1:])]


def set_upright(stressed: nodes.emphasis) -> None:
    """Mark the Latin letters and digits in stressed Chinese: they have no dots."""
    for text in [each for each in stressed.children if isinstance(each, nodes.Text)]:
        parts = LATIN.split(text)
        pieces = [
            nodes.inline("", part, classes=["latin"]) if place % 2 else nodes.Text(part)
            for place, part in enumerate(parts)
            if part
        ]
        stressed.replace(text, pieces)


def sort_italics(_app: Sphinx, doctree: nodes.document) -> None:
    """Tell apart what is mentioned, stressed, Latin, and a paragraph in italics as a whole."""
    words = mentioned() if is_translated() else set()
    for italic in list(doctree.findall(nodes.emphasis)) if words else ():
        alone = isinstance(italic.parent, nodes.paragraph) and len(italic.parent) == 1
        if not HAN_SIGN.search(italic.astext()):
            italic["classes"].append("latin")
        elif alone:
            italic["classes"].append("aside")
        elif is_mention(italic.astext(), words):
            quote(italic)
        else:
            set_upright(italic)


def set_spaces(doctree: nodes.document) -> None:
    """Take away the space before a per cent sign, and put one between a name and its source."""
    for text in list(doctree.findall(nodes.Text)) if is_translated() else ():
        if isinstance(text.parent, CODE):
            continue
        spaced = PER_CENT.sub("", text)
        behind = text.next_node(descend=False, siblings=True)
        if LATIN_END.search(spaced) and is_citation(behind):
            spaced += " "
        if spaced != text:
            text.parent.replace(text, nodes.Text(spaced))


def is_citation(node: nodes.Node | None) -> bool:
    """Tell whether a node is the bracket that names a work."""
    return isinstance(node, nodes.inline) and "bibtex-citation" in node["classes"]


def settle(app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Set the spaces of a page, and sort the italics that came while it was resolved."""
    sort_italics(app, doctree)
    set_spaces(doctree)


def setup(app: Sphinx) -> dict[str, Any]:
    """Sort the italics while a page is read, for the contents say the same; then set the spaces."""
    app.connect("doctree-read", sort_italics, priority=100)
    app.connect("doctree-resolved", settle, priority=960)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
