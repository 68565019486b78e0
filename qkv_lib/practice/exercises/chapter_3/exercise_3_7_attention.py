"""Exercise 3.7: two bugs that do not show."""

from __future__ import annotations

from typing import Any

import numpy as np

from qkv_lib import attention, softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Exercise, Mistake
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


def both_faults(query: Array, key: Array, _: Array) -> Array:
    """Return what the function of the task returns."""
    scaled = key @ query.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    return np.asarray(softmax(scaled) @ key)


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
    mistakes=(
        *ATTENTION,
        Mistake("both-faults", "both faults are still there",
                "is it Q Kᵀ or K Qᵀ? And what is averaged?", both_faults),
        Mistake("causal", "later keys are hidden", "nothing hides the future here",
                lambda q, k, v: attention(q, k, v, causal=True)),
    ),
    properties=(BATCH_APART, WITHIN_VALUES),
)  # fmt: skip
