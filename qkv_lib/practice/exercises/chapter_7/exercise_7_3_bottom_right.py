"""Exercise 7.3: find the bug."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib import attention, causal_mask
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_7.shared import OUTPUT_AXES
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import MASKING, with_attention
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import Attend, with_mask

ALIGNED_LOOK = (
    "the last query stands at the last key: query i sees the keys j ≤ i + n_keys − n_queries"
)


def aligned_with(attend: Attend) -> Function:
    """Return causal attention made with this attention, the last query at the last key."""

    def last_tokens(query: Array, key: Array, value: Array) -> Array:
        n, m = query.shape[-2], key.shape[-2]
        return attend(query, key, value, mask=causal_mask(n, m, offset=m - n))

    return last_tokens


def queries_at_the_end(rng: Generator) -> Iterator[Case]:
    """Yield as many keys as queries, or more."""
    for kind, lead, n, m, d, e in (
        ("plain", (), 3, 7, 5, 2), ("plain", (), 2, 5, 3, 3), ("plain", (), 3, 3, 3, 3),
        ("plain", (), 1, 5, 2, 7),
        ("batch", (2,), 3, 5, 7, 2), ("batch", (2, 3), 1, 7, 2, 5), ("batch", (3,), 3, 3, 3, 3),
        ("extreme", (), 3, 5, 2, 7), ("float32", (2,), 3, 5, 7, 2),
    ):  # fmt: skip
        size = 100.0 if kind == "extreme" else 1.0
        query, key = size * rng.normal(size=(*lead, n, d)), size * rng.normal(size=(*lead, m, d))
        yield cast(Case(kind, (query, key, rng.normal(size=(*lead, m, e)))))


def aligned_to(mask: Callable[[int, int], Array | None]) -> Function:
    """Return attention under a mask made from the numbers of queries and keys."""
    return lambda q, k, v: attention(q, k, v, mask=mask(q.shape[-2], k.shape[-2]))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(1, 2)), rng.normal(size=(1, 2)), rng.normal(size=(1, 3))),
        (rng.normal(size=(1, 2)), rng.normal(size=(30, 2)), rng.normal(size=(30, 3))),
        (rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=(2, 1))),
    )


EXERCISE = Exercise(
    name="bottom-right",
    skeleton='''
def last_tokens(query, key, value):
    """Return causal attention of the last n_queries of n_keys tokens.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    value: (..., n_keys, d_v)
    returns: (..., n_queries, d_v)    n_queries ≤ n_keys
    """
    from qkv_lib import attention

    return attention(query, key, value, causal=True)  # as is_causal=True in PyTorch
''',
    solution='''
def last_tokens(query, key, value):
    n, m = query.shape[-2], key.shape[-2]
    mask = np.tri(n, m, m - n, dtype=bool)
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ value
''',
    reference=aligned_with(attention),
    cases=queries_at_the_end,
    edges=edges,
    free=("query", "key"),
    returns=OUTPUT_AXES,
    mistakes=(
        Mistake("top-left", "the first query stands at the first key: the flag knows no past",
                ALIGNED_LOOK, aligned_to(lambda n, m: causal_mask(n, m))),
        Mistake("mask-ignored", "queries see later keys", ALIGNED_LOOK,
                aligned_to(lambda n, m: None)),
        Mistake("hides-itself", "a query does not see its own key (off by one)", ALIGNED_LOOK,
                aligned_to(lambda n, m: np.tri(n, m, m - n - 1, dtype=bool))),
        Mistake("sees-the-next", "a query sees one key of the future (off by one)", ALIGNED_LOOK,
                aligned_to(lambda n, m: causal_mask(n, m, offset=m - n + 1))),
        Mistake("inverted-mask", "the mask is inverted", "True means may attend",
                aligned_to(lambda n, m: ~causal_mask(n, m, offset=m - n))),
        Mistake("past-dropped", "only the last n_queries keys are seen", ALIGNED_LOOK,
                lambda q, k, v: attention(q, k[..., -q.shape[-2]:, :], v[..., -q.shape[-2]:, :],
                                          causal=True)),
        Mistake("past-only", "only the keys before the first query are seen", ALIGNED_LOOK,
                aligned_to(lambda n, m: np.arange(m) < np.full((n, 1), m - n))),
        *with_attention(aligned_with, leave_out=("reversed-axes",)),
        Mistake("triangle-turned", "the triangle is turned: the past is hidden", ALIGNED_LOOK,
                aligned_to(lambda n, m: np.triu(np.ones((n, m), bool), m - n))),
        Mistake("triangle-turned", "the triangle is turned: the past is hidden", ALIGNED_LOOK,
                aligned_to(lambda n, m: np.tri(n, m, m - n, dtype=bool)[:, ::-1])),
        Mistake("triangle-turned", "the triangle is turned: the past is hidden", ALIGNED_LOOK,
                aligned_to(lambda n, m: np.tri(n, m, dtype=bool)[:, ::-1])),
        Mistake("rows-turned", "the last query sees least, the first one all", ALIGNED_LOOK,
                aligned_to(lambda n, m: causal_mask(n, m, offset=m - n)[::-1])),
        Mistake("offset-subtracted", "the offset has the wrong sign", ALIGNED_LOOK,
                aligned_to(lambda n, m: causal_mask(n, m, offset=n - m))),
        Mistake("offset-too-small", "the offset is one too small, where it is not 0", ALIGNED_LOOK,
                aligned_to(lambda n, m: causal_mask(n, m, offset=max(m - n - 1, 0)))),
        Mistake("batch-for-length", "the offset comes from the batch axis",
                "positions are the axis before the last: shape[-2]", lambda q, k, v:
                attention(q, k, v, causal=True, offset=len(k) - len(q))),
        *with_attention(aligned_with, MASKING, leave_out=(
            "mask-ignored", "inverted-mask", "transposed-mask", "fully-masked-nan",
            "fully-masked-uniform")),
        *(
            Mistake("finite-fill",
                    "a masked score is a finite number, which other scores may fall below",
                    "put −∞ into the scores where the mask is False: -np.inf",
                    aligned_with(with_mask(fill)))
            for low in (-20.0, -30.0, -50.0, -100.0, -1e3, -1e4, -1e5)
            for fill in (
                lambda scores, mask, low=low: np.where(mask, scores, low),
                lambda scores, mask, low=low: scores + np.where(mask, 0.0, low),
            )
        ),
    ),
    properties=(BATCH_APART,),
    given="top-left",
    symptom="with more keys than queries, a change of the last key changes no output",
)  # fmt: skip
