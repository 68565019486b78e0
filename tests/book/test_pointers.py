"""Links, references and citations lead to what their words are about; keys of works are true."""

import re
from pathlib import Path

import pytest

from tests.book import pointers
from tests.book.pointers import Pointer
from tests.book.works import works

RECORD = pointers.record()

# Works that go by the name of their model, and those known by the year before they were printed.
BY_THEIR_NAME = {"deepseekv2", "deepseekv3", "deepseekv32", "llama2024", "mistral2023",
                 "gemma2024", "gemma2025", "gptoss2025", "kimi2025", "minimax2025"}  # fmt: skip
A_YEAR_EARLIER = {"radford2022", "arora2023", "wortsman2023", "dao2023"}


@pytest.mark.parametrize("page", pointers.PAGES, ids=lambda page: page.stem)
def test_words_and_targets_agree(page: Path) -> None:
    hint = "if the target is right, `python -m tests.book.pointers` records it"
    assert pointers.faults(page, RECORD) == [], hint


def test_links_into_a_page_lead_to_the_place_that_was_meant() -> None:
    links = [each for page in pointers.PAGES for each in pointers.pointers(page)
             if pointers.fits_elsewhere(each)]  # fmt: skip
    strange = [each.line for each in links if each.line not in pointers.sections()]
    assert strange == [], (
        "page, place and target of links whose words fit another place of that page better. Look "
        "where they lead; if that is meant, `python -m tests.book.pointers` records it"
    )
    gone = pointers.sections() - {each.line for each in links}
    assert gone == set(), "these lead elsewhere now, or their words do: record them anew"


def test_the_record_holds_nothing_that_is_gone() -> None:
    there = {each.line for page in pointers.PAGES for each in pointers.pointers(page)}
    assert RECORD - there == set(), "`python -m tests.book.pointers` writes it anew"


def test_most_pointers_are_told_by_their_words() -> None:
    there = [each for page in pointers.PAGES for each in pointers.pointers(page)]
    assert len(there) > 600
    assert len(RECORD) < len(there) * 0.5


@pytest.mark.parametrize("key", [key for key in works() if key not in BY_THEIR_NAME])
def test_the_key_of_a_work_is_its_author_and_year(key: str) -> None:
    work = works()[key]
    name, year = re.fullmatch(r"(\D+?)(\d{4})[a-z]*", key).groups()
    assert int(year) + (key in A_YEAR_EARLIER) == int(work.year)
    assert any(re.sub(r"\W", "", author).lower().endswith(name) for author in work.authors[:1])


def link(words: str, target: str, around: str = "") -> Pointer:
    return Pointer("03-algorithm", "ch03-x", "link", words, f"{words} {around}", target)


@pytest.mark.parametrize(("words", "target"), [
    ("chapter 4", "04-mathematics.ipynb#why-several-heads"),
    ("6.2: which heads matter", "06-2-language.ipynb#ch06-2-ablate-one"),
    ("exercise 3.7", "03-algorithm.ipynb#exercise-3-7-two-bugs-that-do-not-show"),
    ("question 21", "09-faq.ipynb#faq-21"),
    ("2", "article.md#correction-2"),
    ("the leak", "03-algorithm.ipynb#ch03-leak"),
])  # fmt: skip
def test_a_number_that_is_the_targets_passes(words: str, target: str) -> None:
    if words == "question 21":
        target = next(each for each, text in pointers.targets().items() if text[:3] == "21.")
    assert pointers.misnumbered(link(words, target)) is None


@pytest.mark.parametrize(("words", "target"), [
    ("chapter 4", "05-practice.ipynb"),
    ("6.2", "06-3-translation.ipynb#ch06-3-table"),
    ("section 6.2", "06-applications.ipynb"),
    ("exercise 3.6", "03-algorithm.ipynb#exercise-3-7-two-bugs-that-do-not-show"),
    ("3", "article.md#correction-2"),
])  # fmt: skip
def test_another_number_is_found(words: str, target: str) -> None:
    assert pointers.misnumbered(link(words, target))


def test_words_that_are_about_the_target_agree_and_others_do_not() -> None:
    around = "Half of the softmax rows overflow: subtract the largest score first"
    assert pointers.agreement(link("overflow", "03-algorithm.ipynb#ch03-overflow-run", around)) > 1
    assert pointers.agreement(link("overflow", "06-3-translation.ipynb#ch06-3-table", around)) < 1
    cite = Pointer("x", "y", "cite", "", "rotary position embedding of RoFormer", "su2021")
    assert pointers.agreement(cite) > 1
    assert pointers.agreement(cite._replace(target="lecun1998")) < 1


def test_a_pointer_without_common_words_must_be_recorded(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("As measured by {cite:p}`lecun1998`.")
    (fault,) = pointers.faults(page, set())
    assert fault == "as-measured-by-lecun1998: 'As measured by  .' … leads to lecun1998"
    assert pointers.faults(page, {"page as-measured-by-lecun1998 lecun1998"}) == []
