"""Edits of what counts axes: which one, whether it stays, whether it leaves a batch alone."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from qkv_lib.practice.slots import (
    Edit,
    Slot,
    code,
    constant,
    function_of,
    is_method,
    is_transposed,
    parsed,
    whole,
)

AXES = (-1, -2, -3, 0, 1, 2)
OVER = {
    "sum", "max", "min", "mean", "prod", "std", "var", "argmax", "argmin", "argsort", "sort",
    "cumsum", "cumprod", "amax", "amin", "any", "all", "norm", "softmax", "log_softmax", "median",
    "logsumexp", "concatenate", "cat", "stack", "flip", "roll", "expand_dims", "unsqueeze",
    "repeat", "diff", "take", "normalize", "count_nonzero",
}  # fmt: skip
"""Functions and methods that go along an axis."""
SECOND = {"roll", "repeat", "take", "diff", "norm"}
"""Those whose axis is the argument after the next: first comes how far, how often, which."""
SHORTEN = {
    "sum", "max", "min", "mean", "prod", "std", "var", "amax", "amin", "any", "all", "norm",
    "logsumexp", "median",
}  # fmt: skip
"""Those after which the axis is gone."""
FROM_THE_END = "count the axes from the end: -1 is the last one"
LAST_TWO = "swap the last two axes only: swapaxes(-1, -2)"


def transposes(slots: list[Slot]) -> Iterator[Edit]:
    """Yield what reverses all the axes, turned into what swaps the last two: each, and all."""
    found = []
    for slot in slots:
        if inner := is_transposed(slot.node):
            found.append((slot, parsed("x.mT", x=inner)))
    for changes in [(each,) for each in found] + ([tuple(found)] if found[1:] else []):
        shown = code(changes[0][0].node)
        yield Edit(tuple(changes), "all-axes-reversed",
                   f"`{shown}` turns the axes of a batch too", LAST_TWO,
                   changes[0][0].node)  # fmt: skip


def from_the_end(slots: list[Slot]) -> Iterator[Edit]:
    """Yield what counts axes from the front, where a batch stands, counted from the end."""
    counted = [(slot, list(behind(slot))) for slot in slots]
    counted = [(slot, news) for slot, news in counted if news]
    for slot, news in counted:
        yield from (front(slots, ((slot, new),)) for new in news)
    groups: dict[str, list[tuple[Slot, list[Any]]]] = {"": counted}
    for slot, news in counted:
        groups.setdefault(code(around(slots, slot)), []).append((slot, news))
    for group in groups.values():
        for i in range(3 if group[1:] else 0):
            yield front(slots, tuple((slot, news[i % len(news)]) for slot, news in group))
    for slot in slots:
        parent = slot.parent
        if isinstance(parent, ast.Assign) and slot.name == "targets" and isinstance(
            slot.node, ast.Tuple
        ) and code(parent.value).endswith((".shape", ".size()")):  # fmt: skip
            starred = deepcopy(slot.node)
            starred.elts.insert(0, ast.Starred(ast.Name("_", ast.Store()), ast.Store()))
            yield Edit(((slot, starred),), "unpacked-shape",
                       f"`{code(parent)}` has no place for the axes of a batch",
                       "let a star take them: *_, n, d = x.shape", parent)  # fmt: skip
        if isinstance(slot.node, ast.Constant) and function_of(parent) == "einsum":
            text = slot.node.value
            if isinstance(text, str) and "." not in text:
                left, _, right = text.partition("->")
                lifted = ",".join("..." + each.strip() for each in left.split(","))
                new = f"{lifted}->...{right.strip()}"
                yield Edit(((slot, ast.Constant(new)),), "einsum-without-batch",
                           f"`{text}` has no place for the axes of a batch",
                           "three dots in front of the letters take them: ...qd",
                           parent)  # fmt: skip


def front(slots: list[Slot], changes: tuple[tuple[Slot, Any], ...]) -> Edit:
    """Return the edit of what is counted from the front."""
    shown = around(slots, changes[0][0])
    return Edit(changes, "from-the-front",
                f"`{code(shown)}` counts from the front, where a batch has its axes",
                FROM_THE_END, shown)  # fmt: skip


def around(slots: list[Slot], slot: Slot) -> ast.AST:
    """Return the call, or the choice of an element, that a place belongs to."""
    if isinstance(slot.node, ast.Call):
        return slot.node
    parents: dict[int, ast.AST] = {id(each.node): each.parent for each in slots}
    for each in slots:
        for keyword in getattr(each.node, "keywords", []):
            parents[id(keyword)] = each.node
    at: ast.AST | None = slot.parent
    while at and not isinstance(at, (ast.Call, ast.Subscript)):
        at = parents.get(id(at))
    found: ast.AST = at or slot.node
    return found


def behind(slot: Slot) -> Iterator[Any]:
    """Yield what counts from the end in the place of what counts from the front."""
    node, parent = slot.node, slot.parent
    number = whole(node)
    if number is not None and 0 <= number < 4 and is_axis(slot):
        yield from (constant(axis) for axis in (-2, -1, -3, -4))
    if function_of(node) == "len" and isinstance(node, ast.Call) and node.args:
        yield from (parsed(f"x.shape[{axis}]", x=node.args[0]) for axis in (-2, -1, -3))
    if slot.name == "slice" and isinstance(parent, ast.Subscript):
        if isinstance(parent.value, ast.Attribute) and parent.value.attr == "shape":
            return
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        if any(isinstance(part, ast.Constant) and part.value is ... for part in parts):
            return
        colons = [part for part in parts if isinstance(part, ast.Slice) and not (
            part.lower or part.upper or part.step)]  # fmt: skip
        kept = parts
        while kept and kept[0] in colons:
            kept = kept[1:]
        dots = ast.Constant(...)
        for tail in ([], [ast.Slice()], [ast.Slice(), ast.Slice()]):
            if kept or tail:
                yield ast.Tuple([dots, *kept, *tail], ast.Load())
        if len(kept) < len(parts):
            yield ast.Tuple([dots, *parts], ast.Load())
    if function_of(node) == "outer" and isinstance(node, ast.Call) and len(node.args) == 2:
        yield parsed("a[...,:,None]*b[...,None,:]", a=node.args[0], b=node.args[1])
    if function_of(node) == "diag" and isinstance(node, ast.Call) and node.args:
        k = node.args[1] if node.args[1:] else ast.Constant(0)
        yield parsed("np.diagonal(x,k,-2,-1)", x=node.args[0], k=k)
    if function_of(node) == "trace" and isinstance(node, ast.Call) and node.args:
        yield parsed("np.trace(x,0,-2,-1)", x=node.args[0])
    if function_of(node) == "dot" and isinstance(node, ast.Call) and len(node.args) == 2:
        yield parsed("a @ b", a=node.args[0], b=node.args[1])


def is_axis(slot: Slot) -> bool:
    """Tell whether a number says which axis is meant."""
    parent = slot.parent
    if isinstance(parent, ast.keyword):
        return parent.arg in ("axis", "dim")
    if isinstance(parent, ast.Subscript) and slot.name == "slice":
        return isinstance(parent.value, ast.Attribute) and parent.value.attr == "shape"
    if isinstance(parent, ast.Call) and slot.name == "args":
        name = function_of(parent)
        if isinstance(parent.func, ast.Name) and hasattr(builtins, name):
            return False  # the largest of two numbers is Python's own max
        at = 1 + (name in SECOND) - is_method(parent)
        return (name in OVER or name == "size") and slot.index == at
    return False


def along(slots: list[Slot]) -> Iterator[Edit]:
    """Yield every axis in the place of another."""
    for slot in slots:
        number = whole(slot.node)
        if number is None or not is_axis(slot):
            continue
        shown = around(slots, slot)
        size = isinstance(shown, ast.Subscript) or function_of(shown) == "size"
        for axis in AXES:
            if axis != number:
                says = f"`{code(shown)}` goes along the wrong axis"
                if size:
                    says = f"`{code(shown)}` is the size of another axis"
                yield Edit(((slot, constant(axis)),), "wrong-axis", says,
                           "which axis counts what?", shown)  # fmt: skip
    for slot in slots:
        node = slot.node
        if function_of(node) == "len" and isinstance(node, ast.Call) and node.args:
            for axis in AXES:
                yield Edit(((slot, parsed(f"x.shape[{axis}]", x=node.args[0])),), "wrong-axis",
                           f"`{code(node)}` is the size of another axis",
                           "which axis counts what?", node)  # fmt: skip
        if function_of(node) in SHORTEN and isinstance(node, ast.Call) and not any(
            each.arg in ("axis", "dim") for each in node.keywords
        ):  # fmt: skip
            for over in (-1, -2, (-1, -2)):
                for keep in (True, False):
                    new = deepcopy(node)
                    new.keywords += parsed(f"f(axis={over},keepdims={keep})").keywords
                    yield Edit(((slot, new),), "over-everything",
                               f"`{code(node)}` goes over the whole array",
                               "along which axis should it go? Give it axis=…", node)  # fmt: skip


def kept_axes(slots: list[Slot]) -> Iterator[Edit]:
    """Yield an axis kept that is lost, and the reverse."""
    for slot in slots:
        node = slot.node
        if function_of(node) not in SHORTEN or not isinstance(node, ast.Call):
            continue
        keeps = [each for each in node.keywords if each.arg in ("keepdims", "keepdim")]
        new = deepcopy(node)
        if keeps:
            new.keywords = [
                each for each in new.keywords if each.arg not in ("keepdims", "keepdim")
            ]
            yield Edit(((slot, new),), "axis-left",
                       f"`{code(node)}` keeps an axis of length 1 that must go",
                       "leave keepdims=True out", node)  # fmt: skip
        else:
            new.keywords += parsed("f(keepdims=True)").keywords
            yield Edit(((slot, new),), "no-keepdims",
                       f"`{code(node)}` loses the axis along which it goes",
                       "keepdims=True keeps it, with length 1", node)  # fmt: skip


def turned(slots: list[Slot]) -> Iterator[Edit]:
    """Yield operands of products transposed, and transposed ones as they are."""
    for slot in slots:
        node = slot.node
        if inner := is_transposed(node):
            yield Edit(((slot, deepcopy(inner)),), "transposed-too-often",
                       f"`{code(node)}` is transposed, and must not be",
                       "rows and columns: which are which?", node)  # fmt: skip
            yield Edit(((slot, parsed("x.mT", x=inner)),), "other-axes-swapped",
                       f"`{code(node)}` swaps other axes than the last two", LAST_TWO,
                       node)  # fmt: skip
        elif isinstance(
            node, (ast.Name, ast.BinOp, ast.Call, ast.Subscript, ast.Attribute)
        ) and not isinstance(getattr(node, "ctx", None), ast.Store):
            yield Edit(((slot, parsed("x.mT", x=node)),), "not-transposed",
                       f"`{code(node)}` must be transposed here",
                       "rows and columns: which are which?", node)  # fmt: skip


def lacks_axes(slots: list[Slot]) -> Iterator[Edit]:
    """Yield operands with one axis of length 1 more, and with one less."""
    for slot in slots:
        node, parent = slot.node, slot.parent
        inside = isinstance(parent, (ast.BinOp, ast.Compare, ast.Call, ast.Assign, ast.Return))
        if inside and slot.name in ("left", "right", "comparators", "args", "value"):
            if isinstance(node, (ast.Constant, ast.Tuple, ast.Starred)):
                continue
            for index in ("...,None", "...,None,:", "...,None,None", "...,None,:,:"):
                yield Edit(((slot, parsed(f"x[{index}]", x=node)),), "axis-missing",
                           f"`{code(node)}` lacks an axis there",
                           "`[..., None]` adds one at the end, `[..., None, :]` before the last",
                           node)  # fmt: skip
        if isinstance(node, ast.Subscript) and makes_an_axis(node.slice):
            for index in ("...,None", "...,None,:"):
                yield Edit(((slot, parsed(f"x[{index}]", x=node.value)),), "axis-elsewhere",
                           f"`{code(node)}` has its new axis in another place",
                           "`[..., None]` adds one at the end, `[..., None, :]` before the last",
                           node)  # fmt: skip


def makes_an_axis(index: ast.expr) -> bool:
    """Tell whether an index makes a new axis, and does nothing else."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return "None" in map(code, parts) and {*map(code, parts)} <= {"None", "...", ":"}
