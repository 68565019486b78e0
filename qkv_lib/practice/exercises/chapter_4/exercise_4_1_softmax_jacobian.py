"""Exercise 4.1: the Jacobian of the softmax."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import softmax
from qkv_lib.formula.gradients import softmax_jacobian
from qkv_lib.practice.exercise import Case, Exercise, Mistake, Property, Trial
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import SLACK, at

JACOBIAN_LOOK = "score j moves weight i by pᵢ(1 − pᵢ) where i = j, and by −pᵢpⱼ elsewhere"


def some_weights(rng: Generator) -> Iterator[Case]:
    """Yield one row of weights; in the extreme case one key has all of it."""
    for kind, n in (("plain", 3), ("plain", 7), ("plain", 2), ("plain", 1), ("plain", 11)):
        yield Case(kind, (softmax(rng.normal(size=n)),))
    yield Case("extreme", (softmax(1e4 * rng.normal(size=5)),))
    yield cast(Case("float32", (softmax(rng.normal(size=5)),)))


def rows_sum_to_zero(trial: Trial) -> str | None:
    """Look for a row that does not sum to 0: a score added to all keys moves no weight."""
    totals = trial.first.values[0].sum(-1)
    return at(np.abs(totals) > SLACK, totals, "sums to")


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([1.0]),),
        (np.array([0.0, 1.0, 0.0]),),
        (np.array([0.25, 0.25, 0.5]),),
    )


EXERCISE = Exercise(
    name="softmax-jacobian",
    skeleton='''
def jacobian(weights):
    """Return the Jacobian of p = softmax(s): J[i, j] = ∂pᵢ/∂sⱼ.

    weights: (n_keys,), the p above    returns: (n_keys, n_keys)
    """
    ...
''',
    solution='''
def jacobian(weights):
    return np.diag(weights) - np.outer(weights, weights)
''',
    reference=lambda weights: softmax_jacobian(weights),
    cases=some_weights,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "weights lie between 0 and 1, of one query"),
    returns={"J": ("weight", "score")},
    mistakes=(
        Mistake("diagonal-only", "this is diag(p): p pᵀ is missing", JACOBIAN_LOOK, np.diag),
        Mistake("own-scores-only", "each weight answers to its own score only", JACOBIAN_LOOK,
                lambda p: np.diag(p * (1 - p))),
        Mistake("outer-only", "this is p pᵀ: the diagonal is missing", JACOBIAN_LOOK,
                lambda p: np.outer(p, p)),
        Mistake("no-diagonal", "this is −p pᵀ: diag(p) is missing", JACOBIAN_LOOK,
                lambda p: -np.outer(p, p)),
        Mistake("plus-sign", "the outer product p pᵀ is added, not subtracted", JACOBIAN_LOOK,
                lambda p: np.diag(p) + np.outer(p, p)),
        Mistake("negative", "the sign is wrong: a higher score gives its key more weight",
                JACOBIAN_LOOK, lambda p: -softmax_jacobian(p)),
        Mistake("identity-for-diagonal", "this is 1 − p pᵀ: the diagonal holds p, not ones",
                JACOBIAN_LOOK, lambda p: np.eye(len(p)) - np.outer(p, p)),
        Mistake("everywhere", "every entry is pᵢ(1 − pⱼ), which belongs on the diagonal only",
                JACOBIAN_LOOK, lambda p: np.outer(p, 1 - p)),
        Mistake("inner-product", "the number p · p is subtracted, not the matrix p pᵀ",
                "for a 1-D array `p @ p.T` is the dot product; np.outer(p, p) is the matrix",
                lambda p: np.diag(p) - p @ p),
        Mistake("no-matrix", "there is one number per key, pᵢ(1 − pᵢ), and no matrix",
                JACOBIAN_LOOK, lambda p: p * (1 - p)),
        Mistake("row-broadcast", "this is p − p pᵀ with p along every row; it needs diag(p)",
                JACOBIAN_LOOK, lambda p: p - np.outer(p, p)),
        Mistake("softmax-again", "the softmax is taken of the weights",
                "the argument is p already, not the scores",
                lambda p: softmax_jacobian(softmax(p))),
    ),
    properties=(
        Property("rows-do-not-sum-to-0", "the rows of your Jacobian do not sum to 0",
                 "a number added to all the scores moves no weight", rows_sum_to_zero),
    ),
)  # fmt: skip
