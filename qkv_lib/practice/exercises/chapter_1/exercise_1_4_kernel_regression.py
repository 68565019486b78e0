"""Exercise 1.4: kernel regression."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import softmax
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_1.shared import (
    KERNEL_LOOK,
    KERNELS,
    distances_and_bandwidth,
    gaussian_weights,
)
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import through


def regression_with(weigh: Function) -> Function:
    """Return a kernel regression, from a function of distances and bandwidth to weights."""
    return lambda x, known_x, known_y, bandwidth: (
        weigh(np.abs(x[:, None] - known_x), bandwidth) @ known_y
    )


def kernel_regression(x: Array, known_x: Array, known_y: Array, bandwidth: float) -> Array:
    """Return the weighted average of the known heights at each x."""
    return np.asarray(regression_with(gaussian_weights)(x, known_x, known_y, bandwidth))


def points(rng: Generator) -> Iterator[Case]:
    """Yield places to predict at and known points; in the extreme case all known ones are far."""
    for case in distances_and_bandwidth(rng):
        distances, bandwidth = case.args
        n, m = distances.shape
        x, known_x = (rng.uniform(-2, 2, size=size) for size in (n, m))
        if case.kind == "extreme":
            known_x += 300
        yield cast(Case(case.kind, (x, known_x, known_x + rng.normal(size=m), bandwidth)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([0.3, 7.1]), np.array([1.7]), np.array([2.3]), 0.4),
        (np.array([5e3, -0.4, 2.2]), rng.normal(size=5), rng.normal(size=5), 0.3),
    )


EXERCISE = Exercise(
    name="kernel-regression",
    skeleton='''
def kernel_regression(x, known_x, known_y, bandwidth):
    """Return, at each x, the known y averaged with a Gaussian kernel on |x − known_x|.

    x: (n,)    known_x, known_y: (m,)    bandwidth: number above 0    returns: (n,)
    """
    ...
''',
    solution='''
def kernel_regression(x, known_x, known_y, bandwidth):
    distances = np.abs(x[:, None] - known_x)
    scores = -distances**2 / (2 * bandwidth**2)
    kernel = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = kernel / kernel.sum(axis=1, keepdims=True)
    return weights @ known_y
''',
    reference=kernel_regression,
    cases=points,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "places on a line: far ones are drawn at the edge"),
    returns={"prediction": ("point",)},
    mistakes=(
        *through(KERNELS, regression_with),
        Mistake("dot-product", "the scores are products x · known_x, not distances", KERNEL_LOOK,
                lambda x, kx, ky, b: softmax(x[:, None] * kx / b**2) @ ky),
        Mistake("averages-places", "the known x are averaged, not the known y",
                "match with the keys (x), carry away the values (y)",
                lambda x, kx, ky, b: kernel_regression(x, kx, kx, b)),
        Mistake("distance-in-y", "the distances are taken from the known y",
                "match with the keys (x), carry away the values (y)",
                lambda x, kx, ky, b: kernel_regression(x, ky, ky, b)),
        Mistake("returns-weights", "the weights come back, not the prediction",
                "one step is left: weights @ known_y",
                lambda x, kx, ky, b: gaussian_weights(np.abs(x[:, None] - kx), b)),
    ),
)  # fmt: skip
