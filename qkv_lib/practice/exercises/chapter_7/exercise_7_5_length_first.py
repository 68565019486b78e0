"""Exercise 7.5: fix the layout."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import attention, merge_heads, split_heads
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import with_attention
from qkv_lib.practice.wrong import Attend

FIRST_LOOK = "swap length and batch, cut the features into heads, and undo both at the end"


def first_with(attend: Attend) -> Function:
    """Return attention of length-first features made with this attention."""

    def length_first(query: Array, key: Array, value: Array, n_heads: int) -> Array:
        heads = (split_heads(x.swapaxes(0, 1), n_heads) for x in (query, key, value))
        return np.asarray(merge_heads(attend(*heads)).swapaxes(0, 1))

    return length_first


def length_first_features(rng: Generator) -> Iterator[Case]:
    """Yield features of shape (length, batch, heads · width)."""
    for kind, b, n, m, h, d in (
        ("plain", 1, 3, 5, 2, 5), ("plain", 1, 5, 3, 1, 3), ("plain", 1, 3, 3, 3, 3),
        ("batch", 2, 5, 7, 3, 5), ("batch", 3, 3, 3, 3, 3), ("batch", 5, 2, 7, 2, 5),
        ("extreme", 2, 3, 5, 2, 5), ("float32", 2, 3, 5, 3, 5),
    ):  # fmt: skip
        size = 100.0 if kind == "extreme" else 1.0
        query, key = (size * rng.normal(size=(length, b, h * d)) for length in (n, m))
        yield cast(Case(kind, (query, key, rng.normal(size=(m, b, h * d)), h)))


def as_views(query: Array, key: Array, value: Array, n_heads: int) -> Array:
    """Reshape straight to (batch, heads, length, width)."""

    def cut(x: Array) -> Array:
        n, batch, width = x.shape
        return x.swapaxes(0, 1).reshape(batch, n_heads, n, width // n_heads)

    return np.asarray(merge_heads(attention(*map(cut, (query, key, value)))).swapaxes(0, 1))


def over_the_batch(query: Array, key: Array, value: Array, n_heads: int) -> Array:
    """Take the first axis for the batch."""
    heads = (split_heads(x, n_heads) for x in (query, key, value))
    return np.asarray(merge_heads(attention(*heads)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 1, 2)), rng.normal(size=(4, 1, 2)), rng.normal(size=(4, 1, 2)), 2),
    )


def turns(x: Array, n_heads: int) -> Array:
    """Return features in the order in which they are blocks after heads have taken turns."""
    *lead, width = x.shape
    return x.reshape(*lead, width // n_heads, n_heads).swapaxes(-1, -2).reshape(*lead, width)


def one_sequence(query: Array, key: Array, value: Array, n_heads: int) -> Array:
    """Take length and batch together for the positions of one sequence."""
    rows = (x.reshape(-1, 1, x.shape[-1]) for x in (query, key, value))
    return np.asarray(first_with(attention)(*rows, n_heads)).reshape(query.shape)


EXERCISE = Exercise(
    name="length-first",
    skeleton='''
def length_first(query, key, value, n_heads):
    """Return multi-head attention, without maps, in the layout of
    nn.MultiheadAttention.

    query: (n_queries, batch, n_heads · d)    key, value: (n_keys, batch, n_heads · d)
    returns: (n_queries, batch, n_heads · d)
    """
    ...
''',
    solution='''
def length_first(query, key, value, n_heads):
    def heads(x):
        n, batch, width = x.shape
        return x.reshape(n, batch, n_heads, width // n_heads).transpose(1, 2, 0, 3)

    q, k, v = heads(query), heads(key), heads(value)
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    output = top / top.sum(axis=-1, keepdims=True) @ v
    return output.transpose(2, 0, 1, 3).reshape(query.shape)
''',
    reference=first_with(attention),
    cases=length_first_features,
    edges=edges,
    free=("query", "key"),
    returns={"output": ("query", "batch element", "feature")},
    mistakes=(
        Mistake("attends-over-the-batch", "the first axis is taken for the batch: sequences attend "
                "to each other", FIRST_LOOK, over_the_batch),
        Mistake("one-head", "there is one head of full width", FIRST_LOOK,
                lambda q, k, v, h: first_with(attention)(q, k, v, 1)),
        Mistake("heads-for-width", "n_heads is taken for the width of a head",
                "n_heads counts the heads: each is (width of the rows) / n_heads wide",
                lambda q, k, v, h: first_with(attention)(q, k, v, q.shape[-1] // h)),
        Mistake("view-for-transpose", "the rows are cut into heads, not the features", FIRST_LOOK,
                as_views),
        Mistake("batch-first", "the output has the batch in front", FIRST_LOOK,
                lambda q, k, v, h: first_with(attention)(q, k, v, h).swapaxes(0, 1)),
        Mistake("root-of-d_model", "the scores are divided by the root of the full width",
                "each head scales by the root of its own width, d", lambda q, k, v, h: first_with(
                    lambda a, b, c: attention(a, b, c, scale=q.shape[-1] ** -0.5))(q, k, v, h)),
        Mistake("heads-averaged", "every head gets the mean of all the heads' outputs",
                "heads are put side by side", lambda q, k, v, h: first_with(
                    lambda a, b, c: np.broadcast_to(
                        attention(a, b, c).mean(1, keepdims=True), a.shape))(q, k, v, h)),
        *with_attention(first_with, leave_out=("reversed-axes", "root-of-d_v")),
        Mistake("heads-interleaved", "the heads take turns, feature by feature",
                "head i owns a block of d features: n_heads is the axis before d",
                lambda q, k, v, h: first_with(attention)(*(turns(x, h) for x in (q, k, v)), h)
                [..., np.argsort(turns(np.arange(q.shape[-1])[None, None], h)[0, 0])]),
        Mistake("heads-interleaved", "the heads are cut as blocks in one place and take turns in "
                "the other", "head i owns a block of d features: n_heads is the axis before d",
                lambda q, k, v, h: first_with(attention)(*(turns(x, h) for x in (q, k, v)), h)),
        Mistake("causal", "later keys are hidden", "nothing hides the future here",
                first_with(lambda q, k, v: attention(q, k, v, causal=True))),
        Mistake("one-sequence", "all sequences of the batch attend to each other", FIRST_LOOK,
                one_sequence),
        Mistake("view-for-transpose", "a reshape alone: the axes are cut in reading order",
                FIRST_LOOK, lambda q, k, v, h: np.asarray(attention(*(
                    x.reshape(x.shape[1], h, len(x), -1) for x in (q, k, v))).reshape(q.shape))),
        Mistake("keys-cut", "only as many keys are seen as there are queries",
                "keys and values have a length of their own", lambda q, k, v, h:
                first_with(attention)(q, k[: len(q)], v[: len(q)], h)),
        Mistake("first-of-batch", "every batch element looks at the keys of the first one",
                FIRST_LOOK, lambda q, k, v, h: first_with(attention)(
                    q, *(np.repeat(x[:, :1], x.shape[1], axis=1) for x in (k, v)), h)),
        Mistake("root-of-the-heads", "the scores are divided by the root of the number of heads",
                "each head scales by the root of its own width, d", lambda q, k, v, h: first_with(
                    lambda a, b, c: attention(a, b, c, scale=h**-0.5))(q, k, v, h)),
    ),
)  # fmt: skip
