"""Each Chinese word on a page is the glossary's for the English beside it, or the article's."""

import hashlib
from pathlib import Path

import pytest

from tests.book import terms
from tests.book.terms import Pair

RECORD = Path(__file__).parent / "records" / "terms.txt"
HEADINGS = "9dcc0fe6c139046d"  # of the headings of the article, in the appendix


@pytest.mark.parametrize("page", terms.PAGES, ids=lambda page: page.stem)
def test_chinese_is_the_glossarys_or_the_articles(page: Path) -> None:
    assert terms.strange(page) == []


@pytest.mark.parametrize("page", terms.PAGES, ids=lambda page: page.stem)
def test_a_word_stands_beside_the_english_that_the_glossary_gives(page: Path) -> None:
    wrong = [each for each in terms.pairs(page) if not terms.fits(each)]
    assert [each for each in wrong if (page.stem, each.chinese) not in terms.DESCRIBED] == []


def test_words_that_no_page_puts_beside_english_are_recorded() -> None:
    met = {each.chinese for page in terms.PAGES for each in terms.pairs(page)}
    alone = {f"{term} · {word}" for word, term in terms.terms().items() if word not in met}
    recorded = set(RECORD.read_text(encoding="utf-8").splitlines())
    assert alone == recorded, f"the pairs that only the glossary has stand in {RECORD.name}"


def test_most_words_are_met_on_a_page() -> None:
    assert sum(len([*terms.pairs(page)]) for page in terms.PAGES) > 140


def test_the_headings_of_the_article_are_quoted_as_they_are() -> None:
    text = (terms.BOOK / "appendix" / "article.md").read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## ") and "zh" in line]
    letters = "".join(terms.letters(each) for line in headings for each in terms.SPAN.findall(line))
    assert hashlib.sha256(letters.encode()).hexdigest()[: len(HEADINGS)] == HEADINGS


def test_a_misquotation_and_another_word_are_strange() -> None:
    assert terms.is_known("注意力机制可以帮助模型学习图像中的重要区域，从而提高分类准确率")
    assert not terms.is_known("注意力机制可以帮助模型学习图像中的次要区域，从而提高分类准确率")
    assert terms.is_known("编码器、解码器")
    assert not terms.is_known("密匙")


@pytest.mark.parametrize(("english", "word", "fit"), [
    ("**keys", "键", True), ("a head", "头", True), ("a mask", "头", False), ("keys", "值", False),
])  # fmt: skip
def test_a_word_beside_other_english_is_found(english: str, word: str, fit: bool) -> None:
    assert terms.fits(Pair(english, word)) is fit


def test_pairs_are_read_from_sentences_and_tables(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    zh = '<span lang="zh">{}</span>'.format
    page.write_text(f"A **head** ({zh('头')}).\n\n| mask $M$<br>{zh('掩码')} | x |\n"
                    f"| encoder, decoder | {zh('编码器、解码器')} |\n", "utf-8")  # fmt: skip
    found = [(each.english.strip(" *"), each.chinese) for each in terms.pairs(page)]
    assert found == [
        ("A **head", "头"),
        ("mask $M$", "掩码"),
        ("encoder", "编码器"),
        ("decoder", "解码器"),
    ]
