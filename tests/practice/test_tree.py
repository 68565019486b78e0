"""The tree answers where exercise 8.2 is: files carry the numbers that the notebooks show."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from qkv_lib.practice import exercises
from qkv_lib.practice.exercises import EXERCISES
from tests.practice import answers
from workshop.pages import listed_pages
from workshop.skeletons import skeletons, task, written

NUMBERED = re.compile(r'^### Exercise ([\d.]+):|^check\("([^"]+)"', re.MULTILINE)


def numbers(page: Path) -> dict[str, str]:
    """Return exercise → the number above it; of two with one name the first counts."""
    found: dict[str, str] = {}
    number = ""
    for cell in nbformat.read(page, as_version=4).cells:
        for heading, name in NUMBERED.findall(cell.source):
            if name:
                found.setdefault(name, number)
            number = heading or number
    return found


def test_every_exercise_has_the_number_that_its_notebook_shows():
    shown: dict[str, str] = {}
    for page in listed_pages():
        if page.suffix == ".ipynb":
            shown = numbers(page) | shown
    assert {each.name: each.number for each in EXERCISES.values()} == shown


def test_every_file_stands_in_the_folder_of_its_chapter_and_has_its_answers_beside_it():
    here, there = answers.modules(answers.HERE), answers.modules(answers.THERE)
    assert here == there
    assert len(there) == len(EXERCISES)
    for module in there:
        chapter, file = module.split(".")
        assert re.fullmatch(rf"exercise_{chapter.removeprefix('chapter_')}_\d+_\w+", file)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_the_name_of_a_file_is_number_and_name(exercise):
    stem = f"exercise_{exercise.number}_{exercise.name}".replace(".", "_").replace("-", "_")
    assert list(Path(exercises.__path__[0]).glob(f"*/{stem}.py"))


PAGES = [page for page in listed_pages() if page.suffix == ".ipynb"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_notebook_asks_for_what_the_definition_asks_for(page):
    """One text: `python -m workshop.skeletons` writes it into the notebooks."""
    for _, name, node in skeletons(nbformat.read(page, as_version=4)):
        assert ast.get_docstring(node) == task(name), name
        assert [each.arg for each in node.args.args] == list(EXERCISES[name].arguments)


def test_the_task_is_written_where_another_one_or_none_stood():
    for source in ("def f(x):\n    ...", 'def f(x):\n    """Old\n\n    text."""\n    ...'):
        node = ast.parse(source).body[0]
        new = written(source, node, "Do it.\n\nx: (n,)")
        assert new == 'def f(x):\n    """Do it.\n\n    x: (n,)\n    """\n    ...'
