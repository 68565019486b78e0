"""Exercise 4.3: the score that a weight needs."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake, Property, Trial
from qkv_lib.practice.inputs import Generator, cast

ODDS_LOOK = "the weight is e^s / (e^s + n_keys − 1), with s the scaled score: solve it for s"
ROOT_LOOK = "the softmax sees the score after its division by √d_k"


def score_for_weight(weight: Array, n_keys: int, d_k: int) -> Array:
    """Return the score of one key that gets it this weight, all others scoring 0."""
    return np.asarray(np.sqrt(d_k) * np.log(weight * (n_keys - 1) / (1 - weight)))


def weights_and_sizes(rng: Generator) -> Iterator[Case]:
    """Yield the weights that are wanted, a number of keys and a width that is no square of it."""
    for kind, m, n_keys, d_k in (
        ("plain", 1, 9, 5), ("plain", 3, 5, 11), ("plain", 4, 2, 3), ("plain", 5, 100, 64),
    ):  # fmt: skip
        yield cast(Case(kind, (rng.uniform(0.05, 0.97, size=m), n_keys, d_k)))


def weight_missed(trial: Trial) -> str | None:
    """Put the score beside zeros, and look at the weight that it gets."""
    wanted, n_keys, d_k = trial.case.args
    row = np.zeros(n_keys)
    row[0] = trial.first.values[0].flat[0] / np.sqrt(d_k)
    got = softmax(row)[0]
    if abs(got - wanted[0]) < 1e-4:
        return None
    return (
        f"with your score, {n_keys} keys and d_k = {d_k} the weight is {got:.4f}, "
        f"and {wanted[0]:.4f} was wanted"
    )


EXERCISE = Exercise(
    name="score-for-weight",
    skeleton='''
def score_for_weight(weight, n_keys, d_k):
    """Return the score q · k, before its division by √d_k, that gets one key this
    weight.

    All other keys score 0.
    weight: (m,), each between 0 and 1    n_keys, d_k: integers    returns: (m,)
    """
    ...
''',
    solution='''
def score_for_weight(weight, n_keys, d_k):
    # weight = e^s / (e^s + n_keys − 1), solved for the scaled score s
    return np.sqrt(d_k) * np.log(weight * (n_keys - 1) / (1 - weight))
''',
    reference=lambda weight, n_keys, d_k: score_for_weight(weight, n_keys, d_k),
    cases=weights_and_sizes,
    without=dict.fromkeys(("low", "rows"), "weights lie between 0 and 1"),
    returns={"scores": ("weight",)},
    mistakes=(
        Mistake("root-missing", "this is the scaled score: the root is missing", ROOT_LOOK,
                lambda w, n, d: score_for_weight(w, n, 1)),
        Mistake("root-divided", "the score is divided by √d_k, which attention does later",
                ROOT_LOOK, lambda w, n, d: score_for_weight(w, n, d) / d),
        Mistake("no-root", "the score is multiplied by d_k, without the root", ROOT_LOOK,
                lambda w, n, d: score_for_weight(w, n, d) * d**0.5),
        Mistake("key-counted-twice", "there are n_keys − 1 other keys, not n_keys", ODDS_LOOK,
                lambda w, n, d: score_for_weight(w, n + 1, d)),
        Mistake("one-rival", "this is the answer for two keys: the number of keys is not used",
                ODDS_LOOK, lambda w, n, d: score_for_weight(w, 2, d)),
        Mistake("share-not-odds", "the rest of the weight, 1 − weight, is not used", ODDS_LOOK,
                lambda w, n, d: np.sqrt(d) * np.log(w * (n - 1))),
        Mistake("log-of-weight", "this is the logarithm of the weight alone: a softmax divides by "
                "the sum", ODDS_LOOK, lambda w, n, d: np.sqrt(d) * np.log(w)),
        Mistake("turned-over", "the fraction is upside down", ODDS_LOOK,
                lambda w, n, d: -score_for_weight(w, n, d)),
        Mistake("weight-and-rest-exchanged", "weight and 1 − weight have changed places", ODDS_LOOK,
                lambda w, n, d: score_for_weight(1 - w, n, d)),
        Mistake("rivals-below", "the number of other keys stands in the denominator", ODDS_LOOK,
                lambda w, n, d: np.sqrt(d) * np.log(w / (1 - w) / (n - 1))),
        Mistake("root-in-the-log", "√d_k stands inside the logarithm", ROOT_LOOK,
                lambda w, n, d: np.log(np.sqrt(d) * w * (n - 1) / (1 - w))),
        Mistake("no-logarithm", "the logarithm is missing", ODDS_LOOK,
                lambda w, n, d: np.sqrt(d) * w * (n - 1) / (1 - w)),
        Mistake("log-base-2", "the logarithm has the base 2", "the softmax uses e: np.log",
                lambda w, n, d: score_for_weight(w, n, d) / np.log(2)),
        Mistake("log-base-10", "the logarithm has the base 10", "the softmax uses e: np.log",
                lambda w, n, d: score_for_weight(w, n, d) / np.log(10)),
    ),
    properties=(
        Property("weight-missed", "your score gets another weight", ODDS_LOOK, weight_missed),
    ),
)  # fmt: skip
