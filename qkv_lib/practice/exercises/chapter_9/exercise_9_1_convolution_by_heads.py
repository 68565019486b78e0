"""Exercise 9.1: a filter out of heads."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

TAP_LOOK = "head r looks at place i − r and applies kernel[r]; all heads are added"


EDGE_LOOK = "before the first place there are zeros: a head with nothing to look at gives 0"


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


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(2, 3)), rng.normal(size=(5, 3, 2))),
        (rng.normal(size=(4, 3)), rng.normal(size=(1, 3, 2))),
        (rng.normal(size=(1, 1)), rng.normal(size=(3, 1, 1))),
        (rng.normal(size=(4, 2)), rng.normal(size=(4, 2, 1))),
    )


EXERCISE = Exercise(
    name="convolution-by-heads",
    skeleton='''
def convolve(x, kernel):
    """Return y_i = Σ_r x_(i-r) kernel[r]: head r looks r places back. Zeros before the
    first row.

    x: (..., n, c)    kernel: (k, c, e)    returns: (..., n, e)
    """
    ...
''',
    solution='''
def convolve(x, kernel):
    n = x.shape[-2]
    y = 0
    for r in range(len(kernel)):
        back = np.arange(n)[:, None] - np.arange(n)
        weights = (back == r).astype(x.dtype)
        y = y + weights @ x @ kernel[r]
    return y
''',
    reference=lambda x, kernel: filtered(x, kernel),
    cases=filter_inputs,
    edges=edges,
    free=("x",),
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
        Mistake("first-tap-missing", "the first tap is missing: a place sees itself too",
                "tap 0 is the place itself: range(k), not range(1, k)",
                lambda x, kernel: filtered(
                    x, np.where(np.arange(len(kernel))[:, None, None] > 0, kernel, 0))),
        Mistake("heads-see-all-before", "head r sees all rows up to i − r, not that one row alone",
                TAP_LOOK, lambda x, kernel: filtered(
                    x, kernel, lambda y, r: np.cumsum(shifted(y, r), axis=-2))),
        Mistake("rows-averaged", "the sum is divided by how many taps a place has",
                "the output of a convolution is the sum over its taps",
                lambda x, kernel: filtered(x, kernel)
                / np.minimum(np.arange(1, x.shape[-2] + 1), len(kernel))[:, None]),
        Mistake("taps-summed", "the matrices are added up first: each tap has its own row of x",
                TAP_LOOK, lambda x, kernel: np.asarray(sum(
                    shifted(x, r) @ kernel.sum(0) for r in range(len(kernel))))),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
