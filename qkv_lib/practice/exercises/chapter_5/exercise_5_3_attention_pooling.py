"""Exercise 5.3: one learned query."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import attention, softmax
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.exercises.chapter_5.shared import (
    POOLED_AXES,
    mean_pooling,
    pool_with,
    tokens_and_mask,
)
from qkv_lib.practice.inputs import Generator
from qkv_lib.practice.mistakes import FACTORS, MASKING, SOFTMAX, through, with_attention
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import with_scale, with_weights


def tokens_query_and_mask(rng: Generator) -> Iterator[Case]:
    """Yield tokens, a learned query, and a mask or none; once the scores are very large."""
    for case in tokens_and_mask(rng):
        x, mask = case.args
        query = rng.normal(size=x.shape[-1]).astype(x.dtype)
        yield Case(case.kind, (x, query, mask))
        if case.kind in ("plain", "batch"):
            yield Case(case.kind, (x, query))
        if case.kind == "plain":
            yield Case("extreme", (100.0 * x, 100.0 * query, mask))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 3)), rng.normal(size=3), np.array([True])),
        (rng.normal(size=(4, 1)), rng.normal(size=1), np.array([False, False, False, True])),
        (
            rng.normal(size=(2, 3, 2)),
            rng.normal(size=2),
            np.array([[False] * 3, [True, False, True]]),
        ),
        (rng.normal(size=(2, 3)), rng.normal(size=3), np.array([False, True])),
    )


EXERCISE = Exercise(
    name="attention-pooling",
    skeleton='''
def attention_pooling(x, query, mask=None):
    """Return one vector per sequence: attention with one learned query, x as keys and
    values.

    x: (..., n, d)    query: (d,)    mask: (..., n), boolean, True = real token, or None
    returns: (..., d); zeros for a sequence without real tokens
    """
    ...
''',
    solution='''
def attention_pooling(x, query, mask=None):
    mask = np.ones(x.shape[:-1], dtype=bool) if mask is None else mask
    scores = x @ query / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    peak = np.where(mask.any(-1), scores.max(-1), 0.0)[..., None]
    top = np.exp(scores - peak)
    total = top.sum(-1, keepdims=True)
    weights = top / np.where(total == 0, 1.0, total)
    return (weights[..., None] * x).sum(-2)
''',
    reference=pool_with(attention),
    cases=tokens_query_and_mask,
    edges=edges,
    free=("x", "query"),
    returns=POOLED_AXES,
    mistakes=(
        Mistake("query-not-used", "this is the mean: the query is not used",
                "the weights come from query · token",
                lambda x, query, mask=None: pool_with(attention)(x, 0 * query, mask)),
        Mistake("keeps-the-axis", "the query axis is still there, with length 1",
                "one vector per sequence: (..., d)",
                lambda x, query, mask=None: pool_with(attention)(x, query, mask)[..., None, :]),
        Mistake("returns-weights", "the weights come back, not the pooled vector",
                "one step is left: weights @ x",
                lambda x, query, mask=None: softmax(
                    x @ query / np.sqrt(len(query)) if mask is None
                    else np.where(mask, x @ query / np.sqrt(len(query)), -np.inf))),
        Mistake("self-attention", "the tokens ask, and their answers are averaged",
                "there is one query, the learned one",
                lambda x, query, mask=None: mean_pooling(
                    attention(x, x, x, mask=None if mask is None else mask[..., None, :]),
                    np.ones(x.shape[:-1], dtype=bool))),
        Mistake("first-token", "the first token stands for all", "every real token has a weight",
                lambda x, query, mask=None: x[..., 0, :]),
        *with_attention(
            pool_with,
            tuple(m for m in MASKING if m.name != "transposed-mask"),
            through(FACTORS, with_scale, leave_out=("root-of-n_queries", "root-of-d_v")),
            through(SOFTMAX, with_weights, leave_out=("clipped-scores", "squares-for-exponentials",
                    "sizes-for-exponentials",
                "softmax-over-everything", "no-keepdims", "logarithm", "global-maximum")),
        ),
        Mistake("inverted-mask", "the mask is inverted", "True means may attend",
                lambda x, query, mask=None: pool_with(attention)(
                    x, query, np.zeros(x.shape[:-1], bool) if mask is None else ~mask)),
        Mistake("zeroed-before", "the padding is set to 0 before the scores: a score of 0 is a "
                "score like any other", "put −∞ into the scores where the mask is False",
                lambda x, query, mask=None: pool_with(attention)(
                    x if mask is None else x * mask[..., None], query)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
