"""Exercise 3.7: two bugs that do not show."""

from __future__ import annotations

from typing import Any

from qkv_lib import attention
from qkv_lib.practice.exercise import Exercise
from qkv_lib.practice.exercises.chapter_3.shared import OUTPUT_AXES
from qkv_lib.practice.inputs import Generator, operands
from qkv_lib.practice.mistakes import (
    ATTENTION,
)
from qkv_lib.practice.properties import (
    BATCH_APART,
    WITHIN_VALUES,
)


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 1)), rng.normal(size=(1, 1)), rng.normal(size=(1, 1))),
        (rng.normal(size=(4, 1)), rng.normal(size=(2, 1)), rng.normal(size=(2, 3)) - 70),
    )


EXERCISE = Exercise(
    name="attention",
    skeleton='''
def attention(query, key, value):
    """Return softmax(Q Kᵀ / √d_k) V.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    value: (..., n_keys, d_v)
    returns: (..., n_queries, d_v)
    """
    ...
''',
    solution="""
def attention(query, key, value):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    peak = scores.max(axis=-1, keepdims=True)
    top = np.exp(scores - peak)
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ value
""",
    reference=lambda query, key, value: attention(query, key, value),
    cases=operands,
    edges=edges,
    free=("query", "key"),
    returns=OUTPUT_AXES,
    mistakes=ATTENTION,
    properties=(WITHIN_VALUES, BATCH_APART),
)
