"""Exercise 6.3.1: the share of hits."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

SPAN_LOOK = "a span holds the places start, …, stop − 1, as in Python's slices"


COUNT_LOOK = "divide by the number of tokens of the row that have a span: start < stop"


def share_of(
    found: Callable[[Array, Array, Array], Array],
    counted: Callable[[Array, Array], Array] = np.less,
) -> Function:
    """Return the mean over the tokens that count of what was found for each."""

    def alignment_share(weights: Array, start: Array, stop: Array) -> Array:
        each, counts = found(weights, start, stop), counted(start, stop)
        return np.asarray((each * counts).sum(axis=-1) / counts.sum(axis=-1))

    return alignment_share


def inside(place: Array, start: Array, stop: Array) -> Array:
    """Tell which places lie in their spans."""
    return np.asarray((start <= place) & (place < stop))


def largest_inside(weights: Array, start: Array, stop: Array) -> Array:
    """Tell which tokens have their largest weight in their span."""
    return inside(weights.argmax(axis=-1), start, stop)


def mass_in_span(weights: Array, start: Array, stop: Array) -> Array:
    """Return how much weight of each token lies in its span."""
    places = np.arange(weights.shape[-1])
    return np.asarray((weights * inside(places, start[..., None], stop[..., None])).sum(axis=-1))


def all_at_once(weights: Array, start: Array, stop: Array) -> Array:
    """Take the tokens of all sequences together."""
    return np.asarray(largest_inside(weights, start, stop)[start < stop].mean())


def weights_and_spans(rng: Generator) -> Iterator[Case]:
    """Yield weights and spans; kind ``masked`` has tokens without a span."""
    for kind, lead, n, m in (
        ("plain", (), 37, 7), ("plain", (), 59, 59), ("plain", (), 41, 5), ("batch", (2,), 29, 11),
        ("batch", (2, 3), 23, 7), ("batch", (3,), 61, 61), ("masked", (), 31, 7),
        ("masked", (3,), 29, 5), ("float32", (2,), 23, 11),
    ):  # fmt: skip
        weights = rng.dirichlet(np.full(m, 0.5), size=(*lead, n))
        start = rng.integers(0, m - 2, size=(*lead, n))
        stop = start + rng.integers(1, 4, size=(*lead, n)).clip(max=m - start)
        peak, edge = weights.argmax(axis=-1), np.arange(n) % 4
        start[..., edge == 0] = peak[..., edge == 0]  # the first place of the span
        stop = np.maximum(stop, start + 1)
        ends = (edge == 1) & (peak > 0)  # just behind the span
        start, stop = np.where(ends, 0, start), np.where(ends, peak, stop)
        if kind == "masked":
            stop[..., 2::3] = start[..., 2::3]
        yield cast(Case(kind, (weights, start, stop)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, unequal counts."""
    return (
        (rng.dirichlet(np.ones(5), size=1), np.array([2]), np.array([4])),
        (rng.dirichlet(np.ones(5), size=4), np.array([0, 0, 2, 4]), np.array([5, 0, 2, 5])),
        (
            rng.dirichlet(np.ones(5), size=(2, 4)),
            np.array([[0, 1, 2, 0], [3, 0, 0, 1]]),
            np.array([[0, 4, 4, 3], [5, 3, 0, 5]]),
        ),
        (np.eye(4)[[0, 3, 1]], np.array([0, 0, 1]), np.array([1, 4, 1])),
        (  # four tokens count, one, and two
            rng.dirichlet(np.ones(5), size=(3, 4)),
            np.array([[0, 1, 2, 0], [3, 0, 0, 1], [2, 2, 1, 0]]),
            np.array([[4, 5, 4, 3], [3, 5, 0, 1], [5, 2, 1, 5]]),
        ),
    )


