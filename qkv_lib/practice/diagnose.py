"""From wrong numbers to the misconception: examiners, asked one after the other.

An examiner looks at an attempt and returns a `Finding`, or None when it sees nothing. Those
that need no comparison (memory, arguments written into) come first; then the catalogue of
wrong functions, then the properties, and last the plain difference, which nothing passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.practice.compare import agree, close, coarser, differs, passed
from qkv_lib.practice.exercise import KINDS, Exercise, Mistake, Trial
from qkv_lib.practice.run import UNATTEMPTED, run_once
from qkv_lib.practice.verdict import Finding, inputs, number, place


@dataclass(frozen=True)
class Attempt:
    """An exercise with the trials that an examiner looks at."""

    exercise: Exercise
    trials: tuple[Trial, ...]

    def inputs(self, trial: Trial) -> str:
        """Return the trial's arguments in words."""
        return inputs(self.exercise.arguments, trial.case.args)

    def results(self) -> Iterator[tuple[Trial, str, Array, Array]]:
        """Yield each returned array: trial, name, the learner's, the library's."""
        for trial in self.trials:
            for name, yours, expected in zip(
                self.exercise.returns, trial.first.values, trial.expected, strict=False
            ):
                yield trial, name, yours, expected


Examiner = Callable[[Attempt], Finding | None]


def diagnose(attempt: Attempt) -> Finding | None:
    """Return what is wrong with an answer, or None when it is right."""
    for examiner in BEFORE_COMPARING:
        if finding := examiner(attempt):
            return finding
    failed = first_failures(attempt)
    if not failed.trials:
        return None
    findings = (examiner(failed) for examiner in AFTER_COMPARING)
    return after_success(next(finding for finding in findings if finding), failed)


def first_failures(attempt: Attempt) -> Attempt:
    """Return the trials up to the first kind that holds a failure, the failures in front.

    The easier kinds stay: what names the mistake must be right there too.
    """
    trials: list[Trial] = []
    for kind in KINDS:
        trials += [trial for trial in attempt.trials if trial.case.kind == kind]
        if not all(map(passed, trials)):
            return replace(attempt, trials=tuple(sorted(trials, key=passed)))
    return replace(attempt, trials=())


def after_success(finding: Finding, failed: Attempt) -> Finding:
    """Say first what the answer does get right, when it is not the plain case that fails."""
    kind = failed.trials[0].case.kind
    if kind == "plain":
        return finding
    return replace(
        finding, says=f"right for {KINDS['plain']}, but not for {KINDS[kind]}: {finding.says}"
    )


def unattempted(attempt: Attempt) -> Finding | None:
    """Look for a skeleton as it was: no call returned anything."""
    blank = all(trial.first.fault is UNATTEMPTED for trial in attempt.trials)
    return UNATTEMPTED if blank else None


def writes_into_arguments(attempt: Attempt) -> Finding | None:
    """Look for an argument that is not what it was before the call."""
    names = [trial.first.modified for trial in attempt.trials if trial.first.modified]
    if not names:
        return None
    return Finding(
        "in-place",
        f"your function changes its argument {names[0]}",
        f"after the call {names[0]} holds other numbers than before",
        "write `x = x / 2` instead of `x /= 2`, and fill new arrays",
    )


def remembers(attempt: Attempt) -> Finding | None:
    """Look for an answer that depends on earlier calls, or on chance."""
    finding = Finding(
        "stateful",
        "your function remembers earlier calls, or draws random numbers",
        look="use nothing but the arguments: no global, no default list, no dropout",
    )
    for trial in attempt.trials:
        if trial.first.fault is None and not agree(trial.first.values, trial.again.values):
            shown = attempt.inputs(trial)
            return replace(finding, evidence=f"two calls with the same {shown} gave two results")
    half = len(attempt.trials) // 2  # the second half has the same shapes with other numbers
    for early, late in zip(attempt.trials[:half], attempt.trials[half:], strict=True):
        if passed(early) and not passed(late) and agree(late.first.values, early.first.values):
            return replace(finding, evidence="new numbers of the same shape gave the old result")
    return None


def named_mistake(attempt: Attempt) -> Finding | None:
    """Look for the wrong function that returns what the learner's does, on every input."""
    for mistake in attempt.exercise.mistakes:
        if not commits(attempt, mistake):
            continue
        if mistake.name == attempt.exercise.given:
            return Finding(mistake.name, "the fault is still there", attempt.exercise.symptom)
        shown = next(trial for trial in attempt.trials if deviates(trial))
        evidence = mistake.evidence(shown) if mistake.evidence else difference(attempt, shown)
        return Finding(mistake.name, mistake.says, evidence, mistake.look)
    return None


