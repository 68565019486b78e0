"""What every answer is tried on beside the exercise's own cases: the inputs nobody thinks of.

Each kind is made from the cases of the exercise, so that no exercise has to draw it anew:

- a batch of one, and axes of length 1 among the leading ones;
- masks that hide nothing, and, where a row may be empty, empty rows in any place;
- a batch in which one sequence is full and another padded, and the other way round;
- weights of exactly 0;
- very large values at a key that no query may attend to;
- scores far below 0 and far above, scores very near 0, and rows of very different sizes, for the
  arguments that may hold any numbers (``Exercise.free``).

What only the exercise can know (the first step, more taps than positions, the chapter's own large
numbers) is drawn by its own generator, under the kind ``edge``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise
from qkv_lib.practice.properties import HUGE

FAR = 300.0
"""Factor on queries and on keys that takes scores to ±100,000."""
NEAR = 1e-3
"""Factor on queries and on keys after which scores differ in the sixth decimal."""


def varied(exercise: Exercise, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of an exercise and those that are made from them."""
    own = list(exercise.cases(rng))
    yield from own
    if exercise.edges:
        yield from (Case("edge", args) for args in exercise.edges(rng))
    yield from singles(own)
    yield from masks(exercise, own, rng)
    yield from hidden(exercise, own)
    yield from sizes(exercise, own, rng)
    yield from padded(own)
    yield from zeros(exercise, own)


def of_kind(cases: list[Case], *kinds: str) -> list[Case]:
    """Return the cases of these kinds, one with every number of arguments."""
    return [case for case in cases if case.kind in kinds]


def batched(own: list[Case]) -> dict[int, int]:
    """Return place → number of axes in one sequence, of the arguments that get leading axes."""
    plain, batch = of_kind(own, "plain"), of_kind(own, "batch")
    found = {}
    for place in range(max((len(case.args) for case in own), default=0)):
        base = min((np.ndim(c.args[place]) for c in plain if len(c.args) > place), default=0)
        if any(np.ndim(c.args[place]) > base for c in batch if len(c.args) > place):
            found[place] = base
    return found


def with_axis(case: Case, places: dict[int, int], axis: int = 0) -> Case:
    """Return the case with one more leading axis, of length 1."""
    return Case(
        "single",
        tuple(np.expand_dims(arg, axis) if i in places else arg for i, arg in enumerate(case.args)),
    )


def singles(own: list[Case]) -> Iterator[Case]:
    """Yield batches of one, and leading axes of length 1 before and behind others."""
    places = batched(own)
    if not places:
        return
    for case in of_kind(own, "plain")[:3]:
        yield with_axis(case, places)
    for case in of_kind(own, "batch"):
        here = {place: base for place, base in places.items() if place < len(case.args)}
        leads = {np.ndim(case.args[place]) - base for place, base in here.items()}
        if leads == {1}:
            yield with_axis(case, places)
            yield with_axis(case, places, axis=1)
            return


def is_mask(arg: Any) -> bool:
    """Tell whether an argument is a mask."""
    return isinstance(arg, np.ndarray) and arg.dtype == bool and arg.ndim > 0


def masks(exercise: Exercise, own: list[Case], rng: np.random.Generator) -> Iterator[Case]:
    """Yield masks that hide nothing, and empty rows wherever they may be."""
    if "mask" not in exercise.arguments:
        return
    place = exercise.arguments.index("mask")
    drawn = [case for case in own if len(case.args) > place and is_mask(case.args[place])]
    for case in (of_kind(drawn, "plain") + of_kind(drawn, "batch"))[:3]:
        yield replaced(case, place, np.ones_like(case.args[place]), "full")
    if not of_kind(drawn, "masked"):
        return
    for case in of_kind(drawn, "plain")[:2] + of_kind(drawn, "batch")[:2]:
        mask = case.args[place]
        last, some = mask.copy(), mask.copy()
        last[(..., -1, slice(None)) if mask.ndim > 1 else ...] = False
        some[rng.random(mask.shape[:-1]) < 0.4] = False
        for empty in (last, some, np.zeros_like(mask)):
            yield replaced(case, place, empty, "masked")


