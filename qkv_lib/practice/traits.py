"""What all the right results have in common and the learner's have not, without any list.

Sums of 1 or 0, no number below 0 or above 1, symmetry, zeros on the diagonal, numbers that rise:
what holds of every result of the reference, however the inputs are drawn, is what the result is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.attempt import Attempt
from qkv_lib.practice.patterns import generic
from qkv_lib.practice.verdict import Finding, number

SLACK = 1e-3
"""How far from a trait a number is that breaks it."""

Strays = Callable[[Array], Array]
"""Returns how far each number, or each row, is from a trait; 0 where it has it."""


def square(y: Array) -> bool:
    """Tell whether the last two axes are as long."""
    return bool(y.ndim > 1 and y.shape[-1] == y.shape[-2])


def diagonal(y: Array) -> Array:
    """Return the diagonals of square matrices, and nothing of others."""
    return np.diagonal(y, axis1=-2, axis2=-1) if square(y) else np.zeros(0)


TRAITS: tuple[tuple[str, str, Strays], ...] = (
    ("the numbers of a row of {} must sum to 1", "what is each row divided by?",
     lambda y: y.sum(-1) - 1 if y.ndim else y),
    ("the numbers of a row of {} must sum to 0", "what is subtracted from each row?",
     lambda y: y.sum(-1) if y.ndim else y),
    ("no number of {} may be below 0", "where does a minus come from?",
     lambda y: np.minimum(y, 0)),
    ("no number of {} may be above 0", "where is a minus missing?",
     lambda y: np.maximum(y, 0)),
    ("no number of {} may be above 1", "what is it a share of?",
     lambda y: np.maximum(y - 1, 0)),
    ("{} must be symmetric", "rows and columns have the same part in it",
     lambda y: y - y.swapaxes(-1, -2) if square(y) else np.zeros(0)),
    ("the diagonal of {} must be 0", "what has each row to do with itself?", diagonal),
    ("the numbers of a row of {} may not fall", "what does each number add to the one before?",
     lambda y: np.minimum(np.diff(y, axis=-1), 0) if y.ndim else np.zeros(0)),
)  # fmt: skip


def missing_trait(attempt: Attempt) -> Finding | None:
    """Look for what every right result has, and the learner's has not."""
    every = attempt.every or attempt.trials
    failed = [trial for trial in attempt.trials if not attempt.passed(trial)]
    for which, (name, _) in enumerate(attempt.exercise.returns.items()):
        right = [np.asarray(trial.expected[which]) for trial in every]
        if any(y.dtype.kind != "f" for y in right) or not any(map(generic, right)):
            continue
        for says, look, strays in TRAITS:
            found = [strays(y) for y in right]
            if sum(map(np.size, found)) < len(found) or any(map(far_off, found)):
                continue
            for trial in failed:
                yours = trial.first.values[which]
                if yours.shape != trial.expected[which].shape:
                    return None
                off = np.abs(strays(np.asarray(yours, float)))
                if off.size and np.nanmax(off) > SLACK * max(1.0, float(np.nanmax(np.abs(yours)))):
                    at = np.unravel_index(int(np.nanargmax(off)), off.shape)
                    shown = f"with {attempt.inputs(trial)}, it is off by {number(off[at])}"
                    return Finding("trait", says.format(attempt.noun(name)), shown, look)
    return None


def far_off(off: Array) -> bool:
    """Tell whether some numbers are away from 0."""
    return bool(np.any(np.abs(off) > 1e-6))
