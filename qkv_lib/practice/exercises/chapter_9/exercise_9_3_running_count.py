"""Exercise 9.3: a mean is not a count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import attention
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

COUNT_LOOK = "attention gives place i the mean of i + 1 bits; a count is that mean times i + 1"


def bit_inputs(rng: Generator) -> Iterator[Case]:
    """Yield rows of bits, as floating-point numbers; each row holds a one."""
    for kind, shape in (
        ("plain", (7,)), ("plain", (5,)), ("plain", (2,)),
        ("batch", (3, 7)), ("batch", (5, 5)), ("batch", (2, 3, 11)), ("float32", (2, 7)),
    ):  # fmt: skip
        bits = rng.integers(2, size=shape).astype(np.float64)
        bits[..., 0] = 1.0
        bits[..., -1] = 1.0
        yield cast(Case(kind, (bits,)))


def steps(bits: Array) -> Array:
    """Return 1, 2, …, n in the dtype of the bits."""
    return np.arange(1, bits.shape[-1] + 1).astype(bits.dtype)


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.zeros(5),),
        (np.ones(4),),
        (np.array([0.0]),),
        (np.array([0.0, 0.0, 1.0, 0.0]),),
        (rng.integers(2, size=300).astype(float),),
    )


def runs(bits: Array) -> Array:
    """Return how long the row of ones is that ends at each place."""
    count, zeros = np.cumsum(bits, axis=-1), bits == 0
    return np.asarray(count - np.maximum.accumulate(np.where(zeros, count, 0), axis=-1))


EXERCISE = Exercise(
    name="running-count",
    skeleton='''
def running_count(bits):
    """Return how many ones stand at each place and before it.

    Attention with equal scores and a causal mask gives means, not counts: start from
    there.
    bits: (..., n), floating-point zeros and ones    returns: (..., n)
    """
    ...
''',
    solution='''
def running_count(bits):
    return np.cumsum(bits, axis=-1)
''',
    reference=lambda bits: np.cumsum(bits, axis=-1),
    cases=bit_inputs,
    edges=edges,
    without=dict.fromkeys(("low", "rows", "generic"), "bits are 0 or 1"),
    returns={"count": ("place",)},
    mistakes=(
        Mistake("mean", "the mean comes back: what attention gives", COUNT_LOOK,
                lambda bits: np.cumsum(bits, axis=-1) / steps(bits)),
        Mistake("times-n", "the mean is multiplied by n at every place",
                "place i has seen i + 1 bits, not n",
                lambda bits: np.cumsum(bits, axis=-1) / steps(bits) * bits.shape[-1]),
        Mistake("times-i", "the mean is multiplied by i", "place i has seen i + 1 bits",
                lambda bits: np.cumsum(bits, axis=-1) / steps(bits) * (steps(bits) - 1)),
        Mistake("not-causal", "every place gets the count of the whole row",
                "use the causal mask: what comes later does not count",
                lambda bits: 0 * bits + bits.sum(-1, keepdims=True)),
        Mistake("mean-of-all", "every place gets the mean of the whole row", COUNT_LOOK,
                lambda bits: 0 * bits + bits.mean(-1, keepdims=True)),
        Mistake("without-itself", "the bit at the place itself is left out",
                "the causal mask allows j ≤ i", lambda bits: np.cumsum(bits, axis=-1) - bits),
        Mistake("from-the-end", "you count what comes later", "the causal mask allows j ≤ i",
                lambda bits: np.cumsum(bits[..., ::-1], axis=-1)[..., ::-1].copy()),
        Mistake("counts-zeros", "zeros are counted", "the values are the bits",
                lambda bits: np.cumsum(1 - bits, axis=-1)),
        Mistake("counts-places", "places are counted, whatever the bits", "the values are the bits",
                lambda bits: 0 * bits + steps(bits)),
        Mistake("parity", "even or odd comes back, not the count", "no remainder is asked for",
                lambda bits: np.cumsum(bits, axis=-1) % 2),
        Mistake("batch-leak", "the rows of a batch are counted together", "count along axis=-1",
                lambda bits: np.cumsum(bits).reshape(bits.shape)),
        Mistake("resets-at-0", "the count begins anew at each 0",
                "all ones before count, in a row or not", runs),
        Mistake("first-axis", "the rows of a batch are added up, not the places of a row",
                "count along axis=-1", lambda bits: np.cumsum(bits, axis=0)),
        Mistake("scores-from-bits", "the scores come from the bits, so that ones weigh more",
                "all scores are equal: queries and keys of 0", lambda bits: steps(bits) * attention(
                    bits[..., None], bits[..., None], bits[..., None], causal=True)[..., 0]),
        Mistake("all-ones-so-far", "this tells whether all bits so far are ones", COUNT_LOOK,
                lambda bits: np.cumprod(bits, axis=-1)),
        Mistake("not-causal", "the mean of the whole row is multiplied by the place",
                "use the causal mask: what comes later does not count",
                lambda bits: steps(bits) * bits.mean(-1, keepdims=True)),
        Mistake("count-times-place", "the count is multiplied by the place",
                "it is the mean that is multiplied by i + 1",
                lambda bits: np.cumsum(bits, axis=-1) * steps(bits)),
        Mistake("one-or-none", "1 comes back from the first one on",
                "how many ones, not whether there is one",
                lambda bits: np.maximum.accumulate(bits, axis=-1)),
        Mistake("last-count-only", "only the count of the whole row comes back",
                "a count for every place", lambda bits: bits.sum(axis=-1)),
        Mistake("times-one-too-many", "the mean is multiplied by i + 2",
                "place i has seen i + 1 bits: times i + 1",
                lambda bits: np.cumsum(bits, axis=-1) / steps(bits) * (steps(bits) + 1)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
