"""Exercise 5.1: three maps of one input."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from typing import Any

from qkv_lib import attention
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_5.shared import OUTPUT_AXES
from qkv_lib.practice.exercises.shared import sequence_and_maps
from qkv_lib.practice.inputs import Generator
from qkv_lib.practice.mistakes import SCALE_LOOK, with_attention
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import Attend


def self_with(attend: Attend) -> Function:
    """Return self-attention made with this attention."""

    def self_attention(x: Array, W_Q: Array, W_K: Array, W_V: Array) -> Array:
        return attend(x @ W_Q, x @ W_K, x @ W_V)

    return self_attention


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return ((rng.normal(size=(1, 2)), *rng.normal(size=(3, 2, 1))),)


EXERCISE = Exercise(
    name="self-attention",
    skeleton='''
def self_attention(x, W_Q, W_K, W_V):
    """Return attention in which x asks, x matches and x answers, each through its own
    map.

    x: (..., n, d_model)    W_Q, W_K: (d_model, d_k)    W_V: (d_model, d_v)
    returns: (..., n, d_v)
    """
    ...
''',
    solution='''
def self_attention(x, W_Q, W_K, W_V):
    query, key, value = x @ W_Q, x @ W_K, x @ W_V
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    peak = scores.max(axis=-1, keepdims=True)
    top = np.exp(scores - peak)
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ value
''',
    reference=self_with(attention),
    cases=sequence_and_maps,
    edges=edges,
    free=("x",),
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
