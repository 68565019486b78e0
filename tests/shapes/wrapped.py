"""Wrap what a comment gives a shape to in a check of it, without moving a line."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

SIZE = r"\s*(?:\.\.\.|…|[\w²][\w² ·/+-]*)\s*"
SHAPE = rf"\({SIZE}(?:,{SIZE})*,?\)"
SHAPES = re.compile(rf"#\s*({SHAPE}(?:(?:,| @)\s*{SHAPE})*)")
NAME = "check_shape"

Tasks = Mapping[str, list[str]]
"""What each function that a notebook asks for is given: shapes, or names of arguments."""
NO_TASKS: Tasks = MappingProxyType({})

Place = tuple[int, int]
Insertion = tuple[Place, str]


class Comment(NamedTuple):
    """Shapes that a comment names, and the line where it stands."""

    line: int
    shapes: str


def comments(source: str) -> Iterator[Comment]:
    """Yield the comments of a program that name shapes."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        found = SHAPES.match(token.string) if token.type == tokenize.COMMENT else None
        if found and "," in found[1]:
            yield Comment(token.start[0], found[1])


def wrapped(source: str, where: str, tasks: Tasks = NO_TASKS) -> str:
    """Return a program in which every shape that a comment names is asserted.

    Of a function that answers a task, the arguments are compared first with what that says.
    """
    named = {each.line: each.shapes for each in comments(source)}
    if not named:
        return source
    found: list[Insertion] = []
    begun: set[int] = set()
    for scope, node in statements(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            told = task_of(node.name, tasks)
            begun |= {id(node)} if told else set()
            found += insertions_of_task(node, told, f"{where}:{node.lineno}")
        target = subject(node)
        line = next((each for each in beside(node, source) if each in named), None)
        if target is not None and line is not None:
            first = id(scope) not in begun
            begun.add(id(scope))
            found += insertions(node, target, f"{named[line]!r}, '{where}:{line}', {first}")
    return inserted(source, found)


def statements(scope: ast.AST, node: ast.AST | None = None) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Yield each statement with the function or module that it belongs to, in order."""
    for child in ast.iter_child_nodes(node or scope):
        inner = isinstance(child, ast.FunctionDef)
        if isinstance(child, ast.stmt):
            yield (child if inner else scope), child
        yield from statements(child, child) if inner else statements(scope, child)


def subject(node: ast.AST) -> ast.expr | ast.arg | None:
    """Return what a comment is about: a value, or the first argument of a function."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.Return):
        return node.value
    if isinstance(node, ast.FunctionDef):
        return next((each for each in node.args.args if each.arg != "self"), None)
    return None


def beside(node: ast.AST, source: str) -> list[int]:
    """Return the lines on which a comment about a statement stands: its last, first, or above."""
    if isinstance(node, ast.FunctionDef):
        return [node.lineno]
    above = source.splitlines()[node.lineno - 2].strip() if node.lineno > 1 else ""
    alone = [node.lineno - 1] if above.startswith("#") else []
    return [node.end_lineno, node.lineno, *alone]


def insertions(node: ast.AST, target: ast.expr | ast.arg, told: str) -> list[Insertion]:
    """Return what is to be written where, so that the target is checked."""
    if isinstance(target, ast.arg):
        assert isinstance(node, ast.FunctionDef)
        body = [each for each in node.body if not is_text(each)]
        return [((body[0].lineno, body[0].col_offset), f"{NAME}({target.arg}, {told}); ")]
    start = (target.lineno, target.col_offset)
    end = (target.end_lineno or 0, target.end_col_offset or 0)
    return [(start, f"{NAME}(("), (end, f"), {told})")]


def task_of(name: str, tasks: Tasks) -> list[str]:
    """Return what the function of that name, or the solution of one, is given."""
    return tasks.get(name.removesuffix("_solution"), [])


def insertions_of_task(node: ast.FunctionDef, told: list[str], place: str) -> list[Insertion]:
    """Return what is to be written first in a function, so that its arguments are checked."""
    body = [each for each in node.body if not is_text(each)]
    calls = [
        f"{NAME}({arg.arg}, {each!r}, {place!r}, {i == 0}); "
        for i, (arg, each) in enumerate(zip(node.args.args, told, strict=False))
    ]
    return [((body[0].lineno, body[0].col_offset), "".join(calls))] if calls and body else []


def is_text(statement: ast.stmt) -> bool:
    """Tell whether a statement is a docstring."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def inserted(source: str, found: list[Insertion]) -> str:
    """Return a text with others put into it; places are lines and bytes, as `ast` counts them."""
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    for (line, column), text in sorted(found, reverse=True):
        whole = lines[line - 1]
        lines[line - 1] = whole[:column] + text.encode() + whole[column:]
    return b"".join(lines).decode()
