"""The glossary holds each word once, in both languages, with the place where it is introduced."""

from collections import Counter
from pathlib import Path

import pytest

from tests.book.glossary import Entry, entries, introduced
from workshop.pages import BOOK, listed_pages, markdown_parts

ENTRIES = entries((BOOK / "appendix" / "glossary.md").read_text(encoding="utf-8"))
CHAPTERS = [page for page in listed_pages() if page.suffix == ".ipynb"]


def test_there_are_sixty_terms_and_more() -> None:
    assert len(ENTRIES) >= 60


def test_the_terms_are_in_order_and_none_comes_twice() -> None:
    terms = [each.term.casefold() for each in ENTRIES]
    assert terms == sorted(set(terms))


def test_each_chinese_word_belongs_to_one_term() -> None:
    words = Counter(word for each in ENTRIES for word in each.chinese)
    assert [word for word, count in words.items() if count > 1] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.term)
def test_an_entry_has_chinese_a_sentence_and_a_place(entry: Entry) -> None:
    assert 1 <= len(entry.chinese) <= 2
    assert entry.definition.endswith(".")
    definition, _, place = entry.definition.rpartition("See [")
    assert len(definition.split()) >= 4
    assert ".ipynb#" in place  # that it leads somewhere, the build and the test of links prove


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_the_words_that_a_chapter_introduces_are_there(page: Path) -> None:
    known = {word for each in ENTRIES for word in each.chinese}
    found = {word for part in markdown_parts(page) for word in introduced(part)}
    assert found - known == set()


def test_an_introduced_word_is_found_and_a_quotation_is_not() -> None:
    text = """# 1. Title (<span lang="zh">标题</span>)

A **head** (<span lang="zh">头</span>) and scores, weights (<span lang="zh">分数、权重</span>).

| word | <span lang="zh">中文</span> |
|---|---|
| mask $M$ | <span lang="zh">掩码</span> |

:::{admonition} In the article
:class: in-the-article
Its idea (<span lang="zh">核心思想</span>).
:::

The article says <span lang="zh">从而提高分类准确率</span>.
"""
    assert introduced(text) == {"头", "分数", "权重", "掩码"}
