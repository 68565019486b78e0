"""Exercise 1.3: weights from distances."""

from __future__ import annotations

from typing import Any

import numpy as np

from qkv_lib.practice.exercise import Exercise
from qkv_lib.practice.exercises.chapter_1.shared import (
    KERNELS,
    distances_and_bandwidth,
    gaussian_weights,
)
from qkv_lib.practice.inputs import Generator
from qkv_lib.practice.properties import NO_NEGATIVE, ROWS_SUM_TO_ONE


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([[0.3], [2.1]]), 0.7),
        (np.array([[900.5, 901.0, 950.0], [0.5, 0.2, 70.0]]), 1.3),
        (rng.exponential(2.0, size=(3, 4)), 31.7),
    )


EXERCISE = Exercise(
    name="weights-from-distances",
    skeleton='''
def weights_from_distances(distances, bandwidth):
    """Return the weights of a Gaussian kernel of this bandwidth.

    distances: (n_queries, n_keys)    bandwidth: number above 0
    returns: (n_queries, n_keys); each row sums to 1
    """
    ...
''',
    solution="""
def weights_from_distances(distances, bandwidth):
    scores = -distances**2 / (2 * bandwidth**2)
    kernel = np.exp(scores - scores.max(axis=1, keepdims=True))
    return kernel / kernel.sum(axis=1, keepdims=True)
""",
    reference=gaussian_weights,
    cases=distances_and_bandwidth,
    edges=edges,
    without=dict.fromkeys(
        ("low", "rows"), "distances are not negative; far ones are drawn at the edge"
    ),
    returns={"weights": ("query", "key")},
    mistakes=KERNELS,
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE),
)
