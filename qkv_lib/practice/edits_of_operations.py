"""Edits of operations: another one, its sides exchanged, a side or a sign too many or missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy

from qkv_lib.practice.slots import MAKERS, Edit, Slot, code, first_of, function_of, whole

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
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            index = ast.Subscript(ast.Name("", ast.Load()), node.slice, ast.Load())
            yield left_out(slot, node, node.value, index)
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


def left_out(slot: Slot, node: ast.AST, kept: ast.AST, gone: ast.AST) -> Edit:
    """Return the edit that leaves one of two parts out."""
    return Edit(((slot, kept),), "too-many", f"`{code(gone)}` is too many in `{code(node)}`",
                "what comes out without it?", node)  # fmt: skip


def signs(slots: list[Slot]) -> Iterator[Edit]:
    """Yield what has its sign turned, or true and false."""
    for slot in slots:
        node = slot.node
        if isinstance(node, ast.UnaryOp) and whole(node) is None:
            says = f"the minus of `{code(node)}` is too many"
            if isinstance(node.op, (ast.Invert, ast.Not)):
                says = f"true and false have changed places in `{code(node)}`"
            yield Edit(((slot, node.operand),), "sign", says, "which way round?", node)
    for slot in slots:
        node, parent = slot.node, slot.parent
        if function_of(parent) in ("reshape", "view", *MAKERS):
            continue  # a negative size is any size
        if isinstance(parent, (ast.Call, ast.BinOp, ast.Assign, ast.Return)) and slot.name in (
            "args", "left", "right", "value",
        ) and not isinstance(node, (ast.Constant, ast.Tuple, ast.UnaryOp)):  # fmt: skip
            for op, says in (
                (ast.USub(), f"a minus is missing before `{code(node)}`"),
                (ast.Invert(), f"true and false have changed places in `{code(node)}`"),
            ):
                yield Edit(((slot, ast.UnaryOp(op, node)),), "sign", says, "which way round?",
                           node)  # fmt: skip
