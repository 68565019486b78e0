"""What exercises of several chapters share."""

from __future__ import annotations

from collections.abc import Iterator

from qkv_lib import attention_steps
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Function
from qkv_lib.practice.inputs import SIZES, Generator, cast


def scaled_scores(query: Array, key: Array) -> Array:
    """Return ``Q Kᵀ / √d_k``."""
    return attention_steps(query, key, key).scaled


def scores_with(factor: Function) -> Function:
    """Return the scores with another factor."""
    return lambda q, k: attention_steps(q, k, k, scale=float(factor(q, k, k))).scaled


def sequence_and_maps(rng: Generator) -> Iterator[Case]:
    """Yield a sequence and three projections; once all sizes are equal."""
    for kind, (lead, n, _, d, e) in SIZES:
        size = 100.0 if kind == "extreme" else 1.0
        d_model = d if d == e else d + e
        x = size * rng.normal(size=(*lead, n, d_model))
        yield cast(Case(kind, (x, *(rng.normal(size=(d_model, width)) for width in (d, d, e)))))
