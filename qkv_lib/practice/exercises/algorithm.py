"""Chapter 3, the staircase: scores, softmax, attention, masked attention, cross-attention."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import attention, attention_steps, softmax
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import SIZES, Generator, cast, operands, operands_and_mask, score_rows
from qkv_lib.practice.mistakes import (
    ATTENTION,
    FACTORS,
    MASKING,
    OPERANDS,
    ORDER_LOOK,
    SCALE_LOOK,
    SOFTMAX,
    through,
    with_attention,
)
from qkv_lib.practice.properties import (
    BATCH_APART,
    HIDDEN_STAYS_HIDDEN,
    NO_NEGATIVE,
    ROWS_SUM_TO_ONE,
    WITHIN_VALUES,
)
from qkv_lib.practice.wrong import Attend

WEIGHTS_AXES = {"weights": ("query", "key")}
OUTPUT_AXES = {"output": ("query", "feature")}


def scaled_scores(query: Array, key: Array) -> Array:
    """Return ``Q Kᵀ / √d_k``."""
    return attention_steps(query, key, key).scaled


def scores_with(factor: Function) -> Function:
    """Return the scores with another factor."""
    return lambda q, k: attention_steps(q, k, k, scale=float(factor(q, k, k))).scaled


def scores_of(choose: Function) -> Function:
    """Return the scores of operands mixed up."""
    return lambda q, k: scaled_scores(*choose(q, k, k)[:2])


def unit(x: Array) -> Array:
    """Return the rows at length 1."""
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


SCORES = Exercise(
    name="scores",
    chapter=3,
    skeleton='''
def scores(query, key):
    """Return the scaled scores Q Kᵀ / √d_k.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    returns: (..., n_queries, n_keys)
    """
    ...
''',
    reference=scaled_scores,
    cases=lambda rng: (Case(case.kind, case.args[:2]) for case in operands(rng)),
    returns={"scores": ("query", "key")},
    mistakes=(
        *through(FACTORS, scores_with, leave_out=("root-of-d_v",)),
        *through(OPERANDS, scores_of, leave_out=("sums-keys", "matches-values",
                                                 "key-value-swapped", "query-key-swapped")),
        Mistake("transposed", "the scores are transposed",
                "rows are queries, columns are keys: Q Kᵀ", lambda q, k: scaled_scores(k, q)),
        Mistake("cosine", "the dot products are divided by the lengths of the vectors", SCALE_LOOK,
                lambda q, k: unit(q) @ unit(k).swapaxes(-1, -2)),
        Mistake("softmax-too-early", "these are weights, not scores", "the softmax comes after",
                lambda q, k: softmax(scaled_scores(q, k))),
        Mistake("no-transpose", "the keys are not transposed", "a score is row · row: Q Kᵀ",
                lambda q, k: q @ k / np.sqrt(q.shape[-1])),
        Mistake("elementwise", "the queries are multiplied with the keys entry by entry",
                "a dot product sums over the features: Q Kᵀ",
                lambda q, k: q * k / np.sqrt(q.shape[-1])),
        Mistake("reversed-axes", "`.T` reverses all the axes, the batch's too",
                "swap the last two axes only: swapaxes(-1, -2)",
                lambda q, k: q @ k.T / np.sqrt(q.shape[-1])),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip

SOFTMAX_ROWS = Exercise(
    name="softmax-rows",
    chapter=3,
    skeleton='''
def softmax_rows(scores):
    """Turn scores into weights: positive, and each row sums to 1. Scores may be ±10,000.

    scores: (..., n_queries, n_keys)    returns: (..., n_queries, n_keys)
    """
    ...
''',
    reference=lambda scores: softmax(scores),
    cases=score_rows,
    returns=WEIGHTS_AXES,
    mistakes=SOFTMAX,
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE, BATCH_APART),
)

ATTENTION_EXERCISE = Exercise(
    name="attention",
    chapter=3,
    skeleton='''
def attention(query, key, value):
    """Return softmax(Q Kᵀ / √d_k) V.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    value: (..., n_keys, d_v)
    returns: (..., n_queries, d_v)
    """
    ...
''',
    reference=lambda query, key, value: attention(query, key, value),
    cases=operands,
    returns=OUTPUT_AXES,
    mistakes=ATTENTION,
    properties=(WITHIN_VALUES, BATCH_APART),
)

MASKED_ATTENTION = Exercise(
    name="masked-attention",
    chapter=3,
    skeleton='''
def masked_attention(query, key, value, mask):
    """Return attention in which each query sees only the keys its mask allows.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    value: (..., n_keys, d_v)
    mask: (..., n_queries, n_keys), boolean, True = may attend
    returns: (..., n_queries, d_v); zeros for a query that may attend to no key
    """
    ...
''',
    reference=lambda query, key, value, mask: attention(query, key, value, mask=mask),
    cases=operands_and_mask,
    returns=OUTPUT_AXES,
    mistakes=(*MASKING, *ATTENTION),
    properties=(HIDDEN_STAYS_HIDDEN, WITHIN_VALUES, BATCH_APART),
)


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


CROSS_ATTENTION = Exercise(
    name="cross-attention",
    chapter=3,
    skeleton='''
def cross_attention(x, context, W_Q, W_K, W_V):
    """Return attention with queries made from x, keys and values made from context.

    x: (..., n_queries, d_model)    context: (..., n_keys, d_model)
    W_Q, W_K: (d_model, d_k)    W_V: (d_model, d_v)    returns: (..., n_queries, d_v)
    """
    ...
''',
    reference=cross(attention),
    cases=cross_inputs,
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

EXERCISES = (SCORES, SOFTMAX_ROWS, ATTENTION_EXERCISE, MASKED_ATTENTION, CROSS_ATTENTION)
