"""Exercise 5.4: multi-head attention."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import attention, merge_heads, split_heads
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_5.shared import OUTPUT_AXES
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import SCALE_LOOK, with_attention
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import Attend

CUT_LOOK = "split: cut the features, then swap; merge: swap back, then join"


def heads_with(attend: Attend) -> Function:
    """Return multi-head attention made with this attention."""

    def multi_head(x: Array, W_Q: Array, W_K: Array, W_V: Array, W_O: Array, n_heads: int) -> Array:
        query, key, value = (split_heads(x @ W, n_heads) for W in (W_Q, W_K, W_V))
        return merge_heads(attend(query, key, value)) @ W_O

    return multi_head


def reshaped_split(x: Array, W_Q: Array, W_K: Array, W_V: Array, W_O: Array, h: int) -> Array:
    """Cut rows into heads, the same way in and out."""
    *lead, n, _ = x.shape
    query, key, value = ((x @ W).reshape(*lead, h, n, -1) for W in (W_Q, W_K, W_V))
    return attention(query, key, value).reshape(*lead, n, -1) @ W_O


def split_then_reshaped(x: Array, W_Q: Array, W_K: Array, W_V: Array, W_O: Array, h: int) -> Array:
    """Split rightly, and merge by a reshape without swapping the axes back."""
    *lead, n, _ = x.shape
    query, key, value = (split_heads(x @ W, h) for W in (W_Q, W_K, W_V))
    return attention(query, key, value).reshape(*lead, n, -1) @ W_O


def mixed_after(x: Array, W_Q: Array, W_K: Array, W_V: Array, W_O: Array, h: int) -> Array:
    """Cut rows into heads on the way in, and merge rightly."""
    *lead, n, _ = x.shape
    query, key, value = ((x @ W).reshape(*lead, h, n, -1) for W in (W_Q, W_K, W_V))
    return merge_heads(attention(query, key, value)) @ W_O


def heads_scaled_by(factor: Function) -> Function:
    """Return multi-head attention with another factor on the scores."""
    return lambda x, W_Q, W_K, W_V, W_O, h: heads_with(
        lambda q, k, v: attention(q, k, v, scale=factor(x, W_Q, h) ** -0.5)
    )(x, W_Q, W_K, W_V, W_O, h)


def sequence_maps_and_heads(rng: Generator) -> Iterator[Case]:
    """Yield a sequence, four maps and a number of heads that divides their width."""
    for kind, lead, n, h, d, d_model in (
        ("plain", (), 3, 3, 3, 9), ("plain", (), 5, 2, 3, 7), ("plain", (), 7, 3, 2, 5),
        ("plain", (), 3, 1, 5, 7), ("batch", (2,), 5, 3, 2, 7), ("batch", (3,), 3, 3, 3, 9),
        ("batch", (2, 3), 7, 2, 3, 5), ("extreme", (), 5, 2, 3, 7), ("float32", (2,), 5, 3, 2, 7),
    ):  # fmt: skip
        x = (100.0 if kind == "extreme" else 1.0) * rng.normal(size=(*lead, n, d_model))
        maps = (rng.normal(size=(d_model, h * d)) for _ in range(3))
        yield cast(Case(kind, (x, *maps, rng.normal(size=(h * d, d_model)), h)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(3, 1)), *rng.normal(size=(3, 1, 2)), rng.normal(size=(2, 1)), 2),
        (rng.normal(size=(3, 1)), *rng.normal(size=(3, 1, 1)), rng.normal(size=(1, 1)), 1),
        (rng.normal(size=(1, 4)), *rng.normal(size=(3, 4, 2)), rng.normal(size=(2, 4)), 2),
        (rng.normal(size=(5, 3)), *rng.normal(size=(3, 3, 3)), rng.normal(size=(3, 3)), 1),
    )


EXERCISE = Exercise(
    name="multi-head",
    skeleton='''
def multi_head(x, W_Q, W_K, W_V, W_O, n_heads):
    """Return multi-head self-attention: project, split, attend, merge, project.

    x: (..., n, d_model)    W_Q, W_K, W_V: (d_model, n_heads · d)
    W_O: (n_heads · d, d_model)
    Head i owns columns i·d to (i+1)·d of the maps.    returns: (..., n, d_model)
    """
    ...
''',
    solution='''
def multi_head(x, W_Q, W_K, W_V, W_O, n_heads):
    *batch, n, d_model = x.shape
    query, key, value = (
        (x @ W).reshape(*batch, n, n_heads, -1).swapaxes(-2, -3) for W in (W_Q, W_K, W_V)
    )
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    peak = scores.max(axis=-1, keepdims=True)
    top = np.exp(scores - peak)
    weights = top / top.sum(axis=-1, keepdims=True)
    heads = weights @ value
    return heads.swapaxes(-2, -3).reshape(*batch, n, -1) @ W_O
''',
    reference=heads_with(attention),
    cases=sequence_maps_and_heads,
    edges=edges,
    free=("x",),
    returns=OUTPUT_AXES,
    mistakes=(
        Mistake("view-for-transpose", "the rows are cut into heads, not the features", CUT_LOOK,
                reshaped_split),
        Mistake("view-for-transpose", "the rows are cut into heads, not the features", CUT_LOOK,
                mixed_after),
        Mistake("merged-by-view", "the heads are merged by a reshape alone", CUT_LOOK,
                split_then_reshaped),
        Mistake("root-of-d_model", "the scores are divided by √d_model", SCALE_LOOK,
                heads_scaled_by(lambda x, W, h: x.shape[-1])),
        Mistake("root-of-all-heads", "the scores are divided by the root of n_heads · d",
                "each head is scaled by the root of its own width d",
                heads_scaled_by(lambda x, W, h: W.shape[-1])),
        Mistake("one-head", "there is one head over all the features, n_heads is not used",
                "each head makes its own weights",
                lambda x, W_Q, W_K, W_V, W_O, h: heads_with(attention)(x, W_Q, W_K, W_V, W_O, 1)),
        Mistake("no-output-map", "W_O is not used", "the merged heads are mixed by W_O",
                lambda x, W_Q, W_K, W_V, W_O, h:
                heads_with(attention)(x, W_Q, W_K, W_V, np.eye(len(W_O)), h)),
        *with_attention(heads_with, leave_out=(
            "root-of-n_queries", "root-of-d_v", "reversed-axes", "batch-leak", "global-maximum")),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
