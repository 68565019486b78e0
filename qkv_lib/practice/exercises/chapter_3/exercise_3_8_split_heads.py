"""Exercise 3.8: find the bug."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import split_heads
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

HEADS_LOOK = "cut the features first, to (..., n, h, d), then swap the axes n and h"


def split(x: Array, n_heads: int) -> Array:
    """Return the library's heads."""
    return split_heads(x, n_heads)


def features_and_heads(rng: Generator) -> Iterator[Case]:
    """Yield positions with features that the heads share."""
    for kind, lead, n, h, d in (
        ("plain", (), 3, 3, 3), ("plain", (), 5, 2, 7), ("plain", (), 7, 3, 2),
        ("plain", (), 5, 1, 3), ("plain", (), 1, 3, 5),
        ("batch", (2,), 5, 3, 7), ("batch", (3,), 3, 3, 3), ("batch", (2, 3), 7, 5, 2),
        ("float32", (2,), 5, 3, 7),
    ):  # fmt: skip
        yield cast(Case(kind, (rng.normal(size=(*lead, n, h * d)), h)))


def as_view(x: Array, n_heads: int) -> Array:
    """Reshape straight to (..., h, n, d): this cuts the rows into heads."""
    *lead, n, width = x.shape
    return x.reshape(*lead, n_heads, n, width // n_heads)


def rows_and_heads(x: Array, n_heads: int) -> Array:
    """Return the features cut, (..., n, h, d), with the axes not yet swapped."""
    return split(x, n_heads).swapaxes(-2, -3)


def interleaved(x: Array, n_heads: int) -> Array:
    """Give head i the features i, i + h, i + 2h and so on."""
    *lead, n, width = x.shape
    return np.moveaxis(x.reshape(*lead, n, width // n_heads, n_heads), -1, -3)


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 6)), 1),
        (rng.normal(size=(5, 3)), 3),
        (rng.normal(size=(1, 4)), 2),
    )


EXERCISE = Exercise(
    name="split-heads",
    skeleton='''
def split_heads(x, n_heads):
    """Cut the features into heads: head i gets features i·d to (i+1)·d of every
    position.

    x: (..., n, n_heads · d)    returns: (..., n_heads, n, d)
    """
    *batch, n, features = x.shape
    return x.reshape(*batch, n_heads, n, features // n_heads)  # right shape, wrong numbers
''',
    solution='''
def split_heads(x, n_heads):
    *batch, n, features = x.shape
    cut = x.reshape(*batch, n, n_heads, features // n_heads)
    return cut.swapaxes(-2, -3)
''',
    reference=split,
    cases=features_and_heads,
    edges=edges,
    free=("x",),
    returns={"heads": ("head", "position", "feature")},
    mistakes=(
        Mistake("view-for-transpose", "the rows are cut into heads, not the features", HEADS_LOOK,
                as_view),
        Mistake("interleaved", "head i gets every h-th feature, not its own block", HEADS_LOOK,
                interleaved),
        Mistake("not-swapped", "the features are cut but positions still come before heads",
                HEADS_LOOK, rows_and_heads),
        Mistake("features-before-positions", "inside a head, features and positions are swapped",
                HEADS_LOOK, lambda x, h: split(x, h).swapaxes(-1, -2)),
        Mistake("reversed-heads", "the heads are in reverse order", HEADS_LOOK,
                lambda x, h: split(x, h)[..., ::-1, :, :]),
        Mistake("first-block-for-all", "every head gets the first block of features", HEADS_LOOK,
                lambda x, h: np.repeat(split(x, h)[..., :1, :, :], h, axis=-3)),
        Mistake("heads-first", "the head axis comes before the batch",
                "the shape is (..., h, n, d): batch axes stay in front",
                lambda x, h: np.moveaxis(split(x, h), -3, 0)),
        Mistake("not-split", "the features come back uncut", HEADS_LOOK, lambda x, h: x),
        Mistake("copies", "every head gets all the features", HEADS_LOOK,
                lambda x, h: np.repeat(x[..., None, :, :], h, axis=-3)),
    ),
    properties=(BATCH_APART,),
    given="view-for-transpose",
    symptom="the shape is right, but a head holds features of other heads: try x whose entries are "
    "10 · position + feature",
)  # fmt: skip
