"""Sphinx extension: what the typography of Chinese asks for, and a translation cannot type.

English italics mark two things, which Chinese tells apart. A word that is *mentioned*, a word of
the book's sentence or the name of a feature, stands between quotation marks. What is *stressed*
has a dot below each sign, though not below Latin letters and digits, and a paragraph in italics is
no stress but an aside. A citation leaves a space behind a Latin name.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from spoken import is_translated
from unbroken import set_apart

from qkv_lib.data.lexicon import FEATURES, LEXICON
from qkv_lib.language import words_of
from workshop.chinese.gate import HAN

HAN_SIGN = re.compile(f"[{HAN}]")
LATIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9.:%+−-]*)")
LATIN_END = re.compile(r"[A-Za-z0-9]$")


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


def sort_italics(doctree: nodes.document) -> None:
    """Tell apart what is mentioned, stressed, Latin, and a paragraph in italics as a whole."""
    words = mentioned()
    for italic in list(doctree.findall(nodes.emphasis)):
        if not HAN_SIGN.search(italic.astext()):
            italic["classes"].append("latin")
        elif isinstance(italic.parent, nodes.paragraph) and len(italic.parent) == 1:
            italic["classes"].append("aside")
        elif is_mention(italic.astext(), words):
            quote(italic)
        else:
            for text in [each for each in italic.children if isinstance(each, nodes.Text)]:
                set_apart(text, LATIN, "latin")  # it has no dots


def space_citations(doctree: nodes.document) -> None:
    """Put a space between a Latin name and the bracket that names its source."""
    for bracket in doctree.findall(nodes.inline):
        before = bracket.previous_sibling()
        cites = "bibtex-citation" in bracket["classes"]
        if cites and isinstance(before, nodes.Text) and LATIN_END.search(before):
            bracket.parent.replace(before, nodes.Text(f"{before} "))


def settle(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Do so for a page of the Chinese edition."""
    if is_translated():
        sort_italics(doctree)
        space_citations(doctree)


def setup(app: Sphinx) -> dict[str, Any]:
    """Set a page when all of it is there, citations and glossary too."""
    app.connect("doctree-resolved", settle, priority=960)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
