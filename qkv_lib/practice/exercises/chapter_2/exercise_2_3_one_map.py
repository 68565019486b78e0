"""Exercise 2.3: would one matrix do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake, Property, Trial
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

LOOK = "with Q = K = Z the scores are Z Zᵀ: what is true of every Z Zᵀ, and of no other matrix?"


def symmetric(scores: Array) -> Array:
    """Tell of each matrix whether it is its own transpose."""
    return np.isclose(scores, scores.swapaxes(-1, -2)).all(axis=(-2, -1))


def eigenvalues(scores: Array) -> Array:
    """Return the eigenvalues of each matrix, made symmetric."""
    return np.linalg.eigvalsh((scores + scores.swapaxes(-1, -2)) / 2)


def not_below_zero(values: Array) -> Array:
    """Tell of each row of eigenvalues whether none is below 0, except by rounding.

    With fewer columns of Z than words, most eigenvalues are exactly 0 and come out on either side.
    """
    answer: Array = values.min(axis=-1) >= -1e-5 * np.abs(values).max(axis=-1)
    return answer


def one_map(scores: Array) -> Array:
    """Tell of each matrix whether it is some Z Zᵀ."""
    answer: Array = symmetric(scores) & not_below_zero(eigenvalues(scores))
    return answer


def diagonal(scores: Array) -> Array:
    """Return each word's score with itself."""
    return np.diagonal(scores, axis1=-2, axis2=-1)


def pairs_fit(scores: Array) -> Array:
    """Tell whether s_ij² ≤ s_ii s_jj for each pair, which is necessary and not enough."""
    own = diagonal(scores)
    return (scores**2 <= own[..., :, None] * own[..., None, :] + 1e-9).all(axis=(-2, -1))


def with_eigenvalues(rng: Generator, values: Array) -> Array:
    """Return a symmetric matrix with these eigenvalues, turned at random."""
    turn = np.linalg.qr(rng.normal(size=(len(values), len(values)))).Q
    matrix: Array = turn * values @ turn.T
    return (matrix + matrix.T) / 2


def sorts(rng: Generator, n: int, width: int) -> list[Array]:
    """Return matrices of every sort: three that one map makes, and six that none does."""
    good = np.linspace(0.5, 3, n)
    once, twice = good.copy(), good.copy()
    once[0], twice[:2] = -0.5, (-0.5, -0.7)
    lopsided = with_eigenvalues(rng, good) + np.triu(rng.uniform(0.3, 0.6, size=(n, n)), 1)
    stretched = with_eigenvalues(rng, good) * np.outer(np.arange(1, n + 1), np.arange(1, n + 1))
    Z = rng.normal(size=(n, width))
    pair = np.eye(n) - 1.5 / n  # each pair fits, all together do not
    Q, K = rng.normal(size=(2, n, n))
    return [
        with_eigenvalues(rng, good),
        stretched,
        Z @ Z.T,
        with_eigenvalues(rng, once),
        with_eigenvalues(rng, twice),
        with_eigenvalues(rng, -good),
        lopsided,
        pair,
        Q @ K.T,
    ]


