"""What every right answer has: these catch the mistakes that nobody has listed yet."""

from __future__ import annotations

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Property, Trial
from qkv_lib.practice.verdict import number

SLACK = 1e-4
HUGE = 1e30
"""A value beside which a weight of e⁻⁶⁰ counts."""


def rows_sum_to_one(trial: Trial) -> str | None:
    """Weights are shares: a row sums to 1."""
    totals = trial.first.values[0].sum(-1)
    return at(np.abs(totals - 1) > SLACK, totals, "sums to")


def no_negative(trial: Trial) -> str | None:
    """Weights are shares: none is below 0."""
    weights = trial.first.values[0]
    return at(weights < -SLACK, weights, "holds")


def within_values(trial: Trial) -> str | None:
    """Averages lie between the smallest and the largest value, the third argument (or are 0)."""
    output, value = trial.first.values[0], trial.case.args[2]
    low, high = value.min(-2, keepdims=True), value.max(-2, keepdims=True)
    size = max(1.0, float(np.abs(value).max()))
    outside = (output < np.minimum(low, 0) - SLACK * size) | (
        output > np.maximum(high, 0) + SLACK * size
    )
    return at(outside, output, "is")


def batch_apart(trial: Trial) -> str | None:
    """Other numbers in the last batch element leave the first one's result alone."""
    arrays = [arg for arg in trial.case.args if isinstance(arg, np.ndarray) and arg.ndim > 2]
    if trial.case.kind != "batch" or not arrays:
        return None
    changed = tuple(change_last(arg) for arg in trial.case.args)
    outcome = trial.call(changed)
    if outcome.fault or outcome.values[0].shape != trial.first.values[0].shape:
        return None
    before, after = trial.first.values[0][0], outcome.values[0][0]
    return at(moved(before, after), after, "moved to")


def moved(before: Array, after: Array) -> Array:
    """Tell which numbers, or which answers of yes and no, have changed."""
    if before.dtype == bool or after.dtype == bool:
        return np.asarray(before != after)
    return np.abs(after - before) > SLACK


def change_last(arg: object) -> object:
    """Return a floating-point batch whose last element holds other numbers."""
    if not isinstance(arg, np.ndarray) or arg.ndim < 3 or arg.dtype.kind != "f":
        return arg
    changed = arg.copy()
    changed[-1] = 1 - changed[-1]
    return changed


def hidden_stays_hidden(trial: Trial) -> str | None:
    """Another value at a key that no query may attend to changes nothing."""
    query, key, value, mask, *others = trial.case.args
    seen = np.any(mask, axis=-2)[..., None]
    outcome = trial.call((query, key, np.where(seen, value, HUGE), mask, *others))
    if outcome.fault:
        return None
    before, after = trial.first.values[0], outcome.values[0]
    return at(moved(before, after), after, "moved to")


def at(wrong: Array, shown: Array, verb: str) -> str | None:
    """Return the first wrong entry in words, or None."""
    if not np.any(wrong):
        return None
    index = tuple(np.argwhere(wrong)[0])
    entry, now = [int(i) for i in index], number(shown[index])
    if not entry and verb == "sums to":
        return f"they sum to {now}"
    return {
        "is": f"entry {entry} is {now}",
        "holds": f"entry {entry} holds {now}",
        "sums to": f"entry {entry} sums to {now}",
        "moved to": f"entry {entry} moved to {now}",
        "has length": f"entry {entry} has length {now}",
    }[verb]


ROWS_SUM_TO_ONE = Property(
    "rows-do-not-sum-to-1", "the rows of your weights do not sum to 1",
    "divide each row by its own sum", rows_sum_to_one,
    lambda weights: weights / weights.sum(-1, keepdims=True),
)  # fmt: skip
NO_NEGATIVE = Property(
    "negative-weights", "your weights are not all positive", "exp is never below 0", no_negative
)
WITHIN_VALUES = Property(
    "outside-the-values", "your output is no average of the values: it lies outside their range",
    "weights are positive and sum to 1 over the keys", within_values,
)  # fmt: skip
BATCH_APART = Property(
    "batch-leak", "batch elements touch each other",
    "other numbers in the last element must leave the first one alone", batch_apart,
)  # fmt: skip
HIDDEN_STAYS_HIDDEN = Property(
    "mask-leak", "a masked value still changes the output",
    "the weight of a masked key is exactly 0", hidden_stays_hidden,
)  # fmt: skip
