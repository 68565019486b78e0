"""From wrong numbers to the misconception: examiners, asked one after the other.

An examiner looks at the trials and returns a `Finding`, or None when it sees nothing. Those
that need no comparison (memory, arguments written into) come first; then the catalogue of
wrong functions, then the properties, and last the plain difference, which nothing passes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qkv_lib.practice.exercise import KINDS, Array, Exercise, Mistake, Trial, Values
from qkv_lib.practice.run import UNATTEMPTED, run_once
from qkv_lib.practice.verdict import Finding, inputs, number, place

TOLERANCE = {2: 5e-3, 4: 2e-5, 8: 1e-7}
"""Largest difference accepted, by bytes a number, relative to the largest expected number."""


def diagnose(exercise: Exercise, trials: Sequence[Trial]) -> Finding | None:
    """Return what is wrong with an answer, or None when it is right."""
    for examiner in (unattempted, writes_into_arguments, remembers):
        if finding := examiner(exercise, trials):
            return finding
    failed = first_failures(trials)
    if not failed:
        return None
    for examiner in (named_mistake, broken_property, faulty, misshapen, not_finite, wrong_dtype):
        if finding := examiner(exercise, failed):
            return after_success(finding, failed)
    return after_success(different(exercise, failed), failed)


def first_failures(trials: Sequence[Trial]) -> list[Trial]:
    """Return all trials of the first kind that holds a failure, the failures in front."""
    for kind in KINDS:
        same_kind = [trial for trial in trials if trial.case.kind == kind]
        if not all(passed(trial) for trial in same_kind):
            return sorted(same_kind, key=passed)
    return []


def after_success(finding: Finding, failed: Sequence[Trial]) -> Finding:
    """Say first what the answer does get right, when it is not the plain case that fails."""
    kind = failed[0].case.kind
    if kind == "plain":
        return finding
    says = f"right for {KINDS['plain']}, but not for {KINDS[kind]}: {finding.says}"
    return Finding(finding.name, says, finding.evidence, finding.look)


def passed(trial: Trial) -> bool:
    """Tell whether the learner's arrays are the library's: shape, dtype and numbers."""
    return (
        trial.first.fault is None
        and agree(trial.first.values, trial.expected)
        and not any(map(coarser, trial.first.values, trial.expected))
    )


def agree(yours: Values, expected: Values) -> bool:
    """Tell whether two results have the same shapes and, within tolerance, the same numbers."""
    return len(yours) == len(expected) and all(map(close, yours, expected))


def close(yours: Array, expected: Array) -> bool:
    return yours.shape == expected.shape and not bool(np.any(differs(yours, expected)))


def differs(yours: Array, expected: Array) -> Array:
    """Mark the entries that differ by more than the tolerance of the coarser dtype."""
    sizes = [array.dtype.itemsize for array in (yours, expected) if array.dtype.kind == "f"]
    tolerance = TOLERANCE.get(min(sizes, default=8), TOLERANCE[8])
    finite = np.abs(expected[np.isfinite(expected)])
    allowed = tolerance * max(1.0, float(np.max(finite, initial=0)))
    return ~np.isclose(yours, expected, rtol=0.0, atol=allowed, equal_nan=True)


def coarser(yours: Array, expected: Array) -> bool:
    """Tell whether the dtype loses something that the expected dtype keeps."""
    if "f" not in (yours.dtype.kind, expected.dtype.kind):
        return (yours.dtype.kind == "b") != (expected.dtype.kind == "b")
    return yours.dtype.kind != expected.dtype.kind or (
        yours.dtype.itemsize < expected.dtype.itemsize
    )


def unattempted(exercise: Exercise, trials: Sequence[Trial]) -> Finding | None:
    """Every call returned nothing: the skeleton is as it was."""
    blank = all(trial.first.fault is UNATTEMPTED for trial in trials)
    return UNATTEMPTED if blank else None


def writes_into_arguments(exercise: Exercise, trials: Sequence[Trial]) -> Finding | None:
    """An argument is not what it was before the call."""
    names = [trial.first.modified for trial in trials if trial.first.modified]
    if not names:
        return None
    return Finding(
        "in-place",
        f"your function changes its argument {names[0]}",
        f"after the call {names[0]} holds other numbers than before",
        "write `x = x / 2` instead of `x /= 2`, and fill new arrays",
    )


def remembers(exercise: Exercise, trials: Sequence[Trial]) -> Finding | None:
    """The answer depends on the calls before it, or on chance."""
    look = "use nothing but the arguments: no global, no default list, no random numbers"
    for trial in trials:
        if trial.first.fault is None and not agree(trial.first.values, trial.again.values):
            shown = inputs(exercise.arguments, trial.case.args)
            evidence = f"called twice with the same {shown}, it returned two different results"
            return Finding("stateful", "your function remembers earlier calls", evidence, look)
    half = len(trials) // 2  # the same shapes, drawn with another seed
    for early, late in zip(trials[:half], trials[half:], strict=True):
        if passed(early) and not passed(late) and agree(late.first.values, early.first.values):
            evidence = (
                "given new numbers of the same shape, it returned the result of an earlier call"
            )
            return Finding("stateful", "your function remembers earlier calls", evidence, look)
    return None


def named_mistake(exercise: Exercise, failed: Sequence[Trial]) -> Finding | None:
    """The answer is what one of the catalogue's wrong functions returns, on every input."""
    for mistake in exercise.mistakes:
        if commits(exercise, mistake, failed):
            if mistake.name == exercise.given:
                return Finding(mistake.name, "not mended yet", exercise.symptom)
            shown = next(t for t in failed if t.first.fault is None and not passed(t))
            evidence = (mistake.evidence or (lambda trial: difference(exercise, trial)))(shown)
            return Finding(mistake.name, mistake.says, evidence, mistake.look)
    return None


