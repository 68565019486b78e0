"""Exercise 5.6: one step of decoding."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import attention, causal_mask
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_5.shared import OUTPUT_AXES
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import with_attention
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import Attend

CACHE_LOOK = (
    "keys and values of the past come first, then the new ones; offset = length of the past"
)


def step_with(attend: Attend) -> Function:
    """Return a decoding step made with this attention."""

    def decode_step(
        query: Array, key: Array, value: Array, past_key: Array, past_value: Array
    ) -> Array:
        t, past = query.shape[-2], past_key.shape[-2]
        keys = np.concatenate([past_key, key], axis=-2)
        values = np.concatenate([past_value, value], axis=-2)
        return attend(query, keys, values, mask=causal_mask(t, past + t, offset=past))

    return decode_step


def new_and_past(rng: Generator) -> Iterator[Case]:
    """Yield one or more new tokens, and a past of any length from 0."""
    for kind, lead, t, past, d, e in (
        ("plain", (), 3, 3, 3, 3), ("plain", (), 1, 5, 2, 3), ("plain", (), 3, 7, 5, 2),
        ("plain", (), 5, 0, 3, 7), ("plain", (), 1, 1, 2, 2),
        ("batch", (2,), 3, 5, 7, 2), ("batch", (2, 3), 1, 7, 2, 5), ("batch", (3,), 3, 3, 3, 3),
        ("extreme", (), 3, 5, 2, 7), ("float32", (2,), 3, 5, 7, 2),
    ):  # fmt: skip
        size = 100.0 if kind == "extreme" else 1.0
        query, key = size * rng.normal(size=(2, *lead, t, d))
        past_key = size * rng.normal(size=(*lead, past, d))
        value, past_value = rng.normal(size=(*lead, t, e)), rng.normal(size=(*lead, past, e))
        yield cast(Case(kind, (query, key, value, past_key, past_value)))


def step_seeing(mask: Function) -> Function:
    """Return a decoding step under a mask made from the numbers of new and past tokens."""
    return lambda q, k, v, pk, pv: step_with(
        lambda query, keys, values, **_: attention(
            query, keys, values, mask=mask(query.shape[-2], keys.shape[-2] - query.shape[-2])
        )
    )(q, k, v, pk, pv)


def new_before_past(q: Array, k: Array, v: Array, pk: Array, pv: Array) -> Array:
    """Put the new keys and values in front of the past."""
    keys, values = np.concatenate([k, pk], axis=-2), np.concatenate([v, pv], axis=-2)
    t, past = q.shape[-2], pk.shape[-2]
    return attention(q, keys, values, mask=causal_mask(t, past + t, offset=past))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (
            rng.normal(size=(1, 2)),
            rng.normal(size=(1, 2)),
            rng.normal(size=(1, 3)),
            np.zeros((0, 2)),
            np.zeros((0, 3)),
        ),
        (*rng.normal(size=(3, 7, 2)), *rng.normal(size=(2, 1, 2))),
        (*rng.normal(size=(3, 1, 2)), *rng.normal(size=(2, 40, 2))),
        (*rng.normal(size=(3, 2, 3)), *rng.normal(size=(2, 2, 3))),
    )


EXERCISE = Exercise(
    name="decode-step",
    skeleton='''
def decode_step(query, key, value, past_key, past_value):
    """Return the outputs of the new tokens, which see the past and, causally, each
    other.

    query, key: (..., n_new, d_k)    value: (..., n_new, d_v)
    past_key: (..., n_past, d_k)    past_value: (..., n_past, d_v)    n_past may be 0
    returns: (..., n_new, d_v)
    """
    ...
''',
    solution='''
def decode_step(query, key, value, past_key, past_value):
    t, past = query.shape[-2], past_key.shape[-2]
    keys = np.concatenate([past_key, key], axis=-2)
    values = np.concatenate([past_value, value], axis=-2)
    mask = np.tri(t, past + t, past, dtype=bool)
    scores = query @ keys.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ values
''',
    reference=step_with(attention),
    cases=new_and_past,
    edges=edges,
    free=("query", "key", "past_key"),
    returns=OUTPUT_AXES,
    mistakes=(
        Mistake("offset-ignored", "the new tokens are treated as the first ones: the offset is 0",
                CACHE_LOOK, step_seeing(lambda t, past: causal_mask(t, past + t))),
        Mistake("mask-ignored", "new tokens see later new tokens", CACHE_LOOK,
                step_seeing(lambda t, past: None)),
        Mistake("past-ignored", "the past is not used", CACHE_LOOK,
                lambda q, k, v, pk, pv: attention(q, k, v, causal=True)),
        Mistake("past-ignored", "the past is not used", CACHE_LOOK,
                lambda q, k, v, pk, pv: attention(q, k, v)),
        Mistake("past-only", "the new keys and values are not appended", CACHE_LOOK,
                lambda q, k, v, pk, pv: attention(q, pk, pv)),
        Mistake("new-before-past", "the new keys and values stand before the past", CACHE_LOOK,
                new_before_past),
        Mistake("hides-itself", "a new token does not see its own key (off by one)", CACHE_LOOK,
                step_seeing(lambda t, past: np.tri(t, past + t, past - 1, dtype=bool))),
        Mistake("sees-the-next", "a new token sees one key of the future (off by one)", CACHE_LOOK,
                step_seeing(lambda t, past: causal_mask(t, past + t, offset=past + 1))),
        Mistake("inverted-mask", "the mask is inverted", "True means may attend",
                step_seeing(lambda t, past: ~causal_mask(t, past + t, offset=past))),
        Mistake("key-appended-to-values", "the keys are appended to both caches", CACHE_LOOK,
                lambda q, k, v, pk, pv: step_with(attention)(q, k, k, pk, pv)),
        *with_attention(step_with, leave_out=("reversed-axes",)),
        Mistake("two-softmaxes", "past and new tokens are attended to apart, and each part's "
                "weights sum to 1", "one softmax over the past and the new keys together",
                lambda q, k, v, pk, pv: attention(q, k, v, causal=True) + attention(q, pk, pv)),
        Mistake("two-softmaxes", "past and new tokens are attended to apart, and each part's "
                "weights sum to 1", "one softmax over the past and the new keys together",
                lambda q, k, v, pk, pv: (
                    attention(q, k, v, causal=True) + attention(q, pk, pv)) / 2),
        Mistake("values-in-another-order", "the new values stand before the past, the keys after",
                CACHE_LOOK, lambda q, k, v, pk, pv: attention(
                    q, np.concatenate([pk, k], axis=-2), np.concatenate([v, pv], axis=-2),
                    causal=True, offset=pk.shape[-2])),
        Mistake("past-only", "only the past is seen, and not the new tokens, where there is a past",
                CACHE_LOOK, lambda q, k, v, pk, pv: attention(q, pk, pv)
                if pk.shape[-2] else attention(q, k, v, causal=True)),
        Mistake("offset-of-the-new", "the offset is the number of new tokens",
                "offset = past_key.shape[-2]", step_seeing(
                    lambda t, past: causal_mask(t, past + t, offset=t))),
        Mistake("two-softmaxes", "past and new tokens are attended to apart, and the two outputs "
                "are averaged", "one softmax over all keys: put them together first",
                lambda q, k, v, pk, pv: (
                    attention(q, k, v, causal=True) + attention(q, pk, pv)) / 2
                if pk.shape[-2] else attention(q, k, v, causal=True)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
