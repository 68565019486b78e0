"""Every exercise is tried on each kind of input wrong answers slipped through, or says why not.

A kind is a property of the arguments themselves, not the label that a case carries.
"""

from collections.abc import Callable

import numpy as np
import pytest

from qkv_lib.practice import grade
from qkv_lib.practice.exercise import Case, Exercise
from qkv_lib.practice.exercises import EXERCISES
from qkv_lib.practice.run import cases_of, reference_values
from tests.practice.answers import ANSWERS
from tests.practice.answers.source import function

FAR = 1e3
"""Scores beyond it are very large; exp of them overflows, and of their negatives is 0."""


def arrays(case: Case) -> list[np.ndarray]:
    return [arg for arg in case.args if isinstance(arg, np.ndarray)]


def floats(case: Case) -> list[np.ndarray]:
    return [arg for arg in arrays(case) if arg.dtype.kind == "f" and arg.size]


def very_low_and_very_high(cases: list[Case]) -> bool:
    """Numbers that are all far above 0 in one case, and in another some far below."""
    free = [x[np.isfinite(x)] for case in cases for x in floats(case)]
    return any(x.size and x.min() > 1 and x.max() > 10 for x in free) and any(
        x.size and x.max() < -1 and x.min() < -10 for x in free
    )


def rows_of_different_sizes(cases: list[Case]) -> bool:
    """Rows of one matrix of which the largest is a thousand times the smallest."""
    for case in cases:
        for x in floats(case):
            if x.ndim > 1 and x.shape[-2] > 1 and np.isfinite(x).all():
                sizes = np.abs(x).max(-1)
                if np.any(sizes.max(-1) > 1e3 * sizes.min(-1)) and sizes.min() > 0:
                    return True
    return False


def a_batch_of_one(cases: list[Case]) -> bool:
    """Arguments with a leading axis of length 1, as many axes as those of a batch."""
    most: dict[int, int] = {}
    for case in cases:
        for i, x in enumerate(case.args):
            most[i] = max(most.get(i, 0), np.ndim(x))
    return any(
        np.ndim(x) >= 1 and x.shape[0] == 1 and x.ndim >= min(most[i], 3)
        for case in cases
        for i, x in enumerate(case.args)
        if isinstance(x, np.ndarray)
    )


def empty_full_and_first(cases: list[Case]) -> bool:
    """Masks: none hidden, all hidden, and an empty row first, last and in between."""
    masks = [x for case in cases for x in arrays(case) if x.dtype == bool]
    rows = [~x.any(-1) for x in masks if x.ndim > 1]
    return (
        any(x.all() for x in masks)
        and any(not x.any() for x in masks)
        and any(r[..., 0].any() and not r.all() for r in rows)
        and any(r[..., -1].any() and not r.all() for r in rows)
    )


def generic_numbers(cases: list[Case]) -> bool:
    """Every real argument somewhere has numbers that are not whole and come in no order."""
    for place in range(max(len(case.args) for case in cases)):
        args = [case.args[place] for case in cases if len(case.args) > place]
        real = [np.asarray(x) for x in args if np.asarray(x).dtype.kind == "f"]
        real = [x for x in real if np.isfinite(x).all()]
        if real and not any(np.any(x != np.rint(x)) for x in real):
            return False
        long = [x for x in real if x.ndim and x.shape[-1] > 2]
        if long and not any(np.any(np.diff(x) > 0) and np.any(np.diff(x) < 0) for x in long):
            return False
    return True


def first_elements_that_differ(cases: list[Case]) -> bool:
    """The first element of every argument is not the same in all cases."""
    for place in range(max(len(case.args) for case in cases)):
        args = [np.ravel(case.args[place]) for case in cases if len(case.args) > place]
        if len({x[0].item() for x in args if x.size}) < 2:
            return False
    return True


def sizes_of_one(cases: list[Case]) -> bool:
    """Each array somewhere has an axis of length 1 that is longer elsewhere."""
    for place in range(max(len(case.args) for case in cases)):
        shapes = [np.shape(case.args[place]) for case in cases if len(case.args) > place]
        if any(shapes) and not any(1 in shape for shape in shapes):
            return False
    return True


def a_full_sequence_beside_a_padded_one(cases: list[Case]) -> bool:
    """Batched masks whose first element hides nothing and whose last does, and the reverse."""
    masks = [x for case in cases for x in arrays(case) if x.dtype == bool and x.ndim > 1]
    ends = {(bool(x[0].all()), bool(x[-1].all())) for x in masks if len(x) > 1}
    return {(True, False), (False, True)} <= ends


def unequal_counts(cases: list[Case]) -> bool:
    """Spans of a batch of which unequally many hold something, and in each sequence some do."""
    counts = [(case.args[1] < case.args[2]).sum(-1) for case in cases]
    return any(x.ndim and x.min() > 0 and x.min() < x.max() for x in counts)


