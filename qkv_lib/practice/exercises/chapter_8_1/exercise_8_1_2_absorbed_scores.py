"""Exercise 8.1.2: scores against latents."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

SCORES_LOOK = "map the query with the transpose of its head's W_UK, then take products with c"


def scored(
    mapped: Function = lambda q, w: q @ w.swapaxes(-1, -2),
    *,
    scale: Function = lambda d, d_c: d**-0.5,
    finish: Function = lambda s: s,
) -> Function:
    """Return scores against latents with a part replaced."""

    def wrong(query: Array, latent: Array, up_key: Array) -> Array:
        shared = latent[..., None, :, :].swapaxes(-1, -2)
        d, d_c = query.shape[-1], latent.shape[-1]
        return finish(mapped(query, up_key) @ shared * scale(d, d_c))

    return wrong


def heads_and_latents(rng: Generator) -> Iterator[Case]:
    """Yield queries of all heads, latents that they share, and a map for each head."""
    for kind, lead, h, n, m, d, d_c in (
        ("plain", (), 3, 5, 7, 2, 11), ("plain", (), 2, 3, 3, 5, 5), ("plain", (), 3, 3, 3, 3, 3),
        ("plain", (), 5, 2, 7, 11, 3), ("batch", (2,), 3, 5, 7, 2, 11),
        ("batch", (3,), 3, 3, 3, 3, 3), ("batch", (2, 3), 2, 5, 3, 7, 5),
        ("float32", (2,), 3, 5, 7, 2, 11),
    ):  # fmt: skip
        query, latent = rng.normal(size=(*lead, h, n, d)), rng.normal(size=(*lead, m, d_c))
        yield cast(Case(kind, (query, latent, rng.normal(size=(h, d_c, d)))))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: one head, one query, one latent of width 1."""
    return (
        (rng.normal(size=(1, 1, 1)), rng.normal(size=(1, 1)), rng.normal(size=(1, 1, 1))),
        (rng.normal(size=(1, 2, 3)), rng.normal(size=(1, 4)), rng.normal(size=(1, 4, 3))),
    )


def first_head(query: Array, up_key: Array) -> Array:
    """Use one map for all heads."""
    return query @ up_key[:1].swapaxes(-1, -2)


def without_later(scores: Array) -> Array:
    """Hide later keys, as a causal mask does."""
    n, m = scores.shape[-2:]
    return np.where(np.tri(n, m, dtype=bool), scores, -np.inf)


EXERCISE = Exercise(
    name="absorbed-scores",
    skeleton='''
def absorbed_scores(query, latent, up_key):
    """Return the scores of MLA without positions, divided by the root of d.

    query: (..., h, n, d)    latent: (..., m, d_c), shared by all heads
    up_key: (h, d_c, d), W_UK of each head
    returns: (..., h, n, m)
    """
    ...
''',
    solution='''
def absorbed_scores(query, latent, up_key):
    mapped = query @ up_key.swapaxes(-1, -2)
    shared = latent[..., None, :, :]
    return mapped @ shared.swapaxes(-1, -2) / query.shape[-1] ** 0.5
''',
    reference=scored(),
    cases=heads_and_latents,
    edges=edges,
    free=("query", "latent"),
    returns={"scores": ("head", "query", "key")},
    mistakes=(
        Mistake("not-scaled", "the scores are not divided by the root of d",
                "d is the width of a query, before it is mapped",
                scored(scale=lambda d, d_c: 1.0)),
        Mistake("scaled-by-the-latent", "the scores are divided by the root of d_c",
                "the answer is that of keys of width d: only the brackets have moved",
                scored(scale=lambda d, d_c: d_c**-0.5)),
        Mistake("divided-by-d", "the scores are divided by d, not by its root",
                "the scale is 1 / √d", scored(scale=lambda d, d_c: 1 / d)),
        Mistake("multiplied", "the scores are multiplied by the root of d", "the scale is 1 / √d",
                scored(scale=lambda d, d_c: d**0.5)),
        Mistake("scaled-twice", "the scores are divided by the root twice, of d and of d_c",
                "the answer is that of keys of width d: only the brackets have moved",
                scored(scale=lambda d, d_c: (d * d_c) ** -0.5)),
        Mistake("one-map-for-all", "the map of the first head serves all heads", SCORES_LOOK,
                scored(first_head)),
        Mistake("maps-averaged", "the heads share the mean of their maps", SCORES_LOOK,
                scored(lambda q, w: q @ w.mean(axis=0).swapaxes(-1, -2))),
        Mistake("heads-summed", "the scores of the heads are added up", SCORES_LOOK,
                scored(finish=lambda s: np.broadcast_to(
                    s.sum(axis=-3, keepdims=True), s.shape))),
        Mistake("map-not-transposed", "the query is mapped with W_UK, not with its transpose",
                "q (c W)ᵀ = (q Wᵀ) cᵀ",
                scored(lambda q, w: q @ (w if w.shape[-1] == w.shape[-2]
                                         else w.swapaxes(-1, -2)))),
        Mistake("map-reshaped", "W_UK is reshaped, which is no transpose",
                "q (c W)ᵀ = (q Wᵀ) cᵀ",
                scored(lambda q, w: q @ w.reshape(len(w), w.shape[2], w.shape[1]))),
        Mistake("heads-added", "the scores of the heads are added up", SCORES_LOOK,
                scored(finish=lambda s: s.sum(axis=-3))),
        Mistake("causal", "later keys are hidden, and nothing was to be",
                "the scores are asked for, without a mask",
                scored(finish=without_later)),
        Mistake("weights-returned", "the softmax has been taken already",
                "the scores are asked for",
                scored(finish=lambda s: np.exp(s - s.max(-1, keepdims=True))
                       / np.exp(s - s.max(-1, keepdims=True)).sum(-1, keepdims=True))),
        Mistake("query-not-mapped", "the query meets the latents without a map", SCORES_LOOK,
                scored(lambda q, w: q if w.shape[-1] == w.shape[-2]
                       else q @ w.swapaxes(-1, -2))),
        Mistake("negated", "the scores have the wrong sign", SCORES_LOOK,
                scored(finish=lambda s: -s)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
