"""Exercise 4.4: additive scores."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import scoring, softmax
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

TANH_LOOK = "add the mapped query and key, take tanh, then the dot product with v"


def two_widths_and_maps(rng: Generator) -> Iterator[Case]:
    """Yield queries and keys of two widths, the maps to one hidden width, and v."""
    for kind, lead, n, m, d_q, d_k, hidden in (
        ("plain", (), 3, 3, 3, 3, 3), ("plain", (), 3, 5, 2, 7, 11), ("plain", (), 5, 5, 7, 3, 2),
        ("plain", (), 1, 7, 5, 2, 3), ("batch", (2,), 3, 5, 7, 2, 11),
        ("batch", (3,), 3, 3, 3, 3, 3), ("batch", (2, 3), 5, 7, 3, 2, 5),
        ("extreme", (), 3, 5, 2, 7, 11), ("float32", (2,), 3, 5, 7, 2, 11),
    ):  # fmt: skip
        size = 100.0 if kind == "extreme" else 1.0
        query, key = (size * rng.normal(size=(*lead, *rest)) for rest in ((n, d_q), (m, d_k)))
        shapes = ((d_q, hidden), (d_k, hidden), (hidden,))
        yield cast(Case(kind, (query, key, *(rng.normal(size=shape) for shape in shapes))))


def additive_with(unite: Function) -> Function:
    """Return scores from another union of the mapped query and key, for every pair of them."""
    return lambda q, k, w_query, w_key, v: unite(
        (q @ w_query)[..., :, None, :], (k @ w_key)[..., None, :, :], v
    )


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (
            rng.normal(size=(1, 1)),
            rng.normal(size=(2, 3)),
            rng.normal(size=(1, 1)),
            rng.normal(size=(3, 1)),
            rng.normal(size=1),
        ),
    )


EXERCISE = Exercise(
    name="additive-scores",
    skeleton='''
def additive_scores(query, key, w_query, w_key, v):
    """Return the scores v · tanh(q w_query + k w_key), one for each pair of query and
    key.

    query: (..., n_queries, d_q)    key: (..., n_keys, d_k)
    w_query: (d_q, d_hidden)    w_key: (d_k, d_hidden)    v: (d_hidden,)
    returns: (..., n_queries, n_keys)
    """
    ...
''',
    solution='''
def additive_scores(query, key, w_query, w_key, v):
    q, k = query @ w_query, key @ w_key
    hidden = np.tanh(q[..., :, None, :] + k[..., None, :, :])
    return hidden @ v
''',
    reference=lambda query, key, w_query, w_key, v: scoring.additive(query, key, w_query, w_key, v),
    cases=two_widths_and_maps,
    edges=edges,
    free=("query", "key"),
    returns={"scores": ("query", "key")},
    mistakes=(
        Mistake("no-tanh", "there is no tanh: without it the query's part changes no weight",
                TANH_LOOK, additive_with(lambda a, b, v: (a + b) @ v)),
        Mistake("tanh-outside", "tanh is taken of the score, after the sum over the hidden units",
                TANH_LOOK, additive_with(lambda a, b, v: np.tanh((a + b) @ v))),
        Mistake("tanh-of-each", "tanh is taken of query and key apart, before they are added",
                TANH_LOOK, additive_with(lambda a, b, v: (np.tanh(a) + np.tanh(b)) @ v)),
        Mistake("product-of-tanhs", "tanh is taken of query and key apart, and the two multiplied",
                TANH_LOOK, additive_with(lambda a, b, v: (np.tanh(a) * np.tanh(b)) @ v)),
        Mistake("not-summed", "the hidden units are multiplied by v, but not added up",
                "one step is left: the sum over the last axis, or @ v",
                additive_with(lambda a, b, v: np.tanh(a + b) * v)),
        Mistake("argument-halved", "the argument of tanh is halved", TANH_LOOK,
                additive_with(lambda a, b, v: np.tanh((a + b) / 2) @ v)),
        Mistake("product", "query and key are multiplied, not added", TANH_LOOK,
                additive_with(lambda a, b, v: np.tanh(a * b) @ v)),
        Mistake("difference", "the key is subtracted from the query", TANH_LOOK,
                additive_with(lambda a, b, v: np.tanh(a - b) @ v)),
        Mistake("v-not-used", "the hidden units are added up without v", TANH_LOOK,
                additive_with(lambda a, b, v: np.tanh(a + b).sum(-1))),
        Mistake("hidden-units", "the hidden units come back, the product with v is missing",
                "one step is left: @ v", additive_with(lambda a, b, v: np.tanh(a + b))),
        Mistake("sigmoid", "this is the logistic function, not tanh", TANH_LOOK,
                additive_with(lambda a, b, v: (1 + np.tanh((a + b) / 2)) / 2 @ v)),
        Mistake("scaled", "the scores are divided by a root",
                "tanh bounds them: no scale is needed",
                additive_with(lambda a, b, v: np.tanh(a + b) @ v / np.sqrt(len(v)))),
        Mistake("softmax-too-early", "these are weights, not scores", "the softmax comes after",
                lambda *args: softmax(scoring.additive(*args))),
        Mistake("maps-swapped", "w_query and w_key have changed places", TANH_LOOK,
                lambda q, k, w_query, w_key, v: scoring.additive(q, k, w_key, w_query, v)),
        Mistake("transposed-maps", "the maps are transposed",
                "vectors are rows, so a map stands on the right of them: q @ w_query",
                lambda q, k, w_query, w_key, v: scoring.additive(q, k, w_query.T, w_key.T, v)),
        Mistake("transposed", "the scores are transposed", "rows are queries, columns are keys",
                lambda *args: scoring.additive(*args).mT),
        Mistake("no-pairs", "query i meets key i only", "give each an axis of length 1: "
                "(..., n_queries, 1, d_hidden) and (..., 1, n_keys, d_hidden)",
                lambda q, k, w_query, w_key, v: np.tanh(q @ w_query + k @ w_key) @ v),
        Mistake("v-inside", "v is multiplied in before tanh, not after", TANH_LOOK,
                additive_with(lambda a, b, v: np.tanh((a + b) * v).sum(-1))),
        Mistake("relu", "negative hidden units are set to 0: this is not tanh", TANH_LOOK,
                additive_with(lambda a, b, v: np.maximum(a + b, 0) @ v)),
        *(Mistake("other-curve", "another curve than tanh bends the sums", TANH_LOOK,
                  additive_with(lambda a, b, v, curve=curve: curve(a + b) @ v))
          for curve in (np.sin, np.arctan, np.abs, np.exp, lambda x: x / (1 + np.abs(x)),
                        lambda x: np.clip(x, -1, 1), lambda x: 2 * np.tanh(x), np.sinh,
                        lambda x: np.tanh(np.tanh(x)))),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
