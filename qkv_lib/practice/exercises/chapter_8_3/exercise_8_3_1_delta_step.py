"""Exercise 8.3.1: one step of the delta rule."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

DELTA_LOOK = "read what the key has, take it from the value, write β times that, then read with q"
Two = tuple[Array, Array]


def stepped(
    *,
    has: Function = lambda s, q, k: (k[..., None, :] @ s)[..., 0, :],
    error: Function = lambda v, has, b: b * (v - has),
    kept: Function = lambda s, b: s,
    write: Function = lambda k, e: k[..., :, None] * e[..., None, :],
    read_from: Function = lambda old, new: new,
    reads: Function = lambda q, k: q,
) -> Function:
    """Return a step with a part replaced."""

    def wrong(state: Array, query: Array, key: Array, value: Array, strength: Array) -> Two:
        b = strength[..., None]
        e = error(value, has(state, query, key), b)
        new = kept(state, b) + write(key, e)
        asked = reads(query, key)
        return (asked[..., None, :] @ read_from(state, new))[..., 0, :], new

    return wrong


def states(rng: Generator) -> Iterator[Case]:
    """Yield a state, and a query, key, value and strength of one new token."""
    for kind, lead, d, e in (
        ("plain", (), 3, 5), ("plain", (), 3, 3), ("plain", (), 2, 7), ("plain", (), 5, 5),
        ("batch", (2,), 3, 5), ("batch", (2, 3), 5, 2), ("batch", (3,), 3, 3),
        ("float32", (2,), 3, 5),
    ):  # fmt: skip
        state = rng.normal(size=(*lead, d, e))
        query, key = rng.normal(size=(2, *lead, d))
        key /= np.linalg.norm(key, axis=-1, keepdims=True)
        strength = rng.uniform(0.1, 0.9, size=lead)
        yield cast(Case(kind, (state, query, key, rng.normal(size=(*lead, e)), strength)))


def old_returned(state: Array, *others: Array) -> Two:
    """Return the state as it came."""
    return stepped()(state, *others)[0], state


def under_the_query(state: Array, query: Array, key: Array, value: Array, b: Array) -> Two:
    """Write the error under the query."""
    step = stepped(write=lambda _, e: query[..., :, None] * e[..., None, :])
    output, new = step(state, query, key, value, b)
    return output, new


def through_phi(state: Array, query: Array, key: Array, value: Array, b: Array) -> Two:
    """Take query and key through elu + 1, as linear attention does."""
    query, key = (np.where(x > 0, x + 1, np.exp(np.minimum(x, 0))) for x in (query, key))
    output, new = stepped()(state, query, key, value, b)
    return output, new


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return a first step, with full strength, and one that writes nothing."""
    one = np.array([1.0])
    return (
        (np.zeros((3, 2)), rng.normal(size=3), rng.normal(size=3), rng.normal(size=2),
         np.array(1.0)),
        (rng.normal(size=(1, 1)), rng.normal(size=1), one, rng.normal(size=1), np.array(0.0)),
    )  # fmt: skip


EXERCISE = Exercise(
    name="delta-step",
    skeleton='''
def delta_step(state, query, key, value, strength):
    """Correct the state for one token, then read it.

    state: (..., d, d_v)    query, key: (..., d), the key of length 1
    value: (..., d_v)    strength: (...), β, from 0 to 1
    returns: output (..., d_v), new state (..., d, d_v)
    """
    ...
''',
    solution='''
def delta_step(state, query, key, value, strength):
    has = (key[..., None, :] @ state)[..., 0, :]
    error = strength[..., None] * (value - has)
    state = state + key[..., :, None] * error[..., None, :]
    return (query[..., None, :] @ state)[..., 0, :], state
''',
    reference=stepped(),
    cases=states,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "keys have length 1 and strengths lie below 1"),
    returns={"output": ("feature",), "state": ("key feature", "feature")},
    mistakes=(
        Mistake("only-added", "the value is added, and what the key had stays", DELTA_LOOK,
                stepped(error=lambda v, has, b: b * v)),
        Mistake("strength-forgotten", "β is left out: the error is written in full", DELTA_LOOK,
                stepped(error=lambda v, has, b: v - has)),
        Mistake("strength-on-the-value-only", "β multiplies the value, not what is taken away",
                DELTA_LOOK, stepped(error=lambda v, has, b: b * v - has)),
        Mistake("strength-on-the-old-only", "β multiplies what is taken away, not the value",
                DELTA_LOOK, stepped(error=lambda v, has, b: v - b * has)),
        Mistake("strength-twice", "β is applied twice", DELTA_LOOK,
                stepped(error=lambda v, has, b: b * b * (v - has))),
        Mistake("strength-twice-on-the-old", "β is applied twice to what is taken away",
                DELTA_LOOK, stepped(error=lambda v, has, b: b * (v - b * has))),
        Mistake("strength-averaged", "all sequences get the mean of their strengths",
                "strength[..., None] goes with the features",
                stepped(error=lambda v, has, b: b.mean() * (v - has))),
        Mistake("written-under-the-query", "the error is written under the query, not the key",
                DELTA_LOOK, under_the_query),
        Mistake("old-state-returned", "the state comes back as it was", DELTA_LOOK, old_returned),
        Mistake("phi", "query and key pass φ, which the delta rule has not",
                "query and key are used as they are", through_phi),
        Mistake("strength-as-decay", "β forgets the state: it is multiplied by 1 − β", DELTA_LOOK,
                stepped(kept=lambda s, b: s * (1 - b[..., None]))),
        Mistake("past-forgotten", "the state is replaced by what is written", DELTA_LOOK,
                stepped(kept=lambda s, b: 0 * s)),
        Mistake("error-negated", "the error has the wrong sign: what the key has, less the value",
                DELTA_LOOK, stepped(error=lambda v, has, b: b * (has - v))),
        Mistake("old-value-added", "what the key has is added to the value, not taken from it",
                DELTA_LOOK, stepped(error=lambda v, has, b: b * (v + has))),
        Mistake("read-before-writing", "the output is read before the correction is written",
                DELTA_LOOK, stepped(read_from=lambda old, new: old)),
        Mistake("error-of-the-query", "the error is that of the query, not of the key", DELTA_LOOK,
                stepped(has=lambda s, q, k: (q[..., None, :] @ s)[..., 0, :])),
        Mistake("read-with-the-key", "the output is read with the key", DELTA_LOOK,
                stepped(reads=lambda q, k: k)),
        Mistake("rest-written", "the error is written with 1 − β, not with β", DELTA_LOOK,
                stepped(error=lambda v, has, b: (1 - b) * (v - has))),
        Mistake("strength-of-the-first", "all sequences get the strength of the first",
                "strength[..., None] goes with the features",
                stepped(error=lambda v, has, b: np.ravel(b)[0] * (v - has))),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
