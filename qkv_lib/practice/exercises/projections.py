"""Chapter 2, the maps: three projections of one input, merged into one matrix, turned unseen."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake, Property, Trial
from qkv_lib.practice.exercises.building import sequence_and_maps
from qkv_lib.practice.inputs import Generator, cast, operands
from qkv_lib.practice.properties import BATCH_APART, SLACK, at

MAP_LOOK = "vectors are rows, so a map stands on the right of them: X W"
OWN_MAP_LOOK = "three maps of the same x: x @ W_Q, x @ W_K, x @ W_V"
MERGE_LOOK = "X W_Q (X W_K)ᵀ = X W_Q W_Kᵀ Xᵀ, and B is what stands between X and Xᵀ"
TURN_LOOK = "Q M (K N)ᵀ = Q M Nᵀ Kᵀ is Q Kᵀ where M Nᵀ = 1, so N = M⁻ᵀ"


def project(x: Array, W_Q: Array, W_K: Array, W_V: Array) -> tuple[Array, ...]:
    """Return queries, keys and values of one input."""
    return x @ W_Q, x @ W_K, x @ W_V


PROJECT = Exercise(
    name="project",
    chapter=2,
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


def two_maps(rng: Generator) -> Iterator[Case]:
    """Yield W_Q and W_K, narrow as in a head; once they are square."""
    for kind, d_model, d_k in (
        ("plain", 3, 3), ("plain", 5, 2), ("plain", 7, 3), ("plain", 2, 1), ("float32", 11, 5),
    ):  # fmt: skip
        W_Q, W_K = rng.normal(size=(2, d_model, d_k))
        yield cast(Case(kind, (W_Q, W_K)))


MERGE_PROJECTIONS = Exercise(
    name="merge-projections",
    chapter=2,
    skeleton='''
def merge_projections(W_Q, W_K):
    """Return the matrix B for which X B Xᵀ = Q Kᵀ, whatever X.

    W_Q, W_K: (d_model, d_k)    returns: (d_model, d_model)
    """
    ...
''',
    reference=lambda W_Q, W_K: W_Q @ W_K.T,
    cases=two_maps,
    returns={"B": ("row", "column")},
    mistakes=(
        Mistake("transposed", "this is W_K W_Qᵀ: queries and keys have changed places", MERGE_LOOK,
                lambda W_Q, W_K: W_K @ W_Q.T),
        Mistake("no-transpose", "W_K is not transposed", MERGE_LOOK, lambda W_Q, W_K: W_Q @ W_K),
        Mistake("wrong-side", "W_Q is transposed, not W_K: this compares columns", MERGE_LOOK,
                lambda W_Q, W_K: W_Q.T @ W_K),
        Mistake("wrong-side", "W_Q is transposed, not W_K: this compares columns", MERGE_LOOK,
                lambda W_Q, W_K: W_K.T @ W_Q),
        Mistake("both-transposed", "both maps are transposed", MERGE_LOOK,
                lambda W_Q, W_K: W_Q.T @ W_K.T),
        Mistake("query-with-itself", "this is W_Q W_Qᵀ: W_K is not used", MERGE_LOOK,
                lambda W_Q, W_K: W_Q @ W_Q.T),
        Mistake("key-with-itself", "this is W_K W_Kᵀ: W_Q is not used", MERGE_LOOK,
                lambda W_Q, W_K: W_K @ W_K.T),
        Mistake("symmetrised", "B is made symmetric, and the scores with it", MERGE_LOOK,
                lambda W_Q, W_K: (W_Q @ W_K.T + W_K @ W_Q.T) / 2),
        Mistake("scaled", "B is divided by √d_k", "B gives Q Kᵀ, before the scaling",
                lambda W_Q, W_K: W_Q @ W_K.T / np.sqrt(W_Q.shape[-1])),
        Mistake("elementwise", "the maps are multiplied entry by entry", MERGE_LOOK,
                lambda W_Q, W_K: W_Q * W_K),
        Mistake("inverse", "W_K is inverted, not transposed", MERGE_LOOK,
                lambda W_Q, W_K: W_Q @ np.linalg.pinv(W_K)),
    ),
)  # fmt: skip


def turn_with(undo: Function) -> Function:
    """Return Q M and K N, where N is made from M."""
    return lambda query, key, M: (query @ M, key @ undo(M))


def undo_transposed(M: Array) -> Array:
    """Return M⁻ᵀ."""
    return np.linalg.inv(M).T


def operands_and_turn(rng: Generator) -> Iterator[Case]:
    """Yield queries, keys and an M that stretches by 1/2 to 2, far from singular."""
    for case in operands(rng):
        query, key, _ = case.args
        d = query.shape[-1]
        left, right = (np.linalg.qr(rng.normal(size=(d, d))).Q for _ in range(2))
        M = left * np.geomspace(0.5, 2, d + 1)[1:] @ right
        yield Case(case.kind, (query, key, M.astype(query.dtype)))


def scores_moved(trial: Trial) -> str | None:
    """Look for a score that is not what it was before the turn."""
    query, key, _ = trial.case.args
    before = query @ key.swapaxes(-1, -2)
    new_query, new_key = trial.first.values
    if new_query.shape[-1] != new_key.shape[-1]:
        return None
    after = new_query @ new_key.swapaxes(-1, -2)
    if after.shape != before.shape:
        return None
    return at(np.abs(after - before) > SLACK * max(1.0, np.abs(before).max()), after, "is")


SAME_OUTPUT = Exercise(
    name="same-output",
    chapter=2,
    skeleton='''
def turn(query, key, M):
    """Return the queries turned by M and the keys turned so that no score moves.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    M: (d_k, d_k), invertible
    returns: Q M (..., n_queries, d_k), and the new keys (..., n_keys, d_k)
    """
    ...
''',
    reference=turn_with(undo_transposed),
    cases=operands_and_turn,
    returns={"query": ("query", "feature"), "key": ("key", "feature")},
    mistakes=(
        Mistake("no-transpose", "the keys are turned by M⁻¹: its transpose is missing", TURN_LOOK,
                turn_with(np.linalg.inv)),
        Mistake("no-inverse", "the keys are turned by Mᵀ: the inverse is missing", TURN_LOOK,
                turn_with(np.transpose)),
        Mistake("turned-alike", "queries and keys are both turned by M", TURN_LOOK,
                turn_with(lambda M: M)),
        Mistake("keys-left-alone", "the keys are left as they were", TURN_LOOK,
                turn_with(lambda M: np.eye(len(M)))),
        Mistake("turned-back", "the keys are turned by M⁻ᵀ, and the queries are not turned",
                "the queries become Q M", lambda q, k, M: (q, k @ undo_transposed(M))),
        Mistake("nothing-turned", "queries and keys come back as they went in",
                "the queries become Q M", lambda q, k, M: (q, k)),
        Mistake("roles-swapped", "the queries got M⁻ᵀ and the keys M", "the queries become Q M",
                lambda q, k, M: (q @ undo_transposed(M), k @ M)),
        Mistake("order-swapped", "the keys come back first", "return the queries, then the keys",
                lambda q, k, M: (k @ undo_transposed(M), q @ M)),
        Mistake("transposed-M", "the queries are turned by Mᵀ, the keys to match",
                "the queries become Q M", lambda q, k, M: turn_with(undo_transposed)(q, k, M.T)),
        Mistake("sign", "the keys have the wrong sign: all scores change theirs", TURN_LOOK,
                turn_with(lambda M: -undo_transposed(M))),
        Mistake("elementwise-inverse", "1 / M takes the reciprocal of each entry", TURN_LOOK,
                turn_with(lambda M: (1 / M).T)),
    ),
    properties=(
        Property("scores-moved", "the turned queries and keys have other scores", TURN_LOOK,
                 scores_moved),
        BATCH_APART,
    ),
)  # fmt: skip

EXERCISES = (PROJECT, MERGE_PROJECTIONS, SAME_OUTPUT)
