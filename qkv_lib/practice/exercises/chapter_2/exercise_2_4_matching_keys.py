"""Exercise 2.4: find the keys again."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake, Property, Trial
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART, SLACK, at

LOOK = "find G from Q G = the new queries; then the keys become K G⁻ᵀ"


def with_keys(undo: Function) -> Function:
    """Return new keys K N, where N is made from the G that turned the queries."""

    def keys(query: Array, key: Array, new_query: Array) -> Array:
        G = np.linalg.pinv(query) @ new_query
        result: Array = key @ undo(G)
        return result

    return keys


def inverse_transposed(G: Array) -> Array:
    """Return G⁻ᵀ."""
    return np.linalg.inv(G).swapaxes(-1, -2)


def turned(rng: Generator) -> Iterator[Case]:
    """Yield at least as many queries as features, keys, and the queries turned by some G."""
    for kind, lead, n, m, d in (
        ("plain", (), 5, 3, 2), ("plain", (), 7, 11, 3), ("plain", (), 5, 5, 5),
        ("plain", (), 13, 2, 3),
        ("batch", (2,), 7, 3, 5), ("batch", (2, 3), 5, 7, 2), ("float32", (2,), 7, 5, 3),
    ):  # fmt: skip
        query, key = rng.normal(size=(*lead, n, d)), rng.normal(size=(*lead, m, d))
        query[..., :d, :] += 3 * np.eye(d)  # far from singular
        left, right = (np.linalg.qr(rng.normal(size=(d, d))).Q for _ in range(2))
        G = left * np.geomspace(0.5, 2, d + 1)[1:] @ right
        yield cast(Case(kind, (query, key, query @ G)))


def scores_moved(trial: Trial) -> str | None:
    """Look for a score that is not what it was."""
    query, key, new_query = trial.case.args
    before = query @ key.swapaxes(-1, -2)
    after = new_query @ trial.first.values[0].swapaxes(-1, -2)
    return at(np.abs(after - before) > SLACK * max(1.0, np.abs(before).max()), after, "is")


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return queries of which the first two are the same: only all together have full rank."""
    query = np.array([[1.0, 2.0], [1.0, 2.0], [0.0, 3.0], [2.0, 1.0]])
    return ((query, rng.normal(size=(3, 2)), query @ np.array([[1.0, 0.5], [0.0, 2.0]])),)


EXERCISE = Exercise(
    name="matching-keys",
    skeleton='''
def matching_keys(query, key, new_query):
    """Return keys that give the new queries the same scores as the old ones had.

    query: (..., n_queries, d_k), of rank d_k    key: (..., n_keys, d_k)
    new_query: (..., n_queries, d_k); it is query @ G, for one unknown invertible G
    returns: (..., n_keys, d_k)
    """
    ...
''',
    solution='''
def matching_keys(query, key, new_query):
    G = np.linalg.pinv(query) @ new_query
    return key @ np.linalg.inv(G).swapaxes(-1, -2)
''',
    reference=with_keys(inverse_transposed),
    cases=turned,
    edges=edges,
    free=("key",),
    returns={"keys": ("key", "feature")},
    mistakes=(
        Mistake("no-transpose", "the keys are multiplied by G⁻¹: a transpose is missing", LOOK,
                with_keys(np.linalg.inv)),
        Mistake("no-inverse", "the keys are multiplied by Gᵀ: an inverse is missing, or G was "
                "found the wrong way round", LOOK,
                with_keys(lambda G: G.swapaxes(-1, -2))),
        Mistake("turned-alike", "the keys are multiplied by G, as the queries were",
                "what the queries gain the keys must undo", with_keys(lambda G: G)),
        Mistake("keys-left-alone", "the keys come back as they were", LOOK, lambda q, k, new: k),
        Mistake("sign", "the keys have the wrong sign: all scores change theirs", LOOK,
                with_keys(lambda G: -inverse_transposed(G))),
        Mistake("elementwise-inverse", "1 / G takes the reciprocal of each entry", LOOK,
                with_keys(lambda G: (1 / G).swapaxes(-1, -2))),
        Mistake("returns-G", "G comes back", "one step is left: multiply the keys",
                lambda q, k, new: np.linalg.pinv(q) @ new),
        Mistake("returns-queries", "the new queries come back", "the keys are asked for",
                lambda q, k, new: new),
        Mistake("returns-scores", "the scores come back", "the keys are asked for",
                lambda q, k, new: q @ k.swapaxes(-1, -2)),
        Mistake("projected-keys", "the new keys are new_queryᵀ times the scores: right only for a "
                "rotation", LOOK,
                lambda q, k, new: k @ q.swapaxes(-1, -2) @ new),
    ),
    properties=(
        Property("scores-moved", "with the new queries, these keys have other scores", LOOK,
                 scores_moved),
        BATCH_APART,
    ),
)  # fmt: skip
