"""Exercise 7.1: a mask as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast, random_mask

NUMBERS_LOOK = "0 leaves a score as it is, −∞ takes its key away: np.where(mask, 0.0, −∞)"


def mask_to_bias(mask: Array, query: Array) -> Array:
    """Return the mask as numbers to add to the scores."""
    return np.where(mask, 0.0, -np.inf).astype(query.dtype)


def masks_and_queries(rng: Generator) -> Iterator[Case]:
    """Yield masks, and queries whose dtype counts."""
    for kind, lead, n, m in (
        ("plain", (), 3, 5), ("plain", (), 5, 3), ("plain", (), 4, 4), ("plain", (), 1, 7),
        ("batch", (2, 1), 5, 3), ("batch", (3, 1), 3, 3), ("float32", (2, 1), 3, 5),
    ):  # fmt: skip
        mask = random_mask(rng, (*lead, n, m))
        yield cast(Case(kind, (mask, rng.normal(size=(n, 7)))))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (
            np.array([[False, False], [True, False], [False, True], [False, False]]),
            rng.normal(size=(4, 2)),
        ),
        (np.array([[True]]), rng.normal(size=(1, 2))),
        (np.zeros((2, 3), bool), rng.normal(size=(2, 2))),
        (np.ones((2, 3), bool), rng.normal(size=(2, 2))),
    )


EXERCISE = Exercise(
    name="mask-to-bias",
    skeleton='''
def mask_to_bias(mask, query):
    """Return the mask as numbers that are added to the scores, in the dtype of query.

    mask: (..., n_queries, n_keys), boolean, True = may attend
    query: (..., n_queries, d)
    returns: (..., n_queries, n_keys)
    """
    ...
''',
    solution='''
def mask_to_bias(mask, query):
    return np.where(mask, 0.0, -np.inf).astype(query.dtype)
''',
    reference=mask_to_bias,
    cases=masks_and_queries,
    edges=edges,
    dtype=True,
    without=dict.fromkeys(("low", "rows"), "of the query only the dtype counts"),
    returns={"bias": ("query", "key")},
    mistakes=(
        Mistake("inverted-mask", "the numbers hide what the mask shows",
                "True means may attend: its number is 0",
                lambda mask, q: mask_to_bias(~mask, q)),
        Mistake("one-and-zero", "True became 1 and False 0: added to a score, that hides nothing",
                NUMBERS_LOOK, lambda mask, q: mask.astype(q.dtype)),
        Mistake("minus-one", "False became −1: its key keeps some weight", NUMBERS_LOOK,
                lambda mask, q: mask.astype(q.dtype) - 1),
        Mistake("large-not-infinite", "False became a large negative number, not −∞",
                "where no key is allowed a large number gives the mean of the values, not zeros",
                lambda mask, q: np.where(mask, 0.0, -1e9).astype(q.dtype)),
        Mistake("large-not-infinite", "False became the smallest number of the dtype, not −∞",
                "where no key is allowed it gives the mean of the values, not zeros",
                lambda mask, q: np.where(mask, 0.0, np.finfo(q.dtype).min).astype(q.dtype)),
        Mistake("zero-times-infinity", "0 · ∞ is NaN", "choose with `where`, do not multiply by ∞",
                lambda mask, q: (1 - mask.astype(q.dtype)) * -np.inf),
        Mistake("plus-infinity", "False became +∞: all the weight goes where none may go",
                NUMBERS_LOOK, lambda mask, q: -mask_to_bias(mask, q)),
        Mistake("one-for-hidden", "the hidden keys get 1 and the seen ones 0", NUMBERS_LOOK,
                lambda mask, q: (~mask).astype(q.dtype)),
        Mistake("transposed-mask", "the numbers are transposed",
                "rows are queries, columns are keys",
                lambda mask, q: mask_to_bias(mask, q).swapaxes(-1, -2)),
        Mistake("all-allowed", "nothing is hidden", NUMBERS_LOOK,
                lambda mask, q: np.zeros(mask.shape, q.dtype)),
        *(
            Mistake("large-not-infinite", "False became a negative number, not −∞",
                    "where no key is allowed it gives the mean of the values, not zeros",
                    lambda mask, q, low=low: np.where(mask, 0.0, low).astype(q.dtype))
            for low in (-2.0, -10.0, -20.0, -50.0, -100.0, -1e3, -1e4)
        ),
        Mistake("true-for-1", "True became 1: a score that may stay is changed", NUMBERS_LOOK,
                lambda mask, q: np.where(mask, 1.0, -np.inf).astype(q.dtype)),
        Mistake("nan-for-hidden", "False became NaN, which spoils every score of its row",
                NUMBERS_LOOK, lambda mask, q: np.where(mask, 0.0, np.nan).astype(q.dtype)),
        Mistake("causal", "later keys are hidden as well", "the mask says all that is to be hidden",
                lambda mask, q: mask_to_bias(mask & (np.tri(*mask.shape[-2:]) > 0), q)),
        Mistake("rows-that-allow-all", "a row that allows no key became 0: it allows all",
                "each entry stands for itself, also in a row without True",
                lambda mask, q: mask_to_bias(mask | ~mask.any(-1, keepdims=True), q)),
        Mistake("first-key-shown", "the first key is shown to every query", NUMBERS_LOOK,
                lambda mask, q: mask_to_bias(mask | (np.arange(mask.shape[-1]) == 0), q)),
        Mistake("last-key-hidden", "the last key is hidden from every query", NUMBERS_LOOK,
                lambda mask, q: mask_to_bias(
                    mask & (np.arange(mask.shape[-1]) < mask.shape[-1] - 1), q)),
    ),
)  # fmt: skip
