"""What several exercises of this chapter share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import attention
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Function
from qkv_lib.practice.inputs import Generator, cast, random_mask
from qkv_lib.practice.wrong import Attend

OUTPUT_AXES = {"output": ("query", "feature")}


POOLED_AXES = {"pooled": ("feature",)}


SIZES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("plain", (3, 3)), ("plain", (5, 7)), ("plain", (1, 2)), ("plain", (11, 3)),
    ("batch", (2, 5, 7)), ("batch", (3, 3, 3)), ("batch", (2, 3, 7, 5)),
    ("masked", (2, 5, 3)), ("masked", (1, 3, 2)),
    ("float32", (2, 5, 7)),
)  # fmt: skip


def tokens_and_mask(rng: Generator) -> Iterator[Case]:
    """Yield tokens and which of them are real; kind ``masked`` has sequences without any."""
    for kind, shape in SIZES:
        mask = random_mask(rng, shape[:-1])
        if kind == "masked":
            mask[:1] = False
        yield cast(Case(kind, (rng.normal(size=shape) + 1.0, mask)))


def pool_with(attend: Attend) -> Function:
    """Return attention pooling made with this attention: one query for every sequence."""

    def attention_pooling(x: Array, query: Array, mask: Array | None = None) -> Array:
        row = np.broadcast_to(query, (*x.shape[:-2], 1, x.shape[-1]))
        seen = None if mask is None else mask[..., None, :]
        return attend(row, x, x, mask=seen)[..., 0, :]

    return attention_pooling


def mean_pooling(x: Array, mask: Array) -> Array:
    """Return the mean of the real tokens: attention with a query that matches all alike."""
    return pool_with(attention)(x, np.zeros_like(x, shape=x.shape[-1]), mask)
