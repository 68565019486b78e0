"""Exercise 3.1: scaled scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from qkv_lib import softmax
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.shared import scaled_scores, scores_with
from qkv_lib.practice.inputs import Generator, operands
from qkv_lib.practice.mistakes import (
    FACTORS,
    OPERANDS,
    SCALE_LOOK,
    through,
)
from qkv_lib.practice.properties import (
    BATCH_APART,
)


def scores_of(choose: Function) -> Function:
    """Return the scores of operands mixed up."""
    return lambda q, k: scaled_scores(*choose(q, k, k)[:2])


def unit(x: Array) -> Array:
    """Return the rows at length 1."""
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 1)), rng.normal(size=(1, 1))),
        (rng.normal(size=(4, 1)), rng.normal(size=(2, 1))),
    )


EXERCISE = Exercise(
    name="scores",
    skeleton='''
def scores(query, key):
    """Return the scaled scores Q Kᵀ / √d_k.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)
    returns: (..., n_queries, n_keys)
    """
    ...
''',
    solution='''
def scores(query, key):
    return query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
''',
    reference=scaled_scores,
    cases=lambda rng: (Case(case.kind, case.args[:2]) for case in operands(rng)),
    edges=edges,
    free=("query", "key"),
    returns={"scores": ("query", "key")},
    mistakes=(
        *through(FACTORS, scores_with, leave_out=("root-of-d_v",)),
        *through(OPERANDS, scores_of, leave_out=("sums-keys", "matches-values",
                                                 "key-value-swapped", "query-key-swapped")),
        Mistake("transposed", "the scores are transposed",
                "rows are queries, columns are keys: Q Kᵀ", lambda q, k: scaled_scores(k, q)),
        Mistake("cosine", "the dot products are divided by the lengths of the vectors", SCALE_LOOK,
                lambda q, k: unit(q) @ unit(k).swapaxes(-1, -2)),
        Mistake("softmax-too-early", "these are weights, not scores", "the softmax comes after",
                lambda q, k: softmax(scaled_scores(q, k))),
        Mistake("no-transpose", "the keys are not transposed", "a score is row · row: Q Kᵀ",
                lambda q, k: q @ k / np.sqrt(q.shape[-1])),
        Mistake("elementwise", "the queries are multiplied with the keys entry by entry",
                "a dot product sums over the features: Q Kᵀ",
                lambda q, k: q * k / np.sqrt(q.shape[-1])),
        Mistake("reversed-axes", "`.T` reverses all the axes, the batch's too",
                "swap the last two axes only: swapaxes(-1, -2)",
                lambda q, k: q @ k.T / np.sqrt(q.shape[-1])),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
