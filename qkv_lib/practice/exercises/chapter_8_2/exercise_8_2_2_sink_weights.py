"""Exercise 8.2.2: weights beside a sink."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.formula.steps import softmax
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

SINK_LOOK = "exp(s) / (exp(β) + Σ exp(s)), one β per head, along the keys"


def sunk(
    *,
    beta: Function = lambda b: b,
    total: Function = lambda powers, sink: powers.sum(axis=-1, keepdims=True) + sink,
    above: Function = lambda powers, sink: powers,
    peak: Function = lambda s, b: np.maximum(s.max(axis=-1, keepdims=True), b),
    of_sink: Function = lambda b, p: np.exp(b - p),
) -> Function:
    """Return weights beside a sink with a part replaced."""

    def wrong(scores: Array, sink: Array) -> Array:
        b = np.asarray(beta(sink[:, None, None]), scores.dtype)
        p = peak(scores, b)
        powers, one = np.exp(scores - p), of_sink(b, p)
        return above(powers, one) / total(powers, one)

    return wrong


def rows_and_sinks(rng: Generator) -> Iterator[Case]:
    """Yield scores of heads and a sink for each; some rows see no key."""
    for kind, lead, h, n, m in (
        ("plain", (), 3, 5, 7), ("plain", (), 3, 3, 3), ("plain", (), 2, 7, 5),
        ("batch", (2,), 3, 5, 7), ("batch", (3,), 3, 3, 3), ("batch", (2, 5), 3, 2, 7),
        ("masked", (), 3, 5, 7), ("extreme", (), 3, 5, 7), ("float32", (2,), 3, 5, 7),
    ):  # fmt: skip
        size = 3e3 if kind == "extreme" else 2.0
        scores, sink = size * rng.normal(size=(*lead, h, n, m)), rng.normal(size=h) + 1.0
        if kind == "masked":
            scores[:, 1] = -np.inf
            scores[0, 3, ::2] = -np.inf
        yield cast(Case(kind, (scores, sink)))


def sink_in_front(scores: Array, sink: Array) -> Array:
    """Put the sink before the first key, and drop the last key."""
    first = np.broadcast_to(sink[:, None, None], (*scores.shape[:-1], 1))
    return softmax(np.concatenate([first, scores], axis=-1))[..., :-1]


def clipped(scores: Array, sink: Array) -> Array:
    """Clip what is exponentiated, in place of a peak."""
    return sunk()(np.clip(scores, -700, 700), sink)


def filled(scores: Array, sink: Array) -> Array:
    """Fill in a number that is no lower than scores may be."""
    return sunk()(np.where(np.isneginf(scores), -1e4, scores), sink)


def above_finite(scores: Array, _: Array) -> Array:
    """Return the peak of the scores alone, 0 where all is masked."""
    highest = scores.max(axis=-1, keepdims=True)
    return np.asarray(np.where(np.isfinite(highest), highest, 0))


def after_the_softmax(scores: Array, sink: Array) -> Array:
    """Return softmax(scores) · (1 − σ(β)), and zeros where all is masked."""
    kept = 1 / (1 + np.exp(sink[:, None, None]))
    shares = sunk(of_sink=lambda b, p: 0 * p, peak=above_finite)(scores, sink)
    return np.asarray(np.nan_to_num(shares) * kept)


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return one head with one key, a sink far above, one far below, and scores far below."""
    low = rng.normal(size=(2, 3, 5)) - 9999.0
    low[:, :, 2] = low[:, 1] = -np.inf
    return (
        (rng.normal(size=(1, 1, 1)), rng.normal(size=1)),
        (rng.normal(size=(2, 3, 5)), np.array([2e3, -2e3])),
        (low, np.full(2, -9999.0)),
    )


