"""A result that is made of two: the right one, and that of a mistake, each to some part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice import surgery
from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.compare import close
from qkv_lib.practice.exercise import Function, Trial
from qkv_lib.practice.verdict import Finding, number

ENOUGH = 8
"""So many numbers that fit two parts are no chance."""
LEAST = 0.02
"""A part smaller than this is none."""


def blended(attempt: Attempt) -> Finding | None:
    """Look for one mixture of the right result and a mistaken one, the same on every input."""
    if any(trial.first.fault for trial in attempt.trials):
        return None
    for which, name in enumerate(attempt.exercise.returns):
        trials = sorted(attempt.trials, key=lambda trial: -trial.expected[which].size)
        if trials[0].expected[which].size < ENOUGH or not all(fits(t, which) for t in trials):
            continue
        for key, says, wrong in mistakes(attempt, trials[0]):
            parts = mixture(attempt, trials, which, key, wrong)
            if parts is not None:
                right, other = (number(part, 3) for part in parts)
                noun = attempt.noun(name)
                told = (f"{noun} is a mixture: {right} times the right one, and {other} times "
                        f"that of a mistake: {says}")  # fmt: skip
                shown = difference(attempt, next(filter(attempt.deviates, trials)))
                return Finding("mixture", told, shown, "why are there two of them?", True)
    return None


def fits(trial: Trial, which: int) -> bool:
    """Tell whether a result has the right shape, and numbers."""
    yours, right = trial.first.values[which], trial.expected[which]
    kinds = yours.dtype.kind + right.dtype.kind
    return yours.shape == right.shape and "b" not in kinds and bool(np.all(np.isfinite(yours)))


def mistakes(attempt: Attempt, trial: Trial) -> Iterator[tuple[object, str, Function]]:
    """Yield the named mistakes, and the cuts on the way in: key, words, function."""
    for mistake in attempt.exercise.mistakes:
        yield mistake.wrong, mistake.says, mistake.wrong
    for cut in surgery.ways_in(attempt.exercise, trial.case.args):
        yield cut.name, cut.says, cut.change


def mixture(
    attempt: Attempt, trials: list[Trial], which: int, key: object, wrong: Function
) -> Array | None:
    """Return how much of each is in a result, if on every input it is as much."""
    parts = None
    for trial in trials:
        other = attempt.known(key, trial, wrong)
        right, yours = trial.expected[which], trial.first.values[which]
        if other.fault or other.values[which].shape != right.shape:
            return None
        both = np.stack([np.ravel(right), np.ravel(other.values[which])]).astype(float)
        if not np.all(np.isfinite(both)):
            return None
        if parts is None:
            parts, _, rank, _ = np.linalg.lstsq(both.T, np.ravel(yours).astype(float))
            if rank < len(parts) or parts.min() < LEAST:
                return None
        if not close((parts @ both).reshape(right.shape), yours.astype(float)):
            return None
    return parts
