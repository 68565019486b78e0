"""Exercise 3.4: masked attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from qkv_lib import attention
from qkv_lib.practice.exercise import Exercise
from qkv_lib.practice.exercises.chapter_3.shared import OUTPUT_AXES
from qkv_lib.practice.inputs import Generator, operands_and_mask
from qkv_lib.practice.mistakes import (
    ATTENTION,
    MASKING,
)
from qkv_lib.practice.properties import (
    BATCH_APART,
    HIDDEN_STAYS_HIDDEN,
    WITHIN_VALUES,
)


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (
            rng.normal(size=(2, 3)),
            rng.normal(size=(1, 3)),
            rng.normal(size=(1, 2)),
            np.array([[True], [False]]),
        ),
        (
            np.array([[10.0, 0.0]]),
            np.array([[-1e3, 0.0], [0.0, 1.0]]),
            np.array([[1.0], [2.0]]),
            np.array([[True, False]]),
        ),
    )


EXERCISE = Exercise(
    name="masked-attention",
    skeleton='''
def masked_attention(query, key, value, mask):
    """Return attention in which each query sees only the keys its mask allows.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    value: (..., n_keys, d_v)
    mask: (..., n_queries, n_keys), boolean, True = may attend
    returns: (..., n_queries, d_v); zeros for a query that may attend to no key
    """
    ...
''',
    solution="""
def masked_attention(query, key, value, mask):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    peak = np.where(mask.any(-1), scores.max(-1), 0.0)[..., None]
    top = np.exp(scores - peak)
    total = top.sum(-1, keepdims=True)
    weights = top / np.where(total == 0, 1.0, total)
    return weights @ value
""",
    reference=lambda query, key, value, mask: attention(query, key, value, mask=mask),
    cases=operands_and_mask,
    edges=edges,
    free=("query", "key"),
    returns=OUTPUT_AXES,
    mistakes=(*MASKING, *ATTENTION),
    properties=(BATCH_APART, HIDDEN_STAYS_HIDDEN, WITHIN_VALUES),
)
