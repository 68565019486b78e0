"""Write the task of each exercise, as its definition says it, into the notebook's skeleton.

``python -m workshop.skeletons`` after a change; `tests/practice/test_tree.py` holds the two equal.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from qkv_lib.practice.exercises import EXERCISES
from workshop.pages import listed_pages

CHECK = re.compile(r'^check\("([^"]+)", (\w+)\)', re.MULTILINE)


def function(source: str, name: str | None = None) -> ast.FunctionDef | None:
    """Return the function of that name, or the first one."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and name in (None, node.name):
            return node
    return None


def skeletons(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, str, ast.FunctionDef]]:
    """Yield cell, exercise and function, of the first check of each exercise."""
    seen: set[str] = set()
    for cell in notebook.cells:
        for exercise, name in CHECK.findall(cell.source if cell.cell_type == "code" else ""):
            found = function(cell.source, name)
            if exercise in EXERCISES and exercise not in seen and found:
                seen.add(exercise)
                yield cell, exercise, found


def task(exercise: str) -> str:
    """Return the docstring of the definition."""
    found = function(EXERCISES[exercise].skeleton)
    return (ast.get_docstring(found) or "") if found else ""


def written(source: str, node: ast.FunctionDef, text: str) -> str:
    """Return the source with another docstring in this function."""
    lines = source.splitlines()
    inner = [f"    {line}" if line else "" for line in text.splitlines()]
    quoted = ['    """' + inner[0].lstrip(), *inner[1:]]
    if len(quoted) > 1:
        quoted.append('    """')
    else:
        quoted[0] += '"""'
    first = node.body[0]
    if ast.get_docstring(node) is None:
        lines[first.lineno - 1 : first.lineno - 1] = quoted
    else:
        lines[first.lineno - 1 : first.end_lineno] = quoted
    return "\n".join(lines)


def write(page: Path) -> bool:
    """Write the tasks into a notebook; tell whether it changed."""
    notebook = nbformat.read(page, as_version=4)
    changed = False
    for cell, exercise, node in skeletons(notebook):
        if ast.get_docstring(node) != task(exercise):
            cell.source = written(cell.source, node, task(exercise))
            changed = True
    if changed:
        nbformat.write(notebook, page)
    return changed


if __name__ == "__main__":
    for each in listed_pages():
        if each.suffix == ".ipynb" and write(each):
            print(each.name)
