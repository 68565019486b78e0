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
    is_axis,
    kept_axes,
    lacks_axes,
    transposes,
    turned,
)
from qkv_lib.practice.slots import (
    MAKERS,
    Edit,
    Slot,
    all_slots,
    code,
    constant,
    first_of,
    function_of,
    parsed,
    whole,
)

PARTNERS = (
    ("tril", "triu"), ("max", "min"), ("argmax", "argmin"), ("maximum", "minimum"), ("sin", "cos"),
    ("zeros", "ones"), ("any", "all"), ("floor", "ceil"), ("sum", "mean"), ("std", "var"),
    ("zeros_like", "ones_like"), ("logical_and", "logical_or"), ("repeat", "tile"),
    ("log", "log2"), ("log", "log10"), ("log", "log1p"), ("exp", "exp2"), ("exp", "expm1"),
    ("repeat", "repeat_interleave"), ("cumsum", "sum"), ("argsort", "argmax"),
)  # fmt: skip
"""Functions that are taken for each other."""
OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add,), ast.Mult: (ast.Div, ast.Add, ast.MatMult),
    ast.Div: (ast.Mult, ast.Sub), ast.FloorDiv: (ast.Div,), ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,),
}  # fmt: skip
CALLED: dict[type[ast.operator], str] = {
    ast.Add: "`{}` should be a sum", ast.Sub: "`{}` should be a difference",
    ast.Mult: "`{}` should be a product", ast.Div: "`{}` should be a quotient",
    ast.MatMult: "`{}` should be a matrix product",
    ast.BitOr: "`{}` should be true where one of them is",
    ast.BitAnd: "`{}` should be true where both of them are",
}  # fmt: skip
COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE), ast.LtE: (ast.Lt, ast.GtE, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt, ast.LtE), ast.GtE: (ast.Gt, ast.LtE, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip


def edits(tree: ast.FunctionDef, arrays: Sequence[str], *, batch: bool) -> list[Edit]:
    """Return the edits of a function, the most telling first.

    ``batch``: one sequence comes out right, so that axes are to be counted from the end.
    """
    slots = list(all_slots(tree))
    return [
        *(transposes(slots) if batch else ()),
        *(from_the_end(slots) if batch else ()),
        *along(slots),
        *kept_axes(slots),
        *cases_apart(tree, slots),
        *taken_for(slots),
        *turned(slots),
        *exchanged(slots),
        *too_many(slots),
        *operators(slots),
        *compared(slots),
        *numbers(slots),
        *stands_for(slots, arrays),
        *signs(slots),
        *lacks_axes(slots),
        *statements(tree),
        *overflows(slots),
    ]


def exchanged(slots: list[Slot]) -> Iterator[Edit]:
    """Yield two sides of an operation, two arguments, two results in each other's place."""
    for slot in slots:
        node = slot.node
        new = deepcopy(node)
        if isinstance(node, ast.BinOp):
            new.left, new.right = new.right, new.left
            yield Edit(((slot, new),), "sides-exchanged",
                       f"the two sides of `{code(node)}` have changed places",
                       "which one comes first?", node)  # fmt: skip
        elif isinstance(node, ast.Call):
            first = function_of(node) == "where"  # a condition is nothing else
            for i in range(first, len(node.args)):
                for j in range(first, i):
                    new = deepcopy(node)
                    new.args[i], new.args[j] = new.args[j], new.args[i]
                    yield Edit(((slot, new),), "arguments-exchanged",
                               f"two arguments of `{code(node)}` have changed places",
                               "which one comes first?", node)  # fmt: skip
        elif isinstance(node, ast.Tuple) and isinstance(slot.parent, ast.Return):
            for i in range(len(node.elts)):
                for j in range(i):
                    new = deepcopy(node)
                    new.elts[i], new.elts[j] = new.elts[j], new.elts[i]
                    yield Edit(((slot, new),), "results-exchanged",
                               f"`{code(node)}` gives the results in another order",
                               "which one comes first?", node)  # fmt: skip
        elif isinstance(node, ast.IfExp):
            new.body, new.orelse = new.orelse, new.body
            yield Edit(((slot, new),), "cases-exchanged",
                       f"the two cases of `{code(node)}` have changed places",
                       "which one comes first?", node)  # fmt: skip


def operators(slots: list[Slot]) -> Iterator[Edit]:
    """Yield another operation in the place of one."""
    for slot in slots:
        node = slot.node
        if isinstance(node, ast.BinOp):
            for op in OPERATORS.get(type(node.op), ()):
                yield Edit(((slot, ast.BinOp(node.left, op(), node.right)),), "wrong-operation",
                           CALLED[op].format(code(node)),
                           "what is asked for there?", node)  # fmt: skip


def compared(slots: list[Slot]) -> Iterator[Edit]:
    """Yield another comparison in the place of one."""
    for slot in slots:
        node = slot.node
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            for op in COMPARED.get(type(node.ops[0]), ()):
                new = ast.Compare(node.left, [op()], node.comparators)
                yield Edit(((slot, new),), "wrong-comparison",
                           f"`{code(node)}` compares in the wrong way",
                           "which side is the larger one, and does the edge count?",
                           node)  # fmt: skip


def numbers(slots: list[Slot]) -> Iterator[Edit]:
    """Yield other numbers in the place of those that stand in the code."""
    for slot in slots:
        node = slot.node
        number = whole(node)
        shown = (
            slot.parent if isinstance(slot.parent, (ast.Call, ast.BinOp, ast.Subscript)) else node
        )
        if isinstance(slot.parent, ast.UnaryOp):
            continue
        if number is not None and not is_axis(slot):
            for near in (number + 1, number - 1):
                yield Edit(((slot, constant(near)),), "off-by-one",
                           f"{number} is off by one in `{code(shown)}`",
                           "count again: the first place is 0", node)  # fmt: skip
        if number is not None or (isinstance(node, ast.Constant) and type(node.value) is float):
            yield Edit(((slot, parsed("-np.inf")),), "finite-number",
                       f"{code(node)} is a number like any other in `{code(shown)}`",
                       "put −∞ there: -np.inf", node)  # fmt: skip
            value: float = node.value if number is None else number
            if value and not is_axis(slot):
                for factor in (2, 0.5, -1, value, abs(value) ** -0.5):
                    other = value * factor
                    yield Edit(((slot, constant(other)),), "wrong-number",
                               f"{code(node)} is the wrong number in `{code(shown)}`",
                               "where does the number come from?", node)  # fmt: skip
        if (
            function_of(slot.parent) in ("range", "arange", "tri", "zeros", "ones")
            and slot.name == "args"
            and not isinstance(node, ast.Constant)
        ):
            for op in (ast.Add(), ast.Sub()):
                yield Edit(((slot, ast.BinOp(node, op, ast.Constant(1))),), "off-by-one",
                           f"`{code(slot.parent)}` is off by one",
                           "count again: the first place is 0", node)  # fmt: skip
        if isinstance(node, ast.Attribute) and node.attr == "inf":
            yield Edit(((slot, ast.Constant(0.0)),), "infinite-number",
                       f"`{code(node)}` has no place in `{code(shown)}`",
                       "what should stand there?", node)  # fmt: skip


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


def signs(slots: list[Slot]) -> Iterator[Edit]:
    """Yield what has its sign turned, or true and false."""
    for slot in slots:
        node, parent = slot.node, slot.parent
        if function_of(parent) in ("reshape", "view", *MAKERS):
            continue  # a negative size is any size
        if isinstance(node, ast.UnaryOp) and whole(node) is None:
            says = f"the minus of `{code(node)}` is too many"
            if isinstance(node.op, (ast.Invert, ast.Not)):
                says = f"true and false have changed places in `{code(node)}`"
            yield Edit(((slot, node.operand),), "sign", says, "which way round?", node)
        elif isinstance(parent, (ast.Call, ast.BinOp, ast.Assign, ast.Return)) and slot.name in (
            "args", "left", "right", "value",
        ) and not isinstance(node, (ast.Constant, ast.Tuple)):  # fmt: skip
            for op, says in (
                (ast.USub(), f"a minus is missing before `{code(node)}`"),
                (ast.Invert(), f"true and false have changed places in `{code(node)}`"),
            ):
                yield Edit(((slot, ast.UnaryOp(op, node)),), "sign", says, "which way round?",
                           node)  # fmt: skip


def too_many(slots: list[Slot]) -> Iterator[Edit]:
    """Yield operations without one of their sides, and calls without their function."""
    for slot in slots:
        node = slot.node
        if isinstance(node, ast.BinOp):
            yield left_out(slot, node, node.left, node.right)
            yield left_out(slot, node, node.right, node.left)
        elif function_of(node) == "where" and isinstance(node, ast.Call) and node.args[2:]:
            yield left_out(slot, node, node.args[1], node.args[2])
            yield left_out(slot, node, node.args[2], node.args[1])
        elif isinstance(node, ast.Call):
            for i, each in enumerate(node.args[1:], 1):
                new = deepcopy(node)
                del new.args[i]
                yield left_out(slot, node, new, each)
            for i, keyword in enumerate(node.keywords):
                new = deepcopy(node)
                del new.keywords[i]
                yield left_out(slot, node, new, keyword)
            kept = first_of(node)
            if kept is not None and function_of(node) not in MAKERS:
                yield Edit(((slot, kept),), "too-many",
                           f"{function_of(node)} is too many in `{code(node)}`",
                           "what comes out without it?", node)  # fmt: skip


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


def left_out(slot: Slot, node: ast.AST, kept: ast.AST, gone: ast.AST) -> Edit:
    """Return the edit that leaves one of two parts out."""
    return Edit(((slot, kept),), "too-many", f"`{code(gone)}` is too many in `{code(node)}`",
                "what comes out without it?", node)  # fmt: skip


def statements(tree: ast.FunctionDef) -> Iterator[Edit]:
    """Yield the function without one of its lines, and a loop's return behind the loop."""
    for parent in ast.walk(tree):
        body = getattr(parent, "body", None)
        if not isinstance(body, list):
            continue
        for i, line in enumerate(body):
            if isinstance(line, (ast.Assign, ast.AugAssign, ast.Expr)):
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


def overflows(slots: list[Slot]) -> Iterator[Edit]:
    """Yield exp of numbers of which the largest of their row is subtracted first."""
    for slot in slots:
        node = slot.node
        if function_of(node) == "exp" and isinstance(node, ast.Call) and node.args:
            inner = node.args[0]
            new = deepcopy(node)
            largest = "np.max(np.asarray(x),axis=-1,keepdims=True)"
            new.args[0] = parsed(f"x - {largest}", x=inner)
            yield Edit(((slot, new),), "overflow",
                       f"`{code(node)}` overflows, or is 0 throughout, where numbers are large",
                       "subtract the largest number of each row first: the shares stay",
                       node)  # fmt: skip
        if function_of(node) in ("max", "amax", "min", "mean", "maximum") and isinstance(
            slot.parent, ast.BinOp
        ) and isinstance(slot.parent.op, ast.Sub) and slot.name == "right":  # fmt: skip
            inner = slot.parent.left
            new = parsed("np.max(np.asarray(x),axis=-1,keepdims=True)", x=inner)
            yield Edit(((slot, new),), "not-the-row-maximum",
                       f"`{code(node)}` is not the largest number of each row",
                       "subtract the largest number of each row: then exp is never above 1",
                       node)  # fmt: skip
