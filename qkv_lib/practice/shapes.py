"""Why a shape is wrong, or a line raises: parts, axes and sizes that are not those asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations, permutations
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.compare import close
from qkv_lib.practice.exercise import Trial
from qkv_lib.practice.factors import sizes
from qkv_lib.practice.verdict import Finding, listed, shortest

LEAVE_ALONE = "count the axes from the end, and let `...` stand for those in front"
IN_FRONT = "both stand in front of the last two axes, where axes are lined up from the right"
RESHAPED = re.compile(
    r"cannot\sreshape\sarray\sof\ssize\s(\d+)\sinto\sshape\s(\([^)]*\))|"
    r"shape\s'(\[[^]]*\])'\sis\sinvalid\sfor\sinput\sof\ssize\s(\d+)"
)
MULTIPLIED = re.compile(
    r"size\s(\d+)\sis\sdifferent\sfrom\s(\d+)|\(\d+x(\d+)\sand\s(\d+)x\d+\)|"
    r"size\sof\stensor\sa\s\((\d+)\)\smust\smatch\sthe\ssize\sof\stensor\sb\s\((\d+)\)"
)
SHAPES = re.compile(r"\(((?:\d+,? ?)+)\)")
REMAPPED = re.compile(r"->\(([^)]*)\)")
BEYOND = re.compile(
    r"index\s(\d+)\sis\sout\sof\sbounds\sfor\s(?:axis|dimension)\s\d+.with\ssize\s(\d+)"
)
SQUARE = re.compile(r"must\sbe\ssquare")
ORDINARY = ("plain", "batch", "single")


def results_exchanged(attempt: Attempt) -> Finding | None:
    """Look for the right results in another order."""
    names = list(attempt.exercise.returns)
    if not 1 < len(names) < 5 or any(trial.first.fault for trial in attempt.trials):
        return None
    for order in permutations(range(len(names))):
        if order != tuple(range(len(names))) and all(
            attempt.agree(tuple(trial.first.values[i] for i in order), trial.expected)
            for trial in attempt.trials
        ):
            back = [names[order.index(i)] for i in range(len(names))]
            says = f"the results come back in another order: {listed(back)}"
            shown = next(filter(attempt.deviates, attempt.trials), attempt.trials[0])
            return Finding("results-exchanged", says, difference(attempt, shown),
                           f"return {listed(names)}", named=True)  # fmt: skip
    return None


def of_one_rank(attempt: Attempt) -> Finding | None:
    """Look for an answer that is right for one number of leading axes alone."""
    trials = [t for t in attempt.every or attempt.trials if t.case.kind in ORDINARY]
    if any(leaks(attempt, trial) for trial in attempt.trials):
        return None  # which says more
    for i, name in enumerate(attempt.exercise.arguments):
        here = [
            t for t in trials if i < len(t.case.args) and isinstance(t.case.args[i], np.ndarray)
        ]
        ranks = sorted({t.case.args[i].ndim for t in here})
        if len(here) < len(trials) or len(ranks) < 2:
            continue
        wrong = {t.case.args[i].ndim for t in here if not attempt.passed(t)}
        right = [rank for rank in ranks if rank not in wrong]
        passed = [t for t in here if attempt.passed(t) and t.case.kind != "single"]
        if any(t.case.args[i].ndim in wrong for t in passed):
            continue  # then it is not the number of axes
        several = [t for t in here if t.case.kind == "batch" and t.case.args[i].ndim not in right]
        if len(right) != 1 or not several or any(map(attempt.passed, several)):
            continue
        says = f"right only where {name} has {right[0]} axes: leading axes are not left alone"
        if right[0] == ranks[0]:
            says = "one sequence comes out right, a batch not: its leading axes are not left alone"
        shown = next(trial for trial in attempt.trials if not attempt.passed(trial))
        fault = shown.first.fault
        evidence = f"{fault.says}\n{fault.evidence}".strip() if fault else ""
        return Finding("leading-axes", says, evidence or difference(attempt, shown), LEAVE_ALONE,
                       named=True)  # fmt: skip
    return None


def leaks(attempt: Attempt, trial: Trial) -> bool:
    """Tell whether one element of a batch changes the result of another."""
    apart = [rule for rule in attempt.exercise.properties if rule.name == "batch-leak"]
    shapes = [[array.shape for array in each] for each in (trial.first.values, trial.expected)]
    return shapes[0] == shapes[1] and any(rule.broken(trial) for rule in apart)


def of_one_rank_if_it_raises(attempt: Attempt) -> Finding | None:
    """Look for it in an answer that raises."""
    faults = [trial.first.fault for trial in attempt.trials if trial.first.fault]
    raises = faults and all(fault.name == "raises" for fault in faults)
    return of_one_rank(attempt) if raises else None


def explained(attempt: Attempt, trial: Trial) -> Finding | None:
    """Tell why a call raised, where its words and the sizes of the arguments say it."""
    fault = trial.first.fault
    if fault is None or fault.name != "raises":
        return None
    told = reason(attempt, trial, fault.says)
    if told is None:
        return None
    name, says, look = told
    return Finding(name, says, f"{fault.says}\n{fault.evidence}".strip(), look, named=True)


def reason(attempt: Attempt, trial: Trial, text: str) -> tuple[str, str, str] | None:
    """Return name, words and where to look, for what an exception says."""
    names, args = attempt.exercise.arguments, trial.case.args
    left_out = [
        *names[len(args) :],
        *(n for n, arg in zip(names, args, strict=False) if arg is None),
    ]
    if "NoneType" in text and left_out:
        says = f"here {left_out[0]} is left out, and None comes in"
        return "none", says, f"ask first: `if {left_out[0]} is None`"
    if SQUARE.search(text):
        says = "an inverse is taken of a matrix that is not square"
        return "not-square", says, "which matrix is square whatever the sizes?"
    if found := RESHAPED.search(text):
        size, shape = found[1] or found[4], found[2] or found[3]
        says = f"{size} numbers do not fill the shape {shape}"
        return "reshape", says, "which size is another one here? The product must stay"
    if found := BEYOND.search(text):
        says = (
            f"index {found[1]} is beyond the end: the last of {found[2]} places is the one before"
        )
        return "index-too-far", says, "places count from 0"
    if pair := meeting(text):
        one, other, leading = pair
        says = f"axes of different lengths meet there: {one} and {other}"
        return "lengths-differ", says, IN_FRONT if leading else origin(attempt, trial, one, other)
    return None


def meeting(text: str) -> tuple[int, int, bool] | None:
    """Return two lengths that do not go together, from the words of an exception.

    The third part tells whether they stand in front of the last two axes, those of matrices.
    """
    if found := MULTIPLIED.search(text):
        one, other = (int(each) for each in found.groups() if each)
        return one, other, False
    if "broadcast" not in text:
        return None
    remapped = REMAPPED.findall(text)  # an axis of none is newaxis
    leading = bool(remapped) and all(each.endswith("newaxis,newaxis") for each in remapped)
    all_shapes = remapped or SHAPES.findall(text)
    shapes = [[int(n) for n in re.findall(r"\d+", x.replace("newaxis", "1"))] for x in all_shapes]
    if len(shapes) < 2:
        return None
    for one, other in zip(shapes[0][::-1], shapes[1][::-1], strict=False):
        if one != other and 1 not in (one, other):
            return one, other, leading
    return None


def origin(attempt: Attempt, trial: Trial, one: int, other: int) -> str:
    """Return of which arguments two lengths are the sizes."""
    known = list(sizes(attempt.exercise, trial.case.args))
    both = [[name for name, size in known if size == length] for length in (one, other)]
    if not all(both):
        return "which two axes should meet there?"
    return f"{one} is {both[0][0]}, {other} is {both[1][0]}: should they meet?"


def why_misshapen(attempt: Attempt) -> Finding | None:
    """Look for what is wrong with a shape: a part of it, pairs of all with all, a size."""
    for which, (name, axes) in enumerate(attempt.exercise.returns.items()):
        both = [
            (t, t.first.values[which], t.expected[which])
            for t in attempt.trials
            if which < len(t.first.values) and not attempt.passed(t)
        ]
        wrong = [each for each in both if each[1].shape != each[2].shape]
        if not wrong:
            continue
        told = next(told_of_shape(attempt, wrong, attempt.noun(name), axes), None)
        if told:
            says, look = told
            return Finding("shape", says, difference(attempt, wrong[0][0]), look, named=True)
    return None


def told_of_shape(
    attempt: Attempt, wrong: list[tuple[Trial, Array, Array]], noun: str, axes: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Yield in words, and with where to look, what all the results of a wrong shape have."""
    pairs = [(mine, right) for _, mine, right in wrong]
    for says, look, change in PARTS:
        if all(is_part(mine, right, change) for mine, right in pairs):
            yield says.format(noun), look
        if all(is_part(right, mine, change) for mine, right in pairs):
            yield SURPLUS[says].format(noun), "what is there beside what is asked for?"
    if all(of_pairs(mine, right) for mine, right in pairs):
        yield (f"{noun} pairs each element with every other, and not with its own alone",
               "a matrix product pairs all with all: multiply and sum instead")  # fmt: skip
    if all(spread_out(mine, right) for mine, right in pairs):
        yield f"{noun} is spread out along an axis that must have length 1", "the shape asked for"
    if all(in_another_order(mine, right) for mine, right in pairs):
        yield (f"the axes of {noun} stand in another order, the numbers are right",
               "which axis comes first, and which last?")  # fmt: skip
    if all(mine.ndim == right.ndim for mine, right in pairs):
        for axis in range(-1, -1 - max(right.ndim for _, right in pairs), -1):
            if told := other_size(attempt, wrong, axis):
                named = axes[axis] if -axis <= len(axes) else "batch element"
                yield (f"along the axis {named} {noun} has another length: {told[0]}",
                       f"it must be {told[1]}")  # fmt: skip
    fewer = {mine.ndim - right.ndim for mine, right in pairs}
    if fewer == {1} or fewer == {-1}:
        yield (f"{noun} has an axis too many" if fewer == {1} else f"{noun} lacks an axis",
               "over which axes do you sum, and which stay?")  # fmt: skip


