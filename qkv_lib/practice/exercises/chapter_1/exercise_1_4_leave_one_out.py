"""Exercise 1.4: each point predicted from the others."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_1.shared import (
    KERNELS,
    distances_and_bandwidth,
    gaussian_weights,
)
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import through

OTHERS_LOOK = "a point must have no weight in its own prediction, and the others' weights sum to 1"
VALUES_LOOK = "match with the keys (x), carry away the values (y)"


def between(known_x: Array) -> Array:
    """Return the distances between the known places."""
    return np.abs(known_x[:, None] - known_x)


def apart(known_x: Array) -> Array:
    """Return the distances, with every point infinitely far from itself."""
    own = np.eye(len(known_x), dtype=bool)
    return np.where(own, known_x.dtype.type(np.inf), between(known_x))


def others_with(weigh: Function) -> Function:
    """Return the predictions, from a function of distances and bandwidth to weights."""
    return lambda known_x, known_y, bandwidth: weigh(apart(known_x), bandwidth) @ known_y


def leave_one_out(known_x: Array, known_y: Array, bandwidth: float) -> Array:
    """Return, at each known place, the weighted average of all the other heights."""
    return np.asarray(others_with(gaussian_weights)(known_x, known_y, bandwidth))


def own_weight_zeroed(known_x: Array, known_y: Array, bandwidth: float) -> Array:
    """Set a point's own weight to 0 after the softmax, and leave it at that."""
    weights = gaussian_weights(between(known_x), bandwidth)
    return np.asarray((weights - np.diag(np.diagonal(weights))) @ known_y)


def points(rng: Generator) -> Iterator[Case]:
    """Yield known points and a bandwidth; in the extreme case each is far from all others."""
    for case in distances_and_bandwidth(rng):
        distances, bandwidth = case.args
        m = distances.shape[1] + 2
        apart = 300.0 if case.kind == "extreme" else 1.0
        x = apart * (np.arange(m) + rng.uniform(-0.4, 0.4, size=m))
        yield cast(Case(case.kind, (rng.permutation(x), rng.normal(size=m), bandwidth)))


def only_earlier(known_x: Array, known_y: Array, bandwidth: float) -> Array:
    """Predict each point from those that stand before it in the list; the first gets 0."""
    rows = [
        gaussian_weights(np.abs(known_x[i] - known_x[None, :i]), bandwidth)[0] @ known_y[:i]
        if i
        else 0.0
        for i in range(len(known_x))
    ]
    return np.array(rows, dtype=known_y.dtype)


def own_score(fill: float) -> Function:
    """Return predictions in which a point's own score is a low number, not −∞."""

    def predict(known_x: Array, known_y: Array, bandwidth: float) -> Array:
        scores = -(between(known_x) ** 2) / (2 * bandwidth**2)
        return np.asarray(softmax(np.where(np.eye(len(known_x)) > 0, fill, scores)) @ known_y)

    return predict


def own_part_taken_away(known_x: Array, known_y: Array, bandwidth: float) -> Array:
    """Take a point's own part out of its prediction: 0 / 0 where its weight is 1."""
    weights = gaussian_weights(between(known_x), bandwidth)
    own = np.diagonal(weights)
    return np.asarray((weights @ known_y - own * known_y) / (1 - own))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return points of which two were measured at the same place."""
    return ((np.array([0.0, 1.0, 1.0, 2.5]), rng.normal(size=4), 0.7),)


EXERCISE = Exercise(
    name="leave-one-out",
    skeleton='''
def leave_one_out(known_x, known_y, bandwidth):
    """Return, at each known x, the prediction from all the other points.

    known_x, known_y: (n,)    bandwidth: number above 0    returns: (n,)
    """
    ...
''',
    solution='''
def leave_one_out(known_x, known_y, bandwidth):
    distances = np.abs(known_x[:, None] - known_x)
    np.fill_diagonal(distances, np.inf)
    return qkv_lib.softmax(-(distances**2) / (2 * bandwidth**2)) @ known_y
''',
    reference=leave_one_out,
    cases=points,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "places on a line; far ones are among the cases")
    | dict.fromkeys(("one", "sizes"), "a single point has no others to be predicted from"),
    returns={"prediction": ("point",)},
    mistakes=(
        *(Mistake("finite-fill", "a point's own score is a finite number: far points score less",
                  "the score of a point with itself must be −∞", own_score(fill))
          for fill in (-10.0, -20.0, -50.0, -100.0, -1e3, -1e4)),
        Mistake("votes-for-itself", "each point takes part in its own prediction", OTHERS_LOOK,
                lambda x, y, b: gaussian_weights(between(x), b) @ y),
        Mistake("own-weight-zeroed", "the own weight is 0, but the rest no longer sums to 1",
                OTHERS_LOOK, own_weight_zeroed),
        *through(KERNELS, others_with, leave_out=("far-counts-most", "uniform", "density",
                                                  "inverse-distance", "over-everything")),
        Mistake("averages-places", "the known x are averaged, not the known y", VALUES_LOOK,
                lambda x, y, b: leave_one_out(x, x, b)),
        Mistake("distance-in-y", "the distances are taken from the known y", VALUES_LOOK,
                lambda x, y, b: leave_one_out(y, y, b)),
        Mistake("returns-errors", "the errors come back, not the predictions",
                "return the predictions themselves", lambda x, y, b: y - leave_one_out(x, y, b)),
        Mistake("returns-errors", "the errors come back, not the predictions",
                "return the predictions themselves", lambda x, y, b: leave_one_out(x, y, b) - y),
        Mistake("returns-weights", "the weights come back, not the predictions",
                "one step is left: weights @ known_y",
                lambda x, y, b: gaussian_weights(apart(x), b)),
        Mistake("same-place-left-out", "all points at the same place are left out, not the point "
                "itself alone", "leave out the index i, not the distance 0",
                lambda x, y, b: gaussian_weights(
                    np.where(between(x) == 0, np.inf, between(x)), b) @ y),
        Mistake("own-height-subtracted", "the own height is taken away from the prediction, as if "
                "its weight had been 1", OTHERS_LOOK,
                lambda x, y, b: gaussian_weights(between(x), b) @ y - y),
        Mistake("own-part-taken-away", "the own part is taken away at the end: a point far from "
                "all others has all its weight on itself, and 0 / 0 is left", "the score of a "
                "point with itself must be −∞, before the softmax", own_part_taken_away),
        Mistake("only-earlier-points", "only the points before each one take part", OTHERS_LOOK,
                only_earlier),
    ),
)  # fmt: skip
