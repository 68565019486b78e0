"""Exercise 6.2.1: the embedding of a padded batch."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

REAL_LOOK = "a text of length n has the real rows 0, …, n − 1; the rest is padding"


UNIT_LOOK = "divide each mean by its own length, the root of the sum of its squares"


def mean_of(chosen: Callable[[Array, Array], Array]) -> Function:
    """Return the mean of the rows that are chosen by place, (n,), and length, (batch, 1)."""

    def mean(states: Array, lengths: Array) -> Array:
        rows = chosen(np.arange(states.shape[1]), lengths[:, None])
        count = rows.sum(-1, keepdims=True).astype(states.dtype)
        return np.asarray((states * rows[..., None]).sum(1) / count)

    return mean


real_mean = mean_of(np.less)


def unit(x: Array) -> Array:
    """Return the rows at length 1."""
    return np.asarray(x / np.linalg.norm(x, axis=-1, keepdims=True))


def unit_mean_of(chosen: Callable[[Array, Array], Array]) -> Function:
    """Return the mean of the chosen rows at length 1."""
    return lambda x, lengths: unit(mean_of(chosen)(x, lengths))


def unit_mean(states: Array, lengths: Array) -> Array:
    """Return what `qkv_lib.models.encoder.unit_mean` returns in torch."""
    return unit(real_mean(states, lengths))


def states_and_lengths(rng: Generator) -> Iterator[Case]:
    """Yield rows and how many are real; what fills up is not 0."""
    for kind, lengths, n, d in (
        ("plain", [4], 7, 3), ("plain", [2], 5, 5), ("plain", [3], 4, 11),
        ("batch", [5, 2], 7, 3), ("batch", [3, 2, 4], 5, 2), ("batch", [3, 4, 2], 5, 5),
        ("float32", [2, 5, 3], 7, 5),
    ):  # fmt: skip
        states = rng.normal(size=(len(lengths), n, d)) + 0.5
        yield cast(Case(kind, (states, np.array(lengths))))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 4, 3)), np.array([4])),
        (rng.normal(size=(3, 4, 3)), np.array([4, 1, 2])),
        (1e-3 * rng.normal(size=(2, 1, 3)), np.array([1, 1])),
        (rng.normal(size=(2, 3, 1)), np.array([3, 3])),
    )


EXERCISE = Exercise(
    name="unit-mean",
    skeleton='''
def unit_mean(states, lengths):
    """Return the embedding of each text: the mean of its real rows, at length 1.

    states: (batch, n, d)    lengths: (batch,), integers, the real rows of each
    returns: (batch, d)
    """
    ...
''',
    solution='''
def unit_mean(states, lengths):
    real = np.arange(states.shape[1]) < lengths[:, None]
    mean = np.mean(states, axis=1, where=real[..., None])
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)
''',
    reference=unit_mean,
    cases=states_and_lengths,
    edges=edges,
    free=("states",),
    returns={"embedding": ("text", "feature")},
    mistakes=(
        Mistake("not-unit", "the mean is right, but its length is not 1", UNIT_LOOK, real_mean),
        Mistake("padding-averaged", "the padding is in your mean", REAL_LOOK,
                lambda x, lengths: unit(x.mean(1))),
        Mistake("padding-and-length", "the padding is in your mean, and its length is not 1",
                REAL_LOOK, lambda x, lengths: x.mean(1)),
        Mistake("only-padding", "the mean is over the padding", REAL_LOOK,
                unit_mean_of(lambda place, n: place >= n)),
        Mistake("one-too-many", "one row of padding is in your mean", REAL_LOOK,
                unit_mean_of(lambda place, n: place <= n)),
        Mistake("one-too-few", "the last real row, [SEP], is left out", REAL_LOOK,
                unit_mean_of(lambda place, n: place < n - 1)),
        Mistake("first-left-out", "the first row, [CLS], is left out", REAL_LOOK,
                unit_mean_of(lambda place, n: (place > 0) & (place < n))),
        Mistake("median", "the median of the rows is taken, not their mean",
                "add the real rows up and divide by their number",
                lambda x, lengths: unit(np.stack(
                    [np.median(rows[:n], axis=0) for rows, n in zip(x, lengths, strict=True)]))),
        Mistake("first-row", "the first row, [CLS], stands for the text",
                "this model takes the mean of the real rows",
                unit_mean_of(lambda place, n: place == 0 * n)),
        Mistake("last-row", "the last real row stands for the text",
                "this model takes the mean of the real rows",
                unit_mean_of(lambda place, n: place == n - 1)),
        Mistake("first-length-for-all", "every text gets the length of the first", REAL_LOOK,
                unit_mean_of(lambda place, n: place < np.broadcast_to(n[:1], n.shape))),
        Mistake("rows-to-unit", "each row is brought to length 1, and the mean is not", UNIT_LOOK,
                lambda x, lengths: real_mean(unit(x), lengths)),
        Mistake("rows-to-unit-first", "each row is brought to length 1 before the mean",
                "take the mean of the rows as they are", lambda x, lengths:
                unit(real_mean(unit(x), lengths))),
        Mistake("sizes-sum-to-1", "the mean is divided by the sum of its sizes", UNIT_LOOK,
                lambda x, lengths: real_mean(x, lengths)
                / np.abs(real_mean(x, lengths)).sum(-1, keepdims=True)),
        Mistake("divided-by-square", "the mean is divided by the square of its length", UNIT_LOOK,
                lambda x, lengths: real_mean(x, lengths)
                / (real_mean(x, lengths) ** 2).sum(-1, keepdims=True)),
        Mistake("one-length-for-all", "all texts are divided by one length, the whole batch's",
                UNIT_LOOK,
                lambda x, lengths: real_mean(x, lengths) / np.linalg.norm(real_mean(x, lengths))),
        Mistake("maximum", "this is the largest entry of the real rows, not their mean",
                "sum the real rows", lambda x, lengths: unit(np.max(np.where(
                    np.arange(x.shape[1])[:, None] < lengths[:, None, None], x, -np.inf), 1))),
        Mistake("over-the-batch", "each feature is brought to length 1 over the batch", UNIT_LOOK,
                lambda x, n: real_mean(x, n) / np.linalg.norm(real_mean(x, n), axis=0)),
        Mistake("longest-for-all", "every text gets the length of the longest", REAL_LOOK,
                lambda x, n: unit(x[:, : n.max()].mean(1))),
        Mistake("shortest-for-all", "every text gets the length of the shortest", REAL_LOOK,
                lambda x, n: unit(x[:, : n.min()].mean(1))),
        Mistake("padding-in-front", "the padding is taken to stand in front", REAL_LOOK,
                unit_mean_of(lambda i, n: i >= len(i) - n)),
        Mistake("largest-is-1", "the mean is divided by its largest entry", UNIT_LOOK,
                lambda x, n: real_mean(x, n) / np.abs(real_mean(x, n)).max(-1, keepdims=True)),
        Mistake("mean-of-features-taken-off", "the mean over the features is taken off", UNIT_LOOK,
                lambda x, lengths: unit(real_mean(x, lengths)
                                        - real_mean(x, lengths).mean(-1, keepdims=True))),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
