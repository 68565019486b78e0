"""Exercise 7.4: two arguments in one."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib import attention, attention_steps, softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_7.shared import OUTPUT_AXES
from qkv_lib.practice.inputs import Generator, cast, operands_and_mask
from qkv_lib.practice.properties import BATCH_APART, HIDDEN_STAYS_HIDDEN

BIAS_LOOK = "scores + bias where the mask is True, −∞ elsewhere: one array of numbers says both"


def both(query: Array, key: Array, value: Array, mask: Array, bias: Array) -> Array:
    """Return the library's attention under mask and bias."""
    return attention(query, key, value, mask=mask, bias=bias)


def operands_mask_and_bias(rng: Generator) -> Iterator[Case]:
    """Yield operands, a mask and a bias of the same shape."""
    for case in operands_and_mask(rng):
        bias = rng.normal(size=case.args[-1].shape)
        yield cast(Case(case.kind, (*case.args, bias)))


def changed(change: Callable[[Array, Array], dict[str, Array]]) -> Function:
    """Return attention under what is made from mask and bias."""
    return lambda q, k, v, mask, bias: attention(q, k, v, **change(mask, bias))


def numbers_afterwards(q: Array, k: Array, v: Array, mask: Array, bias: Array) -> Array:
    """Add the bias to the weights."""
    return np.asarray((attention_steps(q, k, v, mask=mask).weights + bias * mask) @ v)


def large_number(q: Array, k: Array, v: Array, mask: Array, bias: Array) -> Array:
    """Hide with a large negative number."""
    scores = attention_steps(q, k, k, bias=bias).masked
    return np.asarray(softmax(np.where(mask, scores, -1e9)) @ v)


def nan_where_empty(q: Array, k: Array, v: Array, mask: Array, bias: Array) -> Array:
    """Divide by the sum of the row, also where it is 0."""
    return np.where(mask.any(-1, keepdims=True), both(q, k, v, mask, bias), np.nan)


def filled(fill: Callable[[Array, Array], Array]) -> Function:
    """Return attention that fills in a number where −∞ belongs."""

    def wrong(q: Array, k: Array, v: Array, mask: Array, bias: Array) -> Array:
        output = softmax(fill(attention_steps(q, k, k, bias=bias).masked, mask)) @ v
        return np.where(mask.any(-1, keepdims=True), output, 0.0)

    return wrong


def peak_from_zero(q: Array, k: Array, v: Array, mask: Array, bias: Array) -> Array:
    """Subtract the largest score, but never less than 0."""
    scores = attention_steps(q, k, k, mask=mask, bias=bias).masked
    powers = np.exp(scores - np.maximum(scores.max(-1, keepdims=True), 0))
    total = powers.sum(-1, keepdims=True)
    return np.asarray(powers / np.where(total == 0, 1.0, total) @ v)


def empty_in_all(q: Array, k: Array, v: Array, mask: Array, bias: Array) -> Array:
    """Look for empty rows in the whole batch at once."""
    some = mask.reshape(-1, *mask.shape[-2:]).any(axis=(0, -1))[:, None]
    return np.where(some, large_number(q, k, v, mask, bias), 0.0)


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (
            rng.normal(size=(1, 2)),
            rng.normal(size=(1, 2)),
            rng.normal(size=(1, 3)),
            np.array([[False]]),
            rng.normal(size=(1, 1)),
        ),
        (
            rng.normal(size=(2, 2)),
            rng.normal(size=(3, 2)),
            rng.normal(size=(3, 3)),
            np.array([[True, False, True], [False, False, True]]),
            -900 + rng.normal(size=(2, 3)),
        ),
        (
            rng.normal(size=(3, 2)),
            rng.normal(size=(3, 2)),
            rng.normal(size=(3, 2)),
            np.array([[True, False, True], [True, True, True], [False, True, True]]),
            np.array([[0.0, 2.0, -0.5], [-0.5, 0.0, 0.0], [0.0, 0.0, 0.0]]),
        ),
    )