EXERCISE = Exercise(
    name="sink-weights",
    skeleton='''
def sink_weights(scores, sink):
    """Return the weights of attention whose heads have learned sinks.

    scores: (..., h, n, m), −∞ where masked, even in a whole row
    sink: (h,), β of each head
    returns: (..., h, n, m), rows that sum to less than 1, 0 where all is masked
    """
    ...
''',
    solution='''
def sink_weights(scores, sink):
    beta = sink[:, None, None]
    peak = np.maximum(scores.max(axis=-1, keepdims=True), beta)
    powers = np.exp(scores - peak)
    return powers / (np.exp(beta - peak) + powers.sum(axis=-1, keepdims=True))
''',
    reference=sunk(),
    cases=rows_and_sinks,
    edges=edges,
    free=("scores",),
    returns={"weights": ("head", "query", "key")},
    mistakes=(
        Mistake("no-sink", "the rows sum to 1: the sink takes nothing", SINK_LOOK,
                sunk(beta=lambda b: np.full_like(b, -1e30))),
        Mistake("plus-one", "the sink is 0 for every head: softmax plus one", SINK_LOOK,
                sunk(beta=np.zeros_like)),
        Mistake("one-sink", "the sink of the first head serves all heads", SINK_LOOK,
                sunk(beta=lambda b: np.broadcast_to(b[:1], b.shape))),
        Mistake("not-exponentiated", "β is added to the sum, not exp(β)", SINK_LOOK,
                sunk(of_sink=lambda b, p: b * np.exp(-p))),
        Mistake("not-exponentiated-shifted", "β itself is added to the sum, not exp(β)",
                SINK_LOOK, sunk(of_sink=lambda b, p: b + 0 * p)),
        *(
            Mistake("not-exponentiated-shifted", "β itself is added to the sum, not exp(β)",
                    SINK_LOOK, sunk(peak=above_finite, of_sink=part))
            for part in (lambda b, p: b + 0 * p, lambda b, p: abs(b) + 0 * p)
        ),
        Mistake("sink-not-shifted", "the peak is subtracted from the scores and not from β",
                "what is subtracted above is subtracted below, from every term",
                sunk(peak=above_finite, of_sink=lambda b, p: np.exp(b) + 0 * p)),
        Mistake("sink-after-softmax", "a softmax is taken without β, then multiplied by 1 − σ(β)",
                SINK_LOOK, after_the_softmax),
        Mistake("sink-column-kept", "the column of the sink is returned, and one key is missing",
                "drop the column that you added", sink_in_front),
        Mistake("clipped", "scores are clipped, so that large ones become equal",
                "subtract the largest of the scores and β first", clipped),
        Mistake("finite-fill", "−∞ is replaced by −10,000, and scores may be near it",
                "keep −∞: exp(−∞) is 0", filled),
        Mistake("sink-not-shifted", "the peak is subtracted from the scores and not from β",
                "what is subtracted above is subtracted below, from every term",
                sunk(of_sink=lambda b, p: np.exp(b) + 0 * p)),
        Mistake("sink-negated", "β has the wrong sign, or is added to the scores",
                SINK_LOOK, sunk(beta=lambda b: -b)),
        Mistake("sink-above-too", "the sink is added above the fraction too", SINK_LOOK,
                sunk(above=lambda powers, one: powers + one)),
        Mistake("sink-per-key", "the sink is counted once per key", SINK_LOOK,
                sunk(total=lambda powers, one: (powers + one).sum(axis=-1, keepdims=True))),
        Mistake("subtracted", "the sink is subtracted below the fraction", SINK_LOOK,
                sunk(total=lambda powers, one: powers.sum(axis=-1, keepdims=True) - one)),
        Mistake("over-queries", "the sum runs over the queries", SINK_LOOK,
                sunk(total=lambda powers, one: powers.sum(axis=-2, keepdims=True) + one,
                     peak=lambda s, b: np.maximum(s.max(axis=(-1, -2), keepdims=True), b))),
        Mistake("overflow", "large scores overflow: no peak is subtracted",
                "subtract the largest of the scores and β first",
                sunk(peak=lambda s, b: np.zeros_like(s[..., :1]))),
        *(
            Mistake("peak-of-the-scores", "where a row is masked, or β far above, the peak of the "
                    "scores alone does not do", "the peak is the largest of the scores and β",
                    sunk(peak=peak))
            for peak in (lambda s, b: s.max(axis=-1, keepdims=True) + 0 * b, above_finite)
        ),
        Mistake("peak-from-0", "the peak starts at 0: rows far below it are lost",
                "subtract the largest of the scores and β, below 0 too", sunk(
                    peak=lambda s, b: np.maximum(s.max(axis=-1, keepdims=True), 0) + 0 * b)),
        Mistake("peak-from-0", "the peak starts at 0: rows far below it are lost",
                "subtract the largest of the scores and β, below 0 too", sunk(
                    peak=lambda s, b: np.maximum(
                        np.maximum(s.max(axis=-1, keepdims=True), b), 0))),
        Mistake("one-peak-for-all", "one peak is subtracted from all the rows",
                "each row has a peak of its own", sunk(
                    peak=lambda s, b: np.full_like(s[..., :1], max(s.max(), b.max())))),
        *(
            Mistake("cut-off", "large scores are cut off",
                    "subtract the largest of the scores and β first",
                    lambda scores, sink, most=most: sunk()(np.minimum(scores, most), sink))
            for most in (20, 50, 80, 88, 100, 500, 700)
        ),
        Mistake("masked-row-spread", "where all is masked every key gets the same weight",
                "there the sink takes all: the weights are 0", lambda scores, sink: np.where(
                    np.isneginf(scores).all(axis=-1, keepdims=True), 1 / scores.shape[-1],
                    sunk()(scores, sink))),
        Mistake("masked-row-first", "where all is masked the first key gets all the weight",
                "there the sink takes all: the weights are 0", lambda scores, sink: np.where(
                    np.isneginf(scores).all(axis=-1, keepdims=True)
                    & (np.arange(scores.shape[-1]) == 0), 1.0, sunk()(scores, sink))),
        Mistake("sinks-averaged", "all heads get the mean of the sinks", SINK_LOOK,
                sunk(beta=lambda b: np.full_like(b, b.mean()))),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
