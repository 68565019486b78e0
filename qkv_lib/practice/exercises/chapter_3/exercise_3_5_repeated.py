"""Exercise 3.5: said three times."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import SOFTMAX, STABLE_LOOK, sums, through
from qkv_lib.practice.properties import BATCH_APART, NO_NEGATIVE, ROWS_SUM_TO_ONE

LOOK = "c equal exponentials in the denominator are c · exp(score) = exp(score + log c)"


def with_logarithm(scores: Array, counts: Array) -> Array:
    """Return the scores plus the logarithm of the counts, −∞ for a count of 0."""
    with np.errstate(divide="ignore"):
        return scores + np.log(counts).astype(scores.dtype)


def several(scores: Array, counts: Array) -> Array:
    """Return the weights of words that are said several times, each time with the same score."""
    return softmax(with_logarithm(scores, counts))


def scores_and_counts(rng: Generator) -> Iterator[Case]:
    """Yield scores with counts, never all 0; in the extreme case a word never said is far above."""
    for kind, shape in (
        ("plain", (3, 5)), ("plain", (5, 5)), ("plain", (1, 7)), ("plain", (7, 3)),
        ("plain", (5, 1)),
        ("batch", (2, 5, 3)), ("batch", (3, 3, 3)), ("batch", (2, 3, 5, 7)),
        ("extreme", (3, 5)), ("float32", (2, 3, 5)),
    ):  # fmt: skip
        counts = rng.permutation(np.resize([1, 0, 3, 2], shape[-1]))
        scores = 2 * rng.normal(size=shape)
        if kind == "extreme":
            scores = 1e3 * scores + 1e4 * (counts == 0)
        yield cast(Case(kind, (scores, counts)))


def exponentials(scores: Array, counts: Array) -> Array:
    """Return the exponentials of the words that are said, times their counts, whatever the size."""
    return counts * np.exp(np.where(counts > 0, scores, -np.inf))


def over_axis(scores: Array, counts: Array) -> Array:
    """Return the softmax over the queries."""
    return softmax(with_logarithm(scores, counts), axis=-2)


EXERCISE = Exercise(
    name="repeated",
    skeleton='''
def repeated(scores, counts):
    """Return the weight of each word, all copies together; word j has counts[j].

    scores: (..., n_queries, n_words), one per word, the same for each of its copies
    counts: (n_words,), integers from 0 up, not all 0
    returns: (..., n_queries, n_words)
    """
    ...
''',
    solution='''
def repeated(scores, counts):
    said = np.where(counts > 0, scores, -np.inf)
    copies = counts.astype(scores.dtype) * np.exp(said - said.max(axis=-1, keepdims=True))
    return copies / copies.sum(axis=-1, keepdims=True)
''',
    reference=several,
    cases=scores_and_counts,
    free=("scores",),
    repeats=True,
    returns={"weights": ("query", "word")},
    mistakes=(
        Mistake("counts-ignored", "the counts are not used", LOOK, lambda s, c: softmax(s)),
        Mistake("scores-multiplied", "the scores are multiplied by the counts",
                "three copies have the same score three times, not a score three times as high",
                lambda s, c: softmax(s * c)),
        Mistake("counts-added", "the counts are added to the scores", LOOK,
                lambda s, c: softmax(s + c)),
        Mistake("not-renormalised", "the weights are multiplied by the counts, and the rows no "
                "longer sum to 1", LOOK, lambda s, c: softmax(s) * c, sums),
        Mistake("one-copy", "this is the weight of one copy, not of all copies together",
                "add up the copies", lambda s, c: several(s, c) / np.maximum(c, 1), sums),
        Mistake("mask-only", "a word said three times gets no more than a word said once", LOOK,
                lambda s, c: several(s, (c > 0).astype(int))),
        Mistake("log-1-plus", "the logarithm is of 1 + count: a word never said still gets weight",
                LOOK, lambda s, c: several(s, c + 1)),
        Mistake("never-said-counts", "a word that is never said counts once",
                "0 copies have the weight 0", lambda s, c: several(s, np.maximum(c, 1))),
        Mistake("divided", "the exponentials are divided by the counts", LOOK,
                lambda s, c: softmax(s - np.log(np.maximum(c, 1)))),
        *(Mistake("never-said-counts", "the count of a word that is never said is raised above 0",
                  "0 copies have the weight 0",
                  lambda s, c, least=least: several(s, np.maximum(c, least)))
          for least in (0.5, 0.1, 0.01, 1e-3)),
        Mistake("counts-squared", "the counts are used twice", LOOK,
                lambda s, c: several(s, c**2)),
        Mistake("shares-of-counts", "the weights are the shares of the counts, whatever the score",
                LOOK, lambda s, c: 0 * s + c / np.sum(c)),
        Mistake("softmax-over-queries", "the softmax runs over queries",
                "each query spreads 1 over the words: axis=-1", over_axis, sums),
        Mistake("softmax-first", "weights are made of weights: the softmax comes twice", LOOK,
                lambda s, c: several(softmax(s), c)),
        Mistake("far-above", "a word that is never said, with a score far above the others, has "
                "rounded their weights to 0 before it was removed",
                "leave it out of the scores, not of the weights",
                lambda s, c: softmax(s) * c / np.sum(softmax(s) * c, axis=-1, keepdims=True)),
        Mistake("overflow", "exp overflows on large scores", STABLE_LOOK,
                lambda s, c: exponentials(s, c) / exponentials(s, c).sum(-1, keepdims=True)),
        *through(SOFTMAX, lambda weigh: lambda s, c: weigh(with_logarithm(s, c)),
                 evidence=sums, leave_out=(
                     "softmax-over-queries", "softmax-twice", "uniform", "argmax", "overflow",
                     "no-exponential", "logarithm", "no-softmax", "base-2", "negative-exponent",
                     "global-maximum", "not-normalised", "sizes-for-exponentials",
                     "squares-for-exponentials")),
        Mistake("counts-added", "the counts are added to the scores", LOOK,
                lambda s, c: softmax(np.where(c > 0, s + c, -np.inf))),
        Mistake("scores-multiplied", "the scores are multiplied by the counts",
                "three copies have the same score three times, not a score three times as high",
                lambda s, c: softmax(np.where(c > 0, s * c, -np.inf))),
        Mistake("divided", "the exponentials are divided by the counts", LOOK,
                lambda s, c: softmax(np.where(c > 0, s - np.log(np.maximum(c, 1)), -np.inf))),
        Mistake("root-of-the-counts", "the roots of the counts are used", LOOK,
                lambda s, c: several(s, np.sqrt(c))),
        Mistake("divided-by-counts", "the weights are divided by the counts, not multiplied",
                "a word said three times has three exponentials in the sum",
                lambda s, counts: softmax(s - np.log(np.maximum(counts, 1e-9)))),
        Mistake("log-base-2", "the logarithm of the counts has the base 2",
                "the softmax takes powers of e: np.log", lambda s, c:
                softmax(np.where(c > 0, s + np.log2(np.maximum(c, 1)), -np.inf))),
        *(Mistake("never-said-a-little", "a word that is never said counts a little: the logarithm "
                  "is of count + ε", "0 copies have the score −∞, however high it was before",
                  lambda s, c, little=little: softmax(s + np.log(c + little)))
          for little in (1e-6, 1e-8, 1e-9, 1e-10, 1e-12)),
        Mistake("powers", "the weights are raised to the counts, as if said in a row",
                "copies add up: n · exp(s), not exp(s)ⁿ", lambda s, counts:
                softmax(s) ** counts / (softmax(s) ** counts).sum(-1, keepdims=True)),
    ),
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE, BATCH_APART),
)  # fmt: skip
