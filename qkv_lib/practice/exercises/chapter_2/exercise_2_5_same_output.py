"""Exercise 2.5: turn both."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake, Property, Trial
from qkv_lib.practice.inputs import Generator, operands
from qkv_lib.practice.properties import BATCH_APART, SLACK, at

TURN_LOOK = "Q M (K N)ᵀ = Q M Nᵀ Kᵀ is Q Kᵀ where M Nᵀ = 1, so N = M⁻ᵀ"


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


EXERCISE = Exercise(
    name="same-output",
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
