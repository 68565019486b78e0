"""Wrong numbers with a pattern: places for values, another order, a row's own factor, nearly right.

Examiners that need no list, like the cuts of `surgery`, for what no one cut makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.compare import close, differs
from qkv_lib.practice.exercise import Trial
from qkv_lib.practice.factors import factors
from qkv_lib.practice.verdict import Finding, number, shortest

NEARLY = 0.02
"""Largest difference, relative to the largest number, that still counts as nearly right."""
LITTLE = 1e-4
"""A factor nearer to 1 than this is none."""
SURELY = 12
"""How many numbers that err in one direction are no chance."""
FAR = -1e3
"""A number below this is meant for −∞."""
MANY = 3
"""How many different numbers it takes to tell a pattern from a coincidence."""

FORMS = {"{} · {}": 1, "{} / {}": -1}
DEGREES = {"{} · 180/π": "degrees stand for radians", "{} / 180/π": "radians stand for degrees"}


def scaled_argument(attempt: Attempt) -> Finding | None:
    """Look for an argument that is multiplied or divided by a size or a constant before use."""
    trial = min(attempt.trials, key=lambda t: t.case.kind != "plain" or attempt.passed(t))
    if trial.first.fault or not attempt.deviates(trial):
        return None
    for which, name in enumerate(attempt.exercise.arguments[: len(trial.case.args)]):
        if not scalable(trial.case.args[which]):
            continue
        told = scales(attempt, trial, which, name)
        for other in attempt.trials:
            told &= scales(attempt, other, which, name, told) if told else set()
        if best := shortest(told):
            says = f"this is the answer for {best}"
            for form, words in DEGREES.items():
                if best == form.format(name):
                    says = words
            look = f"what is {name} multiplied or divided by before it is used?"
            return Finding(f"{name}-scaled", says, difference(attempt, trial), look, named=True)
    return None


def scalable(arg: Any) -> bool:
    """Tell whether an argument may be multiplied by a number."""
    if isinstance(arg, np.ndarray):
        return bool(arg.size) and arg.dtype.kind in "fi"
    return type(arg) in (int, float)


def scales(
    attempt: Attempt, trial: Trial, which: int, name: str, among: set[str] | None = None
) -> set[str]:
    """Return in words what an argument may have been scaled by, in one trial."""
    found: set[str] = set()
    fits: dict[float, bool] = {}
    for words, value in factors(attempt.exercise, trial.case.args).items():
        for form, power in FORMS.items():
            told = form.format(name, words)
            if value <= 0 or (among is not None and told not in among):
                continue
            by = value**power  # which several words may stand for
            if by not in fits:
                args = list(trial.case.args)
                args[which] = args[which] * by
                key = "scaled", which, by
                outcome = attempt.known(key, trial, attempt.exercise.reference, tuple(args))
                fits[by] = not outcome.fault and attempt.agree(trial.first.values, outcome.values)
            if fits[by]:
                found.add(told)
    return found


def indices(attempt: Attempt) -> Finding | None:
    """Look for whole numbers where others belong: places, or counts."""
    for trial, name, yours, expected in attempt.results():
        if yours.dtype.kind in "iu" and expected.dtype.kind == "f":
            if np.all(expected == np.rint(expected)):
                continue
            says = f"{attempt.noun(name)} holds whole numbers: places or counts, not values"
            look = "argmax and argsort give places; index with them to get what stands there"
            return Finding("whole-numbers", says, difference(attempt, trial), look)
    return None


def constant(attempt: Attempt) -> Finding | None:
    """Look for one number, or one yes or no, that comes back whatever the input."""
    every = attempt.every or attempt.trials
    if any(trial.first.fault or not trial.first.values for trial in every):
        return None
    for which, name in enumerate(attempt.exercise.returns):
        found = [np.unique(trial.first.values[which]) for trial in every]
        wanted = [np.unique(trial.expected[which]) for trial in every]
        if all(map(len, found)) and len(np.unique(np.concatenate(found))) == 1:
            if len(np.unique(np.concatenate(wanted))) == 1:
                continue
            says = f"{attempt.noun(name)} is {number(found[0][0])} whatever the input"
            shown = difference(attempt, attempt.trials[0])
            return Finding("constant", says, shown, "which argument should it depend on?")
    return None


def same_everywhere(attempt: Attempt) -> Finding | None:
    """Look for one number, or one yes or no, in all places of a result, another on each input."""
    for which, name in enumerate(attempt.exercise.returns):
        if any(t.first.fault or which >= len(t.first.values) for t in attempt.trials):
            continue
        both = [(t.first.values[which], t.expected[which]) for t in attempt.trials]
        if any(mine.shape != right.shape or len(np.unique(mine)) > 1 for mine, right in both):
            continue
        boolean = both[0][0].dtype == bool
        if not boolean and len({float(mine.flat[0]) for mine, _ in both if mine.size}) <= MANY:
            continue
        if sum(len(np.unique(right)) > 1 for _, right in both) > 1:
            says = f"on each input, all the numbers of {attempt.noun(name)} are the same"
            if boolean:
                says = f"on each input, {attempt.noun(name)} is True everywhere or False everywhere"
            look = "what is computed once for all, and should be computed for each?"
            shown = difference(attempt, attempt.trials[0])
            return Finding("same-everywhere", says, shown, look)
    return None


def generic(array: Array) -> bool:
    """Tell whether an array holds numbers enough that a pattern in them is no coincidence."""
    return len(np.unique(array[np.isfinite(array)])) > MANY


def pairs(attempt: Attempt) -> Iterator[tuple[str, list[tuple[Array, Array]]]]:
    """Yield each returned array that is wrong: its name, and the learner's beside the library's."""
    for which, name in enumerate(attempt.exercise.returns):
        failed = [t for t in attempt.trials if not attempt.passed(t)]
        if any(t.first.fault or which >= len(t.first.values) for t in failed):
            continue
        both = [(t.first.values[which], t.expected[which]) for t in failed]
        if all(close(*pair, attempt.exercise.tolerance) for pair in both):
            continue
        if all(x.dtype.kind in "fiu" and y.dtype.kind in "fiu" for x, y in both):
            yield name, both


def ordered(array: Array, *, by_row: bool = False) -> Array:
    """Return the numbers in ascending order: of each row, or of all."""
    return np.sort(array, axis=-1) if by_row and array.ndim else np.sort(array, axis=None)


def in_other_places(attempt: Attempt) -> Finding | None:
    """Look for the right numbers in another order, or with their axes in another order."""
    for name, both in pairs(attempt):
        if not any(generic(theirs) for _, theirs in both):
            continue
        if not all(close(ordered(mine), ordered(theirs)) for mine, theirs in both):
            continue
        noun, shown = attempt.noun(name), difference(attempt, attempt.trials[0])
        which = list(attempt.exercise.returns).index(name)
        every = [(t.first.values[which], t.expected[which]) for t in attempt.trials]
        if axes := same_axes(every):
            says = f"the axes of {noun} are in another order: transpose({axes}) would put it right"
            return Finding("axes", says, shown, "which axis is which, before you reshape?", True)
        if all(x.shape == y.shape for x, y in both):
            if found := dealt(attempt, which):
                look = "`reshape(…, n, 2)` sets pairs side by side, `reshape(…, 2, n)` halves"
                return Finding("dealt-out", found.format(noun), shown, look, True)
            if all(close(ordered(x, by_row=True), ordered(y, by_row=True)) for x, y in both):
                says = f"the rows of {noun} hold the right numbers in another order"
            else:
                says = f"{noun} holds all the right numbers, but in other places"
            return Finding("other-places", says, shown, "the order in which axes are read")
        says = f"{noun} holds all the right numbers, but its shape is wrong"
        return Finding("shape", says, shown, "the order in which axes are read")
    return None


def same_axes(both: list[tuple[Array, Array]]) -> str:
    """Return the order of the axes in which all the learner's arrays are right, or nothing."""
    most = max(mine.ndim for mine, _ in both)
    if not 2 <= most <= 4 or any(mine.ndim != most for mine, _ in both):
        return ""
    for order in permutations(range(most)):
        if all(close(mine.transpose(order), theirs) for mine, theirs in both):
            return ", ".join(map(str, order))
    return ""


