"""Attention done wrong, one step at a time: the functions that misconceptions lead to.

A wrong attention takes ``(query, key, value, mask=None)`` like `qkv_lib.attention`; a wrong
softmax takes the scores. Each is wrong on purpose, in one step, and right in the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from qkv_lib import attention, attention_steps, softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.formula.steps import normalise

Attend = Callable[..., Any]
Weigh = Callable[[Array], Array]


def masked_scores(query: Array, key: Array, mask: Array | None = None) -> Array:
    """Return the scaled scores, −∞ where masked."""
    return attention_steps(query, key, key, mask=mask).masked


def with_scale(factor: Callable[[Array, Array, Array], float]) -> Attend:
    """Return attention with another factor on the scores."""

    def attend(query: Array, key: Array, value: Array, mask: Array | None = None) -> Array:
        return attention(query, key, value, mask=mask, scale=float(factor(query, key, value)))

    return attend


def with_operands(choose: Callable[[Array, Array, Array], tuple[Array, ...]]) -> Attend:
    """Return attention with its operands mixed up."""

    def attend(query: Array, key: Array, value: Array, mask: Array | None = None) -> Array:
        return attention(*choose(query, key, value), mask=mask)

    return attend


def with_weights(weigh: Weigh) -> Attend:
    """Return attention whose weights are made from the masked scores in another way."""

    def attend(query: Array, key: Array, value: Array, mask: Array | None = None) -> Array:
        return weigh(masked_scores(query, key, mask)) @ value

    return attend


def with_distances(turn: Callable[[Array, float], Array]) -> Attend:
    """Return attention whose scores are made from the distances of queries and keys."""

    def attend(query: Array, key: Array, value: Array, mask: Array | None = None) -> Array:
        apart = query[..., :, None, :] - key[..., None, :, :]
        scores = turn(np.linalg.norm(apart, axis=-1), query.shape[-1] ** 0.5)
        return softmax(scores if mask is None else np.where(mask, scores, -np.inf)) @ value

    return attend


def with_mask(apply: Callable[[Array, Array], Array]) -> Attend:
    """Return attention that applies the mask to the scores in another way."""

    def attend(query: Array, key: Array, value: Array, mask: Array | None = None) -> Array:
        scores = masked_scores(query, key)
        return plain_softmax(scores if mask is None else apply(scores, mask)) @ value

    return attend


def with_fill(fill: float, *, zeroed: bool = False) -> Attend:
    """Return attention whose masked scores are a number, not −∞.

    A row in which all is masked is 0; of other rows the masked weights are where they are zeroed.
    """

    def attend(query: Array, key: Array, value: Array, mask: Array | None = None) -> Array:
        seen = np.asarray(True) if mask is None else mask
        weights = softmax(np.where(seen, masked_scores(query, key), fill))
        kept = seen if zeroed or mask is None else mask.any(-1, keepdims=True)
        return np.asarray((weights * kept) @ value)

    return attend


def plain_softmax(scores: Array) -> Array:
    """Return the softmax of the textbook: 0/0 where a whole row is −∞."""
    hidden = np.all(scores == -np.inf, axis=-1, keepdims=True)
    return np.where(hidden, np.nan, softmax(scores))


def over_all_but_the_queries(scores: Array) -> Array:
    """Softmax over the keys and the batch: batch elements share one sum."""
    axes = (*range(scores.ndim - 2), -1)
    top = np.exp(scores - np.max(scores, axis=axes, keepdims=True))
    return top / np.sum(top, axis=axes, keepdims=True)


def without_maximum(scores: Array) -> Array:
    """Softmax that overflows: exp of the scores as they are; a fully masked row is 0."""
    top = np.exp(scores)
    hidden = np.all(scores == -np.inf, axis=-1, keepdims=True)
    return np.where(hidden, 0.0, top / np.sum(top, axis=-1, keepdims=True))


def with_global_maximum(scores: Array) -> Array:
    """Softmax that underflows: one maximum for all rows."""
    return without_maximum(scores - np.max(scores))


def without_keepdims(scores: Array) -> Array:
    """Softmax whose row sums are broadcast along the columns."""
    top = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return top / np.sum(top, axis=-1)


def over_everything(scores: Array) -> Array:
    """Softmax over the whole array: all the weights together sum to 1."""
    top = np.exp(scores - np.max(scores))
    return top / np.sum(top)


def hardest(scores: Array) -> Array:
    """Return all weight on the best key of each row."""
    return np.eye(scores.shape[-1])[np.argmax(scores, axis=-1)]


def mask_afterwards(query: Array, key: Array, value: Array, mask: Array | None = None) -> Array:
    """Set masked weights to 0 without making the row sum to 1 again."""
    weights = softmax(masked_scores(query, key))
    return np.asarray((weights if mask is None else weights * mask) @ value)


def masked_too_late(query: Array, key: Array, value: Array, mask: Array | None = None) -> Array:
    """Set masked weights to 0 after the softmax, then let the rows sum to 1 again."""
    weights = softmax(masked_scores(query, key)) * (True if mask is None else mask)
    return np.asarray(normalise(weights, weights.sum(-1, keepdims=True)) @ value)


def reversed_axes(query: Array, key: Array, value: Array, mask: Array | None = None) -> Array:
    """Use ``key.T``, which reverses the batch axes too."""
    scores = query @ key.T / np.sqrt(query.shape[-1])
    return np.asarray(softmax(scores if mask is None else np.where(mask, scores, -np.inf)) @ value)


def first_of_batch(query: Array, key: Array, value: Array, mask: Array | None = None) -> Array:
    """Let every batch element look at the keys and values of the first one."""
    lead = (slice(0, 1),) * (key.ndim - 2)
    same = [np.broadcast_to(array[lead], array.shape) for array in (key, value)]
    return np.asarray(attention(query, *same, mask=mask))
