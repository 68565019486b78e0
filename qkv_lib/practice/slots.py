"""Places in a learner's code, what stands there, and what would stand there after an edit."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

WIDE = 60
"""Code longer than this is not quoted."""
MAKERS = {"eye", "tri", "zeros", "ones", "arange", "range", "full", "len", "zip", "enumerate"}
"""Functions that make something of a size."""
MODULES = {"np", "numpy", "torch", "math", "F", "np.linalg", "torch.nn.functional"}


@dataclass(frozen=True)
class Slot:
    """A place in the tree that holds a node."""

    parent: ast.AST
    name: str
    index: int | None = None

    @property
    def node(self) -> Any:
        """Return what stands there."""
        held = getattr(self.parent, self.name)
        return held if self.index is None else held[self.index]

    def put(self, node: Any) -> None:
        """Let something else stand there."""
        if self.index is None:
            setattr(self.parent, self.name, node)
        else:
            getattr(self.parent, self.name)[self.index] = node


@dataclass(frozen=True)
class Edit:
    """Nodes that are to stand in other nodes' places; ``says`` what was wrong, {} the line."""

    changes: tuple[tuple[Slot, Any], ...]
    name: str
    says: str
    look: str
    at: ast.AST


def all_slots(node: ast.AST) -> Iterator[Slot]:
    """Yield every place of an expression in a tree."""
    for name, value in ast.iter_fields(node):
        if isinstance(node, (ast.FunctionDef, ast.arguments)) and name not in ("body", "defaults"):
            continue
        for index, each in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(each, ast.expr):
                yield Slot(node, name, index)
            if isinstance(each, ast.AST):
                yield from all_slots(each)


def code(node: ast.AST) -> str:
    """Return a node as code, shortened."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= WIDE else f"{text[: WIDE - 2].rstrip()} …"


def parsed(text: str, **parts: ast.AST) -> Any:
    """Return an expression in whose names others are filled in."""
    tree = ast.parse(text, mode="eval")

    class Filler(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return deepcopy(parts[node.id]) if node.id in parts else node

    return Filler().visit(tree).body


def function_of(node: ast.AST) -> str:
    """Return the name of the function or method that a node calls."""
    called = node.func if isinstance(node, ast.Call) else None
    return getattr(called, "attr", "") or getattr(called, "id", "")


def whole(node: ast.AST) -> int | None:
    """Return a whole number that stands in the code, also a negative one."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = whole(node.operand)
        return None if number is None else -number
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None


def constant(value: int | float) -> ast.expr:
    """Return a number as code."""
    made: ast.expr = parsed(repr(value))
    return made


def is_method(node: ast.Call) -> bool:
    """Tell whether a call is that of a method of some value, not of a function of a library."""
    return isinstance(node.func, ast.Attribute) and code(node.func.value) not in MODULES


def first_of(node: ast.Call) -> Any:
    """Return what a call is about: the value whose method it is, or the first argument."""
    if isinstance(node.func, ast.Attribute) and is_method(node):
        return node.func.value
    return node.args[0] if node.args else None


def is_transposed(node: ast.AST) -> Any:
    """Return what a node transposes: ``x`` of ``x.T``, ``np.transpose(x)`` or of swapped axes."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        return node.value
    names = ("transpose", "swapaxes", "permute", "matrix_transpose")
    return first_of(node) if isinstance(node, ast.Call) and function_of(node) in names else None
