"""The glossary as data: its entries, and the Chinese words that the chapters introduce."""

import re
from typing import NamedTuple

from workshop.pages import directive, directive_body, tokens

CHINESE = re.compile(r'<span lang="zh">(.*?)</span>', re.DOTALL)
QUOTED = re.compile(r"^:::\{admonition\} In the article$.*?^:::$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#.*$", re.MULTILINE)
# A word beside an English one: in brackets behind it, or in the second column of a table.
BESIDE = re.compile(r'(?:\(|^\|[^|\n]+\| ?)<span lang="zh">([^<]{1,10})</span>', re.MULTILINE)
HEAD_OF_A_TABLE = "中文"


class Entry(NamedTuple):
    """One entry: the English term, its Chinese words (the usual one first), the definition."""

    term: str
    chinese: list[str]
    definition: str


def entries(page: str) -> list[Entry]:
    """Return the entries of the glossary that a page holds."""
    (body,) = (directive_body(each) for each in tokens(page) if directive(each) == "glossary")
    found = []
    for block in re.split(r"\n+(?=\S)", body.strip()):
        term, first, *rest = block.splitlines()
        found.append(Entry(term, CHINESE.findall(first), "\n".join(rest).strip()))
    return found


def introduced(markdown: str) -> set[str]:
    """Return the Chinese words put beside English ones, but for headings and quoted sentences."""
    text = HEADING.sub("", QUOTED.sub("", markdown))
    words = {word for found in BESIDE.findall(text) for word in found.split("、")}
    return {word for word in words if not re.search(r"[，。；“”]", word)} - {HEAD_OF_A_TABLE}
