"""What the task of an exercise says of its arguments; the comments of a solution are held to it.

A letter that stands only once in a program binds whatever is there. So the arguments are compared
with the task first: `(…, h, n, d)` of the query and `(h, d_c, d)` of its map say what `d_c` is.
"""

import ast
import re
from collections import Counter

from nbformat import NotebookNode

from tests.shapes.wrapped import SHAPE, Tasks, comments, task_of

ARGUMENTS = re.compile(rf"(\w+(?:, \w+)*): ({SHAPE})")
LETTER = re.compile(r"[A-Za-z]\w*")
SHORT = {"n_queries": "n_q", "n_keys": "n_k"}
"""Names of the tasks that solutions write as the formulas do."""


def tasks_of(notebook: NotebookNode) -> dict[str, list[str]]:
    """Return what each function that a notebook asks for is given: shapes, or plain names."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    asked = [source for source in sources if "returns:" in source]
    return {
        node.name: given(node)
        for source in asked
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and "returns:" in (ast.get_docstring(node) or "")
    }


def given(task: ast.FunctionDef) -> list[str]:
    """Return what a task says of each argument: its shape, or its name where it says none.

    >>> (f,) = ast.parse("def f(x, w, k, b): '''x, w: (..., n, d)    b: (...)'''").body
    >>> given(f)
    ['(..., n, d)', '(..., n, d)', 'k', 'b']
    """
    found = {
        name: shape
        for names, shape in ARGUMENTS.findall(ast.get_docstring(task) or "")
        for name in names.split(", ")
        if shape != "(...)"
    }
    told = (found.get(each.arg, each.arg) for each in task.args.args)
    return [LETTER.sub(lambda name: SHORT.get(name[0], name[0]), each) for each in told]


def bound_once(source: str, tasks: Tasks) -> set[str]:
    """Return the letters in the comments of a solution that its task has not, and that stand once.

    >>> bound_once("def f(x):\\n    return x.T  # (d, k), of (2 heads, n)", {"f": ["(n, d)"]})
    {'k'}
    """
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    told = [each for node in functions for each in task_of(node.name, tasks)]
    if not told:
        return set()
    sizes = [size.strip() for each in comments(source) for size in re.split("[(),@]", each.shapes)]
    found = Counter(letter for size in sizes for letter in letters(size))
    return {each for each, count in found.items() if count == 1} - set(LETTER.findall(str(told)))


def letters(size: str) -> list[str]:
    """Return the letters of a size; several words are one, and a noun behind a number is none."""
    if re.fullmatch(r"[A-Za-z][\w ]*", size):
        return [size]
    return [] if re.fullmatch(r"\d+ [a-z ]+", size) else LETTER.findall(size)
