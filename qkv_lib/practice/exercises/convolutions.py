"""Chapter 9, attention and its rivals: a filter out of heads, its scores, and a count."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

TAP_LOOK = "head r looks at place i − r and applies kernel[r]; all heads are added"
EDGE_LOOK = "before the first place there are zeros: a head with nothing to look at gives 0"
SCORE_LOOK = "rows are queries i, columns are keys j: −strength · (p_j − p_i − offset)²"
COUNT_LOOK = "attention gives place i the mean of i + 1 bits; a count is that mean times i + 1"


def shifted(x: Array, r: int) -> Array:
    """Return the rows moved ``r`` places down, zeros above; up if ``r`` is negative."""
    n = x.shape[-2]
    if abs(r) >= n:
        return np.zeros_like(x)
    empty = np.zeros_like(x[..., : abs(r), :])
    kept = x[..., : n - r, :] if r > 0 else x[..., -r:, :]
    return np.concatenate([empty, kept] if r > 0 else [kept, empty], axis=-2)


def filtered(x: Array, kernel: Array, move: Function = shifted) -> Array:
    """Return the sum over the taps of the moved input times the tap's matrix."""
    return np.asarray(sum(move(x, r) @ kernel[r] for r in range(len(kernel))), dtype=x.dtype)


def repeated(x: Array, r: int) -> Array:
    """Move as `shifted` does, with the first row in place of zeros."""
    return x[..., np.maximum(np.arange(x.shape[-2]) - r, 0), :]


def filter_inputs(rng: Generator) -> Iterator[Case]:
    """Yield sequences and kernels of two taps or more; a few with as many inputs as outputs."""
    for kind, lead, n, k, c, e in (
        ("plain", (), 7, 3, 2, 5), ("plain", (), 5, 2, 3, 3), ("plain", (), 11, 5, 1, 1),
        ("plain", (), 2, 3, 3, 2), ("batch", (3,), 7, 3, 5, 2), ("batch", (2, 3), 5, 2, 3, 3),
        ("float32", (2,), 5, 3, 2, 7),
    ):  # fmt: skip
        yield cast(Case(kind, (rng.normal(size=(*lead, n, c)), rng.normal(size=(k, c, e)))))


