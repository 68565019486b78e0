"""Chapter 9 keeps its promises: each question is listed, answered briefly, shown and linked."""

import re
from typing import Any

import nbformat
import pytest

from workshop.pages import BOOK

CELLS = nbformat.read(BOOK / "09-faq.ipynb", as_version=4).cells
QUESTION = re.compile(r"^\((faq-[\w-]+)\)=\n### (\d+)\. (.+)$", re.M)
MOST_WORDS = 260  # of an answer: a screen


def sections() -> dict[str, tuple[int, str, list[Any]]]:
    """Return target → number, title and cells of each question."""
    found: dict[str, tuple[int, str, list[Any]]] = {}
    for cell in CELLS:
        if cell.cell_type == "markdown" and (match := QUESTION.search(cell.source)):
            target, number, title = match.groups()
            found[target] = (int(number), title, [])
        elif cell.cell_type == "markdown" and cell.source.startswith("## "):
            target = ""
        if found and target:
            found[target][2].append(cell)
    return found


SECTIONS = sections()


def text_of(target: str) -> str:
    cells = SECTIONS[target][2]
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_there_are_the_three_of_the_article_and_twenty_more_in_order() -> None:
    assert [number for number, _, _ in SECTIONS.values()] == list(range(1, 24))


def test_the_list_at_the_top_holds_each_question_in_its_own_words() -> None:
    listed = re.findall(r"^(\d+)\. \[(.+)\]\(#(faq-[\w-]+)\)$", CELLS[0].source, re.M)
    assert listed == [(str(n), title, target) for target, (n, title, _) in SECTIONS.items()]


@pytest.mark.parametrize("target", SECTIONS)
def test_an_answer_prints_a_number_of_its_own(target: str) -> None:
    printed = "".join(
        output.get("text", "")
        for cell in SECTIONS[target][2]
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    assert re.search(r"\d", printed)


@pytest.mark.parametrize("target", SECTIONS)
def test_an_answer_asserts_something(target: str) -> None:
    cells = [cell for cell in SECTIONS[target][2] if cell.cell_type == "code"]
    assert any(re.search(r"^\s*assert ", cell.source, re.M) for cell in cells)


@pytest.mark.parametrize("target", SECTIONS)
def test_an_answer_leads_to_another_place(target: str) -> None:
    text = text_of(target)
    assert re.search(r"\]\([\w/-]+\.(ipynb|md)#[\w-]+\)|\]\(#faq-|\{eq\}`eq-(?!faq)", text)


@pytest.mark.parametrize("target", SECTIONS)
def test_an_answer_fits_on_a_screen(target: str) -> None:
    first = SECTIONS[target][2][0].source
    assert len(re.sub(r"\$\$.*?\$\$|\(http\S+\)", "", first, flags=re.S).split()) <= MOST_WORDS
