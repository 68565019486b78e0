"""Inputs that exercises are graded on: every size another prime, so that no swapped axis hides.

A few cases have equal sizes on purpose: on them a swapped axis gives numbers instead of an
error, and the numbers tell which misconception it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case

Generator = np.random.Generator
Sizes = tuple[tuple[int, ...], int, int, int, int]  # leading axes, n_queries, n_keys, d_k, d_v

SIZES: tuple[tuple[str, Sizes], ...] = (
    ("plain", ((), 3, 3, 2, 5)),
    ("plain", ((), 3, 5, 7, 2)),
    ("plain", ((), 5, 5, 5, 5)),
    ("plain", ((), 1, 11, 3, 3)),
    ("batch", ((2,), 5, 3, 7, 11)),
    ("batch", ((3,), 3, 3, 3, 3)),
    ("batch", ((2, 3), 7, 5, 2, 13)),
    ("extreme", ((), 3, 7, 2, 5)),
    ("float32", ((2,), 3, 5, 7, 2)),
)

SCORES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("plain", (3, 5)),
    ("plain", (5, 5)),
    ("plain", (1, 7)),
    ("plain", (7, 1)),
    ("batch", (2, 5, 3)),
    ("batch", (3, 3, 3)),
    ("batch", (2, 3, 5, 7)),
)


def operands(rng: Generator) -> Iterator[Case]:
    """Yield query, key and value; in the extreme case scores reach ±10,000 and more."""
    for kind, (lead, n, m, d, e) in SIZES:
        size = 100.0 if kind == "extreme" else 1.0
        query = size * rng.normal(size=(*lead, n, d))
        key = size * rng.normal(size=(*lead, m, d))
        value = rng.normal(size=(*lead, m, e)) + 1.0
        yield cast(Case(kind, (query, key, value)))


def operands_and_mask(rng: Generator) -> Iterator[Case]:
    """Yield query, key, value and mask; kind ``masked`` has queries that may attend to no key."""
    for case in operands(rng):
        query, key, _ = case.args
        mask = random_mask(rng, (*query.shape[:-1], key.shape[-2]))
        yield Case(case.kind, (*case.args, mask))
        if case.kind in ("plain", "batch"):
            nothing = mask.copy()
            nothing[..., 0, :] = False
            yield Case("masked", (*case.args, nothing))


def random_mask(rng: Generator, shape: tuple[int, ...]) -> Array:
    """Return a mask in which each row allows at least one key and, if it can, hides one."""
    mask = rng.random(shape) < 0.5
    allowed = rng.integers(shape[-1], size=shape[:-1])[..., None]
    np.put_along_axis(mask, (allowed + 1) % shape[-1], False, axis=-1)
    np.put_along_axis(mask, allowed, True, axis=-1)
    return mask


def score_rows(rng: Generator) -> Iterator[Case]:
    """Yield scores; in the extreme case rows lie 10,000 apart."""
    for kind, shape in SCORES:
        yield Case(kind, (3 * rng.normal(size=shape),))
    steps = np.array([[-1e4], [0.0], [1e4]])
    yield Case("extreme", (steps + rng.normal(size=(3, 5)),))
    yield Case("extreme", (1e4 * rng.normal(size=(3, 5)),))
    yield cast(Case("float32", (rng.normal(size=(2, 3, 5)),)))


def cast(case: Case) -> Case:
    """Return the case in its dtype: float32 for the kind of that name."""
    if case.kind != "float32":
        return case
    narrow = (
        arg.astype(np.float32) if isinstance(arg, np.ndarray) and arg.dtype.kind == "f" else arg
        for arg in case.args
    )
    return Case(case.kind, tuple(narrow))
