"""Exercise 3.1: softmax of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from qkv_lib import softmax
from qkv_lib.practice.exercise import Exercise
from qkv_lib.practice.inputs import Generator, score_rows
from qkv_lib.practice.mistakes import (
    SOFTMAX,
)
from qkv_lib.practice.properties import (
    BATCH_APART,
    NO_NEGATIVE,
    ROWS_SUM_TO_ONE,
)

WEIGHTS_AXES = {"weights": ("query", "key")}


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([[-1e4, -1e4 - 1.5], [3.0, -2e4]]),),
        (np.full((2, 3), -750.5),),
        (np.array([[5.5]]),),
        (np.array([0.3, -1.2, 2.2]),),
    )


EXERCISE = Exercise(
    name="softmax-rows",
    skeleton='''
def softmax_rows(scores):
    """Turn scores into weights: none below 0, each row with the sum 1. Scores may be
    ±10,000.

    scores: (..., n_queries, n_keys)    returns: (..., n_queries, n_keys)
    """
    ...
''',
    solution="""
def softmax_rows(scores):
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return top / top.sum(axis=-1, keepdims=True)
""",
    reference=lambda scores: softmax(scores),
    cases=score_rows,
    edges=edges,
    free=("scores",),
    returns=WEIGHTS_AXES,
    mistakes=SOFTMAX,
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE, BATCH_APART),
)
