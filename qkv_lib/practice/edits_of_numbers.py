"""Edits of numbers: one off by one, a wrong one, infinity, and what exp makes too large."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy

from qkv_lib.practice.edits_of_axes import around, is_axis
from qkv_lib.practice.slots import Edit, Slot, code, constant, function_of, parsed, whole

SMALL = 0.05
"""A number below this that is added is meant not to be seen."""


def numbers(slots: list[Slot]) -> Iterator[Edit]:
    """Yield other numbers in the place of those that stand in the code."""
    for slot in slots:
        node = slot.node
        number = whole(node)
        inside = isinstance(slot.parent, (ast.Call, ast.BinOp, ast.Subscript))
        shown = slot.parent if inside else around(slots, slot)
        if isinstance(slot.parent, ast.UnaryOp):
            continue
        if number is not None and not is_axis(slot):
            for near in (number + 1, number - 1):
                yield Edit(((slot, constant(near)),), "off-by-one",
                           f"{number} is off by one in `{code(shown)}`",
                           "count again: the first place is 0", node)  # fmt: skip
        if number is not None or (isinstance(node, ast.Constant) and type(node.value) is float):
            taken = isinstance(slot.parent, ast.BinOp) and isinstance(slot.parent.op, ast.Sub)
            low, look = "-np.inf", "put −∞ there: -np.inf"
            if taken and slot.name == "right":
                low, look = "np.inf", "subtract ∞ there: np.inf"
            yield Edit(((slot, parsed(low)),), "finite-number",
                       f"{code(node)} is a number like any other in `{code(shown)}`",
                       look, node)  # fmt: skip
            value: float = node.value if number is None else number
            if value and not is_axis(slot):
                sum_of = isinstance(slot.parent, ast.BinOp) and isinstance(slot.parent.op, ast.Add)
                if sum_of and 0 < value < SMALL:
                    yield Edit(((slot, constant(value * SMALL**6)),), "large-epsilon",
                               f"{code(node)} in `{code(shown)}` is large enough to be seen",
                               "do without it, or take one too small to be seen: 1e-12",
                               node)  # fmt: skip
                    continue
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
