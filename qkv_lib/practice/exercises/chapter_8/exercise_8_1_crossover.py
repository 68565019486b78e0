"""Exercise 8.1: where the square begins."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.measures.cost import Block, crossover_length
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator

CROSS_LOOK = "write the multiplications of each part for n positions, and solve for n"


def crossover(d_model: Array, d_ff: Array, n_heads: int, n_kv_heads: int) -> Array:
    """Return the library's crossover lengths, one a block."""
    found = [
        crossover_length(Block(int(d), n_heads, n_kv_heads=n_kv_heads, d_ff=int(f)))
        for d, f in zip(d_model, d_ff, strict=True)
    ]
    return np.array(found).astype(np.int64)


def blocks(rng: Generator) -> Iterator[Case]:
    """Yield widths of blocks with all, some and one of the key heads."""
    for h, g in ((4, 4), (12, 3), (8, 1), (6, 2)):
        d_model = 2 * h * rng.integers(5, 80, size=5)
        d_ff = 2 * rng.integers(50, 2000, size=5)
        yield Case("plain", (d_model, d_ff, h, g))


def length(of: Function) -> Function:
    """Return a wrong crossover from d_model, the width of all keys, and d_ff."""
    return lambda d, f, h, g: np.asarray(of(d, d // h * g, f))


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([12288, 2]), np.array([4 * 12288, 2]), 1, 1),
        (np.array([16384]), np.array([53248]), 128, 8),
    )


EXERCISE = Exercise(
    name="crossover",
    skeleton='''
def crossover(d_model, d_ff, n_heads, n_kv_heads):
    """Return the length n at which scores and weighted sum cost as much as all the
    maps.

    d_model, d_ff: (n_blocks,), even integers, one block each
    n_heads, n_kv_heads: integers
    returns: (n_blocks,), integers
    """
    ...
''',
    solution='''
def crossover(d_model, d_ff, n_heads, n_kv_heads):
    d_kv = d_model // n_heads * n_kv_heads
    return d_model + d_kv + d_ff
''',
    reference=crossover,
    cases=blocks,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "its arguments are counts"),
    returns={"length": ("block",)},
    mistakes=(
        Mistake("always-6d", "this is 6 · d_model, which holds for d_ff = 4 · d_model and as many "
                "key heads as query heads", CROSS_LOOK, length(lambda d, kv, f: 6 * d)),
        Mistake("shared-heads-ignored", "keys and values are taken to be as wide as the model",
                CROSS_LOOK, length(lambda d, kv, f: 2 * d + f)),
        Mistake("feed-forward-forgotten", "the feed-forward maps are forgotten", CROSS_LOOK,
                length(lambda d, kv, f: d + kv)),
        Mistake("one-feed-forward-map", "only one of the two feed-forward maps is counted",
                CROSS_LOOK, length(lambda d, kv, f: d + kv + f // 2)),
        Mistake("projections-forgotten", "the projections are forgotten", CROSS_LOOK,
                length(lambda d, kv, f: f)),
        Mistake("output-map-forgotten", "the map of the output (or of the queries) is forgotten",
                CROSS_LOOK, length(lambda d, kv, f: d // 2 + kv + f)),
        Mistake("keys-or-values-forgotten", "the map of the keys, or of the values, is forgotten",
                CROSS_LOOK, length(lambda d, kv, f: d + kv / 2 + f)),
        Mistake("keys-or-values-forgotten", "the map of the keys, or of the values, is forgotten",
                CROSS_LOOK, length(lambda d, kv, f: d + kv // 2 + f)),
        Mistake("scores-only", "half of the n² part is counted: the scores without the weighted "
                "sum, or half of the pairs", CROSS_LOOK,
                length(lambda d, kv, f: 2 * (d + kv + f))),
        Mistake("times-the-heads", "the n² part is multiplied by the number of heads",
                "h heads of width d_model / h cost what one of width d_model does",
                lambda d, f, h, g: crossover(d, f, h, g) // h),
        Mistake("all-grouped", "queries and output are taken to be as narrow as keys and values",
                CROSS_LOOK, length(lambda d, kv, f: 2 * kv + f)),
        Mistake("feed-forward-twice", "the feed-forward maps are counted twice", CROSS_LOOK,
                length(lambda d, kv, f: d + kv + 2 * f)),
        Mistake("keys-and-values-twice", "keys and values are counted with twice their width",
                CROSS_LOOK, length(lambda d, kv, f: d + 2 * kv + f)),
        Mistake("heads-for-width", "n_heads stands for the width of a head",
                "a head is d_model / n_heads wide",
                lambda d_model, d_ff, n_heads, n_kv_heads: d_model + n_kv_heads * n_heads + d_ff),
        Mistake("group-upside-down", "n_heads and n_kv_heads have changed places",
                "fewer key heads make the maps narrower, not wider",
                lambda d, f, h, g: d + d // g * h + f),
        Mistake("queries-forgotten", "the maps of the queries and of the output are forgotten",
                CROSS_LOOK, length(lambda d, kv, f: kv + f)),
        Mistake("keys-and-values-gone",
                "n_kv_heads // n_heads is 0: no keys and no values are counted",
                "multiply first, then divide", lambda d, f, h, g: d + d * (g // h) + f),
        Mistake("one-map-grouped", "only keys, or only values, are taken to be grouped",
                CROSS_LOOK, length(lambda d, kv, f: d + (d + kv) // 2 + f)),
    ),
)  # fmt: skip