def commits(exercise: Exercise, mistake: Mistake, failed: Sequence[Trial]) -> bool:
    """Tell whether the learner's function and the wrong one agree, errors included."""
    telling = False
    for trial in failed:
        wrong = run_once(exercise, mistake.wrong, trial.case.args)
        if (wrong.fault is None) != (trial.first.fault is None):
            return False
        if wrong.fault is None:
            if not agree(trial.first.values, wrong.values):
                return False
            telling = telling or not passed(trial)
    return telling


def broken_property(exercise: Exercise, failed: Sequence[Trial]) -> Finding | None:
    """The answer lacks something that every right answer has."""
    for rule in exercise.properties:
        for trial in failed:
            if trial.first.fault is None and shapes(trial.first.values) == shapes(trial.expected):
                evidence = rule.broken(trial)
                if evidence:
                    return Finding(rule.name, rule.says, evidence, rule.look)
    return None


def faulty(exercise: Exercise, failed: Sequence[Trial]) -> Finding | None:
    """A call raised, or returned no array."""
    faults = [trial.first.fault for trial in failed if trial.first.fault]
    if not faults:
        return None
    if faults[0] is UNATTEMPTED:
        shown = inputs(exercise.arguments, failed[0].case.args)
        return Finding(
            "returns-nothing", "your function sometimes returns nothing", f"with {shown}"
        )
    return faults[0]


def misshapen(exercise: Exercise, failed: Sequence[Trial]) -> Finding | None:
    """A returned array has the wrong shape, perhaps because it is transposed."""
    for trial in failed:
        for name, yours, expected in zip(
            exercise.returns, trial.first.values, trial.expected, strict=True
        ):
            if yours.shape != expected.shape:
                shown = inputs(exercise.arguments, trial.case.args)
                evidence = f"with {shown}, {name} must be {expected.shape}; yours is {yours.shape}"
                if expected.ndim > 1 and close(yours.swapaxes(-1, -2), expected):
                    says = f"your {name} is transposed"
                    return Finding("transposed", says, evidence, "rows are queries")
                return Finding("shape", f"your {name} has the wrong shape", evidence)
    return None


def not_finite(exercise: Exercise, failed: Sequence[Trial]) -> Finding | None:
    """NaN or infinity where a number is expected."""
    for trial in failed:
        for name, yours, expected in zip(
            exercise.returns, trial.first.values, trial.expected, strict=True
        ):
            bad = ~np.isfinite(yours) & np.isfinite(expected)
            if np.any(bad):
                where = place(np.argwhere(bad)[0], exercise.returns[name])
                evidence = f"the first is {number(yours[bad][0])}, at {where}"
                look = "0/0 and exp of a large number give NaN or infinity"
                return Finding("not-finite", f"your {name} holds NaN or infinity", evidence, look)
    return None


def wrong_dtype(exercise: Exercise, failed: Sequence[Trial]) -> Finding | None:
    """The numbers are right as far as their dtype lets them be, but it loses something."""
    for trial in failed:
        for name, yours, expected in zip(
            exercise.returns, trial.first.values, trial.expected, strict=True
        ):
            if coarser(yours, expected) and close(yours, expected):
                boolean = expected.dtype.kind == "b"
                says = f"your {name} {'is not boolean' if boolean else 'loses precision'}"
                evidence = f"its dtype is {yours.dtype}, it must be {expected.dtype}"
                look = "" if boolean else "make new arrays in the dtype of the arguments"
                return Finding("dtype", says, evidence, look)
    return None


def different(exercise: Exercise, failed: Sequence[Trial]) -> Finding:
    """Nothing has a name for it: show the first number that differs."""
    return Finding("different", "the numbers differ", difference(exercise, failed[0]))


def difference(exercise: Exercise, trial: Trial) -> str:
    """Return the first difference in words: place, the learner's number, the expected one."""
    shown = inputs(exercise.arguments, trial.case.args)
    for name, yours, expected in zip(
        exercise.returns, trial.first.values, trial.expected, strict=True
    ):
        if yours.shape != expected.shape:
            return f"with {shown}, {name} must be {expected.shape}; yours is {yours.shape}"
        wrong = differs(yours, expected)
        if np.any(wrong):
            index = tuple(np.argwhere(wrong)[0])
            return (
                f"with {shown}, the first difference in {name} is at "
                f"{place(index, exercise.returns[name])}: "
                f"yours {number(yours[index])}, expected {number(expected[index])}"
            )
    return f"with {shown}"


def shapes(values: Values) -> list[tuple[int, ...]]:
    return [value.shape for value in values]
