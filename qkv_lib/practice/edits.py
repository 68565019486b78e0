"""One edit of a learner's code: what may be wrong in a line, and what would stand there instead.

Each edit knows in words which mistake it mends. Those come first that are made most, and say most.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from qkv_lib.practice.edits_of_axes import (
    along,
    from_the_end,
    kept_axes,
    lacks_axes,
    transposes,
    turned,
)
from qkv_lib.practice.edits_of_numbers import numbers, overflows
from qkv_lib.practice.edits_of_operations import (
    compared,
    exchanged,
    operators,
    signs,
    too_many,
)
from qkv_lib.practice.slots import Edit, Slot, all_slots, code

PARTNERS = (
    ("tril", "triu"), ("max", "min"), ("argmax", "argmin"), ("maximum", "minimum"), ("sin", "cos"),
    ("zeros", "ones"), ("any", "all"), ("floor", "ceil"), ("sum", "mean"), ("std", "var"),
    ("zeros_like", "ones_like"), ("logical_and", "logical_or"), ("repeat", "tile"),
    ("log", "log2"), ("log", "log10"), ("log", "log1p"), ("exp", "exp2"), ("exp", "expm1"),
    ("repeat", "repeat_interleave"), ("cumsum", "sum"), ("argsort", "argmax"),
)  # fmt: skip
"""Functions that are taken for each other."""


def edits(tree: ast.FunctionDef, arrays: Sequence[str], *, batch: bool) -> list[Edit]:
    """Return the edits of a function, the most telling first.

    ``batch``: one sequence comes out right, so that axes are to be counted from the end.
    """
    slots = list(all_slots(tree))
    return [
        *cases_apart(tree, slots),
        *(transposes(slots) if batch else ()),
        *(from_the_end(slots) if batch else ()),
        *along(slots),
        *kept_axes(slots),
        *taken_for(slots),
        *turned(slots),
        *exchanged(slots),
        *too_many(slots),
        *statements(tree),
        *operators(slots),
        *compared(slots),
        *numbers(slots),
        *stands_for(slots, arrays),
        *signs(slots),
        *lacks_axes(slots),
        *overflows(slots),
    ]


def stands_for(slots: list[Slot], arrays: Sequence[str]) -> Iterator[Edit]:
    """Yield each argument that is an array in the place of another."""
    for slot in slots:
        if isinstance(slot.node, ast.Name) and slot.node.id in arrays:
            for other in arrays:
                if other != slot.node.id and isinstance(slot.node.ctx, ast.Load):
                    yield Edit(((slot, ast.Name(other, ast.Load())),), "stands-for",
                               f"{slot.node.id} stands where {other} belongs",
                               "which of the two is asked for there?", slot.node)  # fmt: skip


def taken_for(slots: list[Slot]) -> Iterator[Edit]:
    """Yield each function in the place of one that it is taken for."""
    for slot in slots:
        node = slot.node
        if not isinstance(slot.parent, ast.Call) or slot.name != "func":
            continue
        name = getattr(node, "attr", "") or getattr(node, "id", "")
        for one, other in (*PARTNERS, *(pair[::-1] for pair in PARTNERS)):
            if one == name:
                new = deepcopy(node)
                setattr(new, "attr" if isinstance(node, ast.Attribute) else "id", other)
                yield Edit(((slot, new),), "stands-for",
                           f"{one} stands where {other} belongs",
                           "which of the two is asked for there?", node)  # fmt: skip


def cases_apart(tree: ast.FunctionDef, slots: list[Slot]) -> Iterator[Edit]:
    """Yield conditions that always hold, or never: a case that is treated apart, and is none."""
    for slot in slots:
        node = slot.node
        if isinstance(node, ast.IfExp):
            for kept in (node.body, node.orelse):
                yield apart(((slot, kept),), node.test)
    for parent in ast.walk(tree):
        for name in ("body", "orelse"):
            body = getattr(parent, name, None)
            for i, line in enumerate(body if isinstance(body, list) else ()):
                if isinstance(line, ast.If):
                    for rest in (line.orelse, line.body):
                        always = ast.If(ast.Constant(True), rest or [ast.Pass()], [])
                        yield apart(((Slot(parent, name, i), always),), line.test)


def apart(changes: tuple[tuple[Slot, Any], ...], test: ast.expr) -> Edit:
    """Return the edit of a case that is treated apart."""
    return Edit(changes, "case-apart", f"the case `{code(test)}` is treated apart, and is like all",
                "what would come out without the condition?", test)  # fmt: skip


def statements(tree: ast.FunctionDef) -> Iterator[Edit]:
    """Yield the function without one of its lines, and a loop's return behind the loop."""
    for parent in ast.walk(tree):
        body = getattr(parent, "body", None)
        if not isinstance(body, list):
            continue
        for i, line in enumerate(body):
            if isinstance(line, (ast.Assign, ast.AugAssign, ast.Expr, ast.Assert)):
                yield Edit(((Slot(parent, "body", i), ast.Pass()),), "line-too-many",
                           f"`{code(line)}` is too many", "what comes out without it?",
                           line)  # fmt: skip
        if isinstance(parent, (ast.For, ast.While)) and isinstance(body[-1], ast.Return):
            for holder in ast.walk(tree):
                outer = getattr(holder, "body", None)
                if isinstance(outer, list) and parent in outer:
                    i = outer.index(parent)
                    loop = deepcopy(parent)
                    loop.body[-1] = ast.Pass()
                    if_one = ast.If(ast.Constant(True), [loop, body[-1]], [])
                    yield Edit(((Slot(holder, "body", i), if_one),), "returns-too-early",
                               f"`{code(body[-1])}` ends the loop in its first round",
                               "it belongs behind the loop, less indented", body[-1])  # fmt: skip