def hidden(exercise: Exercise, own: list[Case]) -> Iterator[Case]:
    """Yield values that are very large at the last key, which no query may attend to."""
    if not {"mask", "value"} <= set(exercise.arguments):
        return
    place, values = map(exercise.arguments.index, ("mask", "value"))
    drawn = [case for case in own if len(case.args) > place and is_mask(case.args[place])]
    for case in of_kind(drawn, "plain")[:1] + of_kind(drawn, "batch")[:1]:
        mask, value = case.args[place].copy(), case.args[values].copy()
        mask[..., 0], mask[..., -1] = True, False  # so that no row is empty
        value[..., -1, :] *= HUGE
        yield replaced(replaced(case, place, mask, "hidden"), values, value, "hidden")


def replaced(case: Case, place: int, arg: Any, kind: str) -> Case:
    """Return the case with another argument in one place."""
    return Case(kind, (*case.args[:place], arg, *case.args[place + 1 :]))


def sizes(exercise: Exercise, own: list[Case], rng: np.random.Generator) -> Iterator[Case]:
    """Yield very low and very high scores, and rows of very different sizes."""
    places = [exercise.arguments.index(name) for name in exercise.free]
    if not places:
        return
    chosen = of_kind(own, "plain")[:2] + of_kind(own, "batch")[:1]
    for case in chosen:
        yield changed(case, places, "uneven", lambda x, _: x * row_sizes(x, rng))
    for case in chosen[:1] + chosen[2:]:
        yield changed(case, places, "extreme", lambda x, n: far(x, n - len(places)))
        yield changed(case, places, "extreme", lambda x, _: far(x, 0))
        yield changed(case, places, "near", lambda x, _: x * NEAR)


def changed(case: Case, places: list[int], kind: str, change: Any) -> Case:
    """Return the case with the free arguments changed; ``change`` knows which one it has."""
    args = list(case.args)
    for n, place in enumerate(places):
        if place < len(args):
            args[place] = np.asarray(change(args[place], n))
    return Case(kind, tuple(args))


def row_sizes(x: Array, rng: np.random.Generator) -> Array:
    """Return a factor a row, from a hundredth to a thousand."""
    if x.ndim < 2:
        return np.ones_like(x)
    powers = rng.permuted(np.linspace(-2, 3, x.shape[-2]))
    return np.asarray(10.0 ** np.broadcast_to(powers, x.shape[:-1]))[..., None]


def far(x: Array, n: int) -> Array:
    """Return numbers far from 0: above it where n is even, below it where n is odd."""
    return np.asarray((-1.0) ** n * FAR * (np.abs(x) + 0.1))


def padded(own: list[Case]) -> Iterator[Case]:
    """Yield a batch whose first sequence alone hides nothing, and one whose last alone does."""
    several = [
        (case, place)
        for case in of_kind(own, "batch")
        for place, arg in enumerate(case.args)
        if is_mask(arg) and arg.ndim > 1 and len(arg) > 1
    ]
    for case, place in several[:1]:
        for full in (0, -1):
            mask = case.args[place].copy()
            mask[full] = True
            yield replaced(case, place, mask, "padded")


def zeros(exercise: Exercise, own: list[Case]) -> Iterator[Case]:
    """Yield weights of which the smaller half of each row is 0, and the others still sum to 1."""
    if "weights" not in exercise.arguments:
        return
    place = exercise.arguments.index("weights")
    wide = [case for case in own if case.args[place].shape[-1] > 3]
    for case in of_kind(wide, "plain")[:2] + of_kind(wide, "batch")[:1]:
        weights = case.args[place]
        kept = np.where(weights < np.median(weights, axis=-1, keepdims=True), 0.0, weights)
        yield replaced(case, place, kept / kept.sum(axis=-1, keepdims=True), "zeros")
