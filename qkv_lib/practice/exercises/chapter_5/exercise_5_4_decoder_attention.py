"""Exercise 5.4: two of the three places of attention."""

# ruff: noqa: ARG001, ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import attention
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import SIZES, Generator, cast, random_mask
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import Attend, mask_afterwards, with_mask, with_scale

CAUSAL_LOOK = "a word that is written sees itself and those before it: causal=True"
PADDING_LOOK = "each query sees the real rows of the memory: the mask is real[..., None, :]"
SCALE_LOOK = "both attentions divide by √d, d the width of the rows"
PLACES_LOOK = "the outputs of self-attention ask, the memory gives keys and values"


def decoder_with(own: Attend, crossed: Attend = attention) -> Function:
    """Return both outputs, made with these two attentions; the first gets no mask."""

    def decoder_attention(x: Array, memory: Array, real: Array) -> tuple[Array, Array]:
        first = own(x, x, x)
        return first, crossed(first, memory, memory, mask=real[..., None, :])

    return decoder_attention


def causal(query: Array, key: Array, value: Array) -> Array:
    """Return causal attention."""
    return attention(query, key, value, causal=True)


def unscaled(query: Array, key: Array, value: Array) -> Array:
    """Return causal attention whose scores are not divided."""
    return attention(query, key, value, causal=True, scale=1.0)


def sequences(rng: Generator) -> Iterator[Case]:
    """Yield words, a memory of the same width, and which of its rows are real."""
    for kind, (lead, n, m, d, _) in SIZES:
        size = 100.0 if kind == "extreme" else 1.0
        x = size * rng.normal(size=(*lead, n, d))
        memory, real = size * rng.normal(size=(*lead, m, d)), random_mask(rng, (*lead, m))
        yield cast(Case(kind, (x, memory, real)))
        if kind == "batch":
            nothing = real.copy()
            nothing[:1] = False
            yield Case("masked", (x, memory, nothing))


