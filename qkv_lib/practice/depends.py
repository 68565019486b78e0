"""What a result depends on: a change of one row of an argument must reach what it should reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.exercise import Exercise, Trial, Values
from qkv_lib.practice.verdict import Finding, place

LARGE = 1e-3
"""Relative size of a change that is seen."""
NONE = 1e-9
"""Relative size below which nothing has changed."""
Too = tuple[str, str]
MUCH: Too = ("a change of {} changes {}, and it must not",
             "which part of {} belongs there, and which not?")  # fmt: skip
LITTLE: Too = ("a change of {} leaves {} as it is, and it must change it",
               "is all of {} used there that should be?")  # fmt: skip
SOME = 6
"""Of how many wrong trials the most telling is taken."""
FEW = 40
"""Arguments with more rows than this are left alone: each row costs a call."""


def depends(attempt: Attempt) -> Finding | None:
    """Look for a row of an argument that changes too much of the result, or too little.

    What is not so with smaller numbers too is chance: a weight of nearly 0, another maximum.
    """
    wrong = [t for t in attempt.trials if t.case.kind == "plain" and is_wrong(attempt, t)]
    if not wrong:
        return None
    trial = max(wrong[:SOME], key=lambda each: (several(each), reach(attempt, each)))
    args, calm = trial.case.args, smaller(trial.case.args)
    before, calm_before = both(attempt, trial, "", args), both(attempt, trial, "smaller", calm)
    weak = None
    for name, row, change in nudges(attempt.exercise, args):
        after = both(attempt, trial, row, change(args))
        for which, too, here, reaches in apart(before, after):
            if calm_before:
                calm_after = both(attempt, trial, f"smaller {row}", change(calm))
                for other, kind, there, _ in apart(calm_before, calm_after):
                    if (other, kind) == (which, too) and here.shape == there.shape:
                        here &= there
                        break
                else:
                    continue
            if np.any(here):
                finding = told(attempt, trial, name, row, which, too, here)
                if too is LITTLE or reaches:
                    return finding
                weak = weak or finding
    return weak


def told(
    attempt: Attempt, trial: Trial, name: str, row: str, which: int, too: Too, here: Array
) -> Finding:
    """Say where a change reaches the learner's result and not the library's, or the reverse."""
    result, axes = list(attempt.exercise.returns.items())[which]
    where = attempt.noun(result)
    if here.ndim:
        at = place(tuple(np.argwhere(here)[0]), axes)
        single = len(attempt.exercise.returns) == 1
        where = f"your result at {at}" if single else f"your {result} at {at}"
    says, look = too
    return Finding("depends", says.format(row, where), f"with {attempt.inputs(trial)}",
                   look.format(name))  # fmt: skip


def several(trial: Trial) -> bool:
    """Tell whether there is more than one of everything."""
    return all(min(arg.shape, default=2) > 1 for arg in trial.case.args
               if isinstance(arg, np.ndarray))  # fmt: skip


def smaller(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return arguments with smaller numbers, on which no softmax is nearly all or nothing."""
    rng = np.random.default_rng(1)
    return tuple(
        (arg * rng.uniform(0.3, 0.6, size=arg.shape)).astype(arg.dtype)
        if isinstance(arg, np.ndarray) and arg.dtype.kind == "f"
        else arg
        for arg in args
    )


def reach(attempt: Attempt, trial: Trial) -> float:
    """Return how much of the library's answer hangs on the rows of the arguments."""
    found = []
    for _, row, change in nudges(attempt.exercise, trial.case.args):
        theirs = attempt.known(row, trial, attempt.exercise.reference, change(trial.case.args))
        if not theirs.fault and theirs.values[0].shape == trial.expected[0].shape:
            found.append(float(np.mean(moves(trial.expected[0], theirs.values[0]) > NONE)))
    return float(np.mean(found)) if found else 0.0


def is_wrong(attempt: Attempt, trial: Trial) -> bool:
    """Tell whether a trial gave finite numbers of the right shapes, and wrong ones."""
    values = trial.first.values
    return attempt.deviates(trial) and all(
        mine.shape == theirs.shape and np.all(np.isfinite(mine)) and np.all(np.isfinite(theirs))
        for mine, theirs in zip(values, trial.expected, strict=False)
    )


