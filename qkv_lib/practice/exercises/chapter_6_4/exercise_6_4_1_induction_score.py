"""Exercise 6.4.1: the score by which an induction head is found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

LOOK = "query i is in the second half; its token stood at i - p, and the key is the one after it"


def mean_on(first: int, last: int, back: int) -> Function:
    """Return a score over the queries ``p + first`` to ``2p + last``, on ``p + back`` before."""

    def score(weights: Array) -> Array:
        p = weights.shape[-1] // 2
        queries = np.arange(p + first, 2 * p + last + 1)
        return np.asarray(weights[..., queries, queries - p - back].mean(-1))

    return score


def on_the_one_before(weights: Array) -> Array:
    """Return the mean weight on the token before the query."""
    p = weights.shape[-1] // 2
    return np.diagonal(weights, -1, -2, -1)[..., p - 1 : -1].mean(-1)


induction_score = mean_on(0, -2, -1)


def block(weights: Array) -> Array:
    """Return the mean over all queries and all keys, crossed."""
    p = weights.shape[-1] // 2
    return weights[..., p:-1, 1:p].mean(axis=(-1, -2))


def hits(weights: Array) -> Array:
    """Return the share of the queries whose largest weight is on the right key."""
    p = weights.shape[-1] // 2
    return np.asarray((_second_half(weights).argmax(-1) == np.arange(1, p)).mean(-1))


def causal_weights(rng: Generator) -> Iterator[Case]:
    """Yield causal weights over sequences of an even length."""
    for kind, shape in (
        ("plain", (6,)), ("plain", (10,)), ("plain", (14,)), ("plain", (8,)),
        ("batch", (2, 6)), ("batch", (3, 10)), ("batch", (2, 3, 8)), ("float32", (2, 10)),
    ):  # fmt: skip
        *lead, n = shape
        weights = np.tril(rng.gamma(1.0, size=(*lead, n, n)))
        yield cast(Case(kind, (weights / weights.sum(-1, keepdims=True),)))


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: the shortest period, no and all weight on the right key."""
    found = np.eye(6)
    found[3:5] = np.eye(6)[1:3]
    even = np.tril(np.ones((4, 4)))
    return (np.eye(8),), (found,), (even / even.sum(-1, keepdims=True),)


EXERCISE = Exercise(
    name="induction-score",
    skeleton='''
def induction_score(weights):
    """Return the induction score of each head on sequences that repeat after n / 2: the
    mean weight on the token after the earlier occurrence of the query's own.

    weights: (..., n, n), causal, n even. Queries are those of the second half but the
    last, whose next token is not in the text
    returns: (...)
    """
    ...
''',
    solution='''
def induction_score(weights):
    p = weights.shape[-1] // 2
    queries = np.arange(p, 2 * p - 1)
    return weights[..., queries, queries - p + 1].mean(axis=-1)
''',
    reference=induction_score,
    cases=causal_weights,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "weights lie between 0 and 1")
    | {"first": "a first query sees itself alone"},
    returns={"induction": ("head",)},
    mistakes=(
        Mistake("same-token", "this is the weight on the earlier occurrence of the token itself",
                LOOK, mean_on(0, -2, 0)),
        Mistake("same-token", "this is the weight on the earlier occurrence of the token itself",
                LOOK, mean_on(0, -1, 0)),
        Mistake("token-before", "this is the weight on the token before the earlier occurrence",
                LOOK, mean_on(0, -2, 1)),
        Mistake("token-before", "this is the weight on the token before the earlier occurrence",
                LOOK, mean_on(1, -2, 1)),
        Mistake("last-query", "the last query counts too", "what follows it is not in the text",
                mean_on(0, -1, -1)),
        Mistake("first-half", "the last query of the first half counts too",
                "no token of the first half has stood before: begin at p", mean_on(-1, -2, -1)),
        Mistake("first-half", "the last query of the first half counts too",
                "no token of the first half has stood before: begin at p", mean_on(-1, -1, -1)),
        Mistake("late", "the first query of the second half is left out",
                "its token stood at 0, and the key is 1", mean_on(1, -2, -1)),
        Mistake("early-end", "the last query that counts is left out",
                "it is the last but one, and its key is the last of the first half",
                mean_on(0, -3, -1)),
        Mistake("two-on", "this is the weight two places after the earlier occurrence", LOOK,
                mean_on(0, -3, -2)),
        Mistake("two-on", "this is the weight two places after the earlier occurrence", LOOK,
                mean_on(0, -2, -2)),
        Mistake("above-the-diagonal", "your result is always 0, as it is where the weights read "
                "lie above the diagonal", "the first of the last two axes is the query",
                lambda a: 0 * a[..., 0, 0]),
        Mistake("all-pairs", "every query is paired with every key: the mean is that of a block",
                "one key per query: index both with arrays of the same length", block),
        Mistake("hits", "queries are counted whose largest weight is there", "the mean weight",
                hits),
        Mistake("median", "this is the median of the weights", "the mean over the queries",
                lambda a: np.median(_diagonal(a), axis=-1)),
        Mistake("of-the-largest", "each weight is divided by the largest of its row",
                "the weights as they are",
                lambda a: (_diagonal(a) / _second_half(a).max(-1)).mean(-1)),
        Mistake("largest-of-the-row", "this is the largest weight of each query, wherever it is",
                LOOK, lambda a: _second_half(a).max(-1).mean(-1)),
        Mistake("both-scores", "the weight on the token before the query is added",
                LOOK, lambda a: induction_score(a) + on_the_one_before(a)),
        Mistake("summed", "the weights are summed", "divide by the number of queries, p - 1",
                lambda a: induction_score(a) * (a.shape[-1] // 2 - 1)),
        Mistake("divided-by-p", "the sum is divided by p", "there are p - 1 queries",
                lambda a: induction_score(a) * (1 - 2 / a.shape[-1])),
        Mistake("divided-by-n", "the sum is divided by n", "there are n / 2 - 1 queries",
                lambda a: induction_score(a) * (0.5 - 1 / a.shape[-1])),
        Mistake("previous", "this is the weight on the token before the query",
                LOOK, on_the_one_before),
        Mistake("heads-averaged", "the heads are averaged", "one number per head: (...)",
                lambda a: induction_score(a).mean()),
        Mistake("largest", "this is the largest of the weights", "the mean over the queries",
                lambda a: _diagonal(a).max(-1)),
        Mistake("divided-by-all", "the sum is divided by n − 1", "there are n / 2 - 1 queries",
                lambda weights: induction_score(weights) * (weights.shape[-1] // 2 - 1)
                / (weights.shape[-1] - 1)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


def _diagonal(weights: Array) -> Array:
    """Return the weights that the score is the mean of."""
    p = weights.shape[-1] // 2
    return np.diagonal(weights, 1 - p, -2, -1)[..., 1:p]


def _second_half(weights: Array) -> Array:
    """Return the rows of the queries that count."""
    return weights[..., weights.shape[-1] // 2 : -1, :]
