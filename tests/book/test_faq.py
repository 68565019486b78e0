"""Chapter 9 keeps its promises: each question is listed, answered briefly, shown and linked."""

import re
from typing import Any

import nbformat
import pytest

from workshop.pages import BOOK

CELLS = nbformat.read(BOOK / "09-faq.ipynb", as_version=4).cells
QUESTION = re.compile(r"^\((faq-[\w-]+)\)=\n### (\d+)\. (.+)$", re.M)
MOST_WORDS = 300  # of an answer, all its text
MOST_LINES = 56  # of an answer: code in view and what it prints


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


def lines_in_view(cell: Any) -> int:
    """Return how many lines of code and of printed output a reader sees."""
    tags = cell.metadata.get("tags", [])
    if "hide-cell" in tags:
        return 0
    code = 0 if {"hide-input", "remove-input"} & set(tags) else len(cell.source.splitlines())
    return code + sum(len(output.get("text", "").splitlines()) for output in cell.outputs)


@pytest.mark.parametrize("target", SECTIONS)
def test_an_answer_is_about_a_screen(target: str) -> None:
    words = re.sub(r"\$\$.*?\$\$|\(http\S+\)", "", text_of(target), flags=re.S).split()
    code = [cell for cell in SECTIONS[target][2] if cell.cell_type == "code"]
    assert len(words) <= MOST_WORDS
    assert sum(map(lines_in_view, code)) <= MOST_LINES
