"""Exercise 8.2: merge two parts."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.exact.tiles import Partial, merge
from qkv_lib.formula.arrays import Array
from qkv_lib.formula.steps import exponentials
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_8.shared import Three
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

MERGE_LOOK = "multiply each side, made relative to its own peak, by exp(its peak − new peak)"


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


def nothing_seen(rng: Generator, *seen: bool) -> tuple[Array, ...]:
    """Return the parts of one query that saw keys on the sides of which it is said."""
    parts: list[Array] = []
    for each in seen:
        powers, total, peak = exponentials(
            rng.normal(size=(1, 3)) if each else np.full((1, 3), -np.inf)
        )
        parts += [powers @ rng.normal(size=(3, 2)), total, peak]
    return tuple(parts)


def far_away(rng: Generator, around: float) -> tuple[Array, ...]:
    """Return the parts of queries whose scores, on both sides, lie about one number."""
    parts: list[Array] = []
    for _ in range(2):
        powers, total, peak = exponentials(around + rng.normal(size=(3, 4)))
        parts += [powers @ rng.normal(size=(4, 2)), total, peak]
    return tuple(parts)


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


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    some = ((True, False), (False, True), (False, False))
    return (*(nothing_seen(rng, *seen) for seen in some), far_away(rng, -9e3), far_away(rng, 9e3))


EXERCISE = Exercise(
    name="online-merge",
    skeleton='''
def online_merge(u_a, t_a, p_a, u_b, t_b, p_b):
    """Put together what the same queries got from two sets of keys.

    u: (..., n, d_v), sums of exp(s − p) v    t: (..., n, 1), sums of exp(s − p)
    p: (..., n, 1), peaks; −∞ where the query saw no key, with u and t 0
    returns: u, t, p of both sets together
    """
    ...
''',
    solution='''
def online_merge(u_a, t_a, p_a, u_b, t_b, p_b):
    p = np.maximum(p_a, p_b)
    top = np.where(p == -np.inf, 0.0, p)
    a, b = np.exp(p_a - top), np.exp(p_b - top)
    return u_a * a + u_b * b, t_a * a + t_b * b, p
''',
    reference=online_merge,
    cases=two_parts,
    edges=edges,
    without={"rows": "peaks far apart are drawn as extreme; totals are above 0"},
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
        Mistake("one-side-added", "the first sum of values is added as it is", MERGE_LOOK,
                merged(both, output=lambda u, w, a, b, t: u + w * b)),
        Mistake("one-side-added", "the second sum of values is added as it is", MERGE_LOOK,
                merged(both, output=lambda u, w, a, b, t: u * a + w)),
        Mistake("one-side-added", "the first total is added as it is", MERGE_LOOK,
                merged(both, total=lambda t, s, a, b: t + s * b)),
        Mistake("one-side-added", "the second total is added as it is", MERGE_LOOK,
                merged(both, total=lambda t, s, a, b: t * a + s)),
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
        Mistake("log-sum-for-peak", "log(eᵃ + eᵇ) stands for the peak: the larger of the two does",
                "p = max(p_A, p_B)", merged(both, peak=np.logaddexp)),
        Mistake("sum-of-peaks", "the peaks are added", "p = max(p_A, p_B)",
                lambda u, t, p, w, s, q: (*online_merge(u, t, p, w, s, q)[:2], p + q)),
        Mistake("old-peak", "the first peak comes back, not the larger one", "p = max(p_A, p_B)",
                lambda u, t, p, w, s, q: (*online_merge(u, t, p, w, s, q)[:2], p)),
        Mistake("old-peak", "the second peak comes back, not the larger one", "p = max(p_A, p_B)",
                lambda u, t, p, w, s, q: (*online_merge(u, t, p, w, s, q)[:2], q)),
        Mistake("base-2", "the powers are of 2, not of e", MERGE_LOOK,
                merged(lambda a, b, top: (np.exp2(a - top), np.exp2(b - top)))),
        Mistake("first-peak-kept", "the second side is taken to the first peak, and the first "
                "peak need not be the larger one", MERGE_LOOK, merged(
                    lambda a, b, top: (1.0, np.exp(b - np.where(a == -np.inf, 0.0, a))))),
        Mistake("one-peak-for-all", "one peak is taken for all queries",
                "each query has a peak of its own: compare entry by entry",
                lambda u, t, p, w, s, q: merged(both, peak=lambda a, b: np.full_like(
                    a, max(a.max(), b.max(), -1e30)))(u, t, p, w, s, q)),
        Mistake("nothing-seen-zero", "where no key was seen the peak is a number, not −∞",
                "max(−∞, −∞) is −∞: keep it, and subtract 0 there", merged(
                    both, peak=lambda a, b: np.where(np.maximum(a, b) == -np.inf, 0.0,
                                                     np.maximum(a, b)))),
        Mistake("nothing-seen-zero", "where no key was seen the peak is a number, not −∞",
                "max(−∞, −∞) is −∞: keep it", lambda u, t, p, w, s, q: tuple(
                    map(np.nan_to_num, online_merge(u, t, p, w, s, q)))),
        Mistake("half-empty-lost", "a query that saw no key on one side loses what it got from the "
                "other", "where one side is empty its factor is 0, and the other's is 1",
                lambda u, t, p, w, s, q: (
                    *(np.where(np.isneginf(p) | np.isneginf(q), 0.0, x)
                      for x in online_merge(u, t, p, w, s, q)[:2]), np.maximum(p, q))),
        *(
            Mistake("peaks-cut-off", "peaks far below 0 are replaced by a number",
                    "only −∞ needs care: other peaks are used as they are", merged(
                        lambda a, b, top, low=low: both(
                            np.maximum(a, low), np.maximum(b, low), np.maximum(top, low))))
            for low in (-50.0, -100.0, -500.0, -700.0, -1e3)
        ),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