Choose = Callable[[Array, int, int], Array]
PARTS: tuple[tuple[str, str, Choose], ...] = (
    ("the first ones of {} are missing, the others are right", "what stands at the beginning?",
     lambda x, n, axis: np.take(x, range(x.shape[axis] - n, x.shape[axis]), axis)),
    ("the last ones of {} are missing, the others are right", "what stands at the end?",
     lambda x, n, axis: np.take(x, range(n), axis)),
)  # fmt: skip
SURPLUS = {
    PARTS[0][0]: "{} begins with something that is not asked for; its end is right",
    PARTS[1][0]: "{} ends with something that is not asked for; its beginning is right",
}


def is_part(part: Array, whole: Array, choose: Choose) -> bool:
    """Tell whether an array is the first or the last of another, along one axis."""
    if part.ndim != whole.ndim:
        return False
    differ = [i for i, sizes in enumerate(zip(part.shape, whole.shape, strict=True))
              if sizes[0] != sizes[1]]  # fmt: skip
    if len(differ) != 1 or not part.shape[differ[0]] < whole.shape[differ[0]]:
        return False
    return close(part, np.asarray(choose(whole, part.shape[differ[0]], differ[0])))


def in_another_order(mine: Array, right: Array) -> bool:
    """Tell whether an array has the right numbers, and its axes in another order."""
    return mine.ndim == right.ndim < 6 and any(
        close(mine.transpose(order), right)
        for order in permutations(range(right.ndim))
        if tuple(mine.shape[axis] for axis in order) == right.shape
    )


