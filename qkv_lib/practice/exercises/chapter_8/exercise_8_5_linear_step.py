"""Exercise 8.5: one step of a linear state."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_8.shared import Three
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.variants.linear import elu_plus_one

STATE_LOOK = "first add φ(k)ᵀ v to the state and φ(k) to the total, then read with φ(q)"


def stepped(
    phi_q: Function = elu_plus_one,
    phi_k: Function = elu_plus_one,
    *,
    add: Function = lambda old, new: old + new,
    add_total: Function | None = None,
    read: Function | None = None,
    divide: Function = lambda o, q, z: o / (q * z).sum(-1)[..., None],
) -> Function:
    """Return a step of linear attention with a part replaced."""

    def step(state: Array, total: Array, query: Array, key: Array, value: Array) -> Three:
        q, k = phi_q(query), phi_k(key)
        new = add(state, k[..., :, None] * value[..., None, :])
        z = (add_total or add)(total, k)
        used = (state, total) if read is None else read(state, total, new, z)
        if read is None:
            used = (new, z)
        output = (q[..., None, :] @ used[0])[..., 0, :]
        return divide(output, q, used[1]), new, z

    return step


def states(rng: Generator) -> Iterator[Case]:
    """Yield a state that some keys went into, and one new query, key and value."""
    for kind, lead, d, e in (
        ("plain", (), 3, 5), ("plain", (), 3, 3), ("plain", (), 2, 7), ("plain", (), 5, 5),
        ("batch", (2,), 3, 5), ("batch", (2, 3), 5, 2), ("batch", (3,), 3, 3),
        ("float32", (2,), 3, 5),
    ):  # fmt: skip
        past = elu_plus_one(rng.normal(size=(*lead, 4, d)))
        state = past.mT @ rng.normal(size=(*lead, 4, e))
        query, key = rng.normal(size=(2, *lead, d))
        yield cast(Case(kind, (state, past.sum(-2), query, key, rng.normal(size=(*lead, e)))))


def as_it_is(x: Array) -> Array:
    """Return features that are the vector itself."""
    return x


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.zeros((3, 2)), np.zeros(3), rng.normal(size=3), rng.normal(size=3), rng.normal(size=2)),
        (
            np.zeros((1, 1)),
            np.zeros(1),
            -5 + rng.normal(size=1),
            rng.normal(size=1) + 4,
            rng.normal(size=1),
        ),
    )


EXERCISE = Exercise(
    name="linear-step",
    skeleton='''
def linear_step(state, total, query, key, value):
    """Take one more key and value into the state, then read it; φ(x) = elu(x) + 1.

    state: (..., d, d_v)    total: (..., d)    query, key: (..., d)    value: (..., d_v)
    returns: output (..., d_v), new state (..., d, d_v), new total (..., d)
    """
    from qkv_lib.variants.linear import elu_plus_one as phi

    ...
''',
    solution='''
def linear_step(state, total, query, key, value):
    q, k = (np.exp(np.minimum(x, 0)) + np.maximum(x, 0) for x in (query, key))
    state = state + k[..., :, None] * value[..., None, :]
    total = total + k
    output = (q[..., None, :] @ state)[..., 0, :]
    return output / (q * total).sum(-1)[..., None], state, total
''',
    reference=stepped(),
    cases=states,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "a state is a sum of features above 0"),
    returns={"output": ("feature",), "state": ("key feature", "feature"),
             "total": ("key feature",)},
    mistakes=(
        Mistake("read-before-writing", "the output is read before the new key is in the state",
                STATE_LOOK, stepped(read=lambda s, z, new, new_z: (s, z))),
        Mistake("not-normalised", "the output is not divided by φ(q) · total", STATE_LOOK,
                stepped(divide=lambda o, q, z: o)),
        Mistake("divided-by-the-sum", "the output is divided by the sum of the total, not by "
                "φ(q) · total", STATE_LOOK,
                stepped(divide=lambda o, q, z: o / z.sum(-1)[..., None])),
        Mistake("divided-by-the-old-total", "the output is divided by the total without the new "
                "key", STATE_LOOK, stepped(read=lambda s, z, new, new_z: (new, z))),
        Mistake("query-without-features", "φ is not applied to the query", STATE_LOOK,
                stepped(phi_q=as_it_is)),
        Mistake("key-without-features", "φ is not applied to the key", STATE_LOOK,
                stepped(phi_k=as_it_is)),
        Mistake("no-features", "φ is applied to nothing", STATE_LOOK, stepped(as_it_is, as_it_is)),
        Mistake("exponential-features", "φ is the exponential, not elu(x) + 1",
                "elu(x) + 1 is x + 1 above 0 and exp(x) below", stepped(np.exp, np.exp)),
        Mistake("past-forgotten", "the state is replaced by the new key and value", STATE_LOOK,
                stepped(add=lambda old, new: new)),
        Mistake("total-not-updated", "the total is not updated", STATE_LOOK,
                stepped(add_total=lambda old, new: old)),
        Mistake("query-in-the-state", "the query goes into the state in place of the key",
                STATE_LOOK, lambda s, z, q, k, v: stepped()(s, z, q, q, v)),
        Mistake("query-key-swapped", "query and key have changed places", STATE_LOOK,
                lambda s, z, q, k, v: stepped()(s, z, k, q, v)),
        Mistake("transposed-update", "the outer product is vᵀφ(k): its rows are the values'",
                "rows of the state are features of the key: φ(k)[:, None] * v[None, :]",
                lambda s, z, q, k, v: stepped(add=lambda old, new: old + (
                    new.swapaxes(-1, -2) if new.ndim == s.ndim else new))(s, z, q, k, v)),
        Mistake("elu-without-one", "φ is elu(x), without the + 1",
                "φ(x) = elu(x) + 1 is above 0 everywhere",
                stepped(*[lambda x: elu_plus_one(x) - 1] * 2)),
        Mistake("relu-features", "φ is ReLU, not elu(x) + 1", "elu(x) + 1 is x + 1 above 0 and "
                "exp(x) below", stepped(*[lambda x: np.maximum(x, 0)] * 2)),
        Mistake("shifted-elu", "φ is elu(x) + 2", "elu(x) + 1 already has its 1",
                stepped(*[lambda x: elu_plus_one(x) + 1] * 2)),
        Mistake("softplus-features", "φ is log(1 + exp(x))", "φ(x) = elu(x) + 1",
                stepped(*[lambda x: np.logaddexp(0, x)] * 2)),
        Mistake("subtracted", "the new key and value are taken away, not added", STATE_LOOK,
                stepped(add=lambda old, new: old - new)),
        Mistake("multiplied-by-the-total", "the output is multiplied by φ(q) · total", STATE_LOOK,
                stepped(divide=lambda o, q, z: o * (q * z).sum(-1)[..., None])),
        Mistake("relu-features", "φ is ReLU + 1, not elu(x) + 1",
                "elu(x) + 1 is x + 1 above 0 and exp(x) below",
                stepped(lambda x: np.maximum(x, 0) + 1, lambda x: np.maximum(x, 0) + 1)),
        Mistake("old-total-returned", "the total that comes back lacks the new key", STATE_LOOK,
                lambda s, z, q, k, v: (*stepped()(s, z, q, k, v)[:2], z)),
        Mistake("old-state-returned", "the state that comes back lacks the new key", STATE_LOOK,
                lambda s, z, q, k, v: (stepped()(s, z, q, k, v)[0], s,
                                       stepped()(s, z, q, k, v)[2])),
        Mistake("counts-in-the-total", "the total counts tokens, and the features are missing",
                STATE_LOOK, stepped(add_total=lambda old, new: old + 1)),
        Mistake("divided-by-root", "the query is divided by √d first",
                "linear attention has no √d: φ(q) as it is", lambda s, z, q, k, v:
                stepped()(s, z, q / np.sqrt(q.shape[-1]), k, v)),
        Mistake("state-overwritten", "the state is replaced by the new key and value; the total "
                "is not", STATE_LOOK, stepped(
                    add=lambda old, new: new, add_total=lambda old, new: old + new)),
        Mistake("raw-key-in-the-total", "the total takes the key itself, without φ", STATE_LOOK,
                lambda s, z, q, k, v: stepped(add_total=lambda old, new: old + k)(s, z, q, k, v)),
        Mistake("features-of-the-value", "φ is applied to the value too",
                "the value goes into the state as it is",
                lambda s, z, q, k, v: stepped()(s, z, q, k, elu_plus_one(v))),
        Mistake("silu-features", "φ is SiLU + 1", "φ(x) = elu(x) + 1",
                stepped(*[lambda x: x / (1 + np.exp(-x)) + 1] * 2)),
        *(
            Mistake("epsilon-below", "an epsilon is added to φ(q) · total",
                    "the total is above 0: nothing need be added", stepped(
                        divide=lambda o, q, z, e=e: o / ((q * z).sum(-1) + e)[..., None]))
            for e in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
        ),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
