"""What several exercises of this chapter share."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.wrong import hardest

SHARE_LOOK = "each query spreads 1 over the keys: divide each row by its own sum"

KERNEL_LOOK = "a key at distance r counts exp(−r² / 2b²)"


def gaussian_weights(distances: Array, bandwidth: float) -> Array:
    """Return the weights of a Gaussian kernel at these distances."""
    return np.asarray(softmax(-((distances / bandwidth) ** 2) / 2))


def shares(kernel: Function) -> Function:
    """Return weights made of another kernel: ``kernel(r, b)`` over the row sums."""

    def weigh(distances: Array, bandwidth: float) -> Array:
        height = kernel(distances, bandwidth)
        return np.asarray(height / height.sum(axis=-1, keepdims=True))

    return weigh


def bell(r: Array, b: float) -> Array:
    """Return the Gaussian kernel as it is written: it underflows far out."""
    return np.asarray(np.exp(-(r**2) / (2 * b**2)))


FAR_LOOK = "take the softmax of −r² / 2b²: it subtracts the row's largest score first"
TINY = 1e-300

KERNELS = (
    Mistake("bandwidth-not-squared", "the bandwidth is not squared", KERNEL_LOOK,
            lambda r, b: softmax(-(r**2) / (2 * b))),
    Mistake("half-squared", "the 2 under the fraction is squared too: 4b² for 2b²", KERNEL_LOOK,
            lambda r, b: softmax(-(r**2) / (2 * b) ** 2)),
    Mistake("no-half", "the 2 under the fraction is missing", KERNEL_LOOK,
            lambda r, b: softmax(-((r / b) ** 2))),
    Mistake("distance-not-squared", "the distances are not squared", KERNEL_LOOK,
            lambda r, b: softmax(-r / (2 * b**2))),
    Mistake("exponential-kernel", "this is exp(−r/b), another kernel", KERNEL_LOOK,
            lambda r, b: softmax(-r / b)),
    Mistake("bandwidth-ignored", "the bandwidth is not used", KERNEL_LOOK,
            lambda r, b: softmax(-(r**2) / 2)),
    Mistake("bandwidth-multiplies", "the distances are multiplied by the bandwidth", KERNEL_LOOK,
            lambda r, b: softmax(-((r * b) ** 2) / 2)),
    Mistake("far-counts-most", "far keys get the most weight: the sign is wrong", KERNEL_LOOK,
            lambda r, b: softmax((r / b) ** 2 / 2)),
    Mistake("not-normalised", "the rows are not divided by their sums", SHARE_LOOK, bell),
    Mistake("divided-by-n", "the rows are divided by the number of keys, not by their sums",
            SHARE_LOOK, lambda r, b: bell(r, b) / r.shape[-1]),
    Mistake("density", "the kernel is divided by b√2π, not the row by its sum", SHARE_LOOK,
            lambda r, b: bell(r, b) / (b * (2 * np.pi) ** 0.5)),
    Mistake("softmax-over-queries", "each key spreads 1 over the queries", SHARE_LOOK,
            lambda r, b: bell(r, b) / bell(r, b).sum(axis=0)),
    Mistake("over-everything", "all the weights together sum to 1", SHARE_LOOK,
            lambda r, b: bell(r, b) / bell(r, b).sum()),
    Mistake("far-zeros", "a far query gets zeros: all its kernel values are 0 in floating point",
            FAR_LOOK,
            lambda r, b: bell(r, b) / np.maximum(bell(r, b).sum(-1, keepdims=True), TINY)),
    Mistake("far-uniform", "a far query gets the plain average, as if all keys were "
            "equally far", FAR_LOOK, lambda r, b: softmax(np.where(
                bell(r, b).sum(-1, keepdims=True) > 0, -((r / b) ** 2) / 2, 0))),
    Mistake("inverse-distance", "the weights are shares of 1/r", KERNEL_LOOK,
            shares(lambda r, b: 1 / r)),
    Mistake("nearest", "all the weight is on the nearest key", KERNEL_LOOK,
            lambda r, b: hardest(-r)),
    Mistake("uniform", "every key gets the same weight", KERNEL_LOOK, lambda r, b: softmax(0 * r)),
    Mistake("underflow", "0/0: every kernel value of a far query is 0 in floating point",
            FAR_LOOK,
            shares(bell)),
)  # fmt: skip


def distances_and_bandwidth(rng: Generator) -> Iterator[Case]:
    """Yield distances and a bandwidth; in the extreme case every key is far."""
    for (kind, (n, m, *_)), bandwidth in zip(SIZES, (0.5, 0.7, 1.7, 0.3, 2.5, 0.6), strict=True):
        distances = rng.uniform(0.1, 3, size=(n, m))
        yield cast(Case(kind, (distances, bandwidth)))
        if kind == "plain":
            yield Case("extreme", (distances + 300, bandwidth))


SIZES = (
    ("plain", (3, 3, 3, 3)), ("plain", (3, 5, 7, 2)), ("plain", (1, 11, 2, 3)),
    ("plain", (5, 5, 2, 2)), ("plain", (7, 2, 5, 1)), ("float32", (3, 7, 5, 2)),
)  # fmt: skip


def queries_keys_values(rng: Generator) -> Iterator[Case]:
    """Yield queries, keys and values; the keys differ much in length."""
    for kind, (n, m, d, e) in SIZES:
        key = rng.normal(size=(m, d)) * rng.uniform(0.3, 3, size=(m, 1))
        yield cast(Case(kind, (rng.normal(size=(n, d)), key, rng.normal(size=(m, e)) + 1.0)))
