"""Exercise 7.6: a kernel for Keras."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast

KERNEL_LOOK = "y = x @ weight.T, so transpose first; then cut the outputs into heads, then widths"


def keras_kernel(weight: Array, n_heads: int) -> Array:
    """Return the kernel of Keras' layer."""
    return weight.T.reshape(weight.shape[1], n_heads, -1)


def weights_and_heads(rng: Generator) -> Iterator[Case]:
    """Yield weights of linear maps whose outputs the heads share."""
    for kind, h, d, width in (
        ("plain", 3, 2, 6), ("plain", 2, 5, 7), ("plain", 3, 3, 9), ("plain", 2, 2, 4),
        ("plain", 1, 3, 5), ("float32", 3, 5, 2),
    ):  # fmt: skip
        yield cast(Case(kind, (rng.normal(size=(h * d, width)), h)))


def interleaved(weight: Array, n_heads: int) -> Array:
    """Give head i the outputs i, i + h, i + 2h and so on."""
    return weight.T.reshape(weight.shape[1], -1, n_heads).swapaxes(1, 2)


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 3)), 1),
        (rng.normal(size=(4, 1)), 4),
        (rng.normal(size=(4, 1)), 2),
    )


EXERCISE = Exercise(
    name="keras-kernel",
    skeleton='''
def keras_kernel(weight, n_heads):
    """Return the kernel of keras.layers.MultiHeadAttention for the weight of an
    nn.Linear.

    weight: (n_heads · d, d_model); the map is x @ weight.T
    returns: (d_model, n_heads, d)
    """
    ...
''',
    solution='''
def keras_kernel(weight, n_heads):
    outputs, inputs = weight.shape
    return weight.T.reshape(inputs, n_heads, outputs // n_heads)
''',
    reference=keras_kernel,
    cases=weights_and_heads,
    edges=edges,
    free=("weight",),
    returns={"kernel": ("input", "head", "feature")},
    mistakes=(
        Mistake("not-transposed", "the numbers are cut in reading order, inputs and outputs mixed",
                KERNEL_LOOK, lambda w, h: w.reshape(w.shape[1], h, -1)),
        Mistake("interleaved", "head i gets every h-th output, not its own block", KERNEL_LOOK,
                interleaved),
        Mistake("heads-last", "widths come before heads", KERNEL_LOOK,
                lambda w, h: keras_kernel(w, h).swapaxes(1, 2)),
        Mistake("heads-first", "heads come before inputs", KERNEL_LOOK,
                lambda w, h: np.moveaxis(keras_kernel(w, h), 1, 0)),
        Mistake("outputs-first", "the inputs come last: this is the shape of the output map",
                KERNEL_LOOK, lambda w, h: w.reshape(h, -1, w.shape[1])),
        Mistake("still-flat", "the outputs are not cut into heads", KERNEL_LOOK,
                lambda w, h: w.T),
        Mistake("unchanged", "the weight came back as it went in", KERNEL_LOOK, lambda w, h: w),
        Mistake("reversed-heads", "the heads are in reverse order", KERNEL_LOOK,
                lambda w, h: keras_kernel(w, h)[:, ::-1]),
        Mistake("first-head-for-all", "every head gets the first block", KERNEL_LOOK,
                lambda w, h: np.repeat(keras_kernel(w, h)[:, :1], h, axis=1)),
    ),
)  # fmt: skip
