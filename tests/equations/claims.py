"""Judge a printed formula by cases: it is true of them all, and no formula beside it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from tests.equations.arithmetic import KNOWN, Value
from tests.equations.cursor import Node, UnreadableError
from tests.equations.evaluate import World, value
from tests.equations.latex import Statement, read
from tests.equations.mutants import mutants


@dataclass(frozen=True)
class Case:
    """Values for the symbols of a formula."""

    world: World
    part: str = ""
    equals: Value = None
    condition: bool = False


def given(
    over: Mapping[str, int | Iterable[Value]] | None = None,
    *,
    first: int = 1,
    part: str = "",
    equals: Value = None,
    condition: bool = False,
    rtol: float = 1e-9,
    atol: float = 1e-12,
    also: Mapping[str, Value] | None = None,
    **symbols: Value,
) -> Case:
    """Return a case: the values of the symbols, and over what each index runs.

    Parameters
    ----------
    over : dict
        For each index how many values it takes, counted from `first`, or these themselves.
    part : str
        The part of the formula that is meant, where it has several: ``pre`` of ``\\text{pre:}``.
    equals : Value
        What the formula is, where it has no left side: a value, or a function of the indices.
    condition : bool
        The last statement says where the others hold: there, and nowhere else.
    also : dict
        Symbols whose name is no Python name.
    """
    ranges = {
        name: range(first, first + span) if isinstance(span, int) else list(span)
        for name, span in (over or {}).items()
    }
    named = {**symbols, **(also or {})}
    return Case(World(named, ranges, first, rtol, atol), part, equals, condition)


def judged(label: str, latex: str, cases: Sequence[Case], same: Mapping[str, str]) -> int:
    """Fail unless the formula holds and no mutant does; return how many mutants there were."""
    assert cases, f"{label}: its test gives no values"
    for case in cases:
        if fault := _wrong_or_unreadable(latex, case):
            raise AssertionError(f"{label}, as it is printed, is not so: {fault}")
    missing = parts(latex, cases[0]) - {case.part for case in cases}
    assert not missing, f"{label}: no case for {missing}"
    indices = list(dict.fromkeys(name for case in cases for name in case.world.over))
    found = dict(mutants(latex, indices))
    alive = {name for name, text in found.items() if not any(caught(text, case) for case in cases)}
    assert alive == set(same), (
        f"{label}: written with {sorted(alive - set(same))} it would pass as well. Give values for "
        f"which that is wrong, or say in `same` why it means the same; {sorted(set(same) - alive)} "
        "stands there for nothing"
    )
    return len(found)


def _wrong_or_unreadable(latex: str, case: Case) -> str:
    try:
        return wrong(latex, case)
    except KeyError as error:
        return f"its test gives no value for {error}"
    except UnreadableError as error:
        return f"the parser (tests/equations/latex.py) cannot read it: {error}"


def caught(latex: str, case: Case) -> bool:
    """Return whether a formula is refused: it is false, or makes no sense."""
    try:
        with np.errstate(all="ignore"):
            return bool(wrong(latex, case))
    except Exception:  # no sense is as good as wrong
        return True


def parts(latex: str, case: Case) -> set[str]:
    """Return the names of the parts of a formula."""
    return {each.part for each in parsed(latex, case)}


def parsed(latex: str, case: Case) -> list[Statement]:
    """Read a formula with the symbols of a case; refuse one that the formula has not."""
    symbols = {**KNOWN, **case.world.symbols, **dict.fromkeys(case.world.over, 0)}
    functions = [name for name, what in symbols.items() if _is_function(what)]
    return read(latex, symbols.keys(), functions)


def _is_function(what: Value) -> bool:
    return callable(what) or (isinstance(what, list) and bool(what) and callable(what[0]))


def wrong(latex: str, case: Case) -> str:
    """Return where a formula is wrong of a case, in words, or nothing."""
    statements = [each.node for each in parsed(latex, case) if each.part == case.part]
    used = {text for node in statements for text in names(node)}
    if idle := sorted(case.world.symbols.keys() - used):
        return f"it has no {', '.join(idle)}, for which its test gives a value"
    if case.equals is not None:
        statements[0] = _and_equals(statements[0], case)
    world = World({**KNOWN, **case.world.symbols, EQUALS: case.equals},
                  case.world.over, case.world.first, case.world.rtol, case.world.atol)  # fmt: skip
    statements = without_definitions(statements, world)
    condition = statements.pop() if case.condition else None
    left = None
    for node in statements:
        if node.op == "runs":
            if told := _runs_otherwise(node, world):
                return told
            continue
        if node.op not in {"chain", "same truth", "shape", "shape of"}:
            raise UnreadableError("a statement that claims nothing")
        left = node.args[0] if node.op in {"chain", "shape of"} else left
        about = left if node.op == "shape" else condition
        for inner in _everywhere(node, about, world):
            holds = true(node, left, inner)
            if holds is not (condition is None or bool(value(condition, inner))):
                return described(node, left, inner)
    return ""


def _runs_otherwise(node: Node, world: World) -> str:
    """Say of an index over what else it runs than is stated, or nothing."""
    name, low, high = node.args
    stated = list(range(value(low, world), int(value(high, world)) + 1))
    given = list(world.over.get(name, []))
    return "" if stated == given else f"{name} runs over {given}, not over {stated}"


def without_definitions(statements: list[Node], world: World) -> list[Node]:
    """Put what ``u = …`` says in the place of a `u` for which no value is given."""
    for each in statements:
        match each:
            case Node("chain", (Node("name", (str(name),)), "=", meant)) if (
                name not in world.symbols and name not in world.over
            ):
                others = [other for other in statements if other is not each]
                if all(name not in set(names(other)) for other in others):
                    raise KeyError(name)
                return without_definitions([_put(o, name, meant) for o in others], world)
    return statements


def _put(node: Any, name: str, meant: Node) -> Any:
    if not isinstance(node, tuple):
        return node
    if isinstance(node, Node):
        return meant if node == ("name", (name,)) else Node(node.op, _put(node.args, name, meant))
    return tuple(_put(each, name, meant) for each in node)


EQUALS = "the value given"


def _and_equals(node: Node, case: Case) -> Node:
    parts = node.args if node.op == "chain" else (node,)
    what = Node("name", (EQUALS,))
    if callable(case.equals):
        what = Node("index", (what, *(Node("name", (each,)) for each in case.world.over)))
    return Node("chain", (*parts, "=", what))


def true(node: Node, left: Node | None, world: World) -> bool:
    """Return whether a statement is true; `left` is what a shape is the shape of."""
    if node.op in {"shape", "shape of"}:
        assert left is not None
        return _shape(node, world) == np.shape(value(left, world))
    return bool(value(node, world))


def _shape(node: Node, world: World) -> tuple[int, ...]:
    dimensions = node if node.op == "shape" else node.args[1]
    return tuple(int(value(each, world)) for each in dimensions.args)


def _everywhere(node: Node, about: Node | None, world: World) -> Iterator[World]:
    """Yield the world for each value of the indices that a statement leaves free."""
    loose = free(node) | free(about)
    running = [name for name in world.over if name in loose]
    for values in product(*(world.over[name] for name in running)):
        yield world.but(**dict(zip(running, values, strict=True)))


def described(node: Node, left: Node | None, world: World) -> str:
    """Say of a false statement where it is false, and what its sides are."""
    at = ", ".join(f"{name} = {world.symbols[name]}" for name in world.over
                   if name in world.symbols)  # fmt: skip
    if node.op == "chain":
        sides = [f"{value(part, world)}" for part in node.args[::2]]
        told = f" {' | '.join(node.args[1::2])} ".join(sides)
    else:
        told = f"{np.shape(value(left, world))}" if left else "the two sides differ"
    return f"{'at ' + at + ': ' if at else ''}{told}"


def names(node: Any) -> Iterator[str]:
    """Yield every name in an expression; of a derivative, that under which it is given."""
    if isinstance(node, Node) and node.op == "name":
        yield node.args[0]
    elif isinstance(node, Node) and node.op == "derivative":
        heads = [next(names(each)) for each in node.args]
        yield f"∂{heads[0]}/∂{heads[1]}"
        yield from (text for each in node.args for text in names(each))
    elif isinstance(node, tuple):
        for each in node.args if isinstance(node, Node) else node:
            yield from names(each)


def free(node: Any) -> set[str]:
    """Return the names in an expression that no sum in it binds."""
    if not isinstance(node, tuple):
        return set()
    if isinstance(node, Node) and node.op == "name":
        return {node.args[0]}
    if isinstance(node, Node) and node.op == "big":
        _, variable, low, high, where, body = node.args
        return free(low) | free(high) | ((free(where) | free(body)) - {variable})
    if isinstance(node, Node) and node.op == "some":
        return free(node.args[1]) - {node.args[0]}
    if isinstance(node, Node) and node.op == "runs":
        return free(node.args[1:])
    if isinstance(node, Node) and node.op == "set" and len(node.args) == 2:
        return free(node.args[1]) - free(node.args[0])
    if isinstance(node, Node) and node.op == "softmax":
        return free(node.args[1]) | {node.args[0]}
    return set().union(*map(free, node.args if isinstance(node, Node) else node))
