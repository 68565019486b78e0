"""Compute what `latex` has read, on numbers, NumPy arrays and functions.

An index counts from `first`; which values it takes where nothing says so, `over` tells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.equations.arithmetic import Value, dot, length, power, size, softmax, times, turned
from tests.equations.cursor import Node


@dataclass(frozen=True)
class World:
    """The symbols of a formula with their values, and the range of each index."""

    symbols: Mapping[str, Value]
    over: Mapping[str, Iterable[Value]]
    first: int = 1
    rtol: float = 1e-9
    atol: float = 1e-12

    def but(self, **symbols: Value) -> World:
        return replace(self, symbols={**self.symbols, **symbols})

    def domain(self, node: Node) -> Iterator[tuple[Value, World]]:
        """Yield each value of the variable of a sum, and the world in which it has that value."""
        _, variable, low, high, where, _ = node.args
        if low is not None:
            values: Iterable[Value] = range(value(low, self), value(high, self) + 1)
        elif where is not None and where.op == "chain" and where.args[1] == "∈":
            values, where = value(where.args[2], self), None
        else:
            values = self.over[variable]
        for each in values:
            inner = self.but(**{variable: each})
            if where is None or value(where, inner):
                yield each, inner


def value(node: Node, world: World) -> Value:
    """Return the value of an expression; of a claim, whether it is true."""
    return OPERATIONS[node.op](world, *node.args)


def plain(operation: Callable[..., Value]) -> Callable[..., Value]:
    """Make of a function of values an operation on expressions."""
    return lambda world, *nodes: operation(*(value(node, world) for node in nodes))


def name(world: World, text: str) -> Value:
    """Return the value of a symbol."""
    return world.symbols[text]


def index(world: World, base: Node, *indices: Node) -> Value:
    """Return an entry or a row, counted from `first`; a function is given its indices."""
    found, given = value(base, world), [value(each, world) for each in indices]
    if callable(found):
        return found(*given)
    for each in given:
        if isinstance(found, dict):
            found = found[each]
            continue
        place = np.asarray(each) - world.first
        if np.any(place < 0):
            raise IndexError(f"{each} comes before the first")
        found = found[place] if isinstance(found, np.ndarray) else found[int(place)]
    return found


def call(world: World, function: Node, *arguments: Node) -> Value:
    """Return what a function gives."""
    return value(function, world)(*flat(world, arguments))


def flat(world: World, nodes: Iterable[Node]) -> list[Value]:
    """Return the values of expressions, with what dots between two stand for."""
    found: list[Value] = []
    for node in nodes:
        found += sequence(world, *node.args) if node.op == "ellipsis" else [value(node, world)]
    return found


def sequence(world: World, start: Node, end: Node) -> list[Value]:
    """Return the terms of ``a_1 … a_n``: upwards from a number, downwards to one."""
    low, high = (value(each, world) for each in _differing(start, end))
    upwards = _differing(start, end)[0].op == "number"
    steps = range(low, high + 1) if upwards else range(low, high - 1, -1)
    return [value(_between(start, end, step), world) for step in steps]


def _differing(a: Node, b: Node) -> tuple[Node, Node]:
    """Return where two expressions differ: the index that runs."""
    if a.op != b.op or a.op in {"number", "name"}:
        return a, b
    (pair,) = [(x, y) for x, y in zip(a.args, b.args, strict=True) if x != y]
    return _differing(*pair)


def _between(a: Node, b: Node, step: int) -> Node:
    if a == b:
        return a
    if a.op != b.op or a.op in {"number", "name"}:
        return Node("number", (step,))
    return Node(a.op, tuple(_between(x, y, step) for x, y in zip(a.args, b.args, strict=True)))


def ellipsis(world: World, start: Node, end: Node) -> Value:
    """Multiply the terms of ``A_1 ⋯ A_n``."""
    product, *others = sequence(world, start, end)
    for each in others:
        product = times(product, each)
    return product


def bracket(world: World, *items: Node) -> Value:
    """Return 1 or 0 for a claim in brackets; else rows and matrices put side by side."""
    if len(items) == 1 and items[0].op == "chain":
        return int(value(items[0], world))
    return np.concatenate([np.asarray(each) for each in flat(world, items)], axis=-1)


def collection(world: World, *items: Node) -> Value:
    """Return the set of what is listed, or of those of which a condition is true."""
    if len(items) == 2 and items[0].op == "name" and items[1].op != "name":
        (variable,), condition = items[0].args, items[1]
        return {
            each for each in world.over[variable] if value(condition, world.but(**{variable: each}))
        }
    return flat(world, items)


def row(world: World, *items: Node) -> Value:
    """Return a row from its numbers."""
    return np.array([value(each, world) for each in items])


def matrix(world: World, *rows: tuple[Node, ...]) -> Value:
    """Return a matrix from its entries or blocks; one of a single row is a row."""
    found = np.concatenate([
        np.atleast_2d(np.concatenate([np.atleast_1d(value(each, world)) for each in row]))
        if len(row) > 1 else np.atleast_2d(value(row[0], world))
        for row in rows
    ])  # fmt: skip
    return found[0] if len(found) == 1 else found


def cases(world: World, *rows: tuple[Node, Node]) -> Value:
    """Return the value beside the first condition that is true."""
    return next(value(each, world) for each, condition in rows if value(condition, world))


def big(world: World, op: str, variable: str, *rest: Any) -> Value:
    """Return a sum, a product, the largest, the smallest, or where the largest is."""
    body = rest[-1]
    if op == "lim":
        return value(body, world.but(**{variable: FAR}))
    node = Node("big", (op, variable, *rest))
    terms = {each: value(body, inner) for each, inner in _hashable(world.domain(node))}
    if op == "argmax":
        return max(terms, key=terms.__getitem__)
    if op == "sum":
        return sum(terms.values())
    return (
        math.prod(terms.values()) if op == "prod" else {"max": max, "min": min}[op](terms.values())
    )


FAR = 1e9  # instead of infinity, under a limit


def _hashable(pairs: Iterable[tuple[Value, World]]) -> Iterator[tuple[Value, World]]:
    for number, (each, inner) in enumerate(pairs):
        yield (each if isinstance(each, int) else number), inner


def some(world: World, variable: str, condition: Node) -> bool:
    """Return whether a condition is true for some value of a variable."""
    return any(value(condition, world.but(**{variable: each})) for each in world.over[variable])


def softmax_over(world: World, variable: str, body: Node) -> Value:
    """Return the share of the variable's own value among all of its range."""
    domain = list(world.over[variable])
    scores = [value(body, world.but(**{variable: each})) for each in domain]
    return softmax(np.array(scores))[domain.index(world.symbols[variable])]


