"""Exercise 6.2.6: find the bug: a head that is not silent."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib import merge_heads, softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import STABLE_LOOK
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import without_maximum

GATE_LOOK = "the gate stands in front of a head's output: g · (A V), before the heads are mixed"


BIAS_LOOK = "the bias belongs to the layer, not to a head: it is added once, whatever is silent"


def gated(
    weigh: Callable[[Array, Array], Array] = lambda s, g: g * softmax(s),
    merge: Callable[[Array], Array] = merge_heads,
    bias: Callable[[Array], float] = lambda g: 1.0,
) -> Function:
    """Return the attention of a layer with a gate a head, made of these steps."""

    def silent_heads(scores: Array, value: Array, w_o: Array, b_o: Array, gates: Array) -> Array:
        joined = merge(weigh(scores, gates[:, None, None]) @ value)
        return np.asarray(joined @ w_o + bias(gates) * b_o)

    return silent_heads


def read_flat(heads: Array) -> Array:
    """Merge heads by a reshape alone, which mixes positions."""
    *batch, h, n, e = heads.shape
    return heads.reshape(*batch, n, h * e)


def interleaved(heads: Array) -> Array:
    """Merge heads so that they take turns, feature by feature."""
    *batch, h, n, e = heads.shape
    return np.moveaxis(heads, -3, -1).reshape(*batch, n, h * e)


def first_rows(scores: Array, value: Array, w_o: Array, b_o: Array, gates: Array) -> Array:
    """Leave silent heads out, and give the others the first rows of ``W_O``."""
    joined = merge_heads((softmax(scores) @ value)[..., gates > 0, :, :])
    return np.asarray(joined @ w_o[: joined.shape[-1]] + b_o)


def heads_and_gates(rng: Generator) -> Iterator[Case]:
    """Yield scores and values of some heads, the output map, and gates of 0 and 1."""
    for kind, lead, n, m, e, d, gates in (
        ("plain", (), 3, 5, 2, 7, [1, 0, 1]), ("plain", (), 4, 4, 3, 5, [0, 1]),
        ("plain", (), 3, 3, 3, 9, [1, 1, 0]), ("plain", (), 2, 5, 4, 3, [0, 0, 1, 1, 1]),
        ("extreme", (), 3, 5, 2, 7, [1, 0, 1]),
        ("batch", (2,), 5, 7, 3, 2, [0, 1, 0]), ("batch", (3,), 3, 3, 3, 3, [0, 1, 1]),
        ("float32", (2,), 3, 5, 2, 7, [1, 0, 1]),
    ):  # fmt: skip
        h = len(gates)
        scores = (1000 if kind == "extreme" else 2) * rng.normal(size=(*lead, h, n, m))
        value = rng.normal(size=(*lead, h, m, e)) + 1.0
        w_o, b_o = rng.normal(size=(h * e, d)), rng.normal(size=d)
        yield cast(Case(kind, (scores, value, w_o, b_o, np.array(gates, dtype=float))))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (
            rng.normal(size=(1, 1, 3)),
            rng.normal(size=(1, 3, 1)),
            rng.normal(size=(1, 1)),
            rng.normal(size=1),
            np.ones(1),
        ),
        *tuple(
            (
                rng.normal(size=(h, 3, 5)),
                rng.normal(size=(h, 5, 2)),
                rng.normal(size=(2 * h, 4)),
                rng.normal(size=4),
                gates,
            )
            for h, gates in (
                (3, np.zeros(3)),
                (2, np.ones(2)),
                (1, np.zeros(1)),
                (1, np.ones(1)),
                (3, np.array([0.0, 0.0, 1.0])),
            )
        ),
    )


EXERCISE = Exercise(
    name="silent-heads",
    skeleton='''
def silent_heads(scores, value, w_o, b_o, gates):
    """Return multi-head attention with a gate behind each head.

    scores: (..., h, n, m)    value: (..., h, m, e)    gates: (h,), 1 or 0 = silent
    w_o: (h · e, d_model)    b_o: (d_model,)    returns: (..., n, d_model)
    """
    scores = gates[:, None, None] * scores
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    heads = weights @ value  # (..., h, n, e)
    *batch, h, n, e = heads.shape
    return heads.swapaxes(-3, -2).reshape(*batch, n, h * e) @ w_o + b_o
''',
    solution='''
def silent_heads(scores, value, w_o, b_o, gates):
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    heads = gates[:, None, None] * (weights @ value)
    *batch, h, n, e = heads.shape
    return heads.swapaxes(-3, -2).reshape(*batch, n, h * e) @ w_o + b_o
''',
    reference=gated(),
    cases=heads_and_gates,
    edges=edges,
    free=("scores",),
    without={"generic": "a gate is 0 or 1"},
    returns={"output": ("position", "feature")},
    mistakes=(
        Mistake("gate-on-scores", "the gate is on the scores: a head with scores 0 is not silent, "
                "it averages all values alike", GATE_LOOK, gated(lambda s, g: softmax(g * s))),
        Mistake("gates-ignored", "no head is silent", GATE_LOOK, gated(lambda s, g: softmax(s))),
        Mistake("inverted", "the wrong heads are silent", "a gate of 1 lets its head speak",
                gated(lambda s, g: (1 - g) * softmax(s))),
        Mistake("scaled-up", "the other heads are scaled up, as dropout does",
                "what is taken away is taken away: nothing makes up for it",
                gated(lambda s, g: g * softmax(s) * len(g) / g.sum())),
        Mistake("averaged", "the heads are averaged, not added", "the formula is a sum",
                gated(lambda s, g: g * softmax(s) / len(g))),
        Mistake("averaged", "the heads are averaged, not added", "the formula is a sum",
                gated(lambda s, g: g * softmax(s) / g.sum())),
        Mistake("no-bias", "the bias is missing", BIAS_LOOK, gated(bias=lambda g: 0.0)),
        Mistake("bias-for-each-head", "the bias is added once for each head that speaks",
                BIAS_LOOK, gated(bias=lambda g: float(g.sum()))),
        Mistake("bias-for-each-head", "the bias is added once for each head", BIAS_LOOK,
                gated(bias=lambda g: float(len(g)))),
        Mistake("no-softmax", "the scores are used as they are, there is no softmax",
                "the gate replaces no step: A is the softmax of the scores",
                gated(lambda s, g: g * s)),
        Mistake("softmax-over-queries", "the softmax runs over queries",
                "keys are the last axis, axis=-1", gated(lambda s, g: g * softmax(s, axis=-2))),
        Mistake("softmax-over-heads", "the softmax runs over heads",
                "keys are the last axis, axis=-1", gated(lambda s, g: g * softmax(s, axis=-3))),
        Mistake("overflow", "exp overflows on large scores", STABLE_LOOK,
                gated(lambda s, g: g * without_maximum(s))),
        Mistake("view-for-transpose", "the heads are merged without swapping axes",
                "bring heads and features together first: swapaxes(-3, -2)",
                gated(merge=read_flat)),
        Mistake("heads-interleaved", "the heads take turns, feature by feature",
                "head i owns features i · e to (i + 1) · e", gated(merge=interleaved)),
        Mistake("rows-of-others", "the heads that speak meet rows of W_O that belong to others",
                "each head keeps its own rows of W_O, whatever is silent", first_rows),
        Mistake("heads-not-mixed", "the output map W_O is missing", GATE_LOOK,
                lambda s, v, w, b, g: merge_heads(g[:, None, None] * softmax(s) @ v)),
        Mistake("gates-out-of-order", "the gates take turns, feature by feature: gate and head do "
                "not match", "head i owns e features in a row: np.repeat, not np.tile",
                lambda s, v, w, b, g: merge_heads(softmax(s) @ v)
                * np.tile(g, v.shape[-1]) @ w + b),
        Mistake("bias-lost", "where every head is silent the bias is lost", BIAS_LOOK,
                gated(bias=lambda g: float(g.any()))),
    ),
    properties=(BATCH_APART,),
    given="gate-on-scores",
    symptom="with all gates 0 every row must be b_o, and here it is not: other values give another "
    "output",
)  # fmt: skip
