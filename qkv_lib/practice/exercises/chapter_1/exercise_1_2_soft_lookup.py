"""Exercise 1.2: soft lookup."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import attention, softmax
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake, Property, Trial
from qkv_lib.practice.exercises.chapter_1.shared import SHARE_LOOK, queries_keys_values
from qkv_lib.practice.inputs import Generator
from qkv_lib.practice.mistakes import through
from qkv_lib.practice.properties import SLACK, at
from qkv_lib.practice.wrong import hardest

HEAT_LOOK = "divide the scores by the temperature, then exp, then divide by the sum"


def lookup_with(weigh: Function) -> Function:
    """Return a lookup of one query, from a function of scores and temperature to weights."""
    return lambda query, keys, values, temperature: weigh(keys @ query, temperature) @ values


def soft_lookup(query: Array, keys: Array, values: Array, temperature: float) -> Array:
    """Return the library's answer for one query."""
    output: Array = attention(query[None], keys, values, scale=1 / temperature)[0]
    return output


def one_query(rng: Generator) -> Iterator[Case]:
    """Yield one query, keys, values, and a temperature below or above 1."""
    temperatures = (0.5, 2.0, 3.0, 0.7, 1.5, 2.0)
    for case, temperature in zip(queries_keys_values(rng), temperatures, strict=True):
        queries, keys, values = case.args
        yield Case(case.kind, (queries[0], keys, values, temperature))
        if case.kind == "plain":
            yield Case("extreme", (1e3 * queries[0], keys, values, temperature))


def inside(trial: Trial) -> str | None:
    """Averages lie between the smallest and the largest value, the third argument."""
    output, values = trial.first.values[0], trial.case.args[2]
    slack = SLACK * max(1.0, float(np.abs(values).max()))
    outside = (output < values.min(0) - slack) | (output > values.max(0) + slack)
    return at(outside, output, "is")


INSIDE = Property(
    "outside-the-values", "your output is no average of the values: it lies outside their range",
    "weights are positive and sum to 1 over the keys", inside,
)  # fmt: skip


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=1), rng.normal(size=(3, 1)), rng.normal(size=(3, 2)), 1.7),
        (rng.normal(size=3), rng.normal(size=(1, 3)), rng.normal(size=(1, 2)), 0.7),
        (rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), 0.013),
        (rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=(5, 1)), 71.3),
    )


EXERCISE = Exercise(
    name="soft-lookup",
    skeleton='''
def soft_lookup(query, keys, values, temperature):
    """Return the values, averaged with the weights softmax(keys · query / temperature).

    query: (d_k,)    keys: (n_keys, d_k)    values: (n_keys, d_v)
    temperature: number above 0
    returns: (d_v,)
    """
    ...
''',
    solution='''
def soft_lookup(query, keys, values, temperature):
    scores = keys @ query / temperature
    peak = scores.max()
    weights = np.exp(scores - peak)
    weights = weights / weights.sum()
    return weights @ values
''',
    reference=soft_lookup,
    cases=one_query,
    edges=edges,
    free=("query", "keys"),
    returns={"output": ("feature",)},
    mistakes=(
        *through((
            Mistake("temperature-multiplies", "the scores are multiplied by the temperature",
                    HEAT_LOOK, lambda s, t: softmax(s * t)),
            Mistake("temperature-ignored", "the temperature is not used", HEAT_LOOK,
                    lambda s, t: softmax(s)),
            Mistake("temperature-too-late", "the weights are divided by the temperature",
                    HEAT_LOOK, lambda s, t: softmax(s) / t),
            Mistake("temperature-squared", "the temperature is squared",
                    HEAT_LOOK, lambda s, t: softmax(s / t**2)),
            Mistake("not-normalised", "the weights are not divided by their sum", SHARE_LOOK,
                    lambda s, t: np.exp(s / t)),
            Mistake("divided-by-n", "the weights are divided by the number of keys too", SHARE_LOOK,
                    lambda s, t: softmax(s / t) / len(s)),
            Mistake("negative-exponent", "the sign is wrong: low scores get high weight",
                    "exp(score), not exp(-score)", lambda s, t: softmax(-s / t)),
            Mistake("no-exponential", "the scores are divided by their sum without exp", HEAT_LOOK,
                    lambda s, t: s / s.sum()),
            Mistake("hard", "all the weight is on the best key", HEAT_LOOK,
                    lambda s, t: hardest(s)),
            Mistake("uniform", "every key gets the same weight", "the weights depend on the query",
                    lambda s, t: softmax(0 * s)),
            Mistake("overflow", "exp overflows on large scores",
                    "subtract the largest score before exp; the weights stay the same",
                    lambda s, t: np.exp(s / t) / np.exp(s / t).sum()),
        ), lookup_with),
        Mistake("root-of-width", "the scores are divided by √d_k too", HEAT_LOOK,
                lambda q, k, v, t: soft_lookup(q, k, v, t * len(q) ** 0.5)),
        Mistake("returns-weights", "the weights come back, not the output",
                "one step is left: weights @ values", lambda q, k, v, t: softmax(k @ q / t)),
        Mistake("sums-keys", "the keys are averaged, not the values",
                "match with the keys, carry away the values",
                lambda q, k, v, t: soft_lookup(q, k, k, t)),
        Mistake("matches-values", "the query is matched with the values",
                "match with the keys, carry away the values",
                lambda q, k, v, t: soft_lookup(q, v, v, t)),
        Mistake("distance", "the scores are distances, not dot products", "keys @ query",
                lambda q, k, v, t: softmax(-np.linalg.norm(k - q, axis=-1) / t) @ v),
        Mistake("keeps-the-axis", "the output has an axis of length 1 too many",
                "one query gives one row: (d_v,)",
                lambda q, k, v, t: soft_lookup(q, k, v, t)[None]),
    ),
    properties=(INSIDE,),
)  # fmt: skip