def dealt(attempt: Attempt, which: int) -> str:
    """Return in words, {} the result, how the columns are dealt out the wrong way, or nothing."""
    for by_turns in (True, False):
        ways: set[str] | None = None
        for trial in attempt.trials:
            mine, right = trial.first.values[which], trial.expected[which]
            parts = {"2": 2} | {
                name: int(arg)
                for name, arg in zip(attempt.exercise.arguments, trial.case.args, strict=False)
                if type(arg) is int
            }
            here = set()
            for name, n in parts.items():
                if n > 0 and right.ndim and right.shape[-1] % n == 0:
                    split = (n, -1) if by_turns else (-1, n)
                    turned = right.reshape(*right.shape[:-1], *split).swapaxes(-1, -2)
                    if close(mine, turned.reshape(right.shape)):
                        here.add(name)
            ways = here if ways is None else ways & here
        if best := shortest(ways or ()):
            if by_turns:
                return f"{{}} takes its columns from {best} parts by turns, and not part by part"
            return f"{{}} takes its columns part by part, and not from {best} parts by turns"
    return ""


def by_row(attempt: Attempt) -> Finding | None:
    """Look for rows, or columns, that are right but for a factor or a term of their own."""
    for name, both in pairs(attempt):
        if any(x.shape != y.shape or not np.all(np.isfinite(x + y)) for x, y in both):
            continue
        if times := one_number(both):
            says = f"every number of {attempt.noun(name)} is {times} times what it should be"
            shown = difference(attempt, attempt.trials[0])
            return Finding("factor", says, shown, "which factor is too many, or missing?", True)
        if scales := one_number_each(both):
            noun = attempt.noun(name)
            says = f"the numbers of {noun} are off by a factor, another on each input: {scales}"
            shown = difference(attempt, attempt.trials[0])
            look = "from which size, sum or mean does the factor come?"
            return Finding("input-factor", says, shown, look, True)
        for axis, word in ((-1, "row"), (-2, "column")):
            long = [(x, y) for x, y in both if x.ndim >= -axis and x.shape[axis] > 1]
            if not any(y.shape[axis] > MANY and generic(y) for _, y in long):
                continue
            noun = attempt.noun(name)
            each = f"each {word} of {noun}" if long[0][0].ndim > 1 else noun
            if all(one_factor(*pair, axis) for pair in long):
                says = f"{each} is right but for a factor of its own"
                look = f"what is each {word} divided by, or multiplied by?"
                return Finding(f"{word}-factor", says, difference(attempt, attempt.trials[0]), look)
            if all(one_term(*pair, axis) for pair in long):
                says = f"{each} is right but for a term of its own, added to all its numbers"
                look = f"what is added to, or subtracted from, each {word}?"
                return Finding(f"{word}-term", says, difference(attempt, attempt.trials[0]), look)
    return None


