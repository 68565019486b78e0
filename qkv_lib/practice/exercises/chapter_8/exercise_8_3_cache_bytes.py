"""Exercise 8.3: the size of a cache."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.measures.cost import Block, kv_cache_bytes
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator

CACHE_LOOK = "one key and one value a token, block and KEY head, each of width d_model / n_heads"


def cache_bytes(
    lengths: Array, d_model: int, n_heads: int, n_kv_heads: int, n_blocks: int, size: int
) -> Array:
    """Return the library's bytes of a cache, a number a sequence."""
    block = Block(d_model, n_heads, n_kv_heads=n_kv_heads)
    found = [kv_cache_bytes(block, n, n_blocks=n_blocks, bytes_per_number=size) for n in lengths]
    return np.array(found, dtype=np.int64)


def cached_models(rng: Generator) -> Iterator[Case]:
    """Yield lengths of sequences and the sizes of a model: multi-head, grouped, multi-query."""
    for sizes in ((84, 12, 3, 5, 4), (84, 12, 12, 5, 2), (40, 8, 1, 7, 4), (128, 16, 2, 3, 2),
                  (4096, 32, 8, 32, 2)):  # fmt: skip
        yield Case("plain", (rng.integers(20, 3000, size=4), *sizes))


def times(factor: Function) -> Function:
    """Return the right bytes, times a factor made from the sizes."""
    return lambda n, *sizes: (cache_bytes(n, *sizes) * factor(*sizes)).astype(np.int64)


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([131072, 1, 0]), 16384, 128, 8, 126, 2),
        (np.array([2**20]), 12288, 96, 96, 96, 4),
        (np.array([1_000_003, 999_983]), 5120, 40, 8, 61, 2),
    )


EXERCISE = Exercise(
    name="cache-bytes",
    skeleton='''
def cache_bytes(lengths, d_model, n_heads, n_kv_heads, n_blocks, size):
    """Return the bytes of the key-value cache of each sequence.

    lengths: (batch,), integers, tokens of each sequence    size: bytes a number
    returns: (batch,), integers
    """
    ...
''',
    solution='''
def cache_bytes(lengths, d_model, n_heads, n_kv_heads, n_blocks, size):
    width = d_model // n_heads * n_kv_heads
    return 2 * lengths * n_blocks * width * size
''',
    reference=cache_bytes,
    cases=cached_models,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "its arguments are counts"),
    returns={"bytes": ("sequence",)},
    mistakes=(
        Mistake("query-heads", "every query head is given keys of its own, or the width of a head "
                "is taken to be d_model / n_kv_heads", CACHE_LOOK,
                times(lambda d, h, g, L, B: h / g)),
        Mistake("keys-only", "the values are forgotten (or the keys)", CACHE_LOOK,
                times(lambda d, h, g, L, B: 1 / 2)),
        Mistake("queries-kept", "queries are kept too, which no later step needs", CACHE_LOOK,
                times(lambda d, h, g, L, B: (2 * g + h) / (2 * g))),
        Mistake("queries-kept", "queries are kept too, which no later step needs", CACHE_LOOK,
                times(lambda d, h, g, L, B: 3 / 2)),
        Mistake("full-width-heads", "each head is as wide as the model", CACHE_LOOK,
                times(lambda d, h, g, L, B: h)),
        Mistake("one-head", "the heads that keep keys are not counted", CACHE_LOOK,
                times(lambda d, h, g, L, B: 1 / g)),
        Mistake("one-block", "the blocks are forgotten: each has a cache of its own", CACHE_LOOK,
                times(lambda d, h, g, L, B: 1 / L)),
        Mistake("numbers-not-bytes", "numbers are counted, not bytes", CACHE_LOOK,
                times(lambda d, h, g, L, B: 1 / B)),
        Mistake("size-of-a-group", "the query heads of a group are counted, not the groups",
                CACHE_LOOK, times(lambda d, h, g, L, B: h / g**2)),
        Mistake("scores-kept", "the cache is taken to hold a number for each pair of tokens",
                "scores are made anew and forgotten; only keys and values are kept",
                lambda n, *sizes: cache_bytes(n, *sizes) * n),
        Mistake("longest-for-all", "every sequence gets the length of the longest",
                "one number for each sequence, from its own length",
                lambda n, d, h, g, b, s: 2 * b * np.full_like(n, n.max()) * (d // h * g) * s),
        Mistake("overflow", "the product does not fit into 32 bits",
                "keep the whole numbers of the lengths, of 64 bits",
                lambda n, d, h, g, b, s: (2 * b * n * (d // h * g) * s).astype(np.int32)),
        Mistake("heads-exchanged", "n_heads and n_kv_heads have changed places",
                "a key head is as wide as a query head, d_model / n_heads",
                times(lambda d, h, g, L, B: (h / g) ** 2)),
        Mistake("heads-divided-first",
                "n_kv_heads // n_heads is 0, unless every head has keys of its "
                "own", "multiply first, then divide",
                lambda n, d, h, g, b, s: 2 * b * n * d * (g // h) * s),
    ),
)  # fmt: skip
