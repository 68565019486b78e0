"""Chapter 8, what attention costs: the cache, the crossover, a sliding window."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.measures.cost import Block, crossover_length, kv_cache_bytes
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator

CACHE_LOOK = "one key and one value a token, block and KEY head, each of width d_model / n_heads"
CROSS_LOOK = "write the multiplications of each part for n positions, and solve for n"
WINDOW_LOOK = "query i, counted from 0, sees min(i + 1, window) keys: itself and those before"


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


CACHE_BYTES = Exercise(
    name="cache-bytes",
    chapter=8,
    skeleton='''
def cache_bytes(lengths, d_model, n_heads, n_kv_heads, n_blocks, size):
    """Return the bytes of the key-value cache of each sequence.

    lengths: (batch,), integers, tokens of each sequence    size: bytes a number
    returns: (batch,), integers
    """
    ...
''',
    reference=cache_bytes,
    cases=cached_models,
    returns={"bytes": ("sequence",)},
    mistakes=(
        Mistake("query-heads", "every query head is given keys of its own: n_heads is used where "
                "n_kv_heads belongs", CACHE_LOOK, times(lambda d, h, g, L, B: h / g)),
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
    ),
)  # fmt: skip


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


CROSSOVER = Exercise(
    name="crossover",
    chapter=8,
    skeleton='''
def crossover(d_model, d_ff, n_heads, n_kv_heads):
    """Return the length n at which scores and weighted sum cost as much as all the maps.

    d_model, d_ff: (n_blocks,), even integers, one block each    n_heads, n_kv_heads: integers
    returns: (n_blocks,), integers
    """
    ...
''',
    reference=crossover,
    cases=blocks,
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
        Mistake("scores-only", "only the scores are counted, not the weighted sum", CROSS_LOOK,
                length(lambda d, kv, f: 2 * (d + kv + f))),
        Mistake("times-the-heads", "the n² part is multiplied by the number of heads",
                "h heads of width d_model / h cost what one of width d_model does",
                lambda d, f, h, g: crossover(d, f, h, g) // h),
    ),
)  # fmt: skip


def window_pairs(n: Array, window: int) -> Array:
    """Return how many pairs of query and key a causal window lets through."""
    full = np.minimum(n, window)
    return np.asarray(full * (full + 1) // 2 + (n - full) * full)


def windows(rng: Generator) -> Iterator[Case]:
    """Yield lengths and a window: narrow, wide, of one key, and longer than the sequence."""
    for window, most in ((3, 900), (8, 900), (64, 2000), (1, 3000), (50, 40)):
        yield Case("plain", (rng.integers(2, most, size=5), window))


WINDOW_PAIRS = Exercise(
    name="window-pairs",
    chapter=8,
    skeleton='''
def window_pairs(n, window):
    """Return how many scores a causal sliding window has to compute.

    n: (k,), integers, k lengths    window: keys a query sees at most, its own position included
    returns: (k,), integers
    """
    ...
''',
    reference=window_pairs,
    cases=windows,
    returns={"pairs": ("length",)},
    mistakes=(
        Mistake("start-ignored", "the first queries are counted as if they had a whole window "
                "behind them", WINDOW_LOOK, lambda n, w: n * w),
        Mistake("start-left-out", "the queries with less than a window behind them are left out",
                WINDOW_LOOK, lambda n, w: np.maximum(n - w + 1, 0) * w),
        Mistake("window-ignored", "this counts all the causal pairs: the window hides nothing",
                WINDOW_LOOK, lambda n, w: n * (n + 1) // 2),
        Mistake("not-causal", "this counts all pairs: nothing is hidden", WINDOW_LOOK,
                lambda n, w: n * n),
        Mistake("one-more", "each query sees one key too many (off by one)", WINDOW_LOOK,
                lambda n, w: window_pairs(n, w + 1)),
        Mistake("one-less", "each query sees one key too few (off by one)", WINDOW_LOOK,
                lambda n, w: window_pairs(n, w - 1)),
        Mistake("itself-forgotten", "a query does not see its own position", WINDOW_LOOK,
                lambda n, w: window_pairs(n, w) - n),
        Mistake("both-sides", "the window reaches into the future as well", WINDOW_LOOK,
                lambda n, w: 2 * window_pairs(n, w) - n),
        Mistake("hidden-pairs", "this counts the pairs that are hidden", WINDOW_LOOK,
                lambda n, w: n * n - window_pairs(n, w)),
        Mistake("separate-blocks", "the sequence is cut into blocks that do not see each other",
                "the window slides: it moves on by one key with every query",
                lambda n, w: n // w * (w * (w + 1) // 2) + (n % w) * (n % w + 1) // 2),
    ),
)  # fmt: skip

EXERCISES = (CROSSOVER, CACHE_BYTES, WINDOW_PAIRS)
