"""Exercise 2.1: who is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import softmax
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

LOOK = "a column holds what all the queries give to one key: add up each column"


def maps(rng: Generator) -> Iterator[Case]:
    """Yield weights, whose rows sum to 1; some of them square."""
    for kind, shape in (
        ("plain", (3, 5)), ("plain", (7, 3)), ("plain", (5, 5)), ("plain", (1, 7)),
        ("batch", (2, 5, 3)), ("batch", (3, 3, 3)), ("batch", (2, 3, 5, 7)),
        ("float32", (2, 3, 5)),
    ):  # fmt: skip
        yield cast(Case(kind, (softmax(2 * rng.normal(size=shape)),)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([[1.0], [1.0]]),),
        (np.eye(4)[rng.permutation(4)],),
        (np.ones((1, 1)),),
    )


EXERCISE = Exercise(
    name="received",
    skeleton='''
def received(weights):
    """Return how much attention each key receives, from all the queries together.

    weights: (..., n_queries, n_keys)    returns: (..., n_keys)
    """
    ...
''',
    solution='''
def received(weights):
    return weights.sum(axis=-2)
''',
    reference=lambda weights: np.sum(weights, axis=-2),
    cases=maps,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "weights lie between 0 and 1"),
    returns={"received": ("key",)},
    mistakes=(
        Mistake("sums-rows", "you add up what each query gives, which is always 1", LOOK,
                lambda weights: np.sum(weights, axis=-1)),
        Mistake("mean", "this is the mean of each column, or its share of the total, not "
                "its sum", LOOK,
                lambda weights: np.mean(weights, axis=-2)),
        Mistake("largest", "this is the largest weight that each key gets", LOOK,
                lambda weights: np.max(weights, axis=-2)),
        Mistake("counts-winners", "you count the queries that look most at each key", LOOK,
                lambda weights: np.sum(
                    weights == np.max(weights, axis=-1, keepdims=True), axis=-2).astype(float)),
        Mistake("softmax-again", "a softmax was taken of the sums", "a key may receive more than 1",
                lambda weights: softmax(np.sum(weights, axis=-2))),
        Mistake("first-query", "this is what the first query gives", LOOK,
                lambda weights: weights[..., 0, :]),
        Mistake("not-summed", "the weights come back as they are", LOOK, lambda weights: weights),
        Mistake("axis-kept", "the axis of the queries is still there", "sum without keepdims",
                lambda weights: np.sum(weights, axis=-2, keepdims=True)),
        Mistake("sums-batch", "the first axis is summed, whatever it is",
                "the queries are the axis before the last: axis=-2",
                lambda weights: np.sum(weights, axis=0)),
        Mistake("sums-batch", "the elements of the batch are added up too",
                "sum over the queries alone: axis=-2",
                lambda weights: np.sum(weights, axis=tuple(range(weights.ndim - 1)))),
        Mistake("own-left-out", "the weight on the diagonal is left out",
                "what a word gives itself counts too",
                lambda weights: np.sum(weights * (1 - np.eye(*weights.shape[-2:])), axis=-2)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
