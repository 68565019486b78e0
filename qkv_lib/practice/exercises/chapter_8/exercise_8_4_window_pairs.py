"""Exercise 8.4: what a window computes."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator

WINDOW_LOOK = "query i, counted from 0, sees min(i + 1, window) keys: itself and those before"


def window_pairs(n: Array, window: int) -> Array:
    """Return how many pairs of query and key a causal window lets through."""
    full = np.minimum(n, window)
    return np.asarray(full * (full + 1) // 2 + (n - full) * full)


def windows(rng: Generator) -> Iterator[Case]:
    """Yield lengths and a window: narrow, wide, of one key, and longer than the sequence."""
    for window, most in ((3, 900), (8, 900), (64, 2000), (1, 3000), (50, 40)):
        yield Case("plain", (rng.integers(2, most, size=5), window))


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([5000]), 700),
        (np.array([1, 2000, 3000]), 1024),
        (np.array([1, 2, 3]), 1),
        (np.array([2, 5, 7]), 1000),
    )


EXERCISE = Exercise(
    name="window-pairs",
    skeleton='''
def window_pairs(n, window):
    """Return how many scores a causal sliding window has to compute.

    n: (k,), integers, k lengths
    window: keys a query sees at most, its own position included
    returns: (k,), integers
    """
    ...
''',
    solution='''
def window_pairs(n, window):
    short = np.minimum(n, window)
    return short * (short + 1) // 2 + (n - short) * short
''',
    reference=window_pairs,
    cases=windows,
    edges=edges,
    large=tuple((np.array([n], dtype=np.int64), window) for n, window in (
        (6001, 6001), (999_983, 8191))),
    without=dict.fromkeys(("low", "rows"), "its arguments are counts"),
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
        Mistake("first-window-left-out", "the first `window` queries are left out altogether",
                WINDOW_LOOK, lambda n, w: (n - w) * w),
        Mistake("short-ones-forgotten", "this holds for n ≥ window; a shorter text never fills it",
                WINDOW_LOOK, lambda n, w: n * w - w * (w - 1) // 2),
        Mistake("short-ones-forgotten", "this holds for n ≥ window; a shorter text never fills it",
                WINDOW_LOOK, lambda n, w: w * (w + 1) // 2 + (n - w) * w),
        Mistake("ramp-too-long", "the ramp at the start is counted by one too many: it lacks "
                "1 + 2 + … + (window − 1) pairs", WINDOW_LOOK,
                lambda n, w: n * w - w * (w + 1) // 2),
        Mistake("smaller-of-two", "the smaller of two totals: min belongs to each query",
                WINDOW_LOOK, lambda n, w: np.minimum(n * w, n * (n + 1) // 2)),
        Mistake("start-ignored", "the first queries are counted as if they had a whole window "
                "behind them", WINDOW_LOOK, lambda n, w: np.minimum(n, w) * n),
        Mistake("both-sides", "the window reaches into the future as well", WINDOW_LOOK,
                lambda n, w: n * (2 * w + 1)),
        Mistake("both-sides", "the window reaches into the future as well", WINDOW_LOOK,
                lambda n, w: n * (2 * w - 1)),
        Mistake("queries-from-0", "query i is given i keys: the one at its own place is forgotten "
                "at the start", "query i, counted from 0, sees min(i + 1, window) keys",
                lambda n, w: window_pairs(n - 1, w)),
        Mistake("queries-from-2", "the queries are counted one too far at the start",
                "query i, counted from 0, sees min(i + 1, window) keys",
                lambda n, w: window_pairs(n + 1, w) - 1),
        Mistake("ramp-of-squares", "half a square for the start: a triangle has k(k + 1)/2 pairs",
                WINDOW_LOOK, lambda n, w: np.minimum(n, w) ** 2 // 2
                + (n - np.minimum(n, w)) * np.minimum(n, w)),
        Mistake("start-one-too-many", "one row of the window is counted twice", WINDOW_LOOK,
                lambda n, w: window_pairs(n, w) + np.minimum(n, w)),
        Mistake("larger-of-two", "the larger of n and window is taken, not the smaller",
                WINDOW_LOOK, lambda n, w: np.maximum(n, w) * (np.maximum(n, w) + 1) // 2
                + (n - np.maximum(n, w)) * np.maximum(n, w)),
        Mistake("half-the-rectangle", "half of n times the window is no triangle and a rectangle",
                WINDOW_LOOK, lambda n, w: n * np.minimum(n, w) // 2),
        Mistake("start-left-out", "the first `window` queries are left out altogether",
                WINDOW_LOOK, lambda n, w: np.maximum(n - w, 0) * w),
        Mistake("ramp-of-squares", "half a square is taken off for the start: a triangle has "
                "k(k − 1)/2 pairs", WINDOW_LOOK, lambda n, w: n * np.minimum(n, w)
                - np.minimum(n, w) ** 2 // 2),
        Mistake("one-length-for-all", "the window is compared with the longest length, for all",
                "each length has a minimum of its own: np.minimum(n, window)",
                lambda n, w: window_pairs(np.full_like(n, n.max()), w)
                - (n.max() - n) * np.minimum(n.max(), w)),
        Mistake("one-length-for-all", "the window is compared with the shortest length, for all",
                "each length has a minimum of its own: np.minimum(n, window)",
                lambda n, w: window_pairs(np.full_like(n, n.min()), w)
                + (n - n.min()) * np.minimum(n.min(), w)),
        Mistake("share-for-count", "the share of all pairs is returned, not their number",
                "count the pairs", lambda n, w: window_pairs(n, w) / n**2),
        Mistake("mean-of-a-query", "the mean per query is returned, not the sum",
                "count all the pairs", lambda n, w: window_pairs(n, w) / n),
    ),
)  # fmt: skip
