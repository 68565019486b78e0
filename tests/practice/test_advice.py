"""What a verdict says belongs to its mistake; cells show the verdicts that they should."""

import re
from pathlib import Path
from random import Random

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from qkv_lib.practice.exercises import EXERCISES
from tests.practice import advice
from workshop.pages import listed_pages

RECORD = advice.record()
PAGES = [page for page in listed_pages() if page.suffix == ".ipynb"]
CHECKED = re.compile(r'^check\("([^"]+)"', re.MULTILINE)
NUMBER = re.compile(r"^### Exercise ([\d.]+): ", re.MULTILINE)


def test_the_texts_of_a_mistake_are_about_it() -> None:
    strange = [f"{name}: {says}" for name, said in advice.texts().items() for says, look in said
               if not advice.fits(name, says, look, RECORD)]  # fmt: skip
    assert strange == [], f"words that tell each of them stand in {advice.RECORD.name}"


def test_the_record_names_mistakes_that_are_there() -> None:
    assert RECORD.keys() <= advice.texts().keys()


def test_most_texts_under_another_name_are_found() -> None:
    rng, found = Random(0), []
    for exercise in EXERCISES.values():
        for one, other in (rng.sample(exercise.mistakes, 2) for _ in range(10)):
            if one.name != other.name and one.says != other.says:
                swapped = ((one, other), (other, one))
                found.append(all(advice.fits(a.name, b.says, b.look, RECORD) for a, b in swapped))
    assert len(found) > 500
    assert found.count(True) < 0.2 * len(found)


def verdicts(notebook: NotebookNode) -> list[str]:
    """Return the cells of exercises whose stored verdict is not the one that their place asks for.

    A skeleton is not attempted, or has the fault that is to be found; a solution is right.
    """
    faults = []
    for cell in notebook.cells:
        printed = "".join(output.get("text", "") for output in cell.get("outputs", []))
        for name in CHECKED.findall(cell.source) if cell.cell_type == "code" else []:
            solved = "hide-cell" in cell.metadata.get("tags", [])
            given = f"{name}: not yet." if EXERCISES[name].given else f"{name}: not attempted yet."
            wanted = f"{name}: right." if solved else given
            if wanted not in printed:
                faults.append(f"{cell.id}: its output has no {wanted!r}")
    return faults


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_skeleton_is_open_and_a_solution_right(page: Path) -> None:
    assert verdicts(nbformat.read(page, as_version=4)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_exercises_of_a_page_are_numbered_from_1_in_order(page: Path) -> None:
    found = [number for cell in nbformat.read(page, as_version=4).cells
             for number in NUMBER.findall(cell.source)]  # fmt: skip
    stems = {number.rpartition(".")[0] for number in found}
    assert [int(number.rpartition(".")[2]) for number in found] == list(range(1, len(found) + 1))
    chapter = re.match(r"0?(\d+(?:-\d+)?)-", page.stem)
    assert stems <= {chapter[1].replace("-", ".") if chapter else "0"}


@pytest.mark.parametrize(("printed", "tags", "fault"), [
    ("attention: right.\n", [], "'attention: not attempted yet.'"),
    ("attention: not attempted yet.\n", ["hide-cell"], "'attention: right.'"),
    ("", ["hide-cell"], "'attention: right.'"),
])  # fmt: skip
def test_a_verdict_at_the_wrong_place_is_found(printed: str, tags: list[str], fault: str) -> None:
    output = new_output("stream", name="stdout", text=printed)
    cell = new_code_cell('check("attention", f)', id="a", outputs=[output], metadata={"tags": tags})
    assert verdicts(new_notebook(cells=[cell])) == [f"a: its output has no {fault}"]
