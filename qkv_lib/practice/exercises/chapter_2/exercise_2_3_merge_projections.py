"""Exercise 2.3: one matrix for two."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast

MERGE_LOOK = "X W_Q (X W_K)ᵀ = X W_Q W_Kᵀ Xᵀ, and B is what stands between X and Xᵀ"


def two_maps(rng: Generator) -> Iterator[Case]:
    """Yield W_Q and W_K, narrow as in a head; once they are square."""
    for kind, d_model, d_k in (
        ("plain", 3, 3), ("plain", 5, 2), ("plain", 7, 3), ("plain", 2, 1), ("float32", 11, 5),
    ):  # fmt: skip
        W_Q, W_K = rng.normal(size=(2, d_model, d_k))
        yield cast(Case(kind, (W_Q, W_K)))


EXERCISE = Exercise(
    name="merge-projections",
    skeleton='''
def merge_projections(W_Q, W_K):
    """Return the matrix B for which X B Xᵀ = Q Kᵀ, whatever X.

    W_Q, W_K: (d_model, d_k)    returns: (d_model, d_model)
    """
    ...
''',
    reference=lambda W_Q, W_K: W_Q @ W_K.T,
    cases=two_maps,
    returns={"B": ("row", "column")},
    mistakes=(
        Mistake("transposed", "this is W_K W_Qᵀ: queries and keys have changed places", MERGE_LOOK,
                lambda W_Q, W_K: W_K @ W_Q.T),
        Mistake("no-transpose", "W_K is not transposed", MERGE_LOOK, lambda W_Q, W_K: W_Q @ W_K),
        Mistake("wrong-side", "W_Q is transposed, not W_K: this compares columns", MERGE_LOOK,
                lambda W_Q, W_K: W_Q.T @ W_K),
        Mistake("wrong-side", "W_Q is transposed, not W_K: this compares columns", MERGE_LOOK,
                lambda W_Q, W_K: W_K.T @ W_Q),
        Mistake("both-transposed", "both maps are transposed", MERGE_LOOK,
                lambda W_Q, W_K: W_Q.T @ W_K.T),
        Mistake("query-with-itself", "this is W_Q W_Qᵀ: W_K is not used", MERGE_LOOK,
                lambda W_Q, W_K: W_Q @ W_Q.T),
        Mistake("key-with-itself", "this is W_K W_Kᵀ: W_Q is not used", MERGE_LOOK,
                lambda W_Q, W_K: W_K @ W_K.T),
        Mistake("symmetrised", "B is made symmetric, and the scores with it", MERGE_LOOK,
                lambda W_Q, W_K: (W_Q @ W_K.T + W_K @ W_Q.T) / 2),
        Mistake("scaled", "B is divided by √d_k", "B gives Q Kᵀ, before the scaling",
                lambda W_Q, W_K: W_Q @ W_K.T / np.sqrt(W_Q.shape[-1])),
        Mistake("elementwise", "the maps are multiplied entry by entry", MERGE_LOOK,
                lambda W_Q, W_K: W_Q * W_K),
        Mistake("inverse", "W_K is inverted, not transposed", MERGE_LOOK,
                lambda W_Q, W_K: W_Q @ np.linalg.pinv(W_K)),
    ),
)  # fmt: skip
