"""Exercise 9.4: accuracy by distance."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator

BIN_LOOK = "bin b holds the questions with bounds[b] ≤ distance < bounds[b + 1]"


def in_bins(right: Array, distance: Array, bounds: Array) -> Iterator[Array]:
    """Yield for each bin the answers that belong to it."""
    for low, high in pairwise(bounds):
        yield right[(low <= distance) & (distance < high)]


def by_bins(judge: Function) -> Function:
    """Return an answer from a function of one bin's answers."""
    return lambda right, distance, bounds: np.array(
        [judge(each) for each in in_bins(right, distance, bounds)]
    )


def compared(inside: Function) -> Function:
    """Return an answer whose bins are decided in another way."""
    return lambda right, distance, bounds: np.array([
        right[inside(distance, low, high)].mean()
        for low, high in pairwise(bounds)
    ])  # fmt: skip


def question_inputs(rng: Generator) -> Iterator[Case]:
    """Yield right or wrong answers with their distances; every bin and every edge has some."""
    for bounds in ([1, 4, 9], [2, 3, 7, 12], [1, 6], [0, 2, 5, 8, 11]):
        low, high = bounds[0], bounds[-1]
        distance = rng.permutation(np.repeat(np.arange(low - 1, high + 2), 7))
        chance = np.linspace(0.9, 0.3, high - low + 3)[distance - low + 1]
        right = rng.random(len(distance)) < chance
        yield Case("plain", (right, distance, np.array(bounds)))


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([True]), np.array([3]), np.array([3, 4])),
        (
            np.array([True, False, True, True]),
            np.array([0.5, 1.5, 1.5, 9.0]),
            np.array([0.25, 1.5, 9.5]),
        ),
        (np.array([False, True, True]), np.array([7, 7, 2]), np.array([2, 7, 8])),
    )


def in_edges(number: Function) -> Function:
    """Return an answer whose questions get the number of their bin in another way."""

    def wrong(right: Array, distance: Array, bounds: Array) -> Array:
        bins = number(distance, bounds)
        each = [right[bins == b] for b in range(len(bounds) - 1)]
        return np.array([part.mean() if part.size else 0.0 for part in each])

    return wrong


def by_edges(right: Array, distance: Array, bounds: Array) -> Array:
    """Return the accuracy in bins with these bounds, 0 in an empty one."""
    parts = in_bins(right, distance, bounds)
    return np.array([part.mean() if part.size else 0.0 for part in parts])


