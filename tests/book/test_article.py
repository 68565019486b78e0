"""Every sentence of the article has its row: a verdict, and the place in the book."""

import hashlib
import re

import pytest

from workshop.pages import BOOK

PAGE = (BOOK / "appendix" / "article.md").read_text(encoding="utf-8")
QUOTED = re.compile(
    r'^\| <span lang="zh">(.*?)</span><br>(.+?) \| (.+?) \| (.+?) \|$', re.MULTILINE
)
ROWS = QUOTED.findall(PAGE)

# Of the article's Chinese characters in their order, without headings and program.
ARTICLE = "988c50ae23270ca6ae1174fee0923fb49d1490e983deaec1e6d2a57d5db98e30"


def test_the_article_is_quoted_whole() -> None:
    characters = "".join(re.findall(r"[\u4e00-\u9fff]", "".join(row[0] for row in ROWS)))
    assert hashlib.sha256(characters.encode()).hexdigest() == ARTICLE


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1][:50])
def test_a_sentence_that_claims_something_leads_to_the_book(row: tuple[str, ...]) -> None:
    _, _, verdict, place = row
    assert re.match(r"(kept|made precise|no claim)$|corrected: \[", verdict)
    assert "](" in place or verdict == "no claim"


def test_each_of_the_ten_corrections_is_used() -> None:
    used = {int(number) for row in ROWS for number in re.findall(r"#correction-(\d+)", row[2])}
    assert used == set(range(1, 11))
