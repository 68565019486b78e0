"""Exercise 3.7: queries from another sequence."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qkv_lib import attention
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_3.shared import OUTPUT_AXES
from qkv_lib.practice.inputs import SIZES, Generator, cast
from qkv_lib.practice.mistakes import (
    ORDER_LOOK,
    SCALE_LOOK,
    with_attention,
)
from qkv_lib.practice.properties import (
    BATCH_APART,
)
from qkv_lib.practice.wrong import Attend


def cross(attend: Attend) -> Function:
    """Return cross-attention made with this attention."""

    def cross_attention(x: Array, context: Array, W_Q: Array, W_K: Array, W_V: Array) -> Array:
        return attend(x @ W_Q, context @ W_K, context @ W_V)

    return cross_attention


def cross_inputs(rng: Generator) -> Iterator[Case]:
    """Yield two sequences of one width, of lengths n and m, and three projections."""
    for kind, (lead, n, m, d, e) in SIZES:
        d_model = max(d, e)
        x = rng.normal(size=(*lead, n, d_model))
        context = rng.normal(size=(*lead, m, d_model))
        maps = (rng.normal(size=(d_model, width)) for width in (d, d, e))
        size = 100.0 if kind == "extreme" else 1.0
        yield cast(Case(kind, (size * x, size * context, *maps)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return ((rng.normal(size=(1, 1)), rng.normal(size=(1, 1)), *rng.normal(size=(3, 1, 1))),)


EXERCISE = Exercise(
    name="cross-attention",
    skeleton='''
def cross_attention(x, context, W_Q, W_K, W_V):
    """Return attention with queries made from x, keys and values made from context.

    x: (..., n_queries, d_model)    context: (..., n_keys, d_model)
    W_Q, W_K: (d_model, d_k)    W_V: (d_model, d_v)    returns: (..., n_queries, d_v)
    """
    ...
''',
    solution='''
def cross_attention(x, context, W_Q, W_K, W_V):
    query, key, value = x @ W_Q, context @ W_K, context @ W_V
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    peak = scores.max(axis=-1, keepdims=True)
    top = np.exp(scores - peak)
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ value
''',
    reference=cross(attention),
    cases=cross_inputs,
    edges=edges,
    free=("x", "context"),
    returns=OUTPUT_AXES,
    mistakes=(
        Mistake("sides-swapped", "the queries come from context, keys and values from x",
                "it is x that asks and context that answers",
                lambda x, c, *w: cross(attention)(c, x, *w)),
        Mistake("self-attention", "queries, keys and values all come from x, context is not used",
                "keys and values are made from context",
                lambda x, c, *w: cross(attention)(x, x, *w)),
        Mistake("context-only", "queries, keys and values all come from context, x is not used",
                "the queries are made from x", lambda x, c, *w: cross(attention)(c, c, *w)),
        Mistake("values-from-x", "the values come from x",
                "each key needs its own value: context @ W_V",
                lambda x, c, W_Q, W_K, W_V: attention(x @ W_Q, c @ W_K, x @ W_V)),
        Mistake("keys-from-x", "the keys come from x",
                "each value needs its own key: context @ W_K",
                lambda x, c, W_Q, W_K, W_V: attention(x @ W_Q, x @ W_K, c @ W_V)),
        Mistake("root-of-d_model", "the scores are divided by √d_model", SCALE_LOOK,
                lambda x, c, W_Q, W_K, W_V:
                attention(x @ W_Q, c @ W_K, c @ W_V, scale=x.shape[-1] ** -0.5)),
        Mistake("maps-swapped", "W_Q and W_K have changed places", ORDER_LOOK,
                lambda x, c, W_Q, W_K, W_V: cross(attention)(x, c, W_K, W_Q, W_V)),
        *with_attention(cross),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