def as_many_rows_as_pairs(cases: list[Case]) -> bool:
    """Positions as many as pairs of features, more than one: transposed angles fit too."""
    sizes = [[x.shape[-1] if np.ndim(x) else int(x) for x in case.args] for case in cases]
    return any(min(pair) > 1 and 2 * min(pair) == max(pair) for pair in sizes)


def one_query_that_does_not_see_all(cases: list[Case]) -> bool:
    """One query with more keys than it may see."""
    return any(n == 1 and m > offset + 1 for n, m, offset in (case.args for case in cases))


def a_weight_of_exactly_0(cases: list[Case]) -> bool:
    """Weights some of which are 0, in rows of several."""
    return any(np.any(x == 0) for case in cases for x in floats(case) if x.shape[-1] > 2)


def numbers_near_0(cases: list[Case]) -> bool:
    """Numbers all of which are so near 0 that two digits are not enough."""
    return any(0 < np.abs(x).max() < 0.01 for case in cases for x in floats(case))


def very_large_where_hidden(cases: list[Case]) -> bool:
    """A value, far larger than the others, at a key that no query may attend to."""
    return any(
        not mask[..., -1].any() and np.abs(x[..., -1, :]).min() > 1e20 * np.abs(x[..., 0, :]).max()
        for case in cases
        for mask in arrays(case)
        for x in floats(case)
        if mask.dtype == bool and min(mask.ndim, x.ndim) > 1 and mask.shape[-1] == x.shape[-2]
    )


def positions_below_0(cases: list[Case]) -> bool:
    """Whole numbers on both sides of 0."""
    whole = [x for case in cases for x in arrays(case) if x.dtype.kind == "i" and x.size]
    return any(x.min() < 0 < x.max() for x in whole)


KINDS: dict[str, Callable[[list[Case]], bool]] = {
    "low": very_low_and_very_high,
    "rows": rows_of_different_sizes,
    "one": a_batch_of_one,
    "empty": empty_full_and_first,
    "generic": generic_numbers,
    "first": first_elements_that_differ,
    "sizes": sizes_of_one,
    "padded": a_full_sequence_beside_a_padded_one,
    "counts": unequal_counts,
    "pairs": as_many_rows_as_pairs,
    "alone": one_query_that_does_not_see_all,
    "zero": a_weight_of_exactly_0,
    "near": numbers_near_0,
    "hidden": very_large_where_hidden,
    "below": positions_below_0,
}

CONCERNS: dict[str, tuple[set[str], ...]] = {
    "empty": ({"mask"},),
    "padded": ({"mask"}, {"real"}),
    "counts": ({"start", "stop"},),
    "pairs": ({"x", "positions"}, {"positions", "d"}),
    "alone": ({"n_queries", "n_keys", "offset"},),
    "zero": ({"weights"},),
    "near": ({"queries", "keys"}, {"scores"}),
    "hidden": ({"mask", "value"},),
    "below": ({"positions"},),
}
"""The arguments a kind is about; what is not here is asked of every exercise."""


def concerns(kind: str, exercise: Exercise) -> bool:
    """Tell whether an exercise has the arguments that a kind is about."""
    return any(names <= set(exercise.arguments) for names in CONCERNS.get(kind, (set(),)))


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_has_each_kind_of_input_or_says_why_not(name):
    exercise: Exercise = EXERCISES[name]
    cases = cases_of(exercise)
    asked = [kind for kind in KINDS if concerns(kind, exercise)]
    missing = {kind for kind in asked if not KINDS[kind](cases)}
    excused = exercise.without
    assert set(excused) <= set(asked), f"{name} excuses what is no kind"
    assert missing - set(excused) == set(), f"{name} has no input of these kinds"
    assert set(excused) - missing == set(), f"{name} has these kinds after all"
    assert [reason for reason in excused.values() if len(reason.split()) < 3] == []


@pytest.mark.parametrize("name", EXERCISES)
def test_the_first_call_counts_too(name):
    """A function that is wrong only when it is first called."""
    right = function(EXERCISES[name].solution)
    calls = []

    def wrong_at_first(*args):
        calls.append(args)
        result = right(*args)
        parts = result if isinstance(result, tuple) else (result,)
        if len(calls) == 1:
            parts = tuple(~x if x.dtype == bool else x + 1 for x in map(np.asarray, parts))
        return parts if isinstance(result, tuple) else parts[0]

    assert grade(name, wrong_at_first).status == "wrong"


@pytest.mark.parametrize("name", EXERCISES)
def test_the_two_draws_of_a_case_have_one_shape_and_the_reference_takes_them(name):
    cases = cases_of(EXERCISES[name])
    half = len(cases) // 2
    for early, late in zip(cases[:half], cases[half:], strict=True):
        assert early.kind == late.kind
        assert list(map(np.shape, early.args)) == list(map(np.shape, late.args))
        assert reference_values(EXERCISES[name], early.args)


def test_every_exercise_has_answers():
    assert set(ANSWERS) == set(EXERCISES)
