"""Exercise 2.2: why this score."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake, Property, Trial
from qkv_lib.practice.inputs import Generator, cast

LOOK = (
    "row a, column b: feature a of the word that asks, times (W_Q W_Kᵀ) between a and b, "
    "times feature b of the word that answers"
)


def table_with(between: Function) -> Function:
    """Return the table of a score, from the matrix that stands between the two words."""

    def table(asking: Array, answering: Array, W_Q: Array, W_K: Array) -> Array:
        result: Array = asking[:, None] * between(W_Q, W_K) * answering[None, :]
        return result

    return table


def right(W_Q: Array, W_K: Array) -> Array:
    """Return what stands between the words."""
    return W_Q @ W_K.T


def two_words(rng: Generator) -> Iterator[Case]:
    """Yield two words and two maps; once whole numbers, as in the sentence, once square maps."""
    for kind, d_model, d_k in (
        ("plain", 5, 3), ("plain", 7, 2), ("plain", 3, 3), ("plain", 2, 5), ("float32", 11, 3),
    ):  # fmt: skip
        asking, answering = rng.normal(size=(2, d_model))
        yield cast(Case(kind, (asking, answering, *rng.normal(size=(2, d_model, d_k)))))


def not_the_score(trial: Trial) -> str | None:
    """Look for a table whose numbers do not add up to the score."""
    asking, answering, W_Q, W_K = trial.case.args
    score, total = (asking @ W_Q) @ (answering @ W_K), trial.first.values[0].sum()
    if np.isclose(score, total, rtol=1e-4, atol=1e-4):
        return None
    return f"your table adds up to {total:.4g}, and the score is {score:.4g}"


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=1), rng.normal(size=1), rng.normal(size=(1, 2)), rng.normal(size=(1, 2))),
        (np.zeros(3), rng.normal(size=3), *rng.normal(size=(2, 3, 1))),
    )


EXERCISE = Exercise(
    name="explain-score",
    skeleton='''
def explain_score(asking, answering, W_Q, W_K):
    """Return how much each pair of features, asking and answering, adds to the score.

    asking, answering: (d_model,), the rows of two words    W_Q, W_K: (d_model, d_k)
    returns: (d_model, d_model); all its numbers add up to the score, query · key
    """
    ...
''',
    solution='''
def explain_score(asking, answering, W_Q, W_K):
    return np.outer(asking, answering) * (W_Q @ W_K.T)
''',
    reference=table_with(right),
    cases=two_words,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "two words and two maps, all of one size"),
    returns={"table": ("asking feature", "answering feature")},
    mistakes=(
        Mistake("roles-swapped", "the word that answers is made to ask", LOOK,
                lambda x, y, W_Q, W_K: table_with(right)(y, x, W_Q, W_K)),
        Mistake("transposed", "the table is transposed", "rows are the features that ask",
                lambda x, y, W_Q, W_K: table_with(right)(x, y, W_Q, W_K).T),
        Mistake("maps-swapped", "W_Q and W_K have changed places", LOOK,
                table_with(lambda W_Q, W_K: W_K @ W_Q.T)),
        Mistake("no-maps", "the features are multiplied without W_Q and W_K", LOOK,
                table_with(lambda W_Q, W_K: np.ones((len(W_Q), len(W_Q))))),
        Mistake("no-words", "this is W_Q W_Kᵀ, the same for every pair of words", LOOK,
                lambda x, y, W_Q, W_K: right(W_Q, W_K)),
        Mistake("asking-only", "the word that answers is not used", LOOK,
                lambda x, y, W_Q, W_K: x[:, None] * right(W_Q, W_K)),
        Mistake("answering-only", "the word that asks is not used", LOOK,
                lambda x, y, W_Q, W_K: right(W_Q, W_K) * y),
        Mistake("same-word", "the word that asks answers itself", LOOK,
                lambda x, y, W_Q, W_K: table_with(right)(x, x, W_Q, W_K)),
        Mistake("scaled", "the table is divided by √d_k",
                "it adds up to the score before the scaling",
                lambda x, y, W_Q, W_K:
                table_with(right)(x, y, W_Q, W_K) / np.sqrt(W_Q.shape[1]).astype(x.dtype)),
        Mistake("by-column", "this splits the score by the columns of query and key",
                "go one step back, to the features of the words",
                lambda x, y, W_Q, W_K: (x @ W_Q) * (y @ W_K)),
        Mistake("summed", "this is the score itself, added up",
                "the table has one number for each pair of features",
                lambda x, y, W_Q, W_K: np.array((x @ W_Q) @ (y @ W_K))),
        Mistake("query-with-itself", "W_Q stands on both sides, W_K is not used", LOOK,
                table_with(lambda W_Q, W_K: W_Q @ W_Q.T)),
        Mistake("key-with-itself", "W_K stands on both sides, W_Q is not used", LOOK,
                table_with(lambda W_Q, W_K: W_K @ W_K.T)),
        Mistake("outer-of-projections", "this multiplies each number of the query with each of "
                "the key", "go one step back, to the features of the words",
                lambda x, y, W_Q, W_K: np.outer(x @ W_Q, y @ W_K)),
    ),
    properties=(
        Property("not-the-score", "the numbers of the table do not add up to the score", LOOK,
                 not_the_score),
    ),
)  # fmt: skip
