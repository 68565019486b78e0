"""How many exercises of a page are graded in which way, as the page says."""

import re

import nbformat
import pytest

from tests.holds import holds
from workshop.pages import BOOK

PAGES = {"06-1-images": (2, 4), "06-2-language": (5, 6), "06-3-translation": (2, 4)}
"""Of each page: how many exercises `check` grades, and how many there are."""


@holds(
    "In two of the four exercises you write or mend a function;",
    "In the other two you find a number, and the cell says whether it is right.",
    "In five of the six you fill in or mend a function:",
)
@pytest.mark.parametrize("page", PAGES)
def test_as_many_exercises_are_checked_as_the_page_says(page: str) -> None:
    cells = nbformat.read(BOOK / f"{page}.ipynb", as_version=4).cells
    exercises = sum("### Exercise" in cell.source for cell in cells)
    tasks = [cell.source for cell in cells if "hide-cell" not in cell.metadata.get("tags", [])]
    checked = sum(bool(re.search(r"(?m)^check\(", source)) for source in tasks)
    assert (checked, exercises) == PAGES[page]


@holds("The third is played against the encoder itself.")
def test_the_third_exercise_of_language_is_the_one_that_check_does_not_grade() -> None:
    cells = nbformat.read(BOOK / "06-2-language.ipynb", as_version=4).cells
    place = next(i for i, cell in enumerate(cells) if "### Exercise 6.2.3" in cell.source)
    assert "model.embed(" in cells[place + 1].source
    assert "check(" not in cells[place + 1].source


@holds("The other two exercises are graded in their own cells.")
def test_two_exercises_of_translation_are_graded_in_their_cells() -> None:
    cells = nbformat.read(BOOK / "06-3-translation.ipynb", as_version=4).cells
    own = {cell.id: cell.source for cell in cells if re.fullmatch(r"ch06-3-ex[34]-yours", cell.id)}
    verdicts = ["Right." in own["ch06-3-ex3-yours"], "same shares." in own["ch06-3-ex4-yours"]]
    assert len(own) == 2
    assert all(verdicts)