def commits(attempt: Attempt, mistake: Mistake) -> bool:
    """Tell whether the learner's function and the wrong one agree, errors included."""
    telling = False
    for trial in attempt.trials:
        wrong = run_once(attempt.exercise, mistake.wrong, trial.case.args)
        if (wrong.fault is None) != (trial.first.fault is None):
            return False
        if wrong.fault is None:
            if not agree(trial.first.values, wrong.values):
                return False
            telling = telling or deviates(trial)
    return telling


def deviates(trial: Trial) -> bool:
    """Tell whether the numbers are wrong, apart from their dtype."""
    return trial.first.fault is None and not agree(trial.first.values, trial.expected)


def broken_property(attempt: Attempt) -> Finding | None:
    """Look for something that every right answer has and this one has not."""
    for rule in attempt.exercise.properties:
        for trial in attempt.trials:
            yours = [array.shape for array in trial.first.values]
            if yours == [array.shape for array in trial.expected]:
                evidence = rule.broken(trial)
                if evidence:
                    shown = f"with {attempt.inputs(trial)}, {evidence}"
                    return Finding(rule.name, rule.says, shown, rule.look)
    return None


def faulty(attempt: Attempt) -> Finding | None:
    """Look for a call that raised, or returned no array."""
    for trial in attempt.trials:
        if trial.first.fault is UNATTEMPTED:
            says = "your function sometimes returns nothing"
            return Finding("returns-nothing", says, f"with {attempt.inputs(trial)}")
        if trial.first.fault:
            return trial.first.fault
    return None


def misshapen(attempt: Attempt) -> Finding | None:
    """Look for an array of the wrong shape, perhaps because it is transposed."""
    for trial, name, yours, expected in attempt.results():
        if yours.shape != expected.shape:
            evidence = difference(attempt, trial)
            if min(yours.ndim, expected.ndim) > 1 and close(yours.swapaxes(-1, -2), expected):
                return Finding("transposed", f"your {name} is transposed", evidence)
            return Finding("shape", f"your {name} has the wrong shape", evidence)
    return None


def not_finite(attempt: Attempt) -> Finding | None:
    """Look for NaN or infinity where a number is expected."""
    for trial, name, yours, expected in attempt.results():
        if np.any(~np.isfinite(yours) & np.isfinite(expected)):
            look = "0/0, and exp of a large number, give NaN or infinity"
            evidence = difference(attempt, trial)
            return Finding("not-finite", f"your {name} holds NaN or infinity", evidence, look)
    return None


def wrong_dtype(attempt: Attempt) -> Finding | None:
    """Look for right numbers in a dtype that loses something, or is of another kind."""
    for _, name, yours, expected in attempt.results():
        if coarser(yours, expected) and close(yours, expected):
            boolean = expected.dtype.kind == "b"
            says = f"your {name} {'is not boolean' if boolean else 'loses precision'}"
            evidence = f"its dtype is {yours.dtype}, it must be {expected.dtype}"
            look = "" if boolean else "make new arrays in the dtype of the arguments"
            return Finding("dtype", says, evidence, look)
    return None


def different(attempt: Attempt) -> Finding:
    """Show the first number that differs: nothing else has a name for the mistake."""
    return Finding("different", "the numbers differ", difference(attempt, attempt.trials[0]))


def difference(attempt: Attempt, trial: Trial) -> str:
    """Return the first difference in words: place, the learner's number, the expected one."""
    shown = attempt.inputs(trial)
    for _, name, yours, expected in replace(attempt, trials=(trial,)).results():
        if yours.shape != expected.shape:
            return f"with {shown}, {name} must be {expected.shape}; yours is {yours.shape}"
        wrong = differs(yours, expected)
        if np.any(wrong):
            index = tuple(np.argwhere(wrong)[0])
            return (
                f"with {shown}, the first difference in {name} is at "
                f"{place(index, attempt.exercise.returns[name])}: "
                f"yours {number(yours[index])}, expected {number(expected[index])}"
            )
    return f"with {shown}"


BEFORE_COMPARING: tuple[Examiner, ...] = (unattempted, writes_into_arguments, remembers)
AFTER_COMPARING: tuple[Examiner, ...] = (
    named_mistake,
    faulty,
    misshapen,
    broken_property,
    not_finite,
    wrong_dtype,
    different,
)
