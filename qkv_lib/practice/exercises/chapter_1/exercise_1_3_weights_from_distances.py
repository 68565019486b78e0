"""Exercise 1.3: weights from distances."""

from __future__ import annotations

from qkv_lib.practice.exercise import Exercise
from qkv_lib.practice.exercises.chapter_1.shared import (
    KERNELS,
    distances_and_bandwidth,
    gaussian_weights,
)
from qkv_lib.practice.properties import NO_NEGATIVE, ROWS_SUM_TO_ONE

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
    returns={"weights": ("query", "key")},
    mistakes=KERNELS,
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE),
)