def score_maps(rng: Generator) -> Iterator[Case]:
    """Yield stacks of scores, of every sort, in an order drawn anew."""
    for kind, lead, n in (
        ("plain", (18,), 5), ("plain", (18,), 3), ("plain", (18,), 7), ("plain", (18,), 4),
        ("batch", (2, 9), 5), ("batch", (9, 2), 3), ("float32", (18,), 5),
    ):  # fmt: skip
        # mostly fewer columns than words, as in a head; in float32, 0 would be too far off
        width = 2 * n if kind == "float32" else 2
        drawn = np.stack(sorts(rng, n, width) + sorts(rng, n, width))
        yield cast(Case(kind, (rng.permutation(drawn).reshape(*lead, n, n),)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return what is a Z Zᵀ up to rounding, sizes of 1, and small and large scores."""
    Z = rng.normal(size=(6, 2, 5, 5))
    noise = 1 + 1e-13 * rng.normal(size=(6, 2, 5, 5))
    return (
        (Z @ Z.swapaxes(-1, -2) * noise,),
        (np.array([[[2.5]], [[-0.3]], [[0.0]]]),),
        (np.stack([np.diag([0.0, 1, -1]), np.diag([0.0, 2, 1]), np.diag([0.0, 0, -3])]),),
        *((size * np.stack(sorts(rng, 4, 2)),) for size in (0.01, 1e8)),
        (1e4 * np.stack(sorts(rng, 4, 2)),),
        # symmetric, so that only eigenvalues are judged
        *((size * np.stack(sorts(rng, 4, 2)[:6]),) for size in (1e-3, 1e-6)),
    )


def refuses(wrong: Callable[[Array], Array], *, accepts: bool = False) -> Callable[[Trial], Any]:
    """Return a search for a misjudged matrix of some sort, with its smallest eigenvalue."""

    def broken(trial: Trial) -> str | None:
        scores, yours = trial.case.args[0], trial.first.values[0]
        here = (yours != trial.expected[0]) & (yours == accepts) & wrong(scores)
        if not np.any(here):
            return None
        index = tuple(np.argwhere(here)[0])
        least, most = eigenvalues(scores)[index][[0, -1]]
        where = f"matrix {', '.join(str(int(i)) for i in index)}"
        return f"of {where} you say {accepts}; its eigenvalues go from {least:.2g} to {most:.2g}"

    return broken


def nothing_near_zero(scores: Array) -> Array:
    """Tell of each matrix whether no eigenvalue is 0 up to rounding."""
    size = np.abs(eigenvalues(scores))
    return np.asarray(size.min(-1) > 1e-5 * size.max(-1))


JUDGED = (
    Property("accepts-lopsided", "you say True of scores that are not symmetric",
             "Z Zᵀ is its own transpose", refuses(lambda s: ~symmetric(s), accepts=True)),
    Property("accepts-below-zero", "you say True of symmetric scores with an eigenvalue below 0",
             "u Z Zᵀ uᵀ is a squared length, for each row u",
             refuses(lambda s: symmetric(s) & ~not_below_zero(eigenvalues(s)), accepts=True)),
    Property("refuses-rounding", "you say False of a Z Zᵀ that is symmetric up to rounding",
             "compare with np.isclose, not with ==",
             refuses(lambda s: (s != s.swapaxes(-1, -2)).any((-2, -1)) & nothing_near_zero(s))),
    Property("refuses-positive", "you say False of a Z Zᵀ whose eigenvalues are all above 0",
             "which numbers do you look at? Scores of two words may well be negative, or large",
             refuses(nothing_near_zero)),
    Property("refuses-zero", "you say False of a Z Zᵀ with an eigenvalue that is 0, up to rounding",
             "Z may have fewer columns than rows: 0 counts, and comes out as ±1e-16",
             refuses(lambda s: ~nothing_near_zero(s))),
)  # fmt: skip


EXERCISE = Exercise(
    name="one-map",
    skeleton='''
def one_map_would_do(scores):
    """Say of each matrix of scores whether it is Z Zᵀ for some Z of real numbers.

    scores: (..., n, n), numbers of any size    returns: (...), boolean
    """
    ...
''',
    solution='''
def one_map_would_do(scores):
    symmetric = np.isclose(scores, scores.swapaxes(-1, -2)).all(axis=(-2, -1))
    values = np.linalg.eigvalsh(scores)
    rounding = 1e-5 * abs(values).max(axis=-1)
    return symmetric & (values.min(axis=-1) >= -rounding)
''',
    reference=one_map,
    cases=score_maps,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "the verdict does not change with the size"),
    returns={"answer": ("matrix",)},
    mistakes=(
        Mistake("symmetry-only", "you ask only whether the scores are symmetric",
                "a word's score with itself is a squared length, for a start", symmetric),
        Mistake("eigenvalues-only", "you do not ask whether the scores are symmetric", LOOK,
                lambda scores: not_below_zero(np.linalg.eigvalsh(scores))),
        Mistake("eigenvalues-only", "you do not ask whether the scores are symmetric", LOOK,
                lambda scores: not_below_zero(eigenvalues(scores))),
        Mistake("no-room-for-rounding", "an eigenvalue that is exactly 0 may come out as -1e-16",
                "Z may have fewer columns than rows: leave a little room below 0",
                lambda scores: symmetric(scores) & (np.linalg.eigvalsh(scores).min(axis=-1) >= 0)),
        Mistake("no-room-for-rounding", "Z may have fewer columns than rows, and then some "
                "eigenvalues are 0", "0 counts too, and leave a little room below it for rounding",
                lambda scores: symmetric(scores) & (eigenvalues(scores).min(axis=-1) > 1e-6)),
        Mistake("own-score-positive", "symmetric, with no negative score of a word with itself: "
                "this is necessary and not enough", LOOK,
                lambda scores: symmetric(scores) & (diagonal(scores) >= 0).all(axis=-1)),
        Mistake("pairs-only", "each pair of words fits, and still all of them together may not",
                "ask it of all sums of rows at once: the eigenvalues know",
                lambda scores: symmetric(scores) & pairs_fit(scores)),
        Mistake("own-score-largest", "a long word may have a larger score than a short one has "
                "with itself", LOOK,
                lambda scores: symmetric(scores)
                & (scores.argmax(axis=-1) == np.arange(scores.shape[-1])).all(axis=-1)),
        Mistake("determinant", "two negative eigenvalues have a positive product",
                "look at each eigenvalue, not at their product",
                lambda scores: symmetric(scores) & (np.linalg.det(scores) >= 0)),
        Mistake("trace", "the sum of the eigenvalues may hide a negative one",
                "look at each eigenvalue, not at their sum",
                lambda scores: symmetric(scores) & (np.trace(scores, axis1=-2, axis2=-1) >= 0)),
        Mistake("no-negative-scores", "scores between two words may well be negative", LOOK,
                lambda scores: symmetric(scores) & (scores >= 0).all(axis=(-2, -1))),
        Mistake("inverted", "True and False have changed places", LOOK,
                lambda scores: ~one_map(scores)),
        Mistake("one-for-all", "one answer for all matrices comes back", "one answer per matrix",
                lambda scores: one_map(scores).all()),
        Mistake("entry-by-entry", "one answer for each score comes back", "one answer per matrix",
                lambda scores: np.isclose(scores, scores.swapaxes(-1, -2))),
    ),
    properties=(BATCH_APART, *JUDGED),
)  # fmt: skip
