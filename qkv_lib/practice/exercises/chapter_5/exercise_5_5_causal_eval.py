"""Exercise 5.5: find the bug."""

# ruff: noqa: ARG001, ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import attention, causal_mask, softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_5.shared import OUTPUT_AXES
from qkv_lib.practice.inputs import Generator, operands
from qkv_lib.practice.mistakes import with_attention
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import Attend, mask_afterwards, masked_scores

CAUSAL_LOOK = "query i sees the keys up to its own position, in training and in evaluation"


def causal_with(attend: Attend) -> Function:
    """Return causal attention made with this attention; the mode changes nothing."""

    def causal_attention(query: Array, key: Array, value: Array, training: bool) -> Array:
        return attend(query, key, value, mask=causal_mask(query.shape[-2]))

    return causal_attention


def square_in_both_modes(rng: Generator) -> Iterator[Case]:
    """Yield as many keys as queries, in training and in evaluation."""
    for case in operands(rng):
        query, _, value = case.args
        n = query.shape[-2]
        key = rng.permuted(query, axis=-1)
        value = np.concatenate([value] * n, axis=-2)[..., :n, :]
        for training in (True, False):
            yield Case(case.kind, (query, key, value, training))


def under(mask: Function) -> Function:
    """Return attention under a mask made from the number of queries and the mode."""
    return lambda q, k, v, training: attention(q, k, v, mask=mask(q.shape[-2], training))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 2)), rng.normal(size=(1, 2)), rng.normal(size=(1, 3)), True),
        (rng.normal(size=(1, 2)), rng.normal(size=(1, 2)), rng.normal(size=(1, 3)), False),
        (rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=(2, 1)), True),
        (rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=(2, 1)), False),
    )


EXERCISE = Exercise(
    name="causal-eval",
    skeleton='''
def causal_attention(query, key, value, training):
    """Return causal attention: no query sees a later key.

    query, key: (..., n, d_k)    value: (..., n, d_v)    training: bool
    returns: (..., n, d_v)
    """
    from qkv_lib import attention, causal_mask

    mask = causal_mask(query.shape[-2], like=query) if training else None
    return attention(query, key, value, mask=mask)
''',
    solution='''
def causal_attention(query, key, value, training):
    n = query.shape[-2]
    mask = np.tri(n, dtype=bool)
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ value
''',
    reference=causal_with(attention),
    cases=square_in_both_modes,
    edges=edges,
    free=("query", "key"),
    returns=OUTPUT_AXES,
    mistakes=(
        Mistake("mask-only-in-training", "the mask acts only in training", CAUSAL_LOOK,
                under(lambda n, training: causal_mask(n) if training else None)),
        Mistake("mask-only-in-evaluation", "the mask acts only in evaluation", CAUSAL_LOOK,
                under(lambda n, training: None if training else causal_mask(n))),
        Mistake("mask-ignored", "the future is never hidden", CAUSAL_LOOK,
                under(lambda n, training: None)),
        Mistake("inverted-mask", "the mask is inverted", "True means may attend",
                under(lambda n, training: ~causal_mask(n))),
        Mistake("hides-itself", "a query does not see the key at its own position (off by one)",
                CAUSAL_LOOK, under(lambda n, training: np.tri(n, k=-1, dtype=bool))),
        Mistake("sees-the-next", "a query sees one key of the future (off by one)",
                CAUSAL_LOOK, under(lambda n, training: causal_mask(n, n, offset=1))),
        Mistake("transposed-mask", "the mask is transposed: the past is hidden", CAUSAL_LOOK,
                under(lambda n, training: causal_mask(n).T)),
        Mistake("multiplied-mask", "masked scores are set to 0, a score like any other",
                "put −∞ into the scores, before the softmax", lambda q, k, v, training:
                softmax(masked_scores(q, k) * causal_mask(q.shape[-2])) @ v),
        Mistake("mask-after-softmax", "the mask comes after the softmax: rows no longer sum to 1",
                "put −∞ into the scores, before the softmax", causal_with(mask_afterwards)),
        *with_attention(causal_with, leave_out=("root-of-n_queries",)),
    ),
    properties=(BATCH_APART,),
    given="mask-only-in-training",
    symptom="there is a mode in which a change of the last token changes earlier outputs",
)  # fmt: skip
