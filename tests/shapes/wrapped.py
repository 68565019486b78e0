"""Wrap what a comment gives a shape to in a check of it, without moving a line."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

SIZE = r"\s*(?:\.\.\.|…|[\w²*][\w² ·/+-]*)\s*"
SHAPE = rf"\({SIZE}(?:,{SIZE})*,?\)"
SHAPES = re.compile(rf"#\s*({SHAPE}(?:(?:,| @)\s*{SHAPE})*)")
BEHIND = re.compile(rf"#.*?[,:] (?:\w+ )?({SHAPE})$")
"""A shape behind words, at the end of its comment: ``# one per row, (4, 1)``."""
OF = re.compile(rf"#\s*(\w+): ({SHAPE})")
"""A shape with the name of what has it: ``# q: (d_k,)``."""
NAME = "check_shape"

Tasks = Mapping[str, list[str]]
"""What each function that a notebook asks for is given: shapes, or names of arguments."""
NO_TASKS: Tasks = MappingProxyType({})

Place = tuple[int, int]
Insertion = tuple[Place, str]


class Comment(NamedTuple):
    """Shapes that a comment names, the line where it stands, and the name of what has it."""

    line: int
    shapes: str
    of: str = ""


def comments(source: str) -> Iterator[Comment]:
    """Yield the comments of a program that name shapes."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        text = token.string if token.type == tokenize.COMMENT else ""
        if of := OF.match(text):
            yield Comment(token.start[0], of[2], of[1])
        elif (found := SHAPES.match(text) or BEHIND.match(text)) and "," in found[1]:
            yield Comment(token.start[0], found[1])


def wrapped(source: str, where: str, tasks: Tasks = NO_TASKS) -> str:
    """Return a program in which every shape that a comment names is asserted.

    Of a function that answers a task, the arguments are compared first with what that says.
    """
    named = {each.line: each for each in comments(source)}
    if not named:
        return source
    found: list[Insertion] = []
    begun: set[int] = set()
    program = ast.parse(source)
    stored = {node.id for node in ast.walk(program)
              if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}  # fmt: skip
    for scope, node in statements(program):
        if isinstance(node, ast.FunctionDef):
            told = task_of(node.name, tasks)
            begun |= {id(node)} if told else set()
            found += insertions_of_task(node, told, f"{where}:{node.lineno}")
        line = next((each for each in beside(node, source) if each in named), None)
        target = subject(node, named[line].of) if line is not None else None
        if target is not None and line is not None:
            first = id(scope) not in begun
            begun.add(id(scope))
            known = sorted(names_in(named[line].shapes) & (stored | arguments(scope)))
            told_here = f"{named[line].shapes!r}, '{where}:{line}', {first}, {' '.join(known)!r}"
            found += insertions(node, target, told_here, named[line].of)
    return inserted(source, found)


def names_in(shapes: str) -> set[str]:
    """Return the letters and words of shapes."""
    return set(re.findall(r"[A-Za-z_]\w*", shapes))


def arguments(scope: ast.AST) -> set[str]:
    """Return the names of the arguments of a function."""
    return {each.arg for each in ast.walk(scope) if isinstance(each, ast.arg)}


def statements(scope: ast.AST, node: ast.AST | None = None) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Yield each statement with the function or module that it belongs to, in order."""
    for child in ast.iter_child_nodes(node or scope):
        inner = isinstance(child, ast.FunctionDef)
        if isinstance(child, ast.stmt):
            yield (child if inner else scope), child
        yield from statements(child, child) if inner else statements(scope, child)


def subject(node: ast.AST, of: str = "") -> ast.expr | ast.arg | None:
    """Return what a comment is about: a value, the first argument of a function, or a name."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.Return):
        return node.value
    if isinstance(node, ast.For) and of:
        names = (each for each in ast.walk(node.target) if isinstance(each, ast.Name))
        return next((each for each in names if each.id == of), None)
    if isinstance(node, ast.FunctionDef):
        named = (each for each in node.args.args if of in ("", each.arg))
        return next((each for each in named if each.arg != "self"), None)
    return None


def beside(node: ast.AST, source: str) -> list[int]:
    """Return the lines on which a comment about a statement stands: its last, first, or above."""
    if isinstance(node, ast.FunctionDef | ast.For):
        return [node.lineno]
    above = source.splitlines()[node.lineno - 2].strip() if node.lineno > 1 else ""
    alone = [node.lineno - 1] if above.startswith("#") else []
    return [node.end_lineno, node.lineno, *alone]


def insertions(
    node: ast.AST, target: ast.expr | ast.arg, told: str, of: str = ""
) -> list[Insertion]:
    """Return what is to be written where, so that the target is checked."""
    if isinstance(node, ast.FunctionDef | ast.For):
        name = target.arg if isinstance(target, ast.arg) else of
        body = [each for each in node.body if not is_text(each)]
        return [((body[0].lineno, body[0].col_offset), f"{NAME}({name}, {told}); ")]
    assert isinstance(target, ast.expr)
    start = (target.lineno, target.col_offset)
    end = (target.end_lineno or 0, target.end_col_offset or 0)
    return [(start, f"{NAME}(("), (end, f"), {told}{f', {of!r}' if of else ''})")]


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
