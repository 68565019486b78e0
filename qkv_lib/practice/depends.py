"""What a result depends on: a change of one row of an argument must reach what it should reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.exercise import Trial, Values
from qkv_lib.practice.verdict import Finding, place

LARGE = 1e-3
"""Relative size of a change that is seen."""
NONE = 1e-9
"""Relative size below which nothing has changed."""
FEW = 40
"""Arguments with more rows than this are left alone: each row costs a call."""


def depends(attempt: Attempt) -> Finding | None:
    """Look for a row of an argument that changes too much of the result, or too little."""
    trial = next((t for t in attempt.trials if t.case.kind == "plain" and is_wrong(attempt, t)),
                 None)  # fmt: skip
    if trial is None:
        return None
    for name, args, row in nudged(attempt, trial):
        theirs = attempt.known(row, trial, attempt.exercise.reference, args)
        yours = trial.call(args)
        if theirs.fault or yours.fault:
            continue
        if found := compared(attempt, trial, theirs.values, yours.values):
            says, look = found
            return Finding("depends", says.format(row), f"with {attempt.inputs(trial)}",
                           look.format(name))  # fmt: skip
    return None


def is_wrong(attempt: Attempt, trial: Trial) -> bool:
    """Tell whether a trial gave finite numbers of the right shapes, and wrong ones."""
    values = trial.first.values
    return attempt.deviates(trial) and all(
        mine.shape == theirs.shape and np.all(np.isfinite(mine)) and np.all(np.isfinite(theirs))
        for mine, theirs in zip(values, trial.expected, strict=False)
    )


def nudged(attempt: Attempt, trial: Trial) -> Iterator[tuple[str, tuple[Any, ...], str]]:
    """Yield the arguments with one row, or one column, of one of them changed."""
    rng = np.random.default_rng(0)
    for which, name in enumerate(attempt.exercise.arguments[: len(trial.case.args)]):
        arg = trial.case.args[which]
        if not isinstance(arg, np.ndarray) or arg.dtype.kind not in "fb" or not arg.ndim:
            continue
        for axis in (-2, -1) if arg.ndim > 1 else (-1,):
            if arg.shape[axis] > FEW or arg.shape[axis] < 2:
                continue
            for index in range(arg.shape[axis]):
                changed = arg.copy()
                here = (..., index) if axis == -1 else (..., index, slice(None))
                if arg.dtype == bool:
                    changed[here] = ~changed[here]
                else:
                    changed[here] *= rng.uniform(0.5, 0.9, size=changed[here].shape)
                args = (*trial.case.args[:which], changed, *trial.case.args[which + 1 :])
                row = f"row {index} of {name}" if axis == -2 else f"column {index} of {name}"
                yield name, args, row if arg.ndim > 1 else f"number {index} of {name}"


def compared(
    attempt: Attempt, trial: Trial, theirs: Values, yours: Values
) -> tuple[str, str] | None:
    """Say where a change reaches the learner's result and not the library's, or the reverse."""
    for which, (name, axes) in enumerate(attempt.exercise.returns.items()):
        before, expected = trial.first.values[which], trial.expected[which]
        if yours[which].shape != before.shape or theirs[which].shape != expected.shape:
            continue
        mine, right = moves(before, yours[which]), moves(expected, theirs[which])
        for here, says, look in (
            ((mine > LARGE) & (right < NONE),
             "a change of {} changes {}, and it must not",
             "which part of {} belongs there, and which not?"),
            ((mine < NONE) & (right > LARGE),
             "a change of {} leaves {} as it is, and it must change it",
             "is all of {} used there that should be?"),
        ):  # fmt: skip
            if np.any(here):
                at = place(tuple(np.argwhere(here)[0]), axes)
                where = attempt.noun(name)
                if before.ndim:
                    single = len(attempt.exercise.returns) == 1
                    where = f"your result at {at}" if single else f"your {name} at {at}"
                return says.format("{}", where), look
    return None


def moves(before: Array, after: Array) -> Array:
    """Return how far numbers have moved, relative to the largest of them."""
    if before.dtype == bool:
        return np.asarray(before != after, dtype=float)
    size = max(float(np.abs(before).max(initial=0.0)), float(np.abs(after).max(initial=0.0)), 1e-12)
    return np.asarray(np.abs(np.subtract(after, before, dtype=float)) / size)


def unused_argument(attempt: Attempt) -> Finding | None:
    """Look for an argument that changes the right answer and never the learner's."""
    trial = attempt.trials[0]
    if trial.first.fault:
        return None
    for place_of, name in enumerate(attempt.exercise.arguments[: len(trial.case.args)]):
        if ignored(attempt, place_of):
            says = f"your result does not depend on {name}"
            evidence = difference(attempt, trial)
            return Finding(f"{name}-unused", says, evidence, f"where does {name} belong?", True)
    return None


def ignored(attempt: Attempt, place_of: int) -> bool:
    """Tell whether an argument never changes the learner's result, where it should."""
    told = False
    for trial in attempt.every:
        heeded = heeds(attempt, trial, place_of)
        if heeded:
            return False
        told = told or heeded is False
    return told


def heeds(attempt: Attempt, trial: Trial, place_of: int) -> bool | None:
    """Tell whether another trial's argument changes the learner's result; None if untold."""
    for other in attempt.every:
        args, theirs = list(trial.case.args), other.case.args
        if other is trial or len(theirs) != len(args) or place_of >= len(args):
            continue
        if np.shape(theirs[place_of]) != np.shape(args[place_of]):
            continue
        args[place_of] = theirs[place_of]
        name = "exchanged", place_of, id(other.case)
        reference = attempt.known(name, trial, attempt.exercise.reference, tuple(args))
        if reference.fault or attempt.agree(reference.values, trial.expected):
            continue
        yours = trial.call(tuple(args))
        if not yours.fault and not trial.first.fault:
            return not attempt.agree(yours.values, trial.first.values)
    return None
