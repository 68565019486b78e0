"""Exercise 6.3.2: one step of beam search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

BEAM_LOOK = "add each beam's total to all its continuations, then choose among all of them"


def best(candidates: Array, k: int) -> Array:
    """Return the ``k`` largest along the last axis, the largest first."""
    return -np.sort(-candidates, axis=-1)[..., :k]


def flat(candidates: Array) -> Array:
    """Return all continuations of all beams in one row."""
    return candidates.reshape(*candidates.shape[:-2], -1)


def beam_by(combine: Callable[[Array, Array], Array]) -> Function:
    """Return a step of beam search in which totals and log-probabilities are combined so."""
    return lambda totals, log_p: best(
        flat(combine(totals[..., None], log_p)), totals.shape[-1]
    ).astype(log_p.dtype)


def in_the_order_found(totals: Array, log_p: Array) -> Array:
    """Keep the right continuations, beam by beam."""
    candidates = flat(totals[..., None] + log_p)
    chosen = np.sort(np.argsort(-candidates, axis=-1)[..., : totals.shape[-1]], axis=-1)
    return np.take_along_axis(candidates, chosen, axis=-1)


def over_the_batch(totals: Array, log_p: Array) -> Array:
    """Let all sequences of a batch compete for the places of all."""
    candidates = np.sort((totals[..., None] + log_p).ravel())[::-1]
    return candidates[: totals.size].reshape(totals.shape)


def different_ones(totals: Array, log_p: Array) -> Array:
    """Take numbers that are equal for one."""
    k = totals.shape[-1]
    rows = flat(totals[..., None] + log_p).reshape(-1, k * log_p.shape[-1])
    found = np.full((len(rows), k), -np.inf)
    for row, each in zip(found, rows, strict=True):
        few = np.unique(each)[::-1][:k]
        row[: len(few)] = few
    return found.reshape(totals.shape).astype(log_p.dtype)


def beams(rng: Generator) -> Iterator[Case]:
    """Yield totals, the best first, and log-probabilities of what may follow."""
    for kind, lead, k, v in (
        ("plain", (), 3, 7), ("plain", (), 5, 5), ("plain", (), 2, 11), ("plain", (), 1, 5),
        ("batch", (2,), 3, 7), ("batch", (2, 3), 5, 3), ("float32", (2,), 3, 7),
    ):  # fmt: skip
        totals = best(-rng.exponential(0.6, size=(*lead, k)) - 0.3, k)
        law = rng.dirichlet(np.full(v, 1.0), size=(*lead, k))
        yield cast(Case(kind, (totals, np.log(law))))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([-2.5, -0.3, -1.1]), np.log(rng.dirichlet(np.ones(4), size=3))),
        (np.array([-800.25, -801.5]), np.log(rng.dirichlet(np.ones(5), size=2))),
        (np.array([-0.4]), np.log(rng.dirichlet(np.ones(1), size=1))),
        (
            np.array([0.0, -np.inf, -np.inf]),  # the first step: one beginning
            np.array([[-0.7, -0.7], [-0.1, -2.3], [-np.inf, 0.0]]),
        ),
        (np.log([0.4, 0.4, 0.2]), np.log(np.full((3, 4), 0.25))),  # equal ones are two
        (np.array([-3.3, -0.2, -0.9, -7.0]), np.log(rng.dirichlet(np.ones(2), size=4))),
    )


EXERCISE = Exercise(
    name="beam-step",
    skeleton='''
def beam_step(totals, log_p):
    """Return the log-probabilities of the w best beginnings after one more symbol, best
    first.

    totals: (..., w) log-probabilities of the w beginnings so far
    log_p: (..., w, n_symbols) log-probability of each symbol after each beginning
    returns: (..., w)
    """
    ...
''',
    solution='''
def beam_step(totals, log_p):
    k = totals.shape[-1]
    candidates = totals[..., None] + log_p
    row = candidates.reshape(candidates.shape[:-2] + (-1,))
    return np.sort(row, axis=-1)[..., ::-1][..., :k]
''',
    reference=beam_by(np.add),
    cases=beams,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "logarithms of probabilities are not above 0"),
    returns={"totals": ("beam",)},
    mistakes=(
        Mistake("totals-ignored", "what a beginning has cost so far is forgotten", BEAM_LOOK,
                beam_by(lambda totals, log_p: log_p + 0 * totals)),
        Mistake("logarithms-multiplied", "logarithms are multiplied",
                "probabilities multiply, so their logarithms add", beam_by(np.multiply)),
        Mistake("probabilities-added", "probabilities are added",
                "probabilities multiply, so their logarithms add", beam_by(np.logaddexp)),
        Mistake("logarithms-subtracted", "the totals are subtracted", BEAM_LOOK,
                beam_by(lambda totals, log_p: log_p - totals)),
        Mistake("one-child-a-beam", "each beam keeps its own best continuation",
                "two of the best may continue the same beginning, and some beginning may end",
                lambda totals, log_p: best(totals + log_p.max(-1), totals.shape[-1])),
        Mistake("first-beam-only", "only the best beginning is continued", BEAM_LOOK,
                lambda totals, log_p: best(
                    totals[..., :1] + log_p[..., 0, :], totals.shape[-1])),
        Mistake("smallest-kept", "the least likely are kept",
                "log-probabilities are negative: the likeliest is the largest",
                lambda totals, log_p: np.sort(
                    flat(totals[..., None] + log_p), axis=-1)[..., : totals.shape[-1]]),
        Mistake("best-last", "the best stands last", "the best first: sort downwards",
                lambda totals, log_p: beam_by(np.add)(totals, log_p)[..., ::-1]),
        Mistake("order-as-found", "the right ones, but not in order", "the best first",
                in_the_order_found),
        Mistake("divided-by-two", "the mean of both is taken", "add them: no length is involved",
                beam_by(lambda totals, log_p: (totals + log_p) / 2)),
        Mistake("batch-mixed", "sequences of a batch compete with each other",
                "each sequence has w places of its own", over_the_batch),
        Mistake("one-child-a-beam", "each beam keeps its own best continuation",
                "two of the best may continue the same beginning, and some beginning may end",
                lambda totals, log_p: totals + log_p.max(-1)),
        Mistake("one-beam-a-symbol", "each symbol continues the one best beginning for it",
                "the same symbol may follow two beginnings: choose among all pairs",
                lambda totals, log_p: best((totals[..., None] + log_p).max(-2), totals.shape[-1])),
        Mistake("two-symbols", "each beginning is continued by its two best symbols alone",
                BEAM_LOOK, lambda totals, log_p: beam_by(np.add)(
                    totals, np.sort(log_p, axis=-1)[..., -2:])),
        Mistake("through-probabilities", "the logarithms are made probabilities on the way, and "
                "those of long texts are 0", "add the logarithms: exp(−800) is 0", beam_by(
                    lambda totals, log_p: np.log(np.exp(totals) * np.exp(log_p)))),
        Mistake("equal-ones-once", "continuations that are equally likely are taken for one",
                "two that are alike are two: sort all of them", different_ones),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