def finite_for_infinite(attempt: Attempt) -> Finding | None:
    """Look for large negative numbers where −∞ belongs, and all else right."""
    for _, both in pairs(attempt):
        if any(x.shape != y.shape for x, y in both):
            continue
        low = [(x[np.isneginf(y)], np.where(np.isneginf(y), y, x), y) for x, y in both]
        if all(
            np.all(np.isfinite(fill) & (fill <= FAR)) and close(rest, y, attempt.exercise.tolerance)
            for fill, rest, y in low
        ):
            says = "−∞ is missing: large negative numbers stand in its place"
            shown = difference(attempt, attempt.trials[0])
            look = "−∞ itself is a number: -np.inf"
            return Finding("unmasked-minus", says, shown, look, named=True)
    return None


def one_factor(yours: Array, expected: Array, axis: int) -> bool:
    """Tell whether along an axis the numbers are a multiple of what they should be."""
    top = np.abs(expected).max(axis, keepdims=True)
    at = np.abs(expected).argmax(axis)
    at = np.expand_dims(at, axis)
    peak, mine = np.take_along_axis(expected, at, axis), np.take_along_axis(yours, at, axis)
    with np.errstate(all="ignore"):
        factor = np.where(top > 0, mine / np.where(peak == 0, 1, peak), 1.0)
    return bool(np.all(factor != 0)) and close(np.asarray(yours, float), expected * factor, 1e-4)


def one_number(both: list[tuple[Array, Array]]) -> str:
    """Return the number that all the results are multiplied by, or nothing."""
    mine, theirs = (np.concatenate([np.ravel(x[i]) for x in both]) for i in (0, 1))
    scale = float(mine @ theirs) / max(float(theirs @ theirs), 1e-300)
    some = scale != 0 and abs(scale - 1) > LITTLE
    right = some and generic(theirs) and close(mine.astype(float), theirs * scale)
    return number(scale) if right else ""


def one_number_each(both: list[tuple[Array, Array]]) -> str:
    """Return what the results are multiplied by, each by a number of its own, or nothing."""
    found = []
    for mine, theirs in both:
        scale = float(np.vdot(mine, theirs)) / max(float(np.vdot(theirs, theirs)), 1e-300)
        if scale == 0 or not close(np.asarray(mine, float), np.asarray(theirs * scale)):
            return ""
        if len(np.unique(theirs)) > MANY and theirs.ndim > 1:
            found.append(number(scale, 3))
    several = list(dict.fromkeys(found))
    return ", ".join(several[:3]) if len(several) > 1 else ""


