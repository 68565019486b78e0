"""Exercise 1.2: the weights without one word."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import NO_NEGATIVE, ROWS_SUM_TO_ONE

RATIO_LOOK = "the scores of the others have not changed: what about the ratio of two weights?"
SUM_LOOK = "the weights of the words that are left must sum to 1"


def zeroed(weights: Array, j: int) -> Array:
    """Return the weights with a 0 at place j."""
    return np.where(np.arange(len(weights)) == j, weights.dtype.type(0), weights)


def without(weights: Array, j: int) -> Array:
    """Return the weights as they are when key j is not there."""
    left = zeroed(weights, j)
    return np.asarray(left / left.sum())


def evenly(weights: Array, j: int) -> Array:
    """Give each of the others the same part of the weight that has become free."""
    return zeroed(weights + weights[j] / (len(weights) - 1), j)


def to_the_best(weights: Array, j: int) -> Array:
    """Give the weight that has become free to the largest of the others."""
    left = zeroed(weights, j)
    best = np.arange(len(left)) == np.argmax(left)
    return np.where(best, left + weights[j], left)


def sentences(rng: Generator) -> Iterator[Case]:
    """Yield the weights of one query, and the place of the word that is taken out."""
    for kind, n in (("plain", 5), ("plain", 3), ("plain", 9), ("plain", 7), ("float32", 6)):
        weights = softmax(1.5 * rng.normal(size=n))
        places = {int(np.argmax(weights)), int(np.argmin(weights))}
        for j in sorted(places):
            yield cast(Case(kind, (weights, j)))


def counts_from_1(weights: Array, j: int) -> Array:
    """Take out the word before."""
    left = np.where(np.arange(len(weights)) == (j - 1) % len(weights), 0, weights)
    return np.asarray(left / left.sum())


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return weights of which some are equal, and of two words."""
    some = softmax(rng.normal(size=3))
    return ((np.repeat(some, 2) / 2, 2), (np.full(4, 0.25), 3), (np.array([0.3, 0.7]), 0))


EXERCISE = Exercise(
    name="without-a-word",
    skeleton='''
def without(weights, j):
    """Return the weights of the same query, if word j were not in the sentence.

    weights: (n_keys,), positive, sum 1    j: place of the word
    returns: (n_keys,), with 0 at place j
    """
    ...
''',
    solution='''
def without(weights, j):
    left = weights.copy()
    left[j] = 0
    return left / left.sum()
''',
    reference=without,
    cases=sentences,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "weights lie between 0 and 1")
    | dict.fromkeys(("one", "sizes"), "without its only word nothing is left of a sentence"),
    returns={"weights": ("key",)},
    mistakes=(
        Mistake("not-renormalised", "the weights that are left do not sum to 1", SUM_LOOK, zeroed),
        Mistake("nothing-taken-out", "the weights have not changed", "word j gets the weight 0",
                lambda w, j: w),
        Mistake("word-stays", "the others grow, but word j keeps a weight",
                "word j gets the weight 0", lambda w, j: w / (1 - w[j])),
        Mistake("only-the-word", "word j alone is left", "word j is the one to take out",
                lambda w, j: w - zeroed(w, j)),
        Mistake("only-the-word", "word j alone is left", "word j is the one to take out",
                lambda w, j: (w - zeroed(w, j)) / w[j]),
        Mistake("shared-with-itself", "the weight set free is shared among all the words, the one "
                "taken out included", RATIO_LOOK,
                lambda w, j: zeroed(w + w[j] / len(w), j)),
        Mistake("shared-evenly", "each of the others gets an equal part of the weight set free",
                RATIO_LOOK, evenly),
        Mistake("to-the-best", "the best of the others gets all the weight set free",
                RATIO_LOOK, to_the_best),
        Mistake("grows-by-the-weight", "the others are multiplied by 1 + the weight taken out",
                SUM_LOOK, lambda w, j: zeroed(w * (1 + w[j]), j)),
        Mistake("divided-by-the-weight", "the others are divided by the weight taken out",
                SUM_LOOK, lambda w, j: zeroed(w, j) / w[j]),
        Mistake("softmax-of-weights", "a softmax is taken of weights, as if they were scores",
                "the exponentials are already in the weights: only their sum is different",
                lambda w, j: softmax(zeroed(w, j))),
        Mistake("softmax-of-weights", "a softmax is taken of weights, as if they were scores",
                "the exponentials are already in the weights: only their sum is different",
                lambda w, j: softmax(np.where(np.arange(len(w)) == j, -np.inf, w))),
        Mistake("drops-the-place", "one number is missing: the place of word j is gone",
                "keep n_keys places, with a 0 at place j",
                lambda w, j: np.delete(without(w, j), j)),
        Mistake("counts-from-1", "the word before j is taken out: places count from 0",
                "the first word is at place 0", counts_from_1),
        Mistake("to-the-neighbour", "the next word gets all the weight set free", RATIO_LOOK,
                lambda w, j: zeroed(w, j) + w[j] * (np.arange(len(w)) == (j + 1) % len(w))),
        Mistake("to-the-neighbour", "the word before gets all the weight set free", RATIO_LOOK,
                lambda w, j: zeroed(w, j) + w[j] * (np.arange(len(w)) == (j - 1) % len(w))),
    ),
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE),
)  # fmt: skip
