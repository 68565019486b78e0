"""Where and when a wrong answer is wrong: what separates its wrong numbers from its right ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.compare import agree, close, differs
from qkv_lib.practice.exercise import Case, Exercise, Trial
from qkv_lib.practice.factors import sizes
from qkv_lib.practice.patterns import nearly_right
from qkv_lib.practice.run import reference_values, run_once
from qkv_lib.practice.vary import varied
from qkv_lib.practice.verdict import Finding, listed, shortest

OTHER_SEEDS = (2, 3)
"""What seems to be a condition is tried on these inputs too."""


def somewhere(attempt: Attempt) -> Finding | None:
    """Look for the one place in which the numbers are wrong."""
    every = replace(attempt, trials=attempt.every or attempt.trials)
    failed = [trial for trial in every.trials if not every.passed(trial)]
    evidence = difference(attempt, attempt.trials[0])
    if right := right_parts(attempt, failed):
        if found := nearly_right(attempt):
            return found
        others = [name for name in attempt.exercise.returns if name not in right]
        says = f"of what comes back {listed(right)} are right; {listed(others)} not"
        if len(right) == 1:
            says = f"of what comes back {right[0]} is right; {listed(others)} not"
        return Finding("only-where", says, evidence)
    for which, (name, axes) in enumerate(attempt.exercise.returns.items()):
        where = spot(failed, which, axes, attempt.exercise.tolerance)
        if where:
            says = f"only part of {attempt.noun(name)} is wrong: {where}"
            return Finding("only-where", says, evidence)
    return None


def right_parts(attempt: Attempt, failed: list[Trial]) -> list[str]:
    """Return the names of the returned arrays that are right in every call."""
    if any(trial.first.fault for trial in failed):
        return []
    return [
        name
        for which, name in enumerate(attempt.exercise.returns)
        if all(
            close(trial.first.values[which], trial.expected[which], attempt.exercise.tolerance)
            for trial in failed
        )
    ]


def sometimes(attempt: Attempt) -> Finding | None:
    """Look for the one condition on which the numbers are right, also with other inputs."""
    every = attempt.every or attempt.trials
    tried = [
        (trial.case, right)
        for trial in every
        if not (right := attempt.passed(trial)) or tells(attempt.exercise, trial.case)
    ]
    when = condition(attempt.exercise, tried)
    if when is None:
        return None
    for seed in OTHER_SEEDS:
        for case in varied(attempt.exercise, np.random.default_rng(seed)):
            outcome = every[0].call(case.args)
            expected = reference_values(attempt.exercise, case.args)
            right = not outcome.fault and attempt.agree(outcome.values, expected)
            if not right or tells(attempt.exercise, case):
                tried.append((case, right))
    when = condition(attempt.exercise, tried)
    if when is None:
        return None
    evidence = difference(attempt, attempt.trials[0])
    return Finding("only-when", f"your answer is right only {when}", evidence)


def tells(exercise: Exercise, case: Case) -> bool:
    """Tell whether a case shows most of the known mistakes: where it shows few, right is cheap."""
    expected = reference_values(exercise, case.args)
    outcomes = [run_once(exercise, mistake.wrong, case.args) for mistake in exercise.mistakes]
    same = [o.fault is None and agree(o.values, expected, exercise.tolerance) for o in outcomes]
    return 2 * sum(same) <= len(same)


def spot(failed: Sequence[Trial], which: int, axes: Sequence[str], tolerance: float) -> str | None:
    """Return in words the place that holds all wrong numbers of one result, and only those."""
    found: set[str] | None = None
    telling, silent = 0, 0
    for trial in failed:
        if trial.first.fault or which >= len(trial.first.values):
            return None
        yours, expected = trial.first.values[which], trial.expected[which]
        if yours.shape != expected.shape:
            return None
        wrong = differs(yours, expected, tolerance)
        if not np.any(wrong):
            continue
        if np.all(wrong):
            if wrong.size > FEW:
                return None
            silent += 1
            continue
        telling += 1
        here = {words for words, place in places(expected, axes) if not np.any(wrong & ~place)}
        found = here if found is None else found & here
    return shortest(found or ()) if telling > silent else None


def places(expected: Array, axes: Sequence[str]) -> Iterator[tuple[str, Array]]:
    """Yield places of an array that a wrong answer may get wrong, in words and as a mask."""
    shape = expected.shape
    names = ["batch element"] * max(len(shape) - len(axes), 0) + list(axes[-len(shape) :])
    for axis, (size, name) in enumerate(zip(shape, names, strict=True)):
        if size > 1:
            index = np.arange(size).reshape([-1 if i == axis else 1 for i in range(len(shape))])
            for words, chosen in (
                (f"{name} 0", index == 0),
                (f"the last {name}", index == size - 1),
                (f"every {name} but the first", index > 0),
            ):
                yield words, np.broadcast_to(chosen, shape)
    if len(shape) > 1 and min(shape[-2:]) > 1:
        i, j = np.ogrid[: shape[-2], : shape[-1]]
        rows, columns = names[-2], names[-1]
        for words, chosen in (
            (f"where {columns} = {rows}", i == j),
            (f"where {columns} ≠ {rows}", i != j),
            (f"where {columns} > {rows}", j > i),
            (f"where {columns} < {rows}", j < i),
        ):
            yield words, np.broadcast_to(chosen, shape)
    if expected.dtype.kind in "fiu":
        yield "where 0 is expected", expected == 0
        yield "where numbers below 0 are expected", expected < 0
        yield "where numbers above 0 are expected", expected > 0


FEW = 3
"""So few numbers may all be wrong, although one place is meant, if most trials tell it."""
CHANCES = {1: 60, 2: 500}
"""Tier of a fact → in how many ways the cases can be parted before it is no coincidence."""


def condition(exercise: Exercise, tried: Sequence[tuple[Case, bool]]) -> str | None:
    """Return in words what the inputs have in common on which an answer is right."""
    right = [case for case, passed in tried if passed]
    wrong = [case for case, passed in tried if not passed]
    if len(right) < 2 or not wrong:
        return None
    ways = comb(len(kinds_of(right)) + len(kinds_of(wrong)), len(kinds_of(right)))
    facts = [set(facts_about(exercise, case.args)) for case in right]
    others = [set(facts_about(exercise, case.args)) for case in wrong]
    common = facts[0].intersection(*facts) - others[0].union(*others)
    telling = [fact for fact in common if ways >= CHANCES.get(fact[0], 0)]
    named = [name for name, _ in sizes(exercise, right[0].args)]
    ones = [name for name in named if (0, f"where {name} is 1") in telling]
    if len(ones) > 1:
        return f"where {ones[0]} and {ones[1]} are 1"
    return min(telling, key=lambda fact: (fact[0], len(fact[1]), fact[1]), default=(0, None))[1]


def kinds_of(cases: Sequence[Case]) -> set[Any]:
    """Return the cases that differ in more than their numbers."""
    return {
        (case.kind, *(arg if isinstance(arg, (str, int, float)) else np.shape(arg)
                      for arg in case.args))
        for case in cases
    }  # fmt: skip


def facts_about(exercise: Exercise, args: tuple[Any, ...]) -> Iterator[tuple[int, str]]:
    """Yield what is true of the arguments of a call, in words that go on after "right only".

    A fact comes with its tier: 0 where a mistake often cannot show, 2 for what may well be chance.
    """
    counted: list[tuple[str, float]] = []
    for name, arg in zip(exercise.arguments, args, strict=False):
        if isinstance(arg, np.ndarray):
            yield 0, f"where {name} has {arg.ndim} axes"
            counted += [(f"{name}.shape[{-axis}]", arg.shape[-axis])
                      for axis in range(1, min(arg.ndim, 3) + 1)]  # fmt: skip
            if arg.size and arg.dtype.kind in "fiu":
                negative, zero = bool(arg.min() < 0), bool(np.any(arg == 0))
                negatives = f"where {name} holds negative numbers"
                yield 2, negatives if negative else f"where {name} holds none below 0"
                yield 2, f"where {name} holds a 0" if zero else f"where {name} holds no 0"
                if arg.ndim == 1 and arg.size > 1:
                    rising = bool(np.all(np.diff(arg) >= 0))
                    order = f"where {name} is in ascending order"
                    yield 1, order if rising else f"where {name} is not in ascending order"
                    alike = bool(np.all(arg == arg[0]))
                    same = f"where the numbers of {name} are all alike"
                    yield 1, same if alike else f"where the numbers of {name} are not all alike"
            if arg.dtype == bool:
                nothing = f"where {name} hides nothing"
                yield 0, nothing if arg.all() else f"where {name} hides something"
        elif isinstance(arg, (int, float)) and not isinstance(arg, bool):
            counted.append((name, arg))
        else:
            yield 0, f"where {name} is {arg}"
    for name, size in counted:
        yield 0, f"where {name} is 1" if size == 1 else f"where {name} is not 1"
        yield 2, f"where {name} is even" if size % 2 == 0 else f"where {name} is not even"
        yield 2, f"where {name} is above 1" if size > 1 else f"where {name} is at most 1"
    for (one, left), (other, right) in combinations(counted, 2):
        yield 1, f"where {one} {'=' if left == right else '≠'} {other}"
        yield 2, f"where {one} {'>' if left > right else '≤'} {other}"
        yield 2, f"where {one} {'<' if left < right else '≥'} {other}"
    yield 0, f"with {len(args)} arguments"