CONVOLVE = Exercise(
    name="convolution-by-heads",
    chapter=9,
    skeleton='''
def convolve(x, kernel):
    """Return y_i = Σ_r x_(i-r) kernel[r]: head r looks r places back. Zeros before the first row.

    x: (..., n, c)    kernel: (k, c, e)    returns: (..., n, e)
    """
    ...
''',
    reference=lambda x, kernel: filtered(x, kernel),
    cases=filter_inputs,
    returns={"y": ("place", "feature")},
    mistakes=(
        Mistake("flipped", "the taps are in the wrong order", TAP_LOOK,
                lambda x, kernel: filtered(x, kernel[::-1])),
        Mistake("looks-ahead", "the heads look ahead, not back",
                "place i may see places up to i: x_(i-r)",
                lambda x, kernel: filtered(x, kernel, lambda x, r: shifted(x, -r))),
        Mistake("centred", "the filter is centred on the place", "tap 0 is the place itself",
                lambda x, kernel:
                filtered(x, kernel, lambda x, r: shifted(x, r - len(kernel) // 2))),
        Mistake("wraps-round", "the first places see the last ones", EDGE_LOOK,
                lambda x, kernel: filtered(x, kernel, lambda x, r: np.roll(x, r, axis=-2))),
        Mistake("repeats-the-first", "before the first place the first row is repeated", EDGE_LOOK,
                lambda x, kernel: filtered(x, kernel, repeated)),
        Mistake("one-too-far", "each head looks one place too far back", TAP_LOOK,
                lambda x, kernel: filtered(x, kernel, lambda x, r: shifted(x, r + 1))),
        Mistake("averaged", "the heads are averaged, not added",
                "the output of a convolution is the sum over its taps",
                lambda x, kernel: filtered(x, kernel) / len(kernel)),
        Mistake("one-matrix", "every head has the values of the first tap", TAP_LOOK,
                lambda x, kernel: filtered(x, np.broadcast_to(kernel[:1], kernel.shape))),
        Mistake("no-shift", "no head moves: all look at the place itself", TAP_LOOK,
                lambda x, kernel: filtered(x, kernel, lambda x, r: x)),
        Mistake("transposed-kernel", "the kernel's matrices are transposed",
                "a row of x times kernel[r]: x @ kernel[r]",
                lambda x, kernel: filtered(x, kernel.swapaxes(-1, -2))),
        Mistake("first-tap-only", "only the first tap is used", TAP_LOOK,
                lambda x, kernel: x @ kernel[0]),
        Mistake("last-tap-missing", "the last tap is missing", "there are k taps: range(k)",
                lambda x, kernel: filtered(x, kernel[:-1])),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


def distances(places: Array) -> Array:
    """Return ``p_j − p_i``."""
    return places[..., None, :] - places[..., :, None]


def place_inputs(rng: Generator) -> Iterator[Case]:
    """Yield places, in order or not, with an offset and a strength."""
    for kind, lead, n, offset, strength in (
        ("plain", (), 5, 2.0, 3.0), ("plain", (), 7, -1.0, 0.5), ("plain", (), 3, 1.0, 7.0),
        ("batch", (2,), 5, 3.0, 1.5), ("batch", (2, 3), 3, -2.0, 4.0), ("float32", (), 5, 2.0, 3.0),
    ):  # fmt: skip
        places = np.arange(n) + rng.integers(10, size=(*lead, n))
        yield cast(Case(kind, (places.astype(np.float64), offset, strength)))


OFFSET_SCORES = Exercise(
    name="offset-scores",
    chapter=9,
    skeleton='''
def offset_scores(places, offset, strength):
    """Return S with S[i, j] = -strength · (places[j] - places[i] - offset)².

    places: (..., n)    offset, strength: numbers    returns: (..., n, n), rows are queries
    """
    ...
''',
    reference=lambda places, offset, strength: -strength * (distances(places) - offset) ** 2,
    cases=place_inputs,
    returns={"scores": ("query", "key")},
    mistakes=(
        Mistake("wrong-way", "the head looks the other way", SCORE_LOOK,
                lambda p, o, s: -s * (distances(p) + o) ** 2),
        Mistake("offset-ignored", "the offset is not used: every place prefers itself", SCORE_LOOK,
                lambda p, o, s: -s * distances(p) ** 2),
        Mistake("positive", "the scores are positive: what is far is preferred",
                "the best key must have the largest score: the sign is minus",
                lambda p, o, s: s * (distances(p) - o) ** 2),
        Mistake("not-squared", "the distance is not squared", SCORE_LOOK,
                lambda p, o, s: -s * np.abs(distances(p) - o)),
        Mistake("signed", "the distance keeps its sign", "square the distance: both sides are far",
                lambda p, o, s: -s * (distances(p) - o)),
        Mistake("strength-ignored", "the strength is not used", SCORE_LOOK,
                lambda p, o, s: -((distances(p) - o) ** 2)),
        Mistake("strength-squared", "the strength is squared too", "it stands before the square",
                lambda p, o, s: -((s * (distances(p) - o)) ** 2)),
        Mistake("divided-by-strength", "the scores are divided by the strength", SCORE_LOOK,
                lambda p, o, s: -((distances(p) - o) ** 2) / s),
        Mistake("weights", "the weights come back, not the scores", "no softmax yet",
                lambda p, o, s: np.exp(-s * (distances(p) - o) ** 2)
                / np.exp(-s * (distances(p) - o) ** 2).sum(-1, keepdims=True)),
        Mistake("exponentiated", "exp is taken already", "scores are what goes into the softmax",
                lambda p, o, s: np.exp(-s * (distances(p) - o) ** 2)),
    ),
)  # fmt: skip


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


COUNT = Exercise(
    name="running-count",
    chapter=9,
    skeleton='''
def running_count(bits):
    """Return how many ones stand at each place and before it.

    Attention with equal scores and a causal mask gives means, not counts: start from there.
    bits: (..., n), floating-point zeros and ones    returns: (..., n)
    """
    ...
''',
    reference=lambda bits: np.cumsum(bits, axis=-1),
    cases=bit_inputs,
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
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


EXERCISES = (CONVOLVE, OFFSET_SCORES, COUNT)
