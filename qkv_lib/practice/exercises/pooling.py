"""Chapter 5, one vector for a sequence: mean pooling and attention pooling."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import attention, softmax
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast, random_mask
from qkv_lib.practice.mistakes import FACTORS, MASKING, SOFTMAX, through, with_attention
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import Attend, with_scale, with_weights

POOLED_AXES = {"pooled": ("feature",)}
COUNT_LOOK = "sum the real tokens, then divide by how many there are in each sequence"
TOKENS_LOOK = "the tokens are the second axis from the end, axis=-2"

SIZES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("plain", (3, 3)), ("plain", (5, 7)), ("plain", (1, 2)), ("plain", (11, 3)),
    ("batch", (2, 5, 7)), ("batch", (3, 3, 3)), ("batch", (2, 3, 7, 5)),
    ("masked", (2, 5, 3)), ("masked", (1, 3, 2)),
    ("float32", (2, 5, 7)),
)  # fmt: skip


def tokens_and_mask(rng: Generator) -> Iterator[Case]:
    """Yield tokens and which of them are real; kind ``masked`` has sequences without any."""
    for kind, shape in SIZES:
        mask = random_mask(rng, shape[:-1])
        if kind == "masked":
            mask[:1] = False
        yield cast(Case(kind, (rng.normal(size=shape) + 1.0, mask)))


def pool_with(attend: Attend) -> Function:
    """Return attention pooling made with this attention: one query for every sequence."""

    def attention_pooling(x: Array, query: Array, mask: Array | None = None) -> Array:
        row = np.broadcast_to(query, (*x.shape[:-2], 1, x.shape[-1]))
        seen = None if mask is None else mask[..., None, :]
        return attend(row, x, x, mask=seen)[..., 0, :]

    return attention_pooling


def mean_pooling(x: Array, mask: Array) -> Array:
    """Return the mean of the real tokens: attention with a query that matches all alike."""
    return pool_with(attention)(x, np.zeros_like(x, shape=x.shape[-1]), mask)


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


MEAN_POOLING = Exercise(
    name="mean-pooling",
    chapter=5,
    skeleton='''
def mean_pooling(x, mask):
    """Return the mean of the real tokens of each sequence; zeros where there is none.

    x: (..., n, d)    mask: (..., n), boolean, True = real token    returns: (..., d)
    """
    ...
''',
    reference=mean_pooling,
    cases=tokens_and_mask,
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
                "one vector a sequence: (..., d)",
                lambda x, mask: mean_pooling(x, mask)[..., None, :]),
        Mistake("empty-nan", "a sequence without real tokens gives 0/0",
                "divide by at least 1: the sum is 0 there",
                lambda x, mask: real(x, mask).sum(-2) / mask.sum(-1, keepdims=True)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


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


ATTENTION_POOLING = Exercise(
    name="attention-pooling",
    chapter=5,
    skeleton='''
def attention_pooling(x, query, mask=None):
    """Return one vector a sequence: attention with one learned query, x as keys and values.

    x: (..., n, d)    query: (d,)    mask: (..., n), boolean, True = real token, or None
    returns: (..., d); zeros for a sequence without real tokens
    """
    ...
''',
    reference=pool_with(attention),
    cases=tokens_query_and_mask,
    returns=POOLED_AXES,
    mistakes=(
        Mistake("query-not-used", "this is the mean: the query is not used",
                "the weights come from query · token",
                lambda x, query, mask=None: pool_with(attention)(x, 0 * query, mask)),
        Mistake("keeps-the-axis", "the query axis is still there, with length 1",
                "one vector a sequence: (..., d)",
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
            through(SOFTMAX, with_weights, leave_out=(
                "softmax-over-everything", "no-keepdims", "logarithm", "global-maximum")),
        ),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip

EXERCISES = (MEAN_POOLING, ATTENTION_POOLING)
