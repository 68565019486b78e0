"""Exercise 6.1.6: find the bug: what a key adds."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.measures import maps
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

LENGTH_LOOK = "take the vector v_j W_O first, then its length, then the weight times that length"


ROWS_LOOK = "head i owns rows i · e to (i + 1) · e of W_O: reshape to (h, e, d_model)"


def length_of(shorten: Callable[[Array], Array], rows: Callable[..., Array]) -> Function:
    """Return weight times a length of ``v_j W_O``, with the rows of ``W_O`` a head gets."""

    def added_lengths(weights: Array, value: Array, w_o: Array) -> Array:
        added = value @ rows(w_o, value.shape[-3], value.shape[-1])  # (..., h, m, d_model)
        return np.asarray(weights * shorten(added)[..., None, :])

    return added_lengths


def own_rows(w_o: Array, h: int, e: int) -> Array:
    """Return the rows of each head, (h, e, d_model)."""
    return w_o.reshape(h, e, -1)


def norm(x: Array) -> Array:
    """Return the lengths of the rows."""
    return np.asarray(np.linalg.norm(x, axis=-1))


def product_of_lengths(weights: Array, value: Array, w_o: Array) -> Array:
    """Multiply the length of the value by the length of the head's rows of ``W_O``."""
    rows = own_rows(w_o, value.shape[-3], value.shape[-1])
    return np.asarray(weights * (norm(value) * np.linalg.norm(rows, axis=(-2, -1))[:, None])
                      [..., None, :])  # fmt: skip


def vectors_added(weights: Array, value: Array, w_o: Array) -> Array:
    """Return the vectors themselves, (..., h, n, m, d_model)."""
    added = value @ own_rows(w_o, value.shape[-3], value.shape[-1])
    return np.asarray(weights[..., None] * added[..., None, :, :])


def weights_values_and_output(rng: Generator) -> Iterator[Case]:
    """Yield weights and values of some heads, and the output projection."""
    for kind, lead, (h, n, m, e, d) in (
        ("plain", (), (2, 3, 5, 4, 7)), ("plain", (), (3, 3, 3, 3, 9)),
        ("plain", (), (2, 4, 4, 3, 5)), ("plain", (), (1, 5, 2, 3, 2)),
        ("batch", (2,), (3, 5, 7, 2, 11)), ("batch", (3,), (3, 3, 3, 3, 3)),
        ("float32", (2,), (2, 3, 5, 3, 7)),
    ):  # fmt: skip
        weights = rng.dirichlet(np.ones(m), size=(*lead, h, n))
        value, w_o = rng.normal(size=(*lead, h, m, e)), rng.normal(size=(h * e, d))
        yield cast(Case(kind, (weights, value, w_o)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.ones((1, 2, 1)), rng.normal(size=(1, 1, 1)), rng.normal(size=(1, 2))),
        (np.ones((1, 2, 1)), rng.normal(size=(1, 1, 3)), rng.normal(size=(3, 2))),
        (rng.dirichlet(np.ones(3), size=(2, 4)), rng.normal(size=(2, 3, 1)), np.zeros((2, 4))),
    )


