"""When two results count as the same: shapes, kinds of numbers, and numbers within a tolerance."""

from __future__ import annotations

from math import isfinite

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Exercise, Outcome, Trial, Values

HALF = 5e-3
"""Largest difference accepted between numbers of which some are float16."""


def passed(exercise: Exercise, trial: Trial) -> bool:
    """Tell whether what the learner's function gave to a trial is right."""
    return right(exercise, trial.first, trial.expected)


def right(exercise: Exercise, outcome: Outcome, expected: Values) -> bool:
    """Tell whether the arrays of a call are the library's: shape, kind and numbers."""
    return (
        outcome.fault is None
        and agree(outcome.values, expected, exercise.tolerance)
        and not any(
            unfit(exercise, mine, theirs)
            for mine, theirs in zip(outcome.values, expected, strict=True)
        )
    )


def agree(yours: Values, expected: Values, tolerance: float = 2e-5) -> bool:
    """Tell whether two results have the same shapes and, within tolerance, the same numbers."""
    return len(yours) == len(expected) and all(
        close(mine, theirs, tolerance) for mine, theirs in zip(yours, expected, strict=True)
    )


def close(yours: Array, expected: Array, tolerance: float = 2e-5) -> bool:
    """Tell whether two arrays have the same shape and, within tolerance, the same numbers."""
    if yours.shape != expected.shape:
        return False
    same = yours.dtype == expected.dtype and yours.tobytes() == expected.tobytes()
    return same or not differs(yours, expected, tolerance).any()


def differs(yours: Array, expected: Array, tolerance: float = 2e-5) -> Array:
    """Mark the entries that differ by more than the tolerance, or, whole numbers, at all.

    What is allowed goes by the largest number of a row in float64, of the whole array in less.
    """
    kinds = yours.dtype.kind + expected.dtype.kind
    if "f" not in kinds:
        return np.asarray(yours != expected)
    if expected.dtype.kind in "iu":  # whole numbers, however large
        return np.asarray(~np.isclose(yours, expected, rtol=1e-15, atol=1e-9))
    least = min(array.dtype.itemsize for array in (yours, expected) if array.dtype.kind == "f")
    by_row = -1 if least == 8 and expected.ndim else None
    share = HALF if least < 4 else tolerance
    with np.errstate(all="ignore"):
        apart = np.abs(np.subtract(yours, expected, dtype=np.float64))
        finite = isfinite(np.add.reduce(apart, axis=None))
        size = np.abs(expected) if finite else np.where(np.isfinite(expected), np.abs(expected), 0)
        allowed = share * np.maximum.reduce(size, axis=by_row, keepdims=True, initial=1.0)
        if finite:
            return np.asarray(apart > allowed)
        both_nan = np.isnan(yours) & np.isnan(expected)
        return np.asarray(~((apart <= allowed) | (yours == expected) | both_nan))


def unfit(exercise: Exercise, yours: Array, expected: Array) -> bool:
    """Tell whether the dtype is one that no right answer has."""
    if (yours.dtype.kind == "b") != (expected.dtype.kind == "b"):
        return True
    if exercise.dtype:
        return bool(yours.dtype != expected.dtype)
    return bool(yours.dtype.kind == "f" and yours.dtype.itemsize < min(4, expected.dtype.itemsize))
