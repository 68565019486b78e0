"""Exercise 7.2: a mask for PyTorch's layer."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, random_mask

LAYER_LOOK = "row b · n_heads + i is for head i of batch element b, and True means hidden"


def layer_mask(mask: Array, n_heads: int) -> Array:
    """Return the mask as PyTorch's layer wants it."""
    return ~np.repeat(mask, n_heads, axis=0)


def masks_and_heads(rng: Generator) -> Iterator[Case]:
    """Yield masks for one sequence, and for batches."""
    for kind, batch, n, m, h in (
        ("plain", 1, 3, 5, 2), ("plain", 1, 3, 3, 1), ("plain", 1, 7, 2, 3),
        ("batch", 2, 5, 3, 3), ("batch", 3, 4, 4, 2), ("batch", 3, 2, 7, 3), ("batch", 5, 3, 2, 2),
    ):  # fmt: skip
        yield Case(kind, (random_mask(rng, (batch, n, m)), h))


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([[[False, False], [True, False], [False, False]]]), 2),
        (np.array([[[True]]]), 1),
        (np.zeros((2, 2, 3), bool), 2),
        (np.ones((1, 2, 3), bool), 4),
    )


EXERCISE = Exercise(
    name="layer-mask",
    skeleton='''
def layer_mask(mask, n_heads):
    """Return the mask that nn.MultiheadAttention wants as attn_mask: True = hidden.

    mask: (batch, n_queries, n_keys), boolean, True = may attend
    returns: (batch · n_heads, n_queries, n_keys), the heads of a batch element in a row
    """
    ...
''',
    solution='''
def layer_mask(mask, n_heads):
    return np.logical_not(np.repeat(mask, n_heads, axis=0))
''',
    reference=layer_mask,
    cases=masks_and_heads,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "its arguments are true and false"),
    returns={"mask": ("query", "key")},
    mistakes=(
        Mistake("not-inverted", "True still means may attend", LAYER_LOOK,
                lambda mask, h: np.repeat(mask, h, axis=0)),
        Mistake("heads-outermost", "all first heads come first, then all second ones", LAYER_LOOK,
                lambda mask, h: np.tile(~mask, (h, 1, 1))),
        Mistake("no-heads", "the mask has a row for each batch element, not for each head",
                LAYER_LOOK, lambda mask, h: ~mask),
        Mistake("four-axes", "batch and heads are two axes",
                "the layer takes three: merge the first two",
                lambda mask, h: ~np.repeat(mask[:, None], h, axis=1)),
        Mistake("first-of-batch", "every batch element gets the mask of the first", LAYER_LOOK,
                lambda mask, h: np.repeat(~mask[:1], len(mask) * h, axis=0)),
        Mistake("transposed-mask", "the mask is transposed", "rows are queries, columns are keys",
                lambda mask, h: layer_mask(mask.swapaxes(-1, -2), h)),
        Mistake("additive-mask", "these are numbers to add: the layer takes them, but here it is "
                "to be a mask", "return booleans: True = hidden",
                lambda mask, h: np.where(layer_mask(mask, h), -np.inf, 0.0)),
        Mistake("nothing-hidden", "nothing is hidden", LAYER_LOOK,
                lambda mask, h: np.zeros_like(layer_mask(mask, h))),
        Mistake("all-hidden", "everything is hidden", LAYER_LOOK,
                lambda mask, h: np.ones_like(layer_mask(mask, h))),
        Mistake("not-of-numbers", "`~` is taken of whole numbers: ~1 is −2, and ~0 is −1",
                "`~` turns booleans round; keep the mask boolean",
                lambda mask, h: ~np.repeat(mask, h, axis=0).astype(int)),
        Mistake("rows-repeated", "each row of a mask is repeated, not the mask as a whole",
                LAYER_LOOK, lambda mask, h:
                np.repeat(~mask, h, axis=1).reshape(-1, *mask.shape[1:])),
        Mistake("row-hides-nothing", "in a row that allows no key nothing is hidden",
                "each entry stands for itself, also in a row without True",
                lambda mask, h: layer_mask(mask | ~mask.any(-1, keepdims=True), h)),
    ),
)  # fmt: skip
