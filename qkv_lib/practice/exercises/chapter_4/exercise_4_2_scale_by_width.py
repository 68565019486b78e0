"""Exercise 4.2: find the bug: which root."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import scoring
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.exercises.shared import scores_with
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import FACTORS, SCALE_LOOK, through
from qkv_lib.practice.properties import BATCH_APART

HEAD_LOOK = "a dot product sums over the d_k features of one head, so its variance is d_k"


def heads_of_queries_and_keys(rng: Generator) -> Iterator[Case]:
    """Yield queries and keys of several heads; no two of the sizes that matter are equal."""
    for kind, lead, h, n, m, d in (
        ("plain", (), 3, 5, 7, 2), ("plain", (), 2, 5, 5, 3), ("plain", (), 5, 2, 3, 7),
        ("plain", (), 1, 3, 2, 5), ("batch", (2,), 3, 7, 5, 2), ("batch", (3,), 2, 5, 3, 7),
        ("extreme", (), 3, 5, 7, 2), ("float32", (2,), 3, 5, 7, 2),
    ):  # fmt: skip
        size = 100.0 if kind == "extreme" else 1.0
        query, key = (size * rng.normal(size=(*lead, h, length, d)) for length in (n, m))
        yield cast(Case(kind, (query, key)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 1, 1)), rng.normal(size=(1, 2, 1))),
        (rng.normal(size=(16, 3, 64)), rng.normal(size=(16, 2, 64))),
    )


EXERCISE = Exercise(
    name="scale-by-width",
    skeleton='''
def head_scores(query, key):
    """Return the scores of each head, scaled: features of variance 1 give scores of
    variance 1.

    query: (..., n_heads, n_queries, d_k)    key: (..., n_heads, n_keys, d_k)
    returns: (..., n_heads, n_queries, n_keys)
    """
    n_heads, _, d_k = query.shape[-3:]
    return query @ key.swapaxes(-1, -2) / (n_heads * d_k) ** 0.5
''',
    solution='''
def head_scores(query, key):
    return query @ key.swapaxes(-1, -2) / query.shape[-1] ** 0.5
''',
    reference=lambda query, key: scoring.scaled_dot(query, key),
    cases=heads_of_queries_and_keys,
    edges=edges,
    free=("query", "key"),
    returns={"scores": ("query", "key")},
    mistakes=(
        Mistake("root-of-d_model", "the scores are divided by √(n_heads · d_k) = √d_model",
                HEAD_LOOK, scores_with(lambda q, k, v: (q.shape[-3] * q.shape[-1]) ** -0.5)),
        *through(FACTORS, scores_with, leave_out=("root-of-d_v",)),
        Mistake("root-of-n_heads", "the scores are divided by the root of the number of heads",
                HEAD_LOOK, scores_with(lambda q, k, v: q.shape[-3] ** -0.5)),
        Mistake("d_model", "the scores are divided by d_model", HEAD_LOOK,
                scores_with(lambda q, k, v: 1 / (q.shape[-3] * q.shape[-1]))),
        Mistake("measured", "the scores are divided by their own standard deviation",
                "the scale depends on the width alone: the same query and key have the same score "
                "in any company", lambda q, k: scoring.dot(q, k) / scoring.dot(q, k).std()),
        Mistake("cosine", "the dot products are divided by the lengths of the vectors", SCALE_LOOK,
                lambda q, k: scoring.dot(q, k) / np.linalg.norm(q, axis=-1)[..., :, None]
                / np.linalg.norm(k, axis=-1)[..., None, :]),
    ),
    properties=(BATCH_APART,),
    given="root-of-d_model",
    symptom="with 16 heads and features of variance 1 the scores have variance 1/16: draw query "
    "and key of shape (16, 32, 64) and see. What does one dot product sum over?",
)  # fmt: skip