EXERCISE = Exercise(
    name="mask-and-bias",
    skeleton='''
def mask_and_bias(query, key, value, mask, bias):
    """Return attention under a mask and a bias, for which SDPA has one place:
    attn_mask.

    query: (..., n, d_k)    key: (..., m, d_k)    value: (..., m, d_v)
    mask, bias: (..., n, m), boolean with True = may attend, and numbers added to the
    scores
    returns: (..., n, d_v), zeros for a query that may attend to no key
    """
    ...
''',
    solution='''
def mask_and_bias(query, key, value, mask, bias):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1]) + bias
    top = np.where(mask, scores, -np.inf).max(axis=-1, keepdims=True)
    exps = np.exp(np.where(mask, scores - top, -np.inf))
    total = exps.sum(axis=-1, keepdims=True)
    weights = exps / np.where(total == 0, 1, total)
    return (weights @ value).astype(value.dtype)
''',
    reference=both,
    cases=operands_mask_and_bias,
    edges=edges,
    free=("query", "key"),
    returns=OUTPUT_AXES,
    mistakes=(
        Mistake("bias-ignored", "the bias is not used", BIAS_LOOK,
                changed(lambda mask, bias: {"mask": mask})),
        Mistake("mask-ignored", "the mask is not used", BIAS_LOOK,
                changed(lambda mask, bias: {"bias": bias})),
        Mistake("both-ignored", "neither mask nor bias is used", BIAS_LOOK,
                changed(lambda mask, bias: {})),
        Mistake("inverted-mask", "the mask is inverted", "True means may attend",
                changed(lambda mask, bias: {"mask": ~mask, "bias": bias})),
        Mistake("added-mask", "the mask is added to the bias as 0 and 1", BIAS_LOOK,
                changed(lambda mask, bias: {"bias": bias + mask})),
        Mistake("multiplied-mask", "the bias of masked keys is set to 0: they stay in",
                BIAS_LOOK, changed(lambda mask, bias: {"bias": bias * mask})),
        Mistake("bias-subtracted", "the bias has the wrong sign", BIAS_LOOK,
                changed(lambda mask, bias: {"mask": mask, "bias": -bias})),
        Mistake("bias-scaled", "the bias is divided by √d_k too",
                "the bias comes after the scale", lambda q, k, v, mask, bias:
                attention(q, k, v, mask=mask, bias=bias / np.sqrt(q.shape[-1]))),
        Mistake("bias-after-softmax", "the bias is added to the weights", BIAS_LOOK,
                numbers_afterwards),
        Mistake("no-scaling", "the scores are not divided by √d_k",
                "SDPA does it unless told otherwise", lambda q, k, v, mask, bias:
                attention(q, k, v, mask=mask, bias=bias, scale=1.0)),
        Mistake("fully-masked-nan", "a query that may attend to nothing gets NaN",
                "where no key is allowed the weights are 0", nan_where_empty),
        Mistake("large-not-infinite",
                "a query that may attend to nothing gets the mean of the values",
                "a large negative number is not −∞: use −∞ itself", large_number),
        Mistake("large-not-infinite",
                "a query that may attend to nothing attends to everything",
                "a large negative number is not −∞: use −∞ itself",
                changed(lambda mask, bias: {
                    "bias": np.where(mask, bias, -1e9).astype(bias.dtype)})),
        Mistake("zero-in-the-scores", "masked scores are set to 0, which is a score like any other",
                BIAS_LOOK, lambda q, k, v, mask, bias: np.asarray(softmax(np.where(
                    mask, attention_steps(q, k, k, bias=bias).masked, 0)) @ v)),
        Mistake("causal", "the future is hidden as well", "mask says all that is to be hidden",
                changed(lambda mask, bias: {"mask": mask & np.tril(np.ones_like(mask)),
                                            "bias": bias})),
        Mistake("bias-made-boolean", "the bias is made a mask: its numbers are lost", BIAS_LOOK,
                changed(lambda mask, bias: {"mask": mask & (bias > 0)})),
        *(
            Mistake("finite-fill",
                    "a masked score is a finite number, which other scores may fall below",
                    "put −∞ into the scores where the mask is False: -np.inf", filled(fill))
            for low in (-20.0, -30.0, -50.0, -100.0, -1e3, -1e4, -1e5)
            for fill in (
                lambda scores, mask, low=low: np.where(mask, scores, low),
                lambda scores, mask, low=low: scores + np.where(mask, 0.0, low),
            )
        ),
        Mistake("peak-from-0", "the peak of a row starts at 0: a row far below it is lost",
                "subtract the row's own largest score, below 0 too", peak_from_zero),
        Mistake("empty-in-the-whole-batch", "a query gets zeros only where it is empty in every "
                "batch element", "decide it for each row: mask.any(axis=-1)", empty_in_all),
        Mistake("zero-bias-hidden", "a key whose bias is 0 is hidden",
                "a bias of 0 changes nothing: the mask alone hides",
                changed(lambda mask, bias: {"mask": mask & (bias != 0), "bias": bias})),
        Mistake("first-of-batch", "every batch element gets the mask of the first",
                "keep the leading axes: each element has a mask of its own",
                changed(lambda mask, bias: {"mask": np.broadcast_to(
                    mask.reshape(-1, *mask.shape[-2:])[0], mask.shape), "bias": bias})),
        Mistake("bias-signs-lost", "the signs of the bias are lost", "a bias may be below 0",
                changed(lambda mask, bias: {"mask": mask, "bias": np.abs(bias)})),
    ),
    properties=(BATCH_APART, HIDDEN_STAYS_HIDDEN),
)  # fmt: skip
