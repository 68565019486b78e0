"""Chapter 2, the weights: a temperature on the scores, and whether a word prefers itself."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import attention_steps, scoring, softmax
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.algorithm import scaled_scores, scores_with
from qkv_lib.practice.inputs import Generator, cast, operands
from qkv_lib.practice.mistakes import FACTORS, SOFTMAX, sums, through
from qkv_lib.practice.properties import BATCH_APART, NO_NEGATIVE, ROWS_SUM_TO_ONE

HEAT_LOOK = "divide the scaled scores by the temperature, before the softmax"
OWN_LOOK = "row i is a query; compare the place of its largest weight with i"


def heated(weigh: Function) -> Function:
    """Return weights under a temperature, from a function of scaled scores and temperature."""
    return lambda query, key, temperature: weigh(scaled_scores(query, key), temperature)


def temperature_inputs(rng: Generator) -> Iterator[Case]:
    """Yield queries and keys with temperatures below and above 1; never 1, which does nothing."""
    for number, case in enumerate(operands(rng)):
        yield Case(case.kind, (*case.args[:2], (0.5, 3.0, 2.0, 0.7)[number % 4]))


TEMPERATURE = Exercise(
    name="temperature",
    chapter=2,
    skeleton='''
def temperature_weights(query, key, temperature):
    """Return softmax(Q Kᵀ / (temperature · √d_k)).

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    temperature: number above 0
    returns: (..., n_queries, n_keys)
    """
    ...
''',
    reference=heated(lambda scores, temperature: softmax(scores / temperature)),
    cases=temperature_inputs,
    returns={"weights": ("query", "key")},
    mistakes=(
        *through((
            Mistake("temperature-multiplies", "the scores are multiplied by the temperature",
                    HEAT_LOOK, lambda s, t: softmax(s * t)),
            Mistake("temperature-ignored", "the temperature is not used", HEAT_LOOK,
                    lambda s, t: softmax(s)),
            Mistake("temperature-after-softmax", "the weights are divided by the temperature",
                    HEAT_LOOK, lambda s, t: softmax(s) / t, sums),
            Mistake("temperature-as-power", "the weights are raised to a power and their rows no "
                    "longer sum to 1", HEAT_LOOK, lambda s, t: softmax(s) ** (1 / t), sums),
            Mistake("temperature-squared", "the temperature is squared", HEAT_LOOK,
                    lambda s, t: softmax(s / t**2)),
            Mistake("temperature-under-root", "the temperature stands under the root", HEAT_LOOK,
                    lambda s, t: softmax(s / t**0.5)),
        ), heated, evidence=sums),
        *through(FACTORS, lambda factor: lambda q, k, t: softmax(scores_with(factor)(q, k) / t),
                 leave_out=("root-of-d_v",)),
        *through(SOFTMAX, lambda weigh: heated(lambda s, t: weigh(s / t)), evidence=sums),
    ),
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE, BATCH_APART),
)  # fmt: skip


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


SELF_WEIGHT = Exercise(
    name="self-weight",
    chapter=2,
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


EXERCISES = (TEMPERATURE, SELF_WEIGHT)
