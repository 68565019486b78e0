"""Mistakes that nobody has to list: the reference with one cut, on the way in or on the way out.

On the way in an argument is changed: two exchanged, one transposed, negated, off by one. On the
way out the result is: transposed, reversed, shifted, squared, averaged. The same cuts are tried on
the named mistakes of an exercise, which finds two mistakes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, permutations
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.cuts import ARRAYS, BOOLEAN, SCALARS, Cut
from qkv_lib.practice.exercise import Exercise, Function, Values
from qkv_lib.practice.run import known_cases


def ways_in(
    exercise: Exercise, sample: tuple[Any, ...], answer: Function | None = None
) -> Iterator[Cut]:
    """Yield an answer, the reference or another, with one of its arguments changed, or two."""
    names, answer = exercise.arguments, answer or exercise.reference
    arrays = [i for i, arg in enumerate(sample) if isinstance(arg, np.ndarray)]
    plain = [i for i, arg in enumerate(sample) if type(arg) in (int, float)]
    for kinds in (arrays, plain):
        for i, j in combinations(kinds, 2):
            yield Cut(
                f"{names[i]}-{names[j]}-swapped",
                f"{names[i]} and {names[j]} have changed places",
                f"which of {names[i]} and {names[j]} belongs where?",
                partial(_exchanged, answer, i, j),
            )
        for i, j in permutations(kinds, 2):
            yield Cut(
                f"{names[j]}-for-{names[i]}",
                f"{names[j]} stands where {names[i]} belongs",
                f"where is {names[i]} used?",
                partial(_instead, answer, i, j),
            )
    for i in arrays:
        axes = [np.ndim(case.args[i]) for case, _ in known_cases(exercise) if len(case.args) > i]
        if min(axes) < max(axes):
            yield Cut(
                f"{names[i]}-first-of-batch",
                f"all sequences get the {names[i]} of the first one",
                "keep the leading axes: index from the end",
                partial(_through, answer, i, partial(first_of_all, kept=min(axes))),
            )
    booleans = [i for i in arrays if sample[i].dtype == bool]
    for i in arrays + plain:
        for cut in ARRAYS if i in arrays else SCALARS:
            if i in booleans and cut.name not in BOOLEAN:
                continue
            yield Cut(
                cut.name.format(names[i]), cut.says.format(names[i], names[i]),
                cut.look.format(names[i]), partial(_through, answer, i, cut.change), names[i],
            )  # fmt: skip


def first_of_all(x: Array, kept: int) -> Array:
    """Return the first of a batch in the place of all; so many axes are one of them."""
    return np.broadcast_to(x[(0,) * (x.ndim - kept)], x.shape) if x.ndim > kept else x


def _exchanged(answer: Callable[..., Any], i: int, j: int, *args: Any) -> Any:
    mixed = list(args)
    mixed[i], mixed[j] = mixed[j], mixed[i]
    return answer(*mixed)


def _instead(answer: Callable[..., Any], i: int, j: int, *args: Any) -> Any:
    mixed = list(args)
    mixed[i] = mixed[j]
    return answer(*mixed)


def _through(answer: Callable[..., Any], i: int, change: Any, *args: Any) -> Any:
    mixed = list(args)
    mixed[i] = change(mixed[i])
    return answer(*mixed)


def changed(cut: Cut, values: Values, which: int) -> Values | None:
    """Return results with one of them cut, or None where the cut makes no sense."""
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(cut.change(values[which]))
    except (ValueError, IndexError, TypeError):
        return None
    return (*values[:which], result, *values[which + 1 :])
