"""Exercise 8.7: the gradient at the scores, from the log-sum-exp of each row."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import softmax
from qkv_lib.attention import attention_steps
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

GRADIENT_LOOK = "weights are exp(s − L), and the gradient is weights * (g · v − D), with D = g · o"


def differentiated(
    *,
    scale: Function = lambda d: d**-0.5,
    weights: Function = lambda s, L: np.exp(s - L),
    D: Function = lambda g, o, v, p: (g * o).sum(axis=-1, keepdims=True),
    finish: Function = lambda a, dA, D, d: a * (dA - D),
    dA: Function = lambda g, v, o: g @ v.swapaxes(-1, -2),
) -> Function:
    """Return a gradient at the scores with a part replaced."""

    def wrong(
        query: Array, key: Array, value: Array, output: Array, logsumexp: Array, gradient: Array
    ) -> Array:
        s = query @ key.swapaxes(-1, -2) * scale(query.shape[-1])
        a, dw = weights(s, logsumexp[..., None]), dA(gradient, value, output)
        return finish(a, dw, D(gradient, output, value, dw), query.shape[-1])

    return wrong


def passed(rng: Generator) -> Iterator[Case]:
    """Yield operands, what the forward pass kept, and a gradient at the output."""
    for kind, lead, n, m, d, e in (
        ("plain", (), 3, 5, 7, 2), ("plain", (), 5, 5, 5, 5), ("plain", (), 3, 3, 2, 3),
        ("plain", (), 7, 2, 3, 5), ("batch", (2,), 5, 3, 7, 11), ("batch", (3,), 3, 3, 3, 3),
        ("batch", (2, 3), 7, 5, 2, 3), ("extreme", (), 3, 7, 2, 5), ("float32", (2,), 3, 5, 7, 2),
    ):  # fmt: skip
        size = 60.0 if kind == "extreme" else 1.0
        query, key = size * rng.normal(size=(*lead, n, d)), size * rng.normal(size=(*lead, m, d))
        value = rng.normal(size=(*lead, m, e)) + 1.0
        steps = attention_steps(query, key, value)
        gradient = rng.normal(size=(*lead, n, e))
        yield cast(Case(kind, (query, key, value, steps.output, steps.logsumexp, gradient)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return one query and one key, whose weight is 1 and whose gradient is 0."""
    query, key, value, gradient = rng.normal(size=(4, 1, 1))
    steps = attention_steps(query, key, value)
    return ((query, key, value, steps.output, steps.logsumexp, gradient),)


EXERCISE = Exercise(
    name="scores-gradient",
    skeleton='''
def scores_gradient(query, key, value, output, logsumexp, gradient):
    """Return the gradient of the loss at the scaled scores that enter the softmax.

    query: (..., n, d)    key: (..., m, d)    value: (..., m, d_v)
    output: (..., n, d_v)    logsumexp: (..., n)    both as the forward pass left them
    gradient: (..., n, d_v), of the loss at the output    returns: (..., n, m)
    """
    ...
''',
    solution='''
def scores_gradient(query, key, value, output, logsumexp, gradient):
    scores = query @ key.swapaxes(-1, -2) / query.shape[-1] ** 0.5
    weights = np.exp(scores - logsumexp[..., None])
    D = (gradient * output).sum(axis=-1)
    return weights * (gradient @ value.swapaxes(-1, -2) - D[..., None])
''',
    reference=differentiated(),
    cases=passed,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "output and log-sum-exp belong to the operands"),
    returns={"gradient": ("query", "key")},
    tolerance=2e-4,
    spare=("output", "logsumexp"),
    mistakes=(
        Mistake("mean-forgotten", "D is left out: the weights of a row cannot all grow",
                GRADIENT_LOOK, differentiated(finish=lambda a, dA, D, d: a * dA)),
        Mistake("weights-forgotten", "the weights are left out", GRADIENT_LOOK,
                differentiated(finish=lambda a, dA, D, d: dA - D)),
        Mistake("mean-not-weighted", "D is the plain mean of g · v over the keys", GRADIENT_LOOK,
                differentiated(D=lambda g, o, v, dA: dA.mean(axis=-1, keepdims=True))),
        Mistake("sum-not-weighted", "D is the plain sum of g · v over the keys", GRADIENT_LOOK,
                differentiated(D=lambda g, o, v, dA: dA.sum(axis=-1, keepdims=True))),
        Mistake("mean-added", "D is added, not subtracted", GRADIENT_LOOK,
                differentiated(finish=lambda a, dA, D, d: a * (dA + D))),
        Mistake("mean-outside", "the weights multiply g · v, but not D", GRADIENT_LOOK,
                differentiated(finish=lambda a, dA, D, d: a * dA - D)),
        Mistake("one-mean-for-all", "D is summed over the queries too: each row has its own",
                GRADIENT_LOOK,
                differentiated(D=lambda g, o, v, dA: (g * o).sum(axis=(-1, -2), keepdims=True))),
        Mistake("scores-not-scaled", "the scores are not divided by the root of d",
                "L belongs to the scaled scores", differentiated(
                    scale=lambda d: 1.0, weights=lambda s, L: np.exp(np.minimum(s - L, 50.0)))),
        Mistake("scores-not-scaled", "the scores are not divided by the root of d",
                "the softmax is that of the scaled scores", differentiated(
                    scale=lambda d: 1.0, weights=lambda s, L: softmax(s))),
        Mistake("divided-by-d", "the scores are divided by d, not by its root",
                "the factor is 1/√d", differentiated(
                    scale=lambda d: 1 / d, weights=lambda s, L: softmax(s))),
        Mistake("divided-by-the-logarithm",
                "the exponentials are divided by logsumexp, which is a logarithm",
                "subtract it before exp: exp(s − L)", differentiated(
                    weights=lambda s, L: np.exp(s) / L)),
        Mistake("scaled-twice", "the result is divided by the root of d again",
                "the gradient at the scaled scores is asked for; the scale belongs to dQ and dK",
                differentiated(finish=lambda a, dA, D, d: a * (dA - D) * d**-0.5)),
        Mistake("negated", "the gradient has the wrong sign", GRADIENT_LOOK,
                differentiated(finish=lambda a, dA, D, d: a * (D - dA))),
        Mistake("at-the-weights", "the gradient at the weights is returned", GRADIENT_LOOK,
                differentiated(finish=lambda a, dA, D, d: dA)),
        Mistake("weights-returned", "the weights are returned", GRADIENT_LOOK,
                differentiated(finish=lambda a, dA, D, d: a)),
        Mistake("weights-inside", "g · v is multiplied by the weights before D is taken from it",
                GRADIENT_LOOK, differentiated(finish=lambda a, dA, D, d: a * (a * dA - D))),
        Mistake("output-squared", "D is o · o, not g · o", GRADIENT_LOOK,
                differentiated(D=lambda g, o, v, dA: (o * o).sum(axis=-1, keepdims=True))),
        Mistake("base-two", "powers of 2 are taken, not of e", GRADIENT_LOOK,
                differentiated(weights=lambda s, L: np.exp2(s - L))),
        Mistake("weights-squared", "the weights are applied twice", GRADIENT_LOOK,
                differentiated(finish=lambda a, dA, D, d: a * a * (dA - D))),
        Mistake("output-below-the-values", "g − o meets the values: D is g · o, a number a row",
                GRADIENT_LOOK, differentiated(
                    dA=lambda g, v, o: (g - o) @ v.swapaxes(-1, -2),
                    D=lambda g, o, v, dA: 0.0 * dA[..., :1])),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
