"""Exercise 8.1.1: what a whole step does per byte."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.measures.traffic import cache_traffic, map_traffic
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator

STEP_LOOK = (
    "multiplications: every weight once per sequence, every query head over its own tokens; bytes: "
    "every weight once, every key head's keys and values"
)


def step_intensity(
    lengths: Array, n_weights: int, n_heads: int, n_kv_heads: int, d_head: int, n_blocks: int,
    size: int,
) -> Array:  # fmt: skip
    """Return the library's multiplications per byte of a step, for each batch of lengths."""
    found = []
    for held in lengths:
        maps = map_traffic(n_weights, 1, batch=len(held), bytes_per_number=size)
        caches = [
            cache_traffic(n_heads, n_kv_heads, d_head, int(m) * n_blocks, bytes_per_number=size)
            for m in held
        ]
        parts = [maps, *caches]
        found.append(sum(p.multiplications for p in parts) / sum(p.bytes for p in parts))
    return np.array(found)


def models(rng: Generator) -> Iterator[Case]:
    """Yield lengths of batches and the sizes of a model: multi-head, grouped, multi-query."""
    for batch, sizes in (
        (5, (700_000, 12, 3, 7, 5, 2)), (3, (90_000, 12, 12, 7, 5, 4)),
        (7, (50_000, 8, 1, 5, 7, 2)), (1, (1_000, 16, 2, 8, 3, 1)),
        (4, (60_000, 6, 2, 5, 3, 1)), (1, (3_000, 6, 3, 4, 5, 2)),
        (2, (8_000_000_000, 32, 8, 128, 32, 2)),
    ):  # fmt: skip
        yield Case("plain", (rng.integers(20, 3000, size=(4, batch)), *sizes))


def step(
    *,
    weights_done: Function = lambda b: b,
    weights_read: Function = lambda b: 1,
    done: Function = lambda h, g: h,
    read: Function = lambda h, g: g,
    kept: Function = lambda held: held.sum(axis=-1),
    finish: Function = lambda done, read: done / read,
    sizes: Function = lambda size: (size, size),
    blocks: Function = lambda L: L,
    done_twice: int = 2,
    read_twice: int = 2,
) -> Function:
    """Return a step with a part replaced."""

    def wrong(lengths: Array, n: int, h: int, g: int, d: int, L: int, size: int) -> Array:
        batch, one = lengths.shape[-1], d * blocks(L) * kept(lengths)
        of_weight, of_cache = sizes(size)
        multiplications = weights_done(batch) * n + done(h, g) * done_twice * one
        weights = of_weight * weights_read(batch) * n
        cache = of_cache * read(h, g) * read_twice * one
        return finish(multiplications, weights + cache) + 0.0 * one

    return wrong


