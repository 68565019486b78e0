"""Results that follow the right ones without being them: a straight line of them, or a curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.compare import close
from qkv_lib.practice.patterns import MANY, pairs
from qkv_lib.practice.verdict import Finding, number

ENOUGH, ROWS = 40, 6
"""So many different numbers in the same order are no chance; or so many rows."""
FAR = 0.2
"""How far most numbers of a curve are from the right ones: what is nearly right rises too."""
FLAT = 1e-6
"""Numbers nearer than this, relative to the largest, are equal."""


def bent(attempt: Attempt) -> Finding | None:
    """Look for results that are a function of the right ones: a line, a curve, or row by row."""
    for name, both in pairs(attempt):
        if any(x.shape != y.shape or not np.all(np.isfinite(x + y)) for x, y in both):
            continue
        noun, shown = attempt.noun(name), difference(attempt, attempt.trials[0])
        mine, right = (np.concatenate([np.ravel(x[i]) for x in both]).astype(float) for i in (0, 1))
        if line := straight(mine, right):
            says = f"each number of {noun} is {line[0]} times what it should be, plus {line[1]}"
            return Finding("line", says, shown, "what is mixed in, and how much of it?", True)
        off = np.abs(mine - right) / np.maximum(np.abs(right), FLAT)
        several = len(np.unique(right)) >= ENOUGH and np.median(off) > FAR
        if several and rises(mine, right):
            says = f"{noun} rises and falls where it should, but by other amounts"
            look = "a root, a power, an exp or a logarithm too many, or one that is missing?"
            return Finding("bent", says, shown, look)
        if several and rises(-mine, right):
            says = f"{noun} falls where it should rise, and rises where it should fall"
            return Finding("bent", says, shown, "which sign is wrong, or what is divided by what?")
        rows = [(x, y) for x, y in both if y.ndim and y.shape[-1] > 2]
        finding = in_rows(noun, rows)
        if finding and sum(y.size // y.shape[-1] for _, y in rows) >= ROWS:
            return replace(finding, evidence=shown)
    return None


def in_rows(noun: str, rows: list[tuple[Array, Array]]) -> Finding | None:
    """Look for rows of shares that are in the right order, but flatter or sharper."""
    if not rows or not all(close(x.sum(-1), y.sum(-1)) for x, y in rows):
        return None
    each = [row for pair in rows for row in zip(*map(flat, pair), strict=True)]
    if not all(rises(*row, ties=True) for row in each):
        return None
    wider = np.concatenate([np.ravel(np.ptp(x, axis=-1) - np.ptp(y, axis=-1)) for x, y in rows])
    says = f"the rows of {noun} put their numbers in the right order, but share them out wrongly"
    if np.all(wider <= 0):
        says = f"the rows of {noun} are flatter than they should be, in the right order"
    elif np.all(wider >= 0):
        says = f"the rows of {noun} are sharper than they should be, in the right order"
    look = "what are the scores multiplied by, or bent by, before the softmax?"
    return Finding("bent", says, look=look)


def flat(x: Array) -> Array:
    """Return the rows of an array, one below the other."""
    return x.reshape(-1, x.shape[-1])


def straight(mine: Array, right: Array) -> tuple[str, str] | None:
    """Return the slope and the height of the line on which the numbers lie, if there is one."""
    if len(np.unique(right)) <= MANY:
        return None
    slope, height = np.polyfit(right, mine, 1)
    if abs(slope) < FLAT or not close(mine, right * slope + height, 1e-4):
        return None
    return number(slope, 3), number(height, 3)


def rises(mine: Array, right: Array, *, ties: bool = False) -> bool:
    """Tell whether the larger of two right numbers is always the larger of the learner's.

    With ``ties`` numbers that are nearly equal may be anything; else they are equal there too.
    """
    order = np.argsort(right, kind="stable")
    steps, wanted = np.diff(mine[order]), np.diff(right[order])
    apart = wanted > FLAT * max(float(np.abs(right).max(initial=0.0)), 1e-12)
    none = FLAT * max(float(np.abs(mine).max(initial=0.0)), 1e-12)
    return bool(
        np.all(steps[apart] > none) and (ties or np.all(np.abs(steps[~apart]) < 100 * none))
    )
