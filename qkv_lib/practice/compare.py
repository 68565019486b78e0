"""When two results count as the same: shapes, dtypes, and numbers within a tolerance."""

from __future__ import annotations

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Trial, Values

TOLERANCE = {2: 5e-3, 4: 2e-5, 8: 1e-7}
"""Largest difference accepted, by bytes a number, relative to the largest expected number."""


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
    """Tell whether two arrays have the same shape and, within tolerance, the same numbers."""
    if yours.shape != expected.shape:
        return False
    return np.array_equal(yours, expected) or not np.any(differs(yours, expected))


def differs(yours: Array, expected: Array) -> Array:
    """Mark the entries that differ by more than the tolerance of the coarser dtype."""
    sizes = [array.dtype.itemsize for array in (yours, expected) if array.dtype.kind == "f"]
    tolerance = TOLERANCE.get(min(sizes, default=8), TOLERANCE[8])
    finite = np.abs(expected[np.isfinite(expected)])
    allowed = tolerance * max(1.0, float(np.max(finite, initial=0)))
    return ~np.isclose(yours, expected, rtol=0.0, atol=allowed, equal_nan=True)


def coarser(yours: Array, expected: Array) -> bool:
    """Tell whether a dtype loses what the expected dtype keeps, or is of another kind."""
    if "f" not in (yours.dtype.kind, expected.dtype.kind):
        return bool((yours.dtype.kind == "b") != (expected.dtype.kind == "b"))
    if yours.dtype.kind != expected.dtype.kind:
        return True
    return bool(yours.dtype.itemsize < expected.dtype.itemsize)