def one_term(yours: Array, expected: Array, axis: int) -> bool:
    """Tell whether along an axis the numbers differ by one term from what they should be."""
    apart = np.subtract(yours, expected, dtype=float)
    return close(apart, np.broadcast_to(apart.mean(axis, keepdims=True), apart.shape), 1e-4)


def one_sided(attempt: Attempt) -> Finding | None:
    """Look for numbers that are never too small, or never too large."""
    for name, both in pairs(attempt):
        if any(x.shape != y.shape or not np.all(np.isfinite(x + y)) for x, y in both):
            continue
        apart = np.concatenate([np.ravel(np.subtract(x, y, dtype=float)) for x, y in both])
        size = np.concatenate([np.full(y.size, np.abs(y).max(initial=0.0)) for _, y in both])
        far = np.abs(apart) > 1e-4 * size
        for direction, sign in (("large", 1), ("small", -1)):
            if far.sum() >= SURELY and np.all(sign * apart[far] > 0):
                noun = attempt.noun(name)
                says = f"where {noun} is wrong it is too large, and never too small"
                look = "which step makes it larger than it should be?"
                if direction == "small":
                    says = f"where {noun} is wrong it is too small, and never too large"
                    look = "which step makes it smaller than it should be?"
                shown = difference(attempt, attempt.trials[0])
                return Finding(f"too-{direction}", says, shown, look)
    return None


def stuck(attempt: Attempt) -> Finding | None:
    """Look for results that are right but for one number, which stands in all other places."""
    for name, both in pairs(attempt):
        if any(x.shape != y.shape for x, y in both):
            continue
        mine, right = (np.concatenate([np.ravel(x[i]) for x in both]) for i in (0, 1))
        wrong = np.concatenate([
            np.ravel(differs(x, y, attempt.exercise.tolerance)) for x, y in both
        ])  # fmt: skip
        held = np.unique(mine[wrong])
        if len(held) != 1 or wrong.all() or len(np.unique(right[wrong])) < MANY:
            continue
        noun, shown = attempt.noun(name), difference(attempt, attempt.trials[0])
        limit = number(held[0])
        says = f"wherever {noun} is wrong it is {limit}"
        look = "which case ends in this number, and when does it hold?"
        if np.all(right[wrong] > held[0]) and np.all(right[~wrong] <= held[0]):
            says, look = f"{noun} is never above {limit}, and it should be", "what stops it there?"
        if np.all(right[wrong] < held[0]) and np.all(right[~wrong] >= held[0]):
            says, look = f"{noun} is never below {limit}, and it should be", "what stops it there?"
        return Finding("stuck", says, shown, look)
    return None


def too_strict(attempt: Attempt) -> Finding | None:
    """Look for yes and no that err in one direction alone."""
    for which, name in enumerate(attempt.exercise.returns):
        failed = [t for t in attempt.trials if not attempt.passed(t)]
        both = [(t.first.values[which], t.expected[which]) for t in failed if not t.first.fault]
        if len(both) < len(failed) or any(
            x.shape != y.shape or {x.dtype.kind, y.dtype.kind} != {"b"} for x, y in both
        ):
            continue
        much, little = (sum(int((x & ~y).sum()) for x, y in pairs)
                        for pairs in (both, [(y, x) for x, y in both]))  # fmt: skip
        if much + little >= SURELY and not (much and little):
            noun, shown = attempt.noun(name), difference(attempt, attempt.trials[0])
            if little:
                says = f"where {noun} is wrong it is False, and never True"
                return Finding("too-strict", says, shown, "what is left out that belongs there?")
            says = f"where {noun} is wrong it is True, and never False"
            return Finding(
                "too-generous", says, shown, "what is let in that does not belong there?"
            )
    return None


def nearly_right(attempt: Attempt) -> Finding | None:
    """Look for numbers that are all nearly right: an epsilon, a fill that is not −∞."""
    for name, both in pairs(attempt):
        if any(x.shape != y.shape or not np.all(np.isfinite(x + y)) for x, y in both):
            continue
        off = [np.abs(x - y).max() / max(np.abs(y).max(), 1e-12) for x, y in both if y.size]
        whole = any(y.dtype.kind in "iu" for _, y in both)
        if not whole and max(off) <= NEARLY:
            noun, most = attempt.noun(name), number(max(off), 1)
            says = f"{noun} is nearly right: off by at most {most} of its largest number"
            look = (
                "a small term too many, or missing, an epsilon, a constant with few digits, "
                "a large number in place of −∞?"
            )
            return Finding("nearly", says, difference(attempt, attempt.trials[0]), look)
    return None