def both(
    attempt: Attempt, trial: Trial, change: str, args: tuple[Any, ...]
) -> tuple[Values, Values] | None:
    """Return the learner's results and the library's; ``change`` says how arguments differ."""
    theirs = attempt.known(change, trial, attempt.exercise.reference, args)
    yours = trial.call(args) if change else trial.first
    return None if theirs.fault or yours.fault else (yours.values, theirs.values)


def nudges(
    exercise: Exercise, args: tuple[Any, ...]
) -> Iterator[tuple[str, str, Callable[[tuple[Any, ...]], tuple[Any, ...]]]]:
    """Yield an argument, one of its rows or columns in words, and the function that changes it.

    Rows come first: they are words, keys and queries, and columns are features of them.
    """
    arrays = [
        (which, name, args[which])
        for which, name in enumerate(exercise.arguments[: len(args)])
        if isinstance(args[which], np.ndarray) and name not in exercise.spare
        if args[which].dtype.kind in "fb" and args[which].ndim
    ]
    for columns in (False, True):
        for which, name, arg in arrays:
            if columns and arg.ndim < 2:
                continue
            axis = -1 if columns or arg.ndim < 2 else -2
            if not 2 <= arg.shape[axis] <= FEW:
                continue
            for index in range(arg.shape[axis]):
                row = f"column {index} of {name}" if columns else f"row {index} of {name}"
                row = row if arg.ndim > 1 else f"number {index} of {name}"
                here = (..., index) if axis == -1 else (..., index, slice(None))
                yield name, row, partial(nudged, which, here)


def nudged(which: int, here: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return arguments with a part of one of them changed."""
    changed = args[which].copy()
    if changed.dtype == bool:
        changed[here] = ~changed[here]
    else:
        factors = np.random.default_rng(0).uniform(0.5, 0.9, size=changed[here].shape)
        changed[here] *= factors
    return (*args[:which], changed, *args[which + 1 :])


def apart(
    before: tuple[Values, Values] | None, after: tuple[Values, Values] | None
) -> Iterator[tuple[int, Too, Array, bool]]:
    """Yield which result changes too much or too little, where, and whether it is to change at all.

    What changes nothing of the library's answer tells little, unless it is all there is.
    """
    if before is None or after is None:
        return
    for which, (old, expected) in enumerate(zip(*before, strict=True)):
        new, theirs = after[0][which], after[1][which]
        if new.shape != old.shape or theirs.shape != expected.shape or old.shape != expected.shape:
            continue
        mine, right = moves(old, new), moves(expected, theirs)
        reaches = bool(right.max(initial=0) > LARGE)
        for too, here in (
            (MUCH, (mine > LARGE) & (right < NONE)),
            (LITTLE, (mine < NONE) & (right > LARGE)),
        ):
            if np.any(here):
                yield which, too, here, reaches


def moves(before: Array, after: Array) -> Array:
    """Return how far numbers have moved, relative to the largest of them."""
    if before.dtype == bool:
        return np.asarray(before != after, dtype=float)
    size = max(float(np.abs(before).max(initial=0.0)), float(np.abs(after).max(initial=0.0)), 1e-12)
    return np.asarray(np.abs(np.subtract(after, before, dtype=float)) / size)


def unused_argument(attempt: Attempt) -> Finding | None:
    """Look for an argument that changes the right answer and never the learner's."""
    trial = attempt.trials[0]
    if trial.first.fault or all_alike(attempt):
        return None
    for place_of, name in enumerate(attempt.exercise.arguments[: len(trial.case.args)]):
        if name not in attempt.exercise.spare and ignored(attempt, place_of):
            says = f"your result does not depend on {name}"
            evidence = difference(attempt, trial)
            return Finding(f"{name}-unused", says, evidence, f"where does {name} belong?", True)
    return None


def all_alike(attempt: Attempt) -> bool:
    """Tell whether every wrong result is all true, or all false: many functions return that."""
    wrong = [trial for trial in attempt.trials if attempt.deviates(trial)]
    arrays = [array for trial in wrong for array in trial.first.values]
    return all(array.dtype.kind == "b" and array.all() == array.any() for array in arrays)


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
            changes = not attempt.agree(yours.values, trial.first.values)
            if changes or not silent(attempt, trial):
                return changes
    return None


def silent(attempt: Attempt, trial: Trial) -> bool:
    """Tell whether a result of the learner's is 0 throughout here, and is not elsewhere."""
    return any(
        not array.any()
        and any(
            which < len(other.first.values) and other.first.values[which].any()
            for other in attempt.every
        )
        for which, array in enumerate(trial.first.values)
        if array.dtype.kind == "f"
    )