EXERCISE = Exercise(
    name="accuracy-by-distance",
    skeleton='''
def accuracy_by_distance(right, distance, bounds):
    """Return for each bin the share of right answers among the questions in it.

    Bin b holds the questions with bounds[b] <= distance < bounds[b + 1].
    right: (n,), boolean    distance: (n,)    bounds: (n_bins + 1,)
    returns: (n_bins,)
    """
    ...
''',
    solution='''
def accuracy_by_distance(right, distance, bounds):
    found = np.zeros(len(bounds) - 1)
    for b in range(len(found)):
        inside = (bounds[b] <= distance) & (distance < bounds[b + 1])
        found[b] = right[inside].mean()
    return found
''',
    reference=by_bins(np.mean),
    cases=question_inputs,
    edges=edges,
    without=dict.fromkeys(("low", "rows", "generic", "sizes"),
                          "answers are right or wrong, bounds are two or more, in order"),
    returns={"accuracy": ("bin",)},
    mistakes=(
        Mistake("counts", "the number of right answers comes back", "divide by the questions "
                "in the bin", by_bins(lambda each: float(np.sum(each)))),
        Mistake("share-of-all", "each bin is divided by all the questions", "divide by the "
                "questions in the bin", lambda right, distance, bounds:
                by_bins(np.sum)(right, distance, bounds) / len(right)),
        Mistake("share-of-right", "you return where the right answers lie, not how many are right",
                "divide by the questions in the bin", lambda right, distance, bounds:
                by_bins(np.sum)(right, distance, bounds) / right.sum()),
        Mistake("error", "the share of wrong answers comes back", "accuracy is the share of right "
                "ones", by_bins(lambda each: 1 - each.mean())),
        Mistake("right-edge", "the upper bound is in the bin", BIN_LOOK,
                compared(lambda d, low, high: (low <= d) & (d <= high))),
        Mistake("left-edge", "the lower bound is in the bin before", BIN_LOOK,
                compared(lambda d, low, high: (low < d) & (d <= high))),
        Mistake("open", "neither bound is in the bin", BIN_LOOK,
                lambda right, distance, bounds: np.array([
                    right[(low < distance) & (distance < high)].sum()
                    / max(((low < distance) & (distance < high)).sum(), 1)
                    for low, high in pairwise(bounds)])),
        Mistake("cumulative", "each bin holds the nearer ones too", BIN_LOOK,
                compared(lambda d, low, high: d < high)),
        Mistake("no-upper-bound", "each bin holds the farther ones too", BIN_LOOK,
                compared(lambda d, low, high: d >= low)),
        Mistake("reversed", "the bins are in the wrong order", "the nearest bin comes first",
                lambda right, distance, bounds:
                by_bins(np.mean)(right, distance, bounds)[::-1].copy()),
        Mistake("overall", "every bin has the accuracy of all the questions", BIN_LOOK,
                lambda right, distance, bounds: np.full(len(bounds) - 1, right.mean())),
        Mistake("percent", "you return percent", "a share lies between 0 and 1",
                by_bins(lambda each: 100 * each.mean())),
        Mistake("last-bin-closed", "the last bin holds its upper bound, as np.histogram's does",
                BIN_LOOK, in_edges(lambda d, bounds: (
                    np.digitize(d, bounds) - 1 - (d == bounds[-1])))),
        Mistake("ends-open", "distances outside all bins are counted in the first and the last",
                "what lies outside the bounds belongs to no bin", in_edges(lambda d, bounds: (
                    np.digitize(d, bounds) - 1).clip(0, len(bounds) - 2))),
        Mistake("last-bin-open", "the last bin holds everything farther too", BIN_LOOK,
                in_edges(lambda d, bounds: np.minimum(
                    np.digitize(d, bounds) - 1, len(bounds) - 2))),
        Mistake("bins-from-0", "np.digitize counts the bins from 1; 0 is what lies before them",
                "bin b has the number b + 1 there",
                in_edges(lambda d, bounds: np.digitize(d, bounds))),
        Mistake("equal-widths", "the bins are made equally wide", "the bounds say where bins end",
                lambda right, distance, bounds: by_edges(
                    right, distance, np.linspace(bounds[0], bounds[-1], len(bounds)))),
        Mistake("cumulative", "each bin holds the nearer ones too, from the first bound on",
                BIN_LOOK, lambda right, distance, bounds: np.array([
                    right[(bounds[0] <= distance) & (distance < high)].mean()
                    for high in bounds[1:]])),
        Mistake("no-upper-bound", "each bin holds the farther ones too, up to the last bound",
                BIN_LOOK, lambda right, distance, bounds: np.array([
                    right[(low <= distance) & (distance < bounds[-1])].mean()
                    for low in bounds[:-1]])),
        Mistake("first-bin-open", "the first bin holds everything nearer too", BIN_LOOK,
                in_edges(lambda d, bounds: np.where(
                    d < bounds[0], 0, np.digitize(d, bounds) - 1))),
        Mistake("nearest-middle", "a question goes to the bin with the nearest middle", BIN_LOOK,
                in_edges(lambda d, bounds: np.abs(
                    d[:, None] - (bounds[1:] + bounds[:-1]) / 2).argmin(axis=1))),
        Mistake("far-count-more", "far questions count more than near ones",
                "every question of a bin counts alike", lambda right, distance, bounds: np.array([
                    (right * distance * inside).sum() / max((distance * inside).sum(), 1e-300)
                    for low, high in pairwise(bounds)
                    for inside in [(low <= distance) & (distance < high)]])),
        Mistake("answers-added", "one right and one wrong answer are added to each bin",
                "the share itself", by_bins(lambda each: (each.sum() + 1) / (each.size + 2))),
    ),
)  # fmt: skip