def of_pairs(mine: Array, right: Array) -> bool:
    """Tell whether the right numbers are a diagonal of the learner's."""
    if mine.ndim != right.ndim + 1 or mine.ndim < 2 or mine.shape[-1] != mine.shape[-2]:
        return False
    return close(np.diagonal(mine, axis1=-2, axis2=-1), right)


def spread_out(mine: Array, right: Array) -> bool:
    """Tell whether an array is repeated along axes that have length 1."""
    if mine.ndim != right.ndim:
        return False
    try:
        return close(mine, np.broadcast_to(right, mine.shape))
    except ValueError:
        return False


def other_size(
    attempt: Attempt, wrong: list[tuple[Trial, Array, Array]], axis: int
) -> tuple[str, str] | None:
    """Return of what an axis has the length, and of what it must have it."""
    mine: set[str] | None = None
    right: set[str] | None = None
    for trial, result, expected in wrong:
        if result.ndim < -axis or result.shape[axis] == expected.shape[axis]:
            return None
        known = list(of_call(attempt, trial.case.args))
        here = {name for name, size in known if size == result.shape[axis]}
        there = {name for name, size in known if size == expected.shape[axis]}
        mine = here if mine is None else mine & here
        right = there if right is None else right & there
    one, other = shortest(mine or ()), shortest(right or ())
    return (one, other) if one and other else None


def of_call(attempt: Attempt, args: tuple[Any, ...]) -> Iterator[tuple[str, float]]:
    """Yield the sizes of a call, and those made of them."""
    known = list(sizes(attempt.exercise, args))
    yield from known
    for name, size in known:
        yield f"{name} + 1", size + 1
        yield f"{name} − 1", size - 1
    for (one, left), (other, right) in combinations(known, 2):
        yield f"{one} + {other}", left + right
    for name, arg in zip(attempt.exercise.arguments, args, strict=False):
        if isinstance(arg, np.ndarray) and arg.dtype.kind in "iu" and arg.size:
            yield f"{name}.max()", float(arg.max())
    yield "1", 1.0
