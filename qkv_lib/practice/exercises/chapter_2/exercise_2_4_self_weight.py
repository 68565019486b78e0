"""Exercise 2.4: whether a word prefers itself."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import attention_steps, scoring
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast

OWN_LOOK = "row i is a query; compare the place of its largest weight with i"


def own_is_largest(weights: Array) -> Array:
    """Return, for each row, whether its largest weight lies on the diagonal."""
    return np.argmax(weights, axis=-1) == np.arange(weights.shape[-1])


def by_weights(judge: Function) -> Function:
    """Return an answer to the exercise from a function of the weights."""
    return lambda query, key: judge(attention_steps(query, key, key).weights)


def own(weights: Array) -> Array:
    """Return the weights on the diagonal."""
    return np.diagonal(weights, axis1=-2, axis2=-1)


def related(rng: Generator) -> Iterator[Case]:
    """Yield as many keys as queries, so alike that about every other row prefers its own."""
    for kind, lead, n, d in (
        ("plain", (), 5, 5), ("plain", (), 11, 3), ("plain", (), 13, 2), ("plain", (), 1, 7),
        ("batch", (2,), 7, 3), ("batch", (5,), 5, 5), ("batch", (2, 3), 7, 2),
        ("extreme", (), 11, 2), ("float32", (2,), 7, 5),
    ):  # fmt: skip
        query = rng.normal(size=(*lead, n, d))
        key = query + rng.normal(size=(*lead, n, d))
        size = 100.0 if kind == "extreme" else 1.0
        yield cast(Case(kind, (size * query, size * key)))


EXERCISE = Exercise(
    name="self-weight",
    skeleton='''
def own_weight_is_largest(query, key):
    """Tell for each query whether its largest weight is that of its own key, the key of its row.

    query, key: (..., n, d_k)    returns: (..., n), boolean
    """
    ...
''',
    reference=by_weights(own_is_largest),
    cases=related,
    returns={"answer": ("query",)},
    mistakes=(
        Mistake("best-query", "you look for the best query of each key",
                "queries are rows, keys are columns: the largest along axis=-1",
                by_weights(lambda w: own_is_largest(w.swapaxes(-1, -2)))),
        Mistake("inverted", "True and False have changed places", OWN_LOOK,
                by_weights(lambda w: ~own_is_largest(w))),
        Mistake("smallest-weight", "you look for the smallest weight", OWN_LOOK,
                by_weights(lambda w: own_is_largest(-w))),
        Mistake("more-than-half", "you ask whether a query's own weight is above one half",
                "the largest of many weights may be far below one half",
                by_weights(lambda w: own(w) > 0.5)),
        Mistake("more-than-average", "you ask whether a query's own weight is above 1/n",
                "several weights of a row may be above 1/n, and one is the largest",
                by_weights(lambda w: own(w) > 1 / w.shape[-1])),
        Mistake("largest-of-all", "the own weight is compared with all the rows' weights",
                "each row has its own largest weight: axis=-1",
                by_weights(lambda w: own(w) == np.max(w, axis=(-2, -1))[..., None])),
        Mistake("nearest-key", "you ask whether a query's own key is the nearest one",
                "weights come from dot products: a long key may win over a near one",
                lambda q, k: own_is_largest(scoring.gaussian(q, k))),
        Mistake("returns-index", "the place of the largest weight comes back",
                "one step is left: compare it with the row's own place",
                by_weights(lambda w: np.argmax(w, axis=-1))),
        Mistake("returns-weight", "the weights on the diagonal come back", OWN_LOOK,
                by_weights(own)),
        Mistake("returns-fraction", "the fraction of rows comes back", "one True or False a query",
                by_weights(lambda w: np.mean(own_is_largest(w), axis=-1))),
        Mistake("returns-fraction", "the fraction of rows comes back", "one True or False a query",
                by_weights(lambda w: np.mean(own_is_largest(w)))),
        Mistake("query-with-itself", "the queries are matched with the queries",
                "queries are matched against keys",
                lambda q, k: by_weights(own_is_largest)(q, q)),
        Mistake("key-with-itself", "the keys are matched with the keys",
                "queries are matched against keys",
                lambda q, k: by_weights(own_is_largest)(k, k)),
    ),
)  # fmt: skip
