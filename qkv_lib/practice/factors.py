"""A factor or a term too many: constants, arguments, sizes and their powers, with their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.attempt import Attempt
from qkv_lib.practice.compare import close
from qkv_lib.practice.exercise import Exercise
from qkv_lib.practice.verdict import number, shortest

# A factor between what came back and what should have: constants, and powers of the sizes.
CONSTANTS = {
    "2": 2.0, "3": 3.0, "4": 4.0, "8": 8.0, "10": 10.0, "100": 100.0, "1000": 1000.0,
    "1024": 1024.0, "π": np.pi, "2π": 2 * np.pi, "√2": 2**0.5, "√(2π)": (2 * np.pi) ** 0.5,
    "ln 2": np.log(2), "180/π": 180 / np.pi, "e": np.e, "−1": -1.0, "1.5": 1.5,
}  # fmt: skip
POWERS = {"{}": 1.0, "√{}": 0.5, "{}²": 2.0, "{}³": 3.0}


def sizes(exercise: Exercise, args: tuple[Any, ...]) -> Iterator[tuple[str, float]]:
    """Yield each size and plain argument of a call, with the code that gives it."""
    for name, arg in zip(exercise.arguments, args, strict=False):
        if isinstance(arg, np.ndarray) and not arg.ndim:
            yield name, float(arg)
        elif isinstance(arg, np.ndarray):
            for axis in range(1, min(arg.ndim, 4) + 1):
                yield f"{name}.shape[{-axis}]", float(arg.shape[-axis])
        elif type(arg) in (int, float) and arg > 0:
            yield name, float(arg)


def factors(exercise: Exercise, args: tuple[Any, ...]) -> dict[str, float]:
    """Return the factors worth a name, for one call: in words → value."""
    found = dict(CONSTANTS)
    each = list(sizes(exercise, args))
    for name, size in each:
        for form, power in POWERS.items():
            found[form.format(name)] = size**power
        found[f"({name} + 1)"] = size + 1
        found[f"({name} − 1)"] = size - 1
    for name, arg in zip(exercise.arguments, args, strict=False):
        if isinstance(arg, np.ndarray) and arg.ndim > 1:
            for axis in (0, 1):  # counted from the front, where a batch stands
                last, front = f"{name}.shape[-1]", f"{name}.shape[{axis}]"
                found[f"√({last} / {front})"] = (arg.shape[-1] / max(arg.shape[axis], 1)) ** 0.5
    for (one, left), (other, right) in combinations(each, 2):
        found[f"{one} · {other}"] = left * right
        if right:
            found[f"{one} / {other}"] = left / right
            found[f"√({one} / {other})"] = (left / right) ** 0.5
            found[f"√{one} / {other}"] = left**0.5 / right
    return found


def terms(exercise: Exercise, args: tuple[Any, ...]) -> dict[str, Array]:
    """Return what may have been added to a result: constants, arguments and sizes, in words."""
    found = {"1": np.asarray(1)}
    for name, arg in zip(exercise.arguments, args, strict=False):
        if isinstance(arg, np.ndarray) and arg.dtype.kind in "fiu":
            found[name] = arg
        elif type(arg) in (int, float):
            found[name] = np.asarray(arg)
    for name, size in sizes(exercise, args):
        found.setdefault(name, np.asarray(size))
        if size:
            found[f"1 / {name}"] = np.asarray(1 / size)
    return found


def common_to_all(
    attempt: Attempt,
    which: int,
    expected: list[Array],
    found: Callable[[Array, Array, tuple[Any, ...]], set[str] | None],
) -> str | None:
    """Return the shortest text that is true of every trial.

    ``found`` gives those that are true of one, by its result, what that should be, and its
    arguments; or None, where it tells nothing.
    """
    common: set[str] | None = None
    for trial, theirs in zip(attempt.trials, expected, strict=True):
        yours = trial.first.values[which]
        if yours.shape != theirs.shape or "b" in yours.dtype.kind + theirs.dtype.kind:
            return None
        if not np.all(np.isfinite(yours)) or not np.all(np.isfinite(theirs)):
            return None
        near = found(yours, theirs, trial.case.args)
        if near is not None:
            common = near if common is None else common & near
        if common is not None and not common:
            return None
    return shortest(common or ())


def factor(attempt: Attempt, which: int, expected: list[Array]) -> str | None:
    """Return the factor in words, if every result is what it should be times one of them."""
    ratios: list[float] = []

    def found(yours: Array, theirs: Array, args: tuple[Any, ...]) -> set[str] | None:
        if np.any(np.abs(yours[theirs == 0]) > 1e-6):
            return set()
        large = np.abs(theirs) > 1e-3
        if not np.any(large):
            return None
        ratio = float(np.median(yours[large] / theirs[large]))
        if ratio == 0 or not close(np.asarray(yours, float), theirs * ratio):
            return set()
        ratios.append(ratio)
        return {
            says
            for words, value in factors(attempt.exercise, args).items()
            for says, power in (
                (f"every number is too large by the factor {words}", 1),
                (f"every number is too small by the factor {words}", -1),
            )
            if value > 0 and abs(ratio / value**power - 1) < 1e-4
        }

    best = common_to_all(attempt, which, expected, found)
    return None if np.allclose(ratios, 1, rtol=1e-4) else best


def addend(attempt: Attempt, which: int, expected: list[Array]) -> str | None:
    """Return in words what is added to every number, if it is one thing on every input."""

    def found(yours: Array, theirs: Array, args: tuple[Any, ...]) -> set[str]:
        apart = np.subtract(yours, theirs, dtype=float)
        return {
            says
            for words, value in terms(attempt.exercise, args).items()
            for says in added(apart, theirs, words, value)
        }

    return common_to_all(attempt, which, expected, found)


def added(apart: Array, theirs: Array, words: str, value: Array) -> Iterator[str]:
    """Yield in words how often a term was added, if that is all there is between two results."""
    if np.ndim(value) > theirs.ndim:
        return
    try:
        term = np.broadcast_to(np.asarray(value, float), theirs.shape)
    except ValueError:
        return
    times = float(np.vdot(term, apart)) / max(float(np.vdot(term, term)), 1e-300)
    if abs(times) < 1e-3 or not close(theirs + apart, theirs + times * term):
        return
    much = words if abs(abs(times) - 1) < 1e-4 else f"{number(abs(times), 3)} · {words}"
    much = much.removesuffix(" · 1")
    yield (
        f"every number is too large by {much}" if times > 0
        else f"every number is too small by {much}"
    )  # fmt: skip
