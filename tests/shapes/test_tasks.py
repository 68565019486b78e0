"""The shapes in the comments of solutions are held to the tasks that they solve."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import nbformat
import pytest

from qkv_lib.practice.grading import find
from qkv_lib.practice.run import cases_of, libraries
from tests.shapes.checker import check_shape
from tests.shapes.tasks import Tasks, bound_once, tasks_of
from tests.shapes.wrapped import NAME, comments, wrapped
from workshop.pages import BOOK, tracked

ONCE = {
    "ch06-1-solution-patches": {"row", "column of patches"},  # words for two axes
    "ch06-2-solution-rank": {"queries"},
    "ch06-3-ex2-solution": {"w n_symbols"},
    "ch09-exercise-share-on-mark-solution": {"n_patches"},
}
"""The letters that nothing but their own place binds: of each only that there is such an axis."""


class Solution(NamedTuple):
    """A cell that solves a task, and names shapes."""

    cell: str
    source: str
    tasks: Tasks
    imports: list[ast.stmt]

    @property
    def function(self) -> str:
        """Return the name of the function in it."""
        found = re.search(r"def (\w+_solution)\(", self.source)
        assert found
        return found[1]

    @property
    def exercise(self) -> str:
        """Return the name of its exercise."""
        found = re.search(rf'check\("([\w-]+)", {self.function}\)', self.source)
        assert found, self.cell
        return found[1]


def solutions() -> Iterator[Solution]:
    """Yield the solutions of the book whose comments name shapes."""
    for path in tracked(BOOK):
        if path.suffix != ".ipynb":
            continue
        notebook = nbformat.read(path, as_version=4)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        solving = [cell for cell in cells if "_solution(" in cell.source]
        named = [cell for cell in solving if any(comments(cell.source))]
        if named:
            plain = [cell.source for cell in cells if not re.search("^[%!]", cell.source, re.M)]
            imports = [node for source in plain for node in ast.parse(source).body
                       if isinstance(node, ast.Import | ast.ImportFrom)]  # fmt: skip
            tasks = tasks_of(notebook)
            yield from (Solution(cell.id, cell.source, tasks, imports) for cell in named)


SOLUTIONS = {each.cell: each for each in solutions()}


def run(solution: Solution, source: str) -> None:
    """Run a solution on the cases of its exercise, and check the shapes that it names."""
    program = ast.parse(wrapped(source, solution.cell, solution.tasks))
    functions = [node for node in program.body if isinstance(node, ast.FunctionDef)]
    used = {node.id for each in functions for node in ast.walk(each) if isinstance(node, ast.Name)}
    imports = [node for node in solution.imports if used & {
        (each.asname or each.name).partition(".")[0] for each in node.names}]  # fmt: skip
    names: dict[str, Any] = {NAME: check_shape}
    exec(compile(ast.Module([*imports, *functions], []), solution.cell, "exec"), names)
    function: Callable[..., Any] = names[solution.function]
    convert = libraries(function)[0]
    for case in cases_of(find(solution.exercise)):
        function(*map(convert, case.args))


@pytest.mark.parametrize("cell", SOLUTIONS)
def test_the_shapes_that_a_solution_names_are_right(cell: str) -> None:
    run(SOLUTIONS[cell], SOLUTIONS[cell].source)


def test_which_letters_of_solutions_stand_only_once_is_known_by_name() -> None:
    """A new one is a slip, or is bound by nothing: use the letters of the task, or name it here."""
    found = {each.cell: bound_once(each.source, each.tasks) for each in SOLUTIONS.values()}
    assert {cell: letters for cell, letters in found.items() if letters} == ONCE


@pytest.mark.parametrize(("cell", "right", "false"), [
    ("ch08-1-exercise-absorbed-scores-solution", "(..., h, n, d_c)", "(..., h, n, d)"),
    ("ch08-1-exercise-absorbed-scores-solution", "(..., h, n, d_c)", "(..., h, n, m)"),
    ("ch04-exercise-sinusoidal-solution", "(n, d / 2)", "(n, d)"),
    ("ch09-exercise-running-count-solution", "(..., n, 1)", "(..., n, 2)"),
    ("ch06-2-solution-silent", "(..., h, n, e)", "(..., h, n, m)"),
])  # fmt: skip
def test_a_false_letter_of_the_task_is_found(cell: str, right: str, false: str) -> None:
    solution = SOLUTIONS[cell]
    assert right in solution.source
    with pytest.raises(AssertionError, match="the shape is"):
        run(solution, solution.source.replace(right, false))


def test_a_letter_that_no_task_has_is_told() -> None:
    solution = SOLUTIONS["ch08-1-exercise-absorbed-scores-solution"]
    assert bound_once(solution.source, solution.tasks) == set()
    assert bound_once(solution.source.replace("n, d_c)", "n, d_h)"), solution.tasks) == {"d_h"}