def ratios_averaged(
    lengths: Array, n: int, h: int, g: int, d: int, L: int, size: int
) -> Array:  # fmt: skip
    """Divide for each sequence, then take the mean."""
    one, batch = 2 * d * L * lengths, lengths.shape[-1]
    return ((batch * n + h * one) / (size * (n + g * one))).mean(axis=-1)


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: one sequence with one token, and a long text."""
    return (
        (np.array([[1]]), 2, 1, 1, 1, 1, 1),
        (np.array([[7, 3], [2, 5]]), 50, 3, 1, 1, 3, 2),
        (np.array([[7, 3]]), 50, 3, 1, 4, 3, 2),
        (np.array([[131072, 1], [2, 3]]), 70_000_000_000, 64, 8, 128, 80, 2),
    )


EXERCISE = Exercise(
    name="step-intensity",
    skeleton='''
def step_intensity(lengths, n_weights, n_heads, n_kv_heads, d_head, n_blocks, size):
    """Return the multiplications per byte of a step, one new token per sequence.

    lengths: (k, batch), integers, k batches, the tokens held for each sequence
    n_weights: numbers in all matrices of the model    size: bytes per number
    returns: (k,), multiplications / bytes read, of matrices and caches together
    """
    ...
''',
    solution='''
def step_intensity(lengths, n_weights, n_heads, n_kv_heads, d_head, n_blocks, size):
    batch, held = lengths.shape[-1], lengths.sum(axis=-1)
    per_head = 2 * n_blocks * d_head * held
    multiplications = batch * n_weights + n_heads * per_head
    return multiplications / (size * (n_weights + n_kv_heads * per_head))
''',
    reference=step_intensity,
    cases=models,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "its arguments are counts"),
    returns={"intensity": ("batch",)},
    mistakes=(
        Mistake("weights-per-sequence", "the weights are read anew for each sequence of a batch",
                STEP_LOOK, step(weights_read=lambda b: b)),
        Mistake("one-sequence", "the weights are multiplied for one sequence of the batch only",
                STEP_LOOK, step(weights_done=lambda b: 1)),
        Mistake("weights-forgotten", "the weights are left out of both counts", STEP_LOOK,
                step(weights_read=lambda b: 0, weights_done=lambda b: 0)),
        Mistake("weights-not-read", "the weights are not read", STEP_LOOK,
                step(weights_read=lambda b: 0)),
        Mistake("cache-forgotten", "the caches are left out of both counts", STEP_LOOK,
                step(done=lambda h, g: 0, read=lambda h, g: 0)),
        Mistake("query-heads-kept", "the cache is read once per query head", STEP_LOOK,
                step(read=lambda h, g: h)),
        Mistake("key-heads-multiply", "only as many query heads attend as there are key heads",
                STEP_LOOK, step(done=lambda h, g: g)),
        Mistake("keys-only", "keys are counted and values are not (or the other way round)",
                STEP_LOOK, step(done_twice=1, read_twice=1)),
        Mistake("values-not-read", "keys and values are multiplied, but only one of them is read",
                STEP_LOOK, step(read_twice=1)),
        Mistake("weighted-sum-forgotten", "the scores are counted and the weighted sum is not",
                STEP_LOOK, step(done_twice=1)),
        Mistake("one-block", "the cache of one block is counted, or the weights of each "
                "block as if they were all", STEP_LOOK,
                step(blocks=lambda L: 1)),
        Mistake("numbers-not-bytes", "the numbers read are counted, not their bytes", STEP_LOOK,
                step(sizes=lambda size: (1, 1))),
        Mistake("cache-not-bytes", "the weights are counted in bytes, the cache in numbers",
                STEP_LOOK, step(sizes=lambda size: (size, 1))),
        Mistake("weights-not-bytes", "the cache is counted in bytes, the weights in numbers",
                STEP_LOOK, step(sizes=lambda size: (1, size))),
        Mistake("inverted", "bytes per multiplication are returned, not multiplications per byte",
                "divide the multiplications by the bytes",
                step(finish=lambda done, read: read / done)),
        Mistake("ratios-averaged", "a ratio is taken for each sequence, and then their mean",
                "add up first, divide last", ratios_averaged),
        Mistake("padded", "every sequence is taken to be as long as the longest of its batch",
                "each sequence has a cache of its own length",
                step(kept=lambda held: held.shape[-1] * held.max(axis=-1))),
        Mistake("shared-cache", "the sequences of a batch are taken to share one cache",
                STEP_LOOK, step(kept=lambda held: held.max(axis=-1))),
        Mistake("width-squared", "the width of a head is squared: a score is d_head products",
                STEP_LOOK, lambda t, n, h, g, d, L, size: (
                    t.shape[-1] * n + h * 2 * d**2 * L * t.sum(-1))
                / (size * (n + g * 2 * d * L * t.sum(-1)))),
        Mistake("text-asks-again", "every token of the text asks again: only the new one does",
                STEP_LOOK, lambda t, n, h, g, d, L, size: (
                    t.shape[-1] * n + h * 2 * d * L * (t.astype(float) ** 2).sum(-1))
                / (size * (n + g * 2 * d * L * t.sum(-1)))),
        Mistake("groups-multiply-too", "the query heads are multiplied by those of a group",
                STEP_LOOK, step(done=lambda h, g: h * (h // g))),
    ),
)  # fmt: skip
