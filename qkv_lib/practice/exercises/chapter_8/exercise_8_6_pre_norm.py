"""Exercise 8.6: the norm in front."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import erf
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

NORM_LOOK = "y = x + f(norm(x)): the sum itself is never normalised"


ROW_LOOK = "a row is one position: mean and variance over its features, axis=-1"


EPSILON = 1e-5


Map = Callable[[Array], Array]


def norm(x: Array, *, axis: int | None = -1) -> Array:
    """Return x with mean 0 and variance 1 along an axis."""
    mean, variance = x.mean(axis=axis, keepdims=True), x.var(axis=axis, keepdims=True)
    return np.asarray((x - mean) / np.sqrt(variance + EPSILON))


def block(combine: Callable[[Array, Map], Array], *, middle: Map | None = None) -> Function:
    """Return a block: how the input and the feed-forward branch are combined."""

    def wrong(x: Array, w_1: Array, w_2: Array) -> Array:
        return combine(x, lambda y: (middle or relu)(y @ w_1) @ w_2)

    return wrong


def relu(x: Array) -> Array:
    """Return x where it is above 0, else 0."""
    return np.maximum(x, 0)


def with_norm(other: Map) -> Function:
    """Return pre-norm with another norm."""
    return block(lambda x, f: x + f(other(x)))


def inputs_and_maps(rng: Generator) -> Iterator[Case]:
    """Yield rows and the two maps of a feed-forward branch; the last rows lie far from 0."""
    for kind, lead, n, d, hidden in (
        ("plain", (), 5, 3, 7), ("plain", (), 4, 4, 4), ("plain", (), 7, 5, 11),
        ("batch", (2,), 5, 3, 7), ("batch", (3,), 3, 3, 3), ("batch", (2, 3), 5, 4, 2),
        ("extreme", (), 5, 3, 7), ("float32", (2,), 5, 3, 7),
    ):  # fmt: skip
        size = 1e3 if kind == "extreme" else 2.0
        x = size * rng.normal(size=(*lead, n, d)) + rng.normal()
        maps = rng.normal(size=(d, hidden)), rng.normal(size=(hidden, d))
        yield cast(Case(kind, (x, *maps)))
    apart = rng.spawn(1)[0]  # what is drawn after these cases stays as it is
    x = apart.normal(size=(4, 5)) + 1000
    maps = apart.normal(size=(5, 8)), apart.normal(size=(8, 5))
    yield cast(Case("float32", (x, *maps)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (1e-3 * rng.normal(size=(3, 4)), rng.normal(size=(4, 5)), rng.normal(size=(5, 4))),
        (rng.normal(size=(3, 4)), 20 * rng.normal(size=(4, 5)), rng.normal(size=(5, 4))),
        (np.full((2, 3), 2.5), rng.normal(size=(3, 2)), rng.normal(size=(2, 3))),
        (rng.normal(size=(1, 2)) + 500, rng.normal(size=(2, 1)), rng.normal(size=(1, 2))),
    )


def scaled_by(epsilon: float) -> Map:
    """Return the norm with another epsilon under the root."""
    return lambda x: np.asarray(
        (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon)
    )


BENDS: dict[str, Map] = {
    "tanh": np.tanh,
    "the sigmoid": lambda y: 1 / (1 + np.exp(-y)),
    "SiLU": lambda y: y / (1 + np.exp(-y)),
    "the absolute value": np.abs,
    "GELU": lambda y: y / 2 * (1 + np.tanh((2 / np.pi) ** 0.5 * (y + 0.044715 * y**3))),
    "GELU (erf)": lambda y: y / 2 * (1 + np.vectorize(erf, otypes=[float])(y / 2**0.5)),
    "softplus": lambda y: np.logaddexp(0, y),
    "leaky": lambda y: np.where(y > 0, y, 0.01 * y),
}


EXERCISE = Exercise(
    name="pre-norm",
    skeleton='''
def pre_norm(x, W_1, W_2):
    """Return a feed-forward block with the norm in front: ReLU between the two maps.

    The norm takes each row to mean 0 and variance 1: (x − mean) / sqrt(variance +
    1e-5).
    x: (..., n, d)    W_1: (d, hidden)    W_2: (hidden, d)    returns: (..., n, d)
    """
    ...
''',
    solution='''
def pre_norm(x, W_1, W_2):
    centred = x - x.mean(axis=-1, keepdims=True)
    y = centred / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    return x + np.maximum(y @ W_1, 0) @ W_2
''',
    reference=lambda x, W_1, W_2: with_norm(norm)(x, W_1, W_2),
    cases=inputs_and_maps,
    edges=edges,
    free=("x",),
    returns={"output": ("position", "feature")},
    mistakes=(
        Mistake("post-norm", "this is post-norm: the sum is normalised", NORM_LOOK,
                block(lambda x, f: norm(x + f(x)))),
        Mistake("norm-on-both", "the sum is normalised as well", NORM_LOOK,
                block(lambda x, f: norm(x + f(norm(x))))),
        Mistake("norm-after-the-branch", "the norm comes after the maps, not before", NORM_LOOK,
                block(lambda x, f: x + norm(f(x)))),
        Mistake("normalised-residual", "the normalised input is added, not the input",
                "the path past the maps carries x itself",
                block(lambda x, f: norm(x) + f(norm(x)))),
        Mistake("no-residual", "the input is not added", NORM_LOOK, block(lambda x, f: f(norm(x)))),
        Mistake("no-norm", "nothing is normalised", NORM_LOOK, block(lambda x, f: x + f(x))),
        Mistake("norm-over-positions", "the norm runs over the positions, so that rows touch",
                ROW_LOOK, with_norm(lambda x: norm(x, axis=-2))),
        Mistake("norm-over-everything", "one mean and one variance are taken of the whole array",
                ROW_LOOK, with_norm(lambda x: norm(x, axis=None))),
        Mistake("variance-without-root", "the variance is not under a root", ROW_LOOK,
                with_norm(lambda x: (x - x.mean(-1, keepdims=True))
                          / (x.var(-1, keepdims=True) + EPSILON))),
        Mistake("mean-kept", "the mean is not subtracted", ROW_LOOK,
                with_norm(lambda x: x / np.sqrt(x.var(-1, keepdims=True) + EPSILON))),
        Mistake("root-mean-square", "this is RMS norm: the mean is not subtracted", ROW_LOOK,
                with_norm(lambda x: x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON))),
        Mistake("no-bend", "the ReLU between the maps is missing",
                "two maps without a bend between them are one map",
                block(lambda x, f: x + f(norm(x)), middle=lambda y: y)),
        *(
            Mistake("another-epsilon", f"the epsilon under the root is {epsilon:g}, not 1e-5",
                    "sqrt(variance + 1e-5), as the task says", with_norm(scaled_by(epsilon)))
            for epsilon in (0.0, 1e-12, 1e-8, 1e-6, 1e-3)
        ),
        Mistake("epsilon-outside", "the epsilon is added to the root, not under it",
                "sqrt(variance + 1e-5), as the task says",
                with_norm(lambda x: (x - x.mean(-1, keepdims=True))
                          / (x.std(-1, keepdims=True) + EPSILON))),
        Mistake("unbiased-variance", "the variance is divided by d − 1, as torch's x.var() does",
                "the mean of the squares: x.var(-1, unbiased=False) in torch",
                with_norm(lambda x: (x - x.mean(-1, keepdims=True))
                          / np.sqrt(x.var(-1, keepdims=True, ddof=1) + EPSILON))),
        Mistake("input-added-twice", "the input is added twice", NORM_LOOK,
                block(lambda x, f: 2 * x + f(norm(x)))),
        Mistake("bend-at-the-end", "a ReLU stands behind the second map too",
                "one ReLU, between the two maps",
                block(lambda x, f: x + relu(f(norm(x))))),
        *(
            Mistake("another-bend", f"the bend between the maps is {called}, not ReLU",
                    "np.maximum(y, 0)", block(lambda x, f: x + f(norm(x)), middle=bend))
            for called, bend in BENDS.items()
        ),
        Mistake("bend-at-the-end", "the ReLU stands behind the second map, not between the two",
                "x @ W_1, then ReLU, then @ W_2",
                lambda x, w_1, w_2: x + relu(norm(x) @ w_1 @ w_2)),
        Mistake("length-1", "the rows are brought to length 1, not to variance 1", ROW_LOOK,
                with_norm(lambda x: norm(x) / np.sqrt(x.shape[-1]))),
        Mistake("norm-twice", "the norm is taken twice", "once is enough",
                with_norm(lambda x: norm(norm(x)))),
        Mistake("cut-off", "the ReLU is cut off at 6", "np.maximum(y, 0)",
                block(lambda x, f: x + f(norm(x)), middle=lambda y: np.clip(y, 0, 6))),
        Mistake("bend-squared", "the ReLU is squared", "np.maximum(y, 0), as it is",
                block(lambda x, f: x + f(norm(x)), middle=lambda y: relu(y) ** 2)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
