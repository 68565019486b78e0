"""Exercise 5.2: the mean of the real words."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Exercise, Mistake
from qkv_lib.practice.exercises.chapter_5.shared import POOLED_AXES, mean_pooling, tokens_and_mask
from qkv_lib.practice.inputs import Generator
from qkv_lib.practice.properties import BATCH_APART

COUNT_LOOK = "sum the real tokens, then divide by how many there are in each sequence"


TOKENS_LOOK = "the tokens are the second axis from the end, axis=-2"


def real(x: Array, mask: Array) -> Array:
    """Return the tokens with the padding set to 0."""
    return np.where(mask[..., None], x, 0.0)


def largest(x: Array, mask: Array) -> Array:
    """Return the largest entry of the real tokens, feature by feature."""
    return np.max(np.where(mask[..., None], x, -np.inf), axis=-2)


def last_real(x: Array, mask: Array) -> Array:
    """Return the last real token."""
    last = x.shape[-2] - 1 - np.argmax(mask[..., ::-1], axis=-1)
    return np.take_along_axis(x, last[..., None, None], axis=-2)[..., 0, :]


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 3)), np.array([True])),
        (rng.normal(size=(4, 1)), np.array([True] * 4)),
        (rng.normal(size=(4, 2)), np.array([False, False, False, True])),
        (rng.normal(size=(2, 3, 2)), np.array([[False] * 3, [True, False, True]])),
        (np.array([[0.0, 2.0], [3.0, 0.0], [1.0, 1.0]]), np.array([True, True, False])),
        (rng.normal(size=(2, 3)), np.array([False, True])),
    )


EXERCISE = Exercise(
    name="mean-pooling",
    skeleton='''
def mean_pooling(x, mask):
    """Return the mean of the real tokens of each sequence; zeros where there is none.

    x: (..., n, d)    mask: (..., n), boolean, True = real token    returns: (..., d)
    """
    ...
''',
    solution='''
def mean_pooling(x, mask):
    real = np.where(mask[..., None], x, 0.0)
    count = mask.sum(axis=-1, keepdims=True)
    return real.sum(axis=-2) / np.maximum(count, 1)
''',
    reference=mean_pooling,
    cases=tokens_and_mask,
    edges=edges,
    free=("x",),
    returns=POOLED_AXES,
    mistakes=(
        Mistake("mask-ignored", "the padding is averaged too", COUNT_LOOK,
                lambda x, mask: x.mean(-2)),
        Mistake("divides-by-length", "the sum is right, but divided by the padded length",
                COUNT_LOOK, lambda x, mask: real(x, mask).mean(-2)),
        Mistake("sum", "the real tokens are added up, not averaged", COUNT_LOOK,
                lambda x, mask: real(x, mask).sum(-2)),
        Mistake("inverted-mask", "the mask is inverted: the padding is averaged",
                "True means real token", lambda x, mask: mean_pooling(x, ~mask)),
        Mistake("batch-leak", "the sum is divided by the real tokens of the whole batch",
                COUNT_LOOK, lambda x, mask: real(x, mask).sum(-2) / mask.sum()),
        Mistake("over-features", "the mean runs over the features, not the tokens", TOKENS_LOOK,
                lambda x, mask: real(x, mask).sum(-1) / mask.sum(-1, keepdims=True)),
        Mistake("maximum", "this is the largest entry, not the mean", COUNT_LOOK, largest),
        Mistake("first-token", "the first token stands for all", COUNT_LOOK,
                lambda x, mask: x[..., 0, :]),
        Mistake("last-token", "the last real token stands for all", COUNT_LOOK, last_real),
        Mistake("one-too-many", "the sum is divided by one more than the number of real tokens",
                COUNT_LOOK,
                lambda x, mask: real(x, mask).sum(-2) / (mask.sum(-1, keepdims=True) + 1)),
        Mistake("keeps-the-axis", "the token axis is still there, with length 1",
                "one vector per sequence: (..., d)",
                lambda x, mask: mean_pooling(x, mask)[..., None, :]),
        Mistake("empty-nan", "a sequence without real tokens gives 0/0",
                "divide by at least 1: the sum is 0 there",
                lambda x, mask: real(x, mask).sum(-2) / mask.sum(-1, keepdims=True)),
        Mistake("root-of-the-count", "the sum is divided by the root of the number of real tokens",
                COUNT_LOOK, lambda x, mask: real(x, mask).sum(-2)
                / np.sqrt(np.maximum(mask.sum(-1, keepdims=True), 1))),
        *(Mistake("epsilon-in-the-divisor", f"{tiny:g} is added to the number of tokens",
                  "divide by the number itself, and by 1 where it is 0", lambda x, mask, tiny=tiny:
                  real(x, mask).sum(-2) / (mask.sum(-1, keepdims=True) + tiny))
          for tiny in (1e-2, 1e-3, 1e-4)),
        Mistake("zeros-not-counted", "a real token is not counted where its number is 0",
                "count the True entries of the mask, not the numbers that are not 0",
                lambda x, mask: real(x, mask).sum(-2)
                / np.maximum((real(x, mask) != 0).sum(-2), 1)),
        Mistake("padding-in-the-sum", "the padding is added into the sum, though it is not counted",
                COUNT_LOOK, lambda x, mask: np.where(mask.any(-1, keepdims=True), x.sum(-2)
                / np.maximum(mask.sum(-1, keepdims=True), 1), 0)),
        Mistake("real-ones-first", "you take the real tokens to stand first",
                "the mask says of each place whether its token is real", lambda x, mask:
                mean_pooling(x, np.arange(x.shape[-2]) < mask.sum(-1, keepdims=True))),
        Mistake("real-ones-last", "you take the real tokens to stand last",
                "the mask says of each place whether its token is real", lambda x, mask:
                mean_pooling(x, (np.arange(x.shape[-2]) < mask.sum(-1, keepdims=True))[..., ::-1])),
        Mistake("divided-by-the-longest", "every sum is divided by the count of the fullest "
                "sequence of the batch", COUNT_LOOK, lambda x, mask:
                real(x, mask).sum(-2) / max(mask.sum(-1).max(), 1)),
        Mistake("empty-mean", "a sequence without real tokens gives the mean of its padding",
                "the sum of no tokens is 0: divide it by 1", lambda x, mask:
                mean_pooling(x, mask | ~mask.any(-1, keepdims=True))),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
