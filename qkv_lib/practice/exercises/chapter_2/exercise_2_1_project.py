"""Exercise 2.1: three maps."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Exercise, Mistake
from qkv_lib.practice.exercises.shared import sequence_and_maps
from qkv_lib.practice.properties import BATCH_APART

MAP_LOOK = "vectors are rows, so a map stands on the right of them: X W"


OWN_MAP_LOOK = "three maps of the same x: x @ W_Q, x @ W_K, x @ W_V"


def project(x: Array, W_Q: Array, W_K: Array, W_V: Array) -> tuple[Array, ...]:
    """Return queries, keys and values of one input."""
    return x @ W_Q, x @ W_K, x @ W_V


EXERCISE = Exercise(
    name="project",
    skeleton='''
def project(x, W_Q, W_K, W_V):
    """Return the queries, keys and values of x, three arrays.

    x: (..., n, d_model)    W_Q, W_K: (d_model, d_k)    W_V: (d_model, d_v)
    returns: query (..., n, d_k), key (..., n, d_k), value (..., n, d_v)
    """
    ...
''',
    reference=project,
    cases=sequence_and_maps,
    returns=dict.fromkeys(("query", "key", "value"), ("row", "feature")),
    mistakes=(
        Mistake("transposed-maps", "the maps are transposed", MAP_LOOK,
                lambda x, *maps: project(x, *(W.T for W in maps))),
        Mistake("map-on-the-left", "the maps stand on the left: this mixes rows, not features",
                MAP_LOOK, lambda x, *maps: tuple(W @ x for W in maps)),
        Mistake("key-for-value", "the values are made with W_K", OWN_MAP_LOOK,
                lambda x, W_Q, W_K, W_V: project(x, W_Q, W_K, W_K)),
        Mistake("one-map-for-both", "queries and keys are both made with W_Q", OWN_MAP_LOOK,
                lambda x, W_Q, W_K, W_V: project(x, W_Q, W_Q, W_V)),
        Mistake("one-map-for-both", "queries and keys are both made with W_K", OWN_MAP_LOOK,
                lambda x, W_Q, W_K, W_V: project(x, W_K, W_K, W_V)),
        Mistake("one-map-for-all", "queries, keys and values are all made with W_Q", OWN_MAP_LOOK,
                lambda x, W_Q, W_K, W_V: project(x, W_Q, W_Q, W_Q)),
        Mistake("query-key-swapped", "queries and keys have changed places", OWN_MAP_LOOK,
                lambda x, W_Q, W_K, W_V: project(x, W_K, W_Q, W_V)),
        Mistake("key-value-swapped", "keys and values have changed places", OWN_MAP_LOOK,
                lambda x, W_Q, W_K, W_V: project(x, W_Q, W_V, W_K)),
        Mistake("unprojected-values", "the values are x itself, W_V is not used", OWN_MAP_LOOK,
                lambda x, W_Q, W_K, W_V: (x @ W_Q, x @ W_K, x)),
        Mistake("unprojected", "queries, keys and values are x itself", OWN_MAP_LOOK,
                lambda x, W_Q, W_K, W_V: (x, x, x)),
        Mistake("chained", "each map is applied to what the one before it made",
                "all three start from x", lambda x, W_Q, W_K, W_V:
                (x @ W_Q, x @ W_Q @ W_K, x @ W_Q @ W_K @ W_V)),
        Mistake("elementwise", "the maps multiply x entry by entry", MAP_LOOK,
                lambda x, *maps: tuple(x * W for W in maps)),
        Mistake("scaled-queries", "the queries are divided by √d_k already",
                "the scale belongs to the scores: queries are x @ W_Q",
                lambda x, W_Q, W_K, W_V: project(x, W_Q / np.sqrt(W_Q.shape[-1]), W_K, W_V)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
