"""Sphinx extension: the Chinese words of the glossary by their sound, above its entries.

The entries stand in the order of the English words, in both languages. Who knows only the Chinese
word finds it here by pinyin: the commoner signs of GB 2312 are in that order, so that its bytes
sort them.
"""

from itertools import groupby
from typing import Any

from docutils import nodes
from glossary_links import GLOSSARY
from sphinx import addnodes
from sphinx.application import Sphinx
from spoken import is_translated, say

LETTERS = "ABCDEFGHJKLMNOPQRSTWXYZ"  # no sound begins with I, U or V
FIRST = "啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝"  # the first sign of each
COMMON = "座"  # the last of the commoner signs: those behind it are in the order of their strokes


def place(sign: str) -> bytes:
    """Return where a sign stands in GB 2312."""
    return sign.encode("gb2312")


def initial(word: str) -> str:
    """Return the letter that a word's sound begins with.

    >>> initial("键"), initial("查询"), initial("n元语法"), initial("值")
    ('J', 'C', 'N', 'Z')
    """
    sign = word[0]
    if sign.isascii():
        return sign.upper()
    if place(sign) > place(COMMON):
        raise ValueError(f"{sign} is none of the commoner signs: its sound is not known here")
    return LETTERS[sum(place(first) <= place(sign) for first in FIRST) - 1]


def by_sound(words: dict[str, str]) -> nodes.container:
    """Return a line for each letter: words, each a link to its anchor."""
    box = nodes.container("", nodes.paragraph("", say("The Chinese words by pinyin:")))
    box["classes"].append("by-sound")
    ordered = sorted(words, key=lambda word: (initial(word), place(word.lower())))
    for letter, group in groupby(ordered, key=initial):
        line = nodes.paragraph("", "", nodes.strong("", letter))
        for i, word in enumerate(group):
            line += nodes.Text("、" if i else " ")
            line += nodes.reference("", word, refuri=f"#{words[word]}", internal=True)
        box += line
    return box


def add(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the words of a Chinese glossary before its entries."""
    if app.builder.format != "html" or not is_translated() or not GLOSSARY.search(page):
        return
    for glossary in list(doctree.findall(addnodes.glossary)):
        words = {term.astext(): term["ids"][0] for term in glossary.findall(nodes.term)}
        glossary.parent.insert(glossary.parent.index(glossary), by_sound(words))


def setup(app: Sphinx) -> dict[str, Any]:
    """Add them when the page is written, behind what the search has read."""
    app.connect("doctree-resolved", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
