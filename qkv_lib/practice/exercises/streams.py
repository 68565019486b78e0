"""Chapter 8, what arrives in parts: merging the online softmax, and a linear state."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.exact.tiles import Partial, merge
from qkv_lib.formula._checks import Array
from qkv_lib.formula.steps import exponentials
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.variants.linear import elu_plus_one

MERGE_LOOK = "each side was made relative to its own peak: multiply it by exp(its peak − new peak)"
STATE_LOOK = "first add φ(k)ᵀ v to the state and φ(k) to the total, then read with φ(q)"
Three = tuple[Array, Array, Array]


def online_merge(u_a: Array, t_a: Array, p_a: Array, u_b: Array, t_b: Array, p_b: Array) -> Three:
    """Return the library's merge."""
    return tuple(merge(Partial(u_a, t_a, p_a), Partial(u_b, t_b, p_b)))


def two_parts(rng: Generator) -> Iterator[Case]:
    """Yield what two sets of keys leave behind; the second peak is not always the larger one."""
    for kind, lead, n, e in (
        ("plain", (), 5, 3), ("plain", (), 7, 1), ("plain", (), 3, 3), ("plain", (), 11, 2),
        ("batch", (2,), 5, 3), ("batch", (2, 3), 7, 2), ("batch", (3,), 3, 3),
        ("masked", (), 5, 3), ("extreme", (), 7, 5), ("float32", (2,), 5, 3),
    ):  # fmt: skip
        parts = []
        for m in (4, 6):
            scores = (2e3 if kind == "extreme" else 2.0) * rng.normal(size=(*lead, n, m))
            if kind == "masked":
                scores[0] = -np.inf  # in both parts
                scores[1 + m % 4] = -np.inf  # in one of them
            powers, total, peak = exponentials(scores)
            parts += [powers @ rng.normal(size=(*lead, m, e)), total, peak]
        yield cast(Case(kind, tuple(parts)))


def merged(
    factors: Function,
    *,
    peak: Function = np.maximum,
    total: Function | None = None,
    output: Function | None = None,
) -> Function:
    """Return a merge whose factors come from the old peaks and the new one."""

    def wrong(u_a: Array, t_a: Array, p_a: Array, u_b: Array, t_b: Array, p_b: Array) -> Three:
        top = peak(p_a, p_b)
        a, b = factors(p_a, p_b, np.where(top == -np.inf, 0.0, top))
        t = t_a * a + t_b * b if total is None else total(t_a, t_b, a, b)
        u = u_a * a + u_b * b if output is None else output(u_a, u_b, a, b, t)
        return u, t, top

    return wrong


def both(p_a: Array, p_b: Array, top: Array) -> tuple[Array, Array]:
    """Return the right factors."""
    return np.exp(p_a - top), np.exp(p_b - top)


def without_care(u_a: Array, t_a: Array, p_a: Array, u_b: Array, t_b: Array, p_b: Array) -> Three:
    """Subtract −∞ from −∞ where neither side saw a key."""
    top = np.maximum(p_a, p_b)
    a, b = np.exp(p_a - top), np.exp(p_b - top)
    return u_a * a + u_b * b, t_a * a + t_b * b, top


ONLINE_MERGE = Exercise(
    name="online-merge",
    chapter=8,
    skeleton='''
def online_merge(u_a, t_a, p_a, u_b, t_b, p_b):
    """Put together what the same queries got from two sets of keys.

    u: (..., n, d_v), sums of exp(s − p) v    t: (..., n, 1), sums of exp(s − p)
    p: (..., n, 1), peaks; −∞ where the query saw no key, with u and t 0
    returns: u, t, p of both sets together
    """
    ...
''',
    reference=online_merge,
    cases=two_parts,
    returns={"u": ("query", "feature"), "t": ("query", ""), "p": ("query", "")},
    mistakes=(
        Mistake("not-rescaled", "the sums are added as they are, relative to different peaks",
                MERGE_LOOK, merged(lambda a, b, top: (1.0, 1.0))),
        Mistake("one-side-rescaled", "only the first side is rescaled: the second may have the "
                "lower peak", MERGE_LOOK, merged(lambda a, b, top: (np.exp(a - top), 1.0))),
        Mistake("one-side-rescaled", "only the second side is rescaled: the first may have the "
                "lower peak", MERGE_LOOK, merged(lambda a, b, top: (1.0, np.exp(b - top)))),
        Mistake("factors-swapped", "each side gets the factor of the other", MERGE_LOOK,
                merged(lambda a, b, top: both(b, a, top))),
        Mistake("factor-inverted", "the factors are the wrong way round: exp(new − old)",
                MERGE_LOOK, merged(lambda a, b, top: (np.exp(top - a), np.exp(top - b)))),
        Mistake("total-not-rescaled", "the totals are added as they are", MERGE_LOOK,
                merged(both, total=lambda t, s, a, b: t + s)),
        Mistake("output-not-rescaled", "the sums of values are added as they are", MERGE_LOOK,
                merged(both, output=lambda u, w, a, b, t: u + w)),
        Mistake("divided-too-early", "the sum is divided by the total already",
                "divide once, at the very end: o = u / t",
                merged(both, output=lambda u, w, a, b, t: (u * a + w * b)
                       / np.where(t == 0, 1.0, t))),
        Mistake("smaller-peak", "the smaller of the two peaks is kept: exponents above 0",
                MERGE_LOOK, merged(both, peak=np.minimum)),
        Mistake("newest-peak", "the second peak is kept, whichever is larger", MERGE_LOOK,
                merged(both, peak=lambda a, b: b)),
        Mistake("nothing-seen-nan", "a query that saw no key on either side gets NaN: −∞ − −∞",
                "subtract 0 where the new peak is −∞", without_care),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


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


LINEAR_STEP = Exercise(
    name="linear-step",
    chapter=8,
    skeleton='''
def linear_step(state, total, query, key, value):
    """Take one more key and value into the state, then read it; φ(x) = elu(x) + 1.

    state: (..., d, d_v)    total: (..., d)    query, key: (..., d)    value: (..., d_v)
    returns: output (..., d_v), new state (..., d, d_v), new total (..., d)
    """
    from qkv_lib.variants.linear import elu_plus_one as phi

    ...
''',
    reference=stepped(),
    cases=states,
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
        Mistake("transposed-update", "the outer product is v ᵀφ(k): its rows are the values'",
                "rows of the state are features of the key: φ(k)[:, None] * v[None, :]",
                lambda s, z, q, k, v: stepped(add=lambda old, new: old + (
                    new.swapaxes(-1, -2) if new.ndim == s.ndim else new))(s, z, q, k, v)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip

EXERCISES = (ONLINE_MERGE, LINEAR_STEP)