EXERCISE = Exercise(
    name="added-lengths",
    skeleton='''
def added_lengths(weights, value, w_o):
    """Return the length of what each key adds to each query's output, head by head.

    weights: (..., h, n, m)    value: (..., h, m, e)    w_o: (h · e, d_model)
    returns: (..., h, n, m)
    """
    h, e = value.shape[-3], value.shape[-1]
    rows = w_o.reshape(h, e, -1)  # the rows of each head
    lengths = np.linalg.norm(value, axis=-1)  # (..., h, m)
    lengths = lengths * np.linalg.norm(rows, axis=(-2, -1))[:, None]
    return weights * lengths[..., None, :]
''',
    solution='''
def added_lengths(weights, value, w_o):
    h, e = value.shape[-3], value.shape[-1]
    rows = w_o.reshape(h, e, -1)
    lengths = np.linalg.norm(value @ rows, axis=-1)
    return weights * lengths[..., None, :]
''',
    reference=maps.weighted_norms,
    cases=weights_values_and_output,
    edges=edges,
    free=("value",),
    returns={"lengths": ("head", "query", "key")},
    mistakes=(
        Mistake("product-of-lengths", "two lengths are multiplied: that is no length of a product",
                LENGTH_LOOK, product_of_lengths),
        Mistake("weights-only", "these are the weights: no value is in them", LENGTH_LOOK,
                lambda a, v, w: a),
        Mistake("lengths-only", "the weight is missing", LENGTH_LOOK,
                lambda a, v, w: length_of(norm, own_rows)(np.ones_like(a), v, w)),
        Mistake("values-without-projection", "the length is the value's own, before W_O",
                LENGTH_LOOK, lambda a, v, w: a * norm(v)[..., None, :]),
        Mistake("squared", "the root of the sum of squares is missing", LENGTH_LOOK,
                length_of(lambda x: np.sum(x**2, axis=-1), own_rows)),
        Mistake("squared", "the root of the sum of squares is missing", LENGTH_LOOK,
                lambda a, v, w: maps.weighted_norms(a, v, w) ** 2),
        Mistake("sum-of-sizes", "the sizes of the entries are added", "the length is Euclid's",
                length_of(lambda x: np.abs(x).sum(axis=-1), own_rows)),
        Mistake("signed-sum", "the entries are added with their signs", "the length is Euclid's",
                length_of(lambda x: x.sum(axis=-1), own_rows)),
        Mistake("root-mean-square", "the squares are averaged, not summed",
                "the length is Euclid's",
                length_of(lambda x: norm(x) / np.sqrt(x.shape[-1]), own_rows)),
        Mistake("interleaved-rows", "head i gets every h-th row of W_O", ROWS_LOOK,
                length_of(norm, lambda w, h, e: w.reshape(e, h, -1).swapaxes(0, 1))),
        Mistake("first-rows-for-all", "every head gets the first rows of W_O", ROWS_LOOK,
                length_of(norm, lambda w, h, e: w[:e])),
        Mistake("lengths-along-queries", "the lengths stand along the queries",
                "a length belongs to a key: [..., None, :]",
                lambda a, v, w: a * length_of(norm, own_rows)(
                    np.ones_like(a[..., :1, :]), v, w).swapaxes(-1, -2)),
        Mistake("shares", "the rows are divided by their sums", "lengths are no shares",
                lambda a, v, w: maps.weighted_norms(a, v, w)
                / maps.weighted_norms(a, v, w).sum(-1, keepdims=True)),
        Mistake("heads-added", "the vectors of all heads are added before the length is taken",
                "head by head: the head axis stays",
                lambda a, v, w: norm(vectors_added(a, v, w).sum(-4))),
        Mistake("heads-averaged", "the heads are averaged", "head by head: the head axis stays",
                lambda a, v, w: maps.weighted_norms(a, v, w).mean(-3)),
        Mistake("keys-added", "this is the length of a head's whole output",
                "one number per key: take the length before you sum",
                lambda a, v, w: norm(vectors_added(a, v, w).sum(-2))),
        Mistake("vectors", "the vectors come back, not their lengths", LENGTH_LOOK, vectors_added),
        Mistake("output-length", "the length is that of the head's whole output",
                "each key adds a vector of its own, v_j W_O: take its length",
                lambda a, v, w: a * norm(vectors_added(a, v, w).sum(-2))[..., None]),
        Mistake("largest-entry", "the largest entry stands for the length",
                "the length is Euclid's", length_of(lambda x: np.abs(x).max(-1), own_rows)),
        Mistake("heads-summed", "the heads are added up", "head by head: the head axis stays",
                lambda a, v, w: length_of(norm, own_rows)(a, v, w).sum(axis=-3)),
    ),
    properties=(BATCH_APART,),
    given="product-of-lengths",
    symptom="a value that W_O maps to zero adds nothing, and gets a length here: try one head, "
    "value [[[1.0, 0.0]]] and a W_O whose first row is zero",
)  # fmt: skip