EXERCISE = Exercise(
    name="alignment-share",
    skeleton='''
def alignment_share(weights, start, stop):
    """Return the share of target tokens whose largest weight lies in their span.

    weights: (..., n, m)
    start, stop: (..., n) integers, the span is start, …, stop − 1
    A token with start == stop translates nothing and does not count.
    returns: (...)
    """
    ...
''',
    solution='''
def alignment_share(weights, start, stop):
    place = weights.argmax(axis=-1)
    hit = np.logical_and(start <= place, place < stop)
    counts = start < stop
    return (hit & counts).sum(axis=-1) / counts.sum(axis=-1)
''',
    reference=share_of(largest_inside),
    cases=weights_and_spans,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "weights lie between 0 and 1"),
    returns={"share": ()},
    mistakes=(
        Mistake("stop-included", "the place `stop` counts as inside", SPAN_LOOK,
                share_of(lambda a, i, j: inside(a.argmax(-1), i, j + 1))),
        Mistake("start-excluded", "the place `start` counts as outside", SPAN_LOOK,
                share_of(lambda a, i, j: inside(a.argmax(-1), i + 1, j))),
        Mistake("first-place-only", "only the first place of a span counts", SPAN_LOOK,
                share_of(lambda a, i, j: a.argmax(-1) == i)),
        Mistake("last-place-only", "only the last place of a span counts", SPAN_LOOK,
                share_of(lambda a, i, j: a.argmax(-1) == j - 1)),
        Mistake("mass-for-hits", "you average the weight in the span",
                "a token hits or not: look where its largest weight is", share_of(mass_in_span)),
        Mistake("counted-from-1", "the places of the keys are counted from 1", "the first key has "
                "place 0", share_of(lambda a, i, j: inside(a.argmax(-1) + 1, i, j))),
        Mistake("stop-is-length", "stop is taken for the length of the span",
                "a span goes from start to before stop",
                share_of(lambda a, i, j: inside(a.argmax(-1), i, i + j))),
        Mistake("smallest-weight", "you look at the smallest weight", "argmax, not argmin",
                share_of(lambda a, i, j: inside(a.argmin(-1), i, j))),
        Mistake("largest-over-queries", "the largest weight is sought over the target tokens",
                "a row is a query; look for the largest along the last axis, the keys",
                share_of(lambda a, i, j: inside(a.argmax(-2), i, j))),
        Mistake("separators-count", "tokens without a span count as misses", COUNT_LOOK,
                share_of(largest_inside, lambda i, j: np.ones(i.shape, bool))),
        Mistake("count-for-share", "you return how many hits there are, not their share",
                COUNT_LOOK, lambda a, i, j: largest_inside(a, i, j).sum(-1).astype(float)),
        Mistake("misses-for-hits", "you return the share of misses", SPAN_LOOK,
                share_of(lambda a, i, j: ~largest_inside(a, i, j))),
        Mistake("all-sequences-at-once", "one share for all sequences of the batch",
                "keep the leading axes: one share a sequence", all_at_once),
        Mistake("one-beside-counts", "one place beside the span counts as a hit", SPAN_LOOK,
                share_of(lambda a, i, j: inside(a.argmax(-1), i - 1, j + 1))),
        Mistake("half-the-weight", "a token hits when half its weight lies in the span",
                "look where its largest weight is",
                share_of(lambda a, i, j: mass_in_span(a, i, j) > 0.5)),
        Mistake("half-the-weight", "a token hits when half its weight lies in the span",
                "look where its largest weight is",
                share_of(lambda a, i, j: mass_in_span(a, i, j) >= 0.5)),
        Mistake("empty-spans-hit", "tokens without a span count as hits", COUNT_LOOK,
                share_of(lambda a, i, j: largest_inside(a, i, j) | (i == j),
                         lambda i, j: np.ones(i.shape, bool))),
        Mistake("long-spans-only", "tokens with a span of one place do not count", COUNT_LOOK,
                share_of(largest_inside, lambda i, j: j - i > 1)),
        Mistake("largest-over-queries", "the largest weight is sought over the target tokens",
                "a row is a query; look for the largest along the last axis, the keys",
                lambda a, i, j: share_of(lambda b, k, m: inside(
                    np.resize(b.argmax(-2), k.shape), k, m))(a, i, j)),
        Mistake("zero-taken-for-empty", "a span that starts at place 0 is taken for empty",
                COUNT_LOOK, share_of(largest_inside, lambda i, j: (i > 0) & (j > 0))),
        Mistake("stop-above-0-counts", "every token whose stop is above 0 counts",
                COUNT_LOOK, lambda a, i, j: largest_inside(a, i, j).sum(-1)
                / np.maximum((j > 0).sum(-1), 1)),
        Mistake("without-a-span-in-one",
                "a token without a span in one sequence is left out of all",
                "each sequence has its own tokens without a span", share_of(
                    largest_inside, lambda i, j: np.broadcast_to(
                        (i < j).reshape(-1, i.shape[-1]).all(axis=0), i.shape))),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
