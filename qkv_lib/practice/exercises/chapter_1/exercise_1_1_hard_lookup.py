"""Exercise 1.1: hard lookup."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from typing import Any

import numpy as np

from qkv_lib import attention, scoring
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_1.shared import queries_keys_values
from qkv_lib.practice.inputs import Generator

BEST_LOOK = "the best key of a query has the largest dot product with it: values[argmax of Q Kᵀ]"


def pick(choose: Function) -> Function:
    """Return a lookup that takes the value of the key with the largest ``choose(query, keys)``."""
    return lambda query, keys, values: values[np.argmax(choose(query, keys), axis=-1)]


def hard_lookup(queries: Array, keys: Array, values: Array) -> Array:
    """Return, for each query, the value of the key with the largest dot product."""
    return np.asarray(pick(scoring.dot)(queries, keys, values))


def kept_over(queries: Array, keys: Array, values: Array) -> Array:
    """Go on from query to query with the best score so far."""
    top, best, rows = -np.inf, 0, []
    for scores in scoring.dot(queries, keys):
        if scores.max() > top:
            top, best = scores.max(), int(scores.argmax())
        rows.append(values[best])
    return np.stack(rows)


def cosine(query: Array, keys: Array) -> Array:
    """Return the dot products over the lengths of the keys."""
    return scoring.dot(query, keys) / np.linalg.norm(keys, axis=-1)


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(3, 2)), rng.normal(size=(1, 2)), rng.normal(size=(1, 4))),
        (rng.normal(size=(4, 1)) - 3, rng.normal(size=(5, 1)), rng.normal(size=(5, 1))),
    )


EXERCISE = Exercise(
    name="hard-lookup",
    skeleton='''
def hard_lookup(queries, keys, values):
    """Return, for each query, the value of the key with the largest dot product.

    queries: (n_queries, d_k)    keys: (n_keys, d_k)    values: (n_keys, d_v)
    returns: (n_queries, d_v)
    """
    ...
''',
    solution='''
def hard_lookup(queries, keys, values):
    scores = queries @ keys.T
    return values[scores.argmax(axis=1)]
''',
    reference=hard_lookup,
    cases=queries_keys_values,
    edges=edges,
    free=("queries", "keys"),
    returns={"output": ("query", "feature")},
    mistakes=(
        Mistake("worst-key", "you take the key that matches least", BEST_LOOK,
                pick(lambda q, k: -scoring.dot(q, k))),
        Mistake("nearest-key", "you take the nearest key, not the one with the largest dot product",
                BEST_LOOK, pick(scoring.gaussian)),
        Mistake("cosine", "you divide by the lengths of the keys", BEST_LOOK, pick(cosine)),
        Mistake("largest-size", "you compare the sizes of the scores without their signs",
                BEST_LOOK, pick(lambda q, k: np.abs(scoring.dot(q, k)))),
        Mistake("longest-key", "you take the longest key: the query is not used", BEST_LOOK,
                pick(lambda q, k: scoring.dot(0 * q, k) + np.linalg.norm(k, axis=-1))),
        Mistake("returns-key", "the best key comes back, not its value",
                "match with the keys, carry away the values",
                lambda q, k, v: pick(scoring.dot)(q, k, k)),
        Mistake("returns-index", "the index of the best key comes back", "one step is left",
                lambda q, k, v: np.argmax(scoring.dot(q, k), axis=-1)),
        Mistake("matches-values", "the queries are matched with the values",
                "match with the keys, carry away the values",
                lambda q, k, v: pick(scoring.dot)(q, v, v)),
        Mistake("soft", "this is a soft lookup: the values are mixed", BEST_LOOK,
                lambda q, k, v: attention(q, k, v, scale=1.0)),
        Mistake("best-query", "you look for the best query of each key",
                "rows are queries: argmax along axis=-1",
                lambda q, k, v: v[np.argmax(scoring.dot(q, k), axis=0)]),
        Mistake("one-for-all", "every query gets the value of the first query's key",
                "argmax along axis=-1 gives one index per query",
                lambda q, k, v: np.repeat(pick(scoring.dot)(q, k, v)[:1], len(q), axis=0)),
        Mistake("soft", "this is a soft lookup: the values are mixed", BEST_LOOK, attention),
        Mistake("best-starts-at-0", "a query all of whose scores are below 0 gets the first value",
                "start the search with the first score, or with −∞",
                pick(lambda q, k: np.maximum(scoring.dot(q, k), 0))),
        Mistake("zeros-below-0", "a query all of whose scores are below 0 gets zeros",
                "start the search with the first score, or with −∞",
                lambda q, k, v: np.where(scoring.dot(q, k).max(-1, keepdims=True) > 0,
                                         pick(scoring.dot)(q, k, v), 0)),
        Mistake("times-the-score", "the best value is multiplied by its score",
                "the value comes back as it is", lambda q, k, v:
                scoring.dot(q, k).max(-1)[:, None] * pick(scoring.dot)(q, k, v)),
        Mistake("second-best", "you take the second-best key", BEST_LOOK,
                lambda q, k, v: v[np.argsort(q @ k.T, axis=-1)[:, -min(2, len(k))]]),
        Mistake("best-of-all", "one key for all the queries: the best score of the whole matrix",
                "argmax needs its axis: each query has a best key of its own",
                lambda q, k, v: v[np.full(len(q), (q @ k.T).argmax() % len(k))]),
        Mistake("best-kept", "the best score of one query is still there for the next one",
                "start the search anew for each query", kept_over),
    ),
)  # fmt: skip
