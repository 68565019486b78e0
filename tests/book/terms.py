"""Chinese on the pages: words of the glossary, quotations of the article, or our own few lines."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.book.glossary import entries
from workshop.pages import BOOK, listed_pages, markdown_parts

PAGES = [page for page in listed_pages()
         if page.stem not in ("glossary", "article") and page.parent.name != "library"]  # fmt: skip
SPAN = re.compile(r"""<span lang=["']zh["']>(.*?)</span>""", re.DOTALL)
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fffA-Za-z]")
PAIR = re.compile(
    r"([^\n|()]{3,80}?)[*_\s\"”,;·—-]*\(<span lang=\"zh\">([^<]{1,12})</span>"  # word (词)
    r"|^\| *([^|\n]+?) *(?:\||<br>) *<span lang=\"zh\">([^<]{1,20})</span>",  # | word | 词 |
    re.MULTILINE,
)

# What the article does not have: our example, and titles of pages that it has no section for.
OURS = {
    "猫喝了牛奶，因为它渴了。", "猫 喝 了 牛奶，因为 它 渴 了。", "中文", "看哪些键，取多少",
    "解码时读什么", "更长的文本", "月", "五",
}  # fmt: skip

# Places where the English before a word is a description, not the term.
DESCRIBED = {
    ("05-practice", "长度外推"), ("06-2-language", "词元"), ("06-2-language", "嵌入向量"),
    ("06-2-language", "消融"), ("08-outlook", "键值缓存"), ("08-outlook", "联想回忆"),
    ("09-faq", "训练难度"),
}  # fmt: skip


class Pair(NamedTuple):
    """An English phrase and the Chinese word that a page puts beside it."""

    english: str
    chinese: str


def letters(text: str) -> str:
    """Return a text without punctuation and spaces."""
    return "".join(HAN.findall(text))


@cache
def article() -> str:
    """Return the letters of the article, its headings among them, as the appendix quotes them."""
    page = (BOOK / "appendix" / "article.md").read_text(encoding="utf-8")
    return "|".join(letters(found) for found in SPAN.findall(page))


@cache
def terms() -> dict[str, str]:
    """Return each Chinese word of the glossary with its English term."""
    page = (BOOK / "appendix" / "glossary.md").read_text(encoding="utf-8")
    return {word: entry.term for entry in entries(page) for word in entry.chinese}


def strange(page: Path) -> list[str]:
    """Return the Chinese of a page that is no word of the glossary and not in the article."""
    found = [text for part in markdown_parts(page) for text in SPAN.findall(part)]
    return [text for text in found if text not in OURS and not is_known(text)]


def is_known(text: str) -> bool:
    """Tell whether Chinese words are the glossary's, or stand so in the article."""
    words = re.split("[、，,]|和|与", text)
    return all(word in terms() for word in words) or letters(text) in article()


def pairs(page: Path) -> Iterator[Pair]:
    """Yield the words of the glossary on a page, each with the English that stands before it."""
    for part in markdown_parts(page):
        for said, word, row, words in PAIR.findall(re.sub(r"\{[\w:]+\}`[^`]*`", "", part)):
            english, chinese = (said or row), (word or words).split("、")
            several = re.split(r", (?:and )?| and ", english)[-len(chinese) :]
            both = zip(several, chinese, strict=True) if len(several) == len(chinese) else [
                (english, each) for each in chinese]  # fmt: skip
            yield from (Pair(*each) for each in both if each[1] in terms())


def stems(text: str) -> set[str]:
    """Return the words of a text, cut so that forms of one word agree."""
    return {word[:4].rstrip("s") for word in re.findall(r"[a-z0-9]{2,}", text.lower())}


def fits(pair: Pair) -> bool:
    """Tell whether the English beside a Chinese word has to do with its term in the glossary."""
    return bool(stems(pair.english) & stems(terms()[pair.chinese]))
