"""Chapter 5, building with attention: self-attention, multi-head attention."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import attention, merge_heads, split_heads
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import SIZES, Generator, cast
from qkv_lib.practice.mistakes import SCALE_LOOK, with_attention
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import Attend

OUTPUT_AXES = {"output": ("query", "feature")}
CUT_LOOK = "split: cut the features, then swap; merge: swap back, then join"


def self_with(attend: Attend) -> Function:
    """Return self-attention made with this attention."""

    def self_attention(x: Array, W_Q: Array, W_K: Array, W_V: Array) -> Array:
        return attend(x @ W_Q, x @ W_K, x @ W_V)

    return self_attention


def sequence_and_maps(rng: Generator) -> Iterator[Case]:
    """Yield a sequence and three projections; once all sizes are equal."""
    for kind, (lead, n, _, d, e) in SIZES:
        size = 100.0 if kind == "extreme" else 1.0
        d_model = d if d == e else d + e
        x = size * rng.normal(size=(*lead, n, d_model))
        yield cast(Case(kind, (x, *(rng.normal(size=(d_model, width)) for width in (d, d, e)))))


SELF_ATTENTION = Exercise(
    name="self-attention",
    chapter=5,
    skeleton='''
def self_attention(x, W_Q, W_K, W_V):
    """Return attention in which x asks, x matches and x answers, each through its own map.

    x: (..., n, d_model)    W_Q, W_K: (d_model, d_k)    W_V: (d_model, d_v)
    returns: (..., n, d_v)
    """
    ...
''',
    reference=self_with(attention),
    cases=sequence_and_maps,
    returns=OUTPUT_AXES,
    mistakes=(
        Mistake("root-of-d_model", "the scores are divided by √d_model", SCALE_LOOK,
                lambda x, W_Q, W_K, W_V:
                attention(x @ W_Q, x @ W_K, x @ W_V, scale=x.shape[-1] ** -0.5)),
        Mistake("unprojected-values", "the values are x itself, W_V is not used",
                "values are x @ W_V",
                lambda x, W_Q, W_K, W_V: attention(x @ W_Q, x @ W_K, x)),
        Mistake("unprojected", "queries, keys and values are x itself", "each has its own map",
                lambda x, W_Q, W_K, W_V: attention(x, x, x)),
        Mistake("transposed-maps", "the maps are transposed",
                "vectors are rows, so the map stands on the right: x @ W",
                lambda x, W_Q, W_K, W_V: self_with(attention)(x, W_Q.T, W_K.T, W_V.T)),
        *with_attention(self_with, leave_out=("root-of-n_queries",)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


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


MULTI_HEAD = Exercise(
    name="multi-head",
    chapter=5,
    skeleton='''
def multi_head(x, W_Q, W_K, W_V, W_O, n_heads):
    """Return multi-head self-attention: project, split, attend, merge, project.

    x: (..., n, d_model)    W_Q, W_K, W_V: (d_model, n_heads · d)    W_O: (n_heads · d, d_model)
    Head i owns columns i·d to (i+1)·d of the maps.    returns: (..., n, d_model)
    """
    ...
''',
    reference=heads_with(attention),
    cases=sequence_maps_and_heads,
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

EXERCISES = (SELF_ATTENTION, MULTI_HEAD)