def derivative(world: World, above: Node, below: Node) -> Value:
    """Return the entry of a given derivative, called ``∂p/∂s``, at the indices of both."""
    (y, up), (x, down) = _head(above), _head(below)
    return index(world, Node("name", (f"∂{y}/∂{x}",)), *up, *down)


def _head(node: Node) -> tuple[str, tuple[Node, ...]]:
    if node.op == "call":
        return _head(node.args[0])
    return (node.args[0].args[0], node.args[1:]) if node.op == "index" else (node.args[0], ())


def chain(world: World, *parts: Any) -> bool:
    """Return whether each relation of ``a = b ≤ c`` is true."""
    values = [value(each, world) for each in parts[::2]]
    return all(map(lambda a, op, b: RELATE[op](world, a, b), values, parts[1::2], values[1:]))


def equal(world: World, a: Value, b: Value) -> bool:
    """Return whether two values are alike: in shape, and within the tolerance."""
    if isinstance(a, set | str) or isinstance(b, set | str):
        return bool(a == b)
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=world.rtol, atol=world.atol)


RELATE: dict[str, Callable[[World, Value, Value], bool]] = {
    "=": equal,
    "<": lambda world, a, b: bool(a < b and not equal(world, a, b)),
    ">": lambda world, a, b: bool(a > b and not equal(world, a, b)),
    "≤": lambda world, a, b: bool(a < b or equal(world, a, b)),
    "≥": lambda world, a, b: bool(a > b or equal(world, a, b)),
    "∈": lambda _, a, b: a in b,
    "∉": lambda _, a, b: a not in b,
    "≈": equal,  # within the tolerance of the case
    "≠": lambda world, a, b: not equal(world, a, b),
}

OPERATIONS: dict[str, Callable[..., Value]] = {
    "number": lambda _, x: x, "name": name, "index": index, "call": call, "chain": chain,
    "big": big, "some": some, "softmax": softmax_over, "derivative": derivative, "cases": cases,
    "matrix": matrix, "row": row, "bracket": bracket, "set": collection, "ellipsis": ellipsis,
    "+": plain(np.add), "-": plain(np.subtract), "neg": plain(np.negative),
    "mul": plain(times), "/": plain(np.true_divide), "dot": plain(dot),
    "mul elements": plain(np.multiply), "mod": plain(lambda a, b: a % b), "pow": plain(power),
    "sqrt": plain(np.sqrt), "T": plain(turned), "abs": plain(size), "norm": plain(length),
    "floor": plain(lambda x: math.floor(x)), "ceil": plain(lambda x: math.ceil(x)),
    "same truth": plain(lambda a, b: a == b),
}  # fmt: skip
