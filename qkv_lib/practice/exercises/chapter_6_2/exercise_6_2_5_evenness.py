"""Exercise 6.2.5: how even a row is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.measures import relations
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

ENTROPY_LOOK = "minus the sum over the keys of A ln A, divided by ln n, n the number of keys"


def spread(weights: Array) -> Array:
    """Return the library's spread in the dtype of the weights."""
    return relations.spread(weights).astype(weights.dtype)


def entropy(weights: Array, axis: int = -1) -> Array:
    """Return the entropy of each row in nats."""
    return np.asarray(-(weights * np.log(np.where(weights > 0, weights, 1.0))).sum(axis))


def rows_of_weights(rng: Generator) -> Iterator[Case]:
    """Yield weights; from the second case on some are exactly 0, as behind a mask."""
    for kind, shape in (
        ("plain", (3, 5)), ("plain", (5, 5)), ("plain", (2, 11)), ("plain", (1, 7)),
        ("plain", (7, 3)), ("batch", (2, 5, 3)), ("batch", (3, 3, 3)), ("batch", (2, 3, 5, 7)),
        ("float32", (2, 3, 5)),
    ):  # fmt: skip
        weights = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
        if shape != (3, 5):
            weights[..., -1, 0] = 0.0
            weights /= weights.sum(-1, keepdims=True)
        yield cast(Case(kind, (weights,)))


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.eye(3),),
        (np.full((2, 4), 0.25),),
        (np.array([[0.5, 0.5], [1.0, 0.0]]),),
        (np.array([[1e-9, 1 - 1e-9]]),),
    )


EXERCISE = Exercise(
    name="evenness",
    skeleton='''
def evenness(weights):
    """Return how evenly each query spreads its weights: 0 on one key, 1 on all alike.

    weights: (..., n_queries, n_keys), rows sum to 1; some may be exactly 0
    returns: (..., n_queries)
    """
    ...
''',
    solution='''
def evenness(weights):
    logs = np.log(np.where(weights > 0, weights, 1.0))
    return -(weights * logs).sum(axis=-1) / np.log(weights.shape[-1])
''',
    reference=spread,
    cases=rows_of_weights,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "weights lie between 0 and 1"),
    returns={"evenness": ("query",)},
    mistakes=(
        Mistake("zero-weights", "0 · ln 0 is NaN, and one such key spoils its row",
                "A ln A goes to 0 with A: put 0 there, for example np.where(A > 0, A, 1) inside "
                "the logarithm",
                lambda a: -(a * np.log(a)).sum(-1) / np.log(a.shape[-1])),
        Mistake("not-divided", "the entropy is not divided by its largest value", ENTROPY_LOOK,
                entropy),
        Mistake("bits", "this is the entropy in bits, not divided by its largest value",
                ENTROPY_LOOK, lambda a: entropy(a) / np.log(2)),
        Mistake("two-logarithms", "one logarithm is of base 2 and the other is not",
                "the base cancels when both are the same", lambda a: spread(a) / np.log(2)),
        Mistake("two-logarithms", "one logarithm is of base 2 and the other is not",
                "the base cancels when both are the same", lambda a: spread(a) * np.log(2)),
        Mistake("negative", "the minus sign is missing", "ln of a weight below 1 is negative",
                lambda a: -spread(a)),
        Mistake("divided-by-n", "the entropy is divided by n, not by ln n", ENTROPY_LOOK,
                lambda a: entropy(a) / a.shape[-1]),
        Mistake("mean-for-sum", "the mean over the keys is taken, not the sum", ENTROPY_LOOK,
                lambda a: spread(a) / a.shape[-1]),
        Mistake("logarithm-of-queries", "the number of queries stands for n", ENTROPY_LOOK,
                lambda a: entropy(a) / np.log(a.shape[-2])),
        Mistake("over-queries", "the sum runs over the queries", "keys are the last axis",
                lambda a: entropy(a, -2) / np.log(a.shape[-1])),
        Mistake("only-seen-keys", "n counts only keys with some weight", ENTROPY_LOOK,
                lambda a: entropy(a) / np.log((a > 0).sum(-1))),
        Mistake("one-minus", "this is 1 minus it: 1 on one key, 0 on all alike", ENTROPY_LOOK,
                lambda a: 1 - spread(a)),
        Mistake("perplexity", "exp of the entropy, divided by n, is another measure", ENTROPY_LOOK,
                lambda a: np.exp(entropy(a)) / a.shape[-1]),
        Mistake("divided-by-the-largest", "the entropy is divided by the largest entropy of a row",
                ENTROPY_LOOK, lambda a: entropy(a) / entropy(a).max(-1, keepdims=True)),
        Mistake("without-weights", "the logarithms are summed without their weights", ENTROPY_LOOK,
                lambda a: -np.log(np.where(a > 0, a, 1.0)).sum(-1) / np.log(a.shape[-1])),
        Mistake("squares", "this is 1 minus the sum of squares, another measure", ENTROPY_LOOK,
                lambda a: 1 - (a**2).sum(-1)),
        Mistake("averaged", "the queries are averaged", "one number per query: (..., n_queries)",
                lambda a: spread(a).mean(-1)),
        Mistake("squares", "this is 1 minus the sum of squares, scaled to 1: another measure",
                ENTROPY_LOOK, lambda a: (1 - (a**2).sum(-1)) / (1 - 1 / a.shape[-1])),
        Mistake("zero-weights", "a row with a weight of 0 gets 0: 0 · ln 0 is NaN, and NaN was "
                "replaced in the sum, not in the terms",
                "A ln A goes to 0 with A: put 0 there, before you sum", lambda a: np.where(
                    (a > 0).all(-1), spread(a), 0.0)),
        Mistake("largest", "this is 1 minus the largest weight", ENTROPY_LOOK,
                lambda a: 1 - a.max(-1)),
        Mistake("one-over-the-squares",
                "one over the sum of squares is another measure", ENTROPY_LOOK,
                lambda a: 1 / (a**2).sum(-1) / a.shape[-1]),
        *(
            Mistake("fixed-number-of-keys", f"the entropy is divided by ln {n}, "
                    "whatever the number of keys", ENTROPY_LOOK,
                    lambda a, n=n: entropy(a) / np.log(n))
            for n in (3, 4, 5, 7, 8, 10, 11, 16)
        ),
        Mistake("logarithm-of-the-rest", "the logarithm is of 1 − A, not of A", ENTROPY_LOOK,
                lambda a: -(a * np.log(np.maximum(1 - a, 1e-300))).sum(-1) / np.log(a.shape[-1])),
        Mistake("logarithm-of-one-more", "the logarithm is of 1 + A, not of A", ENTROPY_LOOK,
                lambda a: -(a * np.log1p(a)).sum(-1) / np.log(a.shape[-1])),
        Mistake("what-is-missing", "this is what is missing to the largest entropy", ENTROPY_LOOK,
                lambda a: np.log(a.shape[-1]) - entropy(a)),
        Mistake("keys-so-far", "row i is divided by the logarithm of i + 1, as under a causal mask",
                ENTROPY_LOOK, lambda a: entropy(a) / np.log(np.minimum(
                    np.arange(a.shape[-2]) + 2, a.shape[-1]))),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
