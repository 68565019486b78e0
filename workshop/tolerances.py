"""Read off the source of a test by how much two sides may differ before it fails."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

Test = Callable[..., object]


class Allowed(NamedTuple):
    """What one comparison lets pass: a share of the value, a difference; None for a bound."""

    relative: float | None
    absolute: float | None


EXACT, BOUND = Allowed(0.0, 0.0), Allowed(None, None)

# The keywords of each comparison, and what holds when they are left out.
DEFAULTS: dict[str, tuple[tuple[str, float], tuple[str, float]]] = {
    "assert_allclose": (("rtol", 1e-7), ("atol", 0.0)),
    "allclose": (("rtol", 1e-5), ("atol", 1e-8)),
    "assert_close": (("rtol", 1.3e-6), ("atol", 1e-5)),  # torch's, in float32
    "approx": (("rel", 1e-6), ("abs", 1e-12)),
    "given": (("rtol", 1e-9), ("atol", 1e-12)),  # of an equation that is evaluated
    "assert_array_equal": (("", 0.0), ("", 0.0)),
}


def tolerance(test: Test) -> str:
    """Return in words what the loosest comparison of a test lets pass."""
    found = set(comparisons(test))
    relative = max((each.relative or 0.0 for each in found), default=0.0)
    absolute = max((each.absolute or 0.0 for each in found), default=0.0)
    parts = [f"{absolute:.0e}"] if absolute else []
    parts += [f"{relative:.0e} of the value"] if relative else []
    return " + ".join(parts) or ("nothing" if EXACT in found else "a bound")


def comparisons(test: Test) -> Iterator[Allowed]:
    """Yield what each comparison of a test, and of the helpers it calls, lets pass."""
    reached = [test]
    for each in reached:
        found, helpers = _own(each)
        yield from found
        reached += [helper for helper in helpers if helper not in reached]


@cache
def _own(test: Test) -> tuple[list[Allowed], list[Test]]:
    """Return what the comparisons of one function let pass, and the helpers that it calls."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(test)))
    refused = {id(node) for negated in ast.walk(tree) if _is_negation(negated)
               for node in ast.walk(negated)}  # fmt: skip
    found: list[Allowed] = []
    helpers: dict[Test, None] = {}
    for node in ast.walk(tree):
        if id(node) in refused:
            continue
        if isinstance(node, ast.Assert):
            for compared in ast.walk(node.test):
                if isinstance(compared, ast.Compare) and id(compared) not in refused:
                    found += _of_operator(compared)
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            found += _of_call(test, name.rpartition(".")[2], node)
            if helper := _helper(test, name):
                helpers[helper] = None
    return found, list(helpers)


def _is_negation(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _of_operator(compared: ast.Compare) -> Iterator[Allowed]:
    if "approx(" in ast.unparse(compared):
        return  # counted as a call
    yield EXACT if isinstance(compared.ops[0], ast.Eq) else BOUND


def _of_call(test: Test, name: str, call: ast.Call) -> Iterator[Allowed]:
    if name not in DEFAULTS:
        return
    (relative, share), (absolute, difference) = DEFAULTS[name]
    given = {each.arg: each.value for each in call.keywords if each.arg in (relative, absolute)}
    if name == "approx" and absolute in given:
        share = 0.0  # pytest: with `abs` alone there is no relative part
    yield Allowed(
        _number(test, given[relative]) if relative in given else share,
        _number(test, given[absolute]) if absolute in given else difference,
    )


def _number(test: Test, value: ast.expr) -> float | None:
    """Return the number that an argument is: a literal or a constant of the module."""
    if isinstance(value, ast.Constant):
        return float(value.value)  # type: ignore[arg-type]
    if isinstance(value, ast.Name) and value.id in _scope(test):
        return float(_scope(test)[value.id])
    return None  # computed in the test


def _scope(test: Test) -> dict[str, Any]:
    return inspect.unwrap(test).__globals__  # type: ignore[attr-defined,no-any-return]


def _helper(test: Test, name: str) -> Test | None:
    """Return the function of the tests that a call by this name runs, if it is one."""
    start, *rest = name.split(".")
    if start == "self":
        start = test.__qualname__.partition(".")[0]
    found = _scope(test).get(start)
    for part in rest:
        found = getattr(found, part, None)
    is_ours = inspect.isfunction(found) and found.__module__.startswith("tests.")
    return found if is_ours else None