def other_way_round(x: Array, memory: Array, real: Array) -> tuple[Array, Array]:
    """Let the memory ask, and the words give."""
    own = causal(x, x, x)
    return own, attention(memory, own, own)


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, a batch of one, and a memory without padding."""
    return (
        (rng.normal(size=(1, 3)), rng.normal(size=(1, 3)), np.array([True])),
        (rng.normal(size=(4, 1)), rng.normal(size=(3, 1)), np.array([False, False, True])),
        (
            rng.normal(size=(1, 3, 2)),
            rng.normal(size=(1, 4, 2)),
            np.array([[True, True, True, True]]),
        ),
        (rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), np.array([True, False])),
    )


EXERCISE = Exercise(
    name="decoder-attention",
    skeleton='''
def decoder_attention(x, memory, real):
    """Return the outputs of causal self-attention, and of cross-attention that asks
    with them.

    x: (..., n, d)    memory: (..., m, d)    real: (..., m), boolean, False = padding
    returns: (..., n, d) twice; zeros where a memory has no real row
    """
    ...
''',
    solution='''
def decoder_attention(x, memory, real):
    def attend(q, k, mask):
        scores = np.where(mask, q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]), -np.inf)
        peak = scores.max(axis=-1, keepdims=True)
        top = np.where(mask, np.exp(scores - np.where(np.isfinite(peak), peak, 0)), 0)
        return top / np.maximum(top.sum(axis=-1, keepdims=True), 1e-30) @ k

    own = attend(x, x, np.tri(x.shape[-2], dtype=bool))
    return own, attend(own, memory, real[..., None, :])
''',
    reference=decoder_with(causal),
    cases=sequences,
    edges=edges,
    free=("x", "memory"),
    returns={"own": ("query", "feature"), "crossed": ("query", "feature")},
    mistakes=(
        Mistake("sees-the-future", "self-attention sees words that are not written yet",
                CAUSAL_LOOK, decoder_with(attention)),
        Mistake("causal-memory", "cross-attention is causal too, and hides most of the memory",
                "the memory is complete before the first word is written",
                lambda x, memory, real: (causal(x, x, x), attention(
                    causal(x, x, x), memory, memory, causal=True, mask=real[..., None, :]))),
        Mistake("padding-attended", "cross-attention looks at the padding", PADDING_LOOK,
                decoder_with(causal, lambda q, k, v, mask: attention(q, k, v))),
        Mistake("inverted-mask", "the mask is inverted: only the padding is attended to",
                "True means real", decoder_with(
                    causal, lambda q, k, v, mask: attention(q, k, v, mask=~mask))),
        Mistake("asks-with-x", "cross-attention asks with x, not with what self-attention gave",
                PLACES_LOOK, lambda x, memory, real: (
                    causal(x, x, x), attention(x, memory, memory, mask=real[..., None, :]))),
        Mistake("memory-asks", "the memory asks and the words answer", PLACES_LOOK,
                other_way_round),
        Mistake("own-values", "the memory is matched, but what comes back is the words' own",
                PLACES_LOOK, lambda x, memory, real: (
                    causal(x, x, x), causal(*3 * (causal(x, x, x),)))),
        Mistake("swapped-outputs", "the two outputs have changed places",
                "first self-attention, then cross-attention", lambda x, memory, real:
                decoder_with(causal)(x, memory, real)[::-1]),
        Mistake("no-scaling", "the scores of cross-attention are not divided by √d", SCALE_LOOK,
                decoder_with(causal, with_scale(lambda q, k, v: 1.0))),
        Mistake("no-scaling", "the scores of self-attention are not divided by √d", SCALE_LOOK,
                decoder_with(unscaled)),
        Mistake("no-scaling", "the scores of neither attention are divided by √d", SCALE_LOOK,
                decoder_with(unscaled, with_scale(lambda q, k, v: 1.0))),
        Mistake("multiplied-mask", "masked scores are set to 0, which is a score like any other",
                PADDING_LOOK, decoder_with(
                    causal, with_mask(lambda scores, mask: scores * mask))),
        Mistake("mask-after-softmax", "the mask comes after the softmax, so rows do not sum to 1",
                PADDING_LOOK, decoder_with(causal, mask_afterwards)),
        Mistake("fully-masked-nan", "a memory without any real row gives NaN",
                "where no key is allowed the weights are 0: decide it on the mask",
                decoder_with(causal, with_mask(
                    lambda scores, mask: np.where(mask, scores, -np.inf)))),
        Mistake("fully-masked-uniform", "a memory without any real row gives its mean",
                "a large negative number is not −∞: where no key is allowed the weights are 0",
                decoder_with(causal, with_mask(
                    lambda scores, mask: np.where(mask, scores, -1e9)))),
        Mistake("residual", "the words are added to what cross-attention gives: nothing asked "
                "for a residual", "return what the attention gives, and no more",
                lambda x, memory, real: (lambda own, crossed: (own, own + crossed))(
                    *decoder_with(causal)(x, memory, real))),
        Mistake("residual", "x is added to what self-attention gives: nothing asked for a residual",
                "return what the attention gives, and no more",
                decoder_with(lambda q, k, v: q + causal(q, k, v))),
        Mistake("residual", "both attentions have their queries added: nothing asked for a "
                "residual", "return what the attention gives, and no more",
                decoder_with(lambda q, k, v: q + causal(q, k, v),
                             lambda q, k, v, mask: q + attention(q, k, v, mask=mask))),
        Mistake("asks-with-the-sum",
                "cross-attention asks with x added to the output of self-attention",
                PLACES_LOOK, lambda x, memory, real: (
                    causal(x, x, x), attention(x + causal(x, x, x), memory, memory,
                                               mask=real[..., None, :]))),
        Mistake("transposed-mask", "the causal mask is transposed: the past is hidden",
                CAUSAL_LOOK, decoder_with(lambda q, k, v: attention(
                    q, k, v, mask=np.tri(q.shape[-2], dtype=bool).T))),
        Mistake("zeros-with-padding", "cross-attention gives zeros as soon as a row is padding",
                "the rows of the memory that are real are still seen", decoder_with(
                    causal, lambda q, k, v, mask: attention(q, k, v) * mask.all(-1)[..., None])),
        Mistake("hides-itself", "a word does not see itself (off by one)", CAUSAL_LOOK,
                decoder_with(lambda q, k, v: attention(
                    q, k, v, mask=np.tri(q.shape[-2], k=-1, dtype=bool)))),
        Mistake("zeroed-before", "the padding is set to 0 before the scores: a score of 0 is a "
                "score like any other", PADDING_LOOK, lambda x, memory, real:
                decoder_with(causal)(x, memory * real[..., None], np.ones_like(real))),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
