"""Exercise 1.5: find the bug."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import scoring, softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_1.shared import SHARE_LOOK, queries_keys_values
from qkv_lib.practice.inputs import Generator
from qkv_lib.practice.properties import NO_NEGATIVE, ROWS_SUM_TO_ONE

NORM_LOOK = "expand −‖q − k‖² / 2b² and drop only what is the same for all the keys of a query"


def kernel_weights(query: Array, key: Array, bandwidth: float) -> Array:
    """Return the library's weights: the softmax of the Gaussian scores."""
    weights: Array = softmax(scoring.gaussian(query, key, bandwidth=bandwidth))
    return weights


def operands_and_bandwidth(rng: Generator) -> Iterator[Case]:
    """Yield queries, keys and a bandwidth; the keys of the first case are equally long."""
    for number, case in enumerate(queries_keys_values(rng)):
        query, key, _ = case.args
        if number == 0:
            key = key / np.linalg.norm(key, axis=-1, keepdims=True)
        yield Case(case.kind, (query, key, (0.8, 1.5, 2.0)[number % 3]))
        if case.kind == "plain":
            yield Case("extreme", (query + 100.0, key + 100.0, 1.5))


def less(norm: Function) -> Function:
    """Return weights from dot products less ``norm(squared norms of the keys)``, over b²."""
    return lambda query, key, bandwidth: softmax(
        (query @ key.T - norm(np.sum(key**2, axis=-1))) / bandwidth**2
    )


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(3, 2)), rng.normal(size=(1, 2)), 0.7),
        (rng.normal(size=(1, 1)), rng.normal(size=(4, 1)) - 2, 3.1),
    )


EXERCISE = Exercise(
    name="gaussian-by-dots",
    skeleton='''
def gaussian_by_dots(query, key, bandwidth):
    """Return the weights of a Gaussian kernel on ‖q − k‖, without forming a difference.

    query: (n_queries, d)    key: (n_keys, d)    bandwidth: number above 0
    returns: (n_queries, n_keys)
    """
    scores = query @ key.T / bandwidth**2
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
''',
    solution='''
def gaussian_by_dots(query, key, bandwidth):
    scores = (query @ key.T - (key**2).sum(axis=-1) / 2) / bandwidth**2
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
''',
    reference=kernel_weights,
    cases=operands_and_bandwidth,
    edges=edges,
    free=("query", "key"),
    returns={"weights": ("query", "key")},
    mistakes=(
        Mistake("no-key-norms", "the lengths of the keys are missing", NORM_LOOK,
                less(lambda squares: 0.0)),
        Mistake("norms-not-halved", "‖k‖² is subtracted, and it must be half of it", NORM_LOOK,
                less(lambda squares: squares)),
        Mistake("norms-added", "½‖k‖² is added: its sign is wrong", NORM_LOOK,
                less(lambda squares: -squares / 2)),
        Mistake("norm-not-squared", "½‖k‖ is subtracted: the norm is not squared", NORM_LOOK,
                less(lambda squares: np.sqrt(squares) / 2)),
        Mistake("norms-not-scaled", "½‖k‖² is subtracted after the division by b²", NORM_LOOK,
                lambda q, k, b: softmax(q @ k.T / b**2 - np.sum(k**2, axis=-1) / 2)),
        Mistake("cosine", "the keys are scaled to length 1: that changes the dot products too",
                NORM_LOOK, lambda q, k, b: softmax(
                    q @ (k / np.linalg.norm(k, axis=-1, keepdims=True)).T / b**2)),
        Mistake("bandwidth-not-squared", "the scores are divided by b, not by b²", NORM_LOOK,
                lambda q, k, b: kernel_weights(q, k, b**0.5)),
        Mistake("bandwidth-rooted", "the scores are divided by the root of b, not by b²", NORM_LOOK,
                lambda q, k, b: kernel_weights(q, k, b**0.25)),
        Mistake("divided-by-more", "the scores are divided by b³ or b⁴, not by b²", NORM_LOOK,
                lambda q, k, b: kernel_weights(q, k, b**1.5)),
        Mistake("divided-by-more", "the scores are divided by b³ or b⁴, not by b²", NORM_LOOK,
                lambda q, k, b: kernel_weights(q, k, b**2)),
        Mistake("bandwidth-ignored", "the bandwidth is not used", NORM_LOOK,
                lambda q, k, b: kernel_weights(q, k, 1.0)),
        Mistake("twice-the-variance", "the scores are divided by 2b²: the 2 has cancelled already",
                NORM_LOOK, lambda q, k, b: kernel_weights(q, k, b * 2**0.5)),
        Mistake("root-of-width", "the scores are divided by √d too", NORM_LOOK,
                lambda q, k, b: kernel_weights(q, k, b * q.shape[-1] ** 0.25)),
        Mistake("softmax-over-queries", "each key spreads 1 over the queries", SHARE_LOOK,
                lambda q, k, b: softmax(scoring.gaussian(q, k, bandwidth=b), axis=0)),
        Mistake("not-normalised", "the rows are not divided by their sums", SHARE_LOOK,
                lambda q, k, b: np.exp(scoring.gaussian(q, k, bandwidth=b))),
        Mistake("negative-exponent", "the exponent has the wrong sign: far keys get most",
                "a short distance is a high score", lambda q, k, b:
                softmax(-scoring.gaussian(q, k, bandwidth=b))),
        Mistake("scores", "the scores come back, not the weights", "exp, then divide by the sums",
                lambda q, k, b: scoring.gaussian(q, k, bandwidth=b)),
        Mistake("no-two", "the 2 of −2 q · k is missing", NORM_LOOK, lambda q, k, b: softmax(
            -(np.sum(q**2, axis=-1)[:, None] + np.sum(k**2, axis=-1) - q @ k.T) / (2 * b**2))),
        Mistake("twice-the-variance", "the scores are divided by 2b²: the 2 has cancelled already",
                NORM_LOOK, lambda q, k, b: softmax(q @ k.T / (2 * b**2))),
        Mistake("norms-averaged", "the squares of a key are averaged, not summed", NORM_LOOK,
                lambda q, k, b: softmax((q @ k.T - (k**2).mean(-1) / 2) / b**2)),
    ),
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE),
    given="no-key-norms",
    symptom="It is right for some sets of keys and wrong for others. Draw two sets and compare: "
    "what have the keys in common where it is right?",
)  # fmt: skip
