"""The key of each quiz stands outside the notebook: who turns an answer round does so twice."""

import tomllib
from pathlib import Path

import nbformat
import pytest

from tests.book.notebook_checks import quiz
from tests.book.test_notebooks import NOTEBOOKS

RECORD = Path(__file__).parent / "records" / "quiz.toml"
KEYS: dict[str, list[int]] = tomllib.loads(RECORD.read_text(encoding="utf-8"))


def key(page: Path) -> list[int]:
    """Return which option of each question is right, counted from 1."""
    questions = quiz(nbformat.read(page, as_version=4))
    return [[name for name, _, _ in options].index("right") + 1 for options in questions]


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.stem)
def test_the_right_options_are_those_of_the_key(page: Path) -> None:
    assert key(page) == KEYS.get(page.stem, []), f"the key stands in {RECORD.name}"


def test_the_key_is_of_questions_that_are_there() -> None:
    assert set(KEYS) <= {page.stem for page in NOTEBOOKS}
    assert sum(map(len, KEYS.values())) >= 50
