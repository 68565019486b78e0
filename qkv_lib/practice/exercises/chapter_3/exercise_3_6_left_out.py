"""Exercise 3.6: without the cat."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import attention_steps
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.exercises.chapter_3.shared import OUTPUT_AXES
from qkv_lib.practice.inputs import Generator, cast, operands
from qkv_lib.practice.properties import BATCH_APART

LOOK = "take away w times the value, then let the weights that are left, 1 − w together, sum to 1"


def without(output: Array, weight: Array, value: Array) -> Array:
    """Return the output as if one key had not been there."""
    w = weight[..., :, None]
    result: Array = (output - w * value[..., None, :]) / (1 - w)
    return result


def one_key(rng: Generator) -> Iterator[Case]:
    """Yield outputs, what each query gives to one key, and the value of that key."""
    for case in operands(rng):
        if case.kind == "extreme":
            continue
        query, key, value = (arg.astype(np.float64) for arg in case.args)
        if key.shape[-2] == 1:
            continue
        steps = attention_steps(query / 2, key, value)
        j = int(rng.integers(key.shape[-2]))
        yield cast(Case(case.kind, (steps.output, steps.weights[..., j], value[..., j, :])))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return weights from nothing to nearly all."""
    weight, value, rest = np.array([0.0, 0.3, 0.97, 0.999]), rng.normal(size=3), rng.normal(size=3)
    return ((weight[:, None] * value + (1 - weight[:, None]) * rest, weight, value),)


EXERCISE = Exercise(
    name="left-out",
    skeleton='''
def left_out(output, weight, value):
    """Return the output as it would be if one of the keys had not been there.

    output: (..., n_queries, d_v), of all keys    value: (..., d_v), of that key
    weight: (..., n_queries), what each query gave to that key, below 1
    returns: (..., n_queries, d_v)
    """
    ...
''',
    solution='''
def left_out(output, weight, value):
    w = weight[..., None]
    return (output - w * value[..., None, :]) / (1 - w)
''',
    reference=without,
    cases=one_key,
    edges=edges,
    free=("output", "value"),
    returns=OUTPUT_AXES,
    mistakes=(
        Mistake("not-renormalised", "the weights that are left do not sum to 1", LOOK,
                lambda o, w, v: o - w[..., None] * v[..., None, :]),
        Mistake("only-renormalised", "the value is still in the output", LOOK,
                lambda o, w, v: o / (1 - w[..., None])),
        Mistake("whole-value", "the value is taken away whole, not times its weight", LOOK,
                lambda o, w, v: (o - v[..., None, :]) / (1 - w[..., None])),
        Mistake("other-weight", "the value is taken away times 1 − w, not times its weight w", LOOK,
                lambda o, w, v: (o - (1 - w[..., None]) * v[..., None, :]) / (1 - w[..., None])),
        Mistake("value-with-squared-weight", "the value is taken away times w², not times w", LOOK,
                lambda o, w, v: (o - w[..., None] ** 2 * v[..., None, :]) / (1 - w[..., None])),
        Mistake("added", "the value is added once more", LOOK,
                lambda o, w, v: (o + w[..., None] * v[..., None, :]) / (1 - w[..., None])),
        Mistake("multiplied", "the rest is multiplied by 1 − w, not divided", LOOK,
                lambda o, w, v: (o - w[..., None] * v[..., None, :]) * (1 - w[..., None])),
        Mistake("divided-by-weight", "the rest is divided by w, not by 1 − w", LOOK,
                lambda o, w, v: (o - w[..., None] * v[..., None, :]) / w[..., None]),
        Mistake("grown", "the rest is divided by 1 + w: no average can shrink by losing a word",
                LOOK, lambda o, w, v: (o - w[..., None] * v[..., None, :]) / (1 + w[..., None])),
        Mistake("value-only", "this is what the key gave, not what is left", LOOK,
                lambda o, w, v: w[..., None] * v[..., None, :] + 0 * o),
        Mistake("nothing-left-out", "the output comes back as it was", LOOK,
                lambda o, w, v: o),
        Mistake("complement", "the value is taken with 1 − w, the others with w", LOOK,
                lambda o, w, v: (o - (1 - w[..., None]) * v[..., None, :]) / w[..., None]),
        Mistake("mixed-up-sign", "the sign is wrong: it is output minus value", LOOK,
                lambda o, w, v: (w[..., None] * v[..., None, :] - o) / (1 - w[..., None])),
        Mistake("only-value-divided", "only what is taken away is divided by 1 − w",
                "divide the whole difference: brackets are missing",
                lambda o, w, v: o - w[..., None] * v[..., None, :] / (1 - w[..., None])),
        Mistake("shrunk", "the output is multiplied by 1 − w, not divided at the end", LOOK,
                lambda o, w, v: (1 - w[..., None]) * o - w[..., None] * v[..., None, :]),
        Mistake("pushed-away", "the output moves by w away from the value: it must be w / (1 − w)",
                LOOK, lambda o, w, v: o + w[..., None] * (o - v[..., None, :])),
        *(Mistake("bounded", "1 − w is kept away from 0", "w lies below 1: nothing is divided by 0",
                  lambda o, w, v, least=least: (o - w[..., None] * v[..., None, :])
                  / np.maximum(1 - w[..., None], least))
          for least in (0.5, 0.1, 0.05, 0.01)),
        Mistake("divided-twice", "the rest is divided by 1 − w twice", LOOK,
                lambda o, w, v: (o - w[..., None] * v[..., None, :]) / (1 - w[..., None]) ** 2),
        Mistake("grown", "the rest is multiplied by 1 + w", LOOK,
                lambda o, w, v: (o - w[..., None] * v[..., None, :]) * (1 + w[..., None])),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
