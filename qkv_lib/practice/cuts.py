"""The cuts: changes of an argument before it is used, and of a result before it comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array


@dataclass(frozen=True)
class Cut:
    """A change with its name and what it makes of an answer, in words; ``of`` one argument."""

    name: str
    says: str
    look: str
    change: Callable[..., Any]
    of: str = ""


def unit(x: Array) -> Array:
    """Return rows of length 1."""
    return np.asarray(x / np.linalg.norm(x, axis=-1, keepdims=True))


def shares(x: Array) -> Array:
    """Return rows of sum 1."""
    return np.asarray(x / x.sum(-1, keepdims=True))


def soft(x: Array) -> Array:
    """Return the softmax of the rows."""
    top = np.exp(x - x.max(-1, keepdims=True))
    return shares(top)


def mean_along(x: Array, axis: int) -> Array:
    """Return the mean along an axis, where there is something to average."""
    if x.ndim and np.array_equal(x.max(axis), x.min(axis)):
        raise ValueError("all the same")
    return np.asarray(x.mean(axis))


def hard(x: Array) -> Array:
    """Return rows with a 1 at the largest entry."""
    return np.asarray(np.eye(x.shape[-1])[x.argmax(-1)])


def spread(x: Array, axis: int, pick: Callable[..., Array]) -> Array:
    """Return what is picked along an axis, in all the places along it.

    Of one row of real numbers, nothing would be left.
    """
    if axis == -1 and x.dtype.kind not in "iu":
        raise TypeError
    return np.broadcast_to(pick(x, axis=axis, keepdims=True), x.shape)


def at_one(place: int) -> Callable[..., Array]:
    """Return the function that picks what stands at one place."""
    return lambda x, axis, **_: np.take(x, [place], axis)


PARTS = (
    (-1, "number", "numbers of each row of {}"),
    (-2, "row", "rows of {}"),
    (-3, "matrix", "matrices of {}"),
)
PICKS: tuple[tuple[str, str, Callable[..., Array]], ...] = (
    ("first", "only the first of the {} counts", at_one(0)),
    ("last", "only the last of the {} counts", at_one(-1)),
    ("largest", "the largest among the {} stand for all", np.max),
    ("smallest", "the smallest among the {} stand for all", np.min),
    ("median", "the median of the {} stands for all", np.median),
    ("mean", "the mean of the {} stands for all", np.mean),
    ("product", "the product of the {} stands for all", np.prod),
)

# On the way in: changes of one argument. {} is its name.
ARRAYS = (
    Cut("{}-transposed", "this is the answer for the transposed {}",
        "rows and columns of {}: which are which?", lambda x: x.swapaxes(-1, -2)),
    Cut("{}-negated", "this is the answer for −{}: a sign is wrong", "the sign of {}",
        np.negative),
    Cut("{}-inverted", "True and False have changed places in {}", "what does True mean in {}?",
        lambda x: ~x if x.dtype == bool else x),
    Cut("{}-unsigned", "the signs in {} are lost", "{} may be negative", np.abs),
    Cut("{}-squared", "this is the answer for the squares of {}", "{} itself belongs there",
        lambda x: x if x.dtype == bool else np.square(x)),
    Cut("{}-rooted", "this is the answer for the roots of {}", "{} itself belongs there", np.sqrt),
    Cut("{}-cubed", "this is the answer for the cubes of {}", "{} itself belongs there",
        lambda x: x**3),
    Cut("{}-rectified", "the negative numbers in {} are taken for 0", "{} may be negative",
        lambda x: np.maximum(x, 0)),
    Cut("{}-bounded", "this is the answer for tanh of {}", "{} is used as it is", np.tanh),
    Cut("{}-exponentiated", "exp is taken of {} first", "{} is used as it is", np.exp),
    Cut("{}-centred", "the mean of each row of {} is subtracted first", "{} is used as it is",
        lambda x: x - x.mean(-1, keepdims=True)),
    Cut("{}-over-its-maximum", "{} is divided by the largest number of each row first",
        "{} is used as it is", lambda x: x / x.max(-1, keepdims=True)),
    Cut("{}-rounded", "the numbers in {} are rounded", "{} need not be whole", np.rint),
    Cut("{}-truncated", "the numbers in {} are cut to whole ones", "{} need not be whole",
        np.trunc),
    Cut("{}-reversed", "{} is read backwards", "the order of {}", lambda x: x[..., ::-1]),
    Cut("{}-rows-reversed", "the rows of {} are read backwards", "the order of the rows of {}",
        lambda x: x[..., ::-1, :]),
    Cut("{}-sorted", "this is the answer for {} sorted", "{} comes in any order, and keeps it",
        lambda x: np.sort(x, axis=-1)),
    Cut("{}-sorted-downwards", "this is the answer for {} in descending order",
        "{} comes in any order, and keeps it", lambda x: np.sort(x, axis=-1)[..., ::-1]),
    Cut("{}-normalised", "{} is divided by its length first", "{} is used as it is", unit),
    Cut("{}-softmaxed", "the softmax is taken of {} first", "{} is used as it is", soft),
    Cut("{}-shared-out", "{} is divided by its row sums first", "{} is used as it is", shares),
    Cut("{}-first-element", "only the first element of {} is used, for all",
        "keep the leading axes: index from the end", lambda x: np.repeat(x[:1], len(x), axis=0)),
    Cut("{}-one-more", "this is the answer for {} + 1 (off by one)", "count {} again",
        lambda x: x + 1),
    Cut("{}-one-less", "this is the answer for {} − 1 (off by one)", "count {} again",
        lambda x: x - 1),
    Cut("{}-doubled", "this is the answer for 2 · {}", "the factor in front of {}",
        lambda x: 2 * x),
    Cut("{}-halved", "this is the answer for {} / 2", "the factor in front of {}",
        lambda x: x / 2),
    Cut("{}-all-true", "{} hides nothing here", "where is {} used?",
        lambda x: np.ones_like(x) if x.dtype == bool else x),
    *(Cut(f"{{}}-{name}-{one}", says.format(part), "how are all of {} put together?",
          partial(spread, axis=axis, pick=pick))
      for axis, one, part in PARTS for name, says, pick in PICKS),
)  # fmt: skip
BOOLEAN = {
    "{}-transposed", "{}-inverted", "{}-reversed", "{}-rows-reversed", "{}-first-element",
    "{}-all-true",
}  # fmt: skip
"""The changes of an argument that can be made of yes and no."""
SCALARS = (
    Cut("{}-unsigned", "the sign of {} is lost", "{} may be negative", abs),
    Cut("{}-one-more", "this is the answer for {} + 1 (off by one)", "count {} again",
        lambda x: x + 1),
    Cut("{}-one-less", "this is the answer for {} − 1 (off by one)", "count {} again",
        lambda x: x - 1),
    Cut("{}-negated", "this is the answer for −{}: a sign is wrong", "the sign of {}",
        lambda x: -x),
    Cut("{}-doubled", "this is the answer for 2 · {}", "the factor in front of {}",
        lambda x: 2 * x),
    Cut("{}-halved", "this is the answer for {} / 2", "the factor in front of {}",
        lambda x: x / 2 if isinstance(x, float) else x // 2),
    Cut("{}-squared", "{} is squared", "{} itself belongs there", lambda x: x**2),
    Cut("{}-rooted", "the root of {} is taken", "{} itself belongs there", lambda x: x**0.5),
    Cut("{}-inverted", "{} multiplies where it divides, or divides where it multiplies",
        "large {}: what should happen?", lambda x: 1 / x),
    Cut("{}-truncated", "{} is cut to a whole number", "{} need not be whole",
        lambda x: float(int(x))),
    Cut("{}-rounded", "{} is rounded", "{} need not be whole", lambda x: float(round(x))),
    Cut("{}-is-one", "{} is not used: this is the answer for {} = 1", "where does {} belong?",
        lambda x: type(x)(1)),
    Cut("{}-is-zero", "{} is not used: this is the answer for {} = 0", "where does {} belong?",
        lambda x: type(x)(0)),
)  # fmt: skip

# On the way out: changes of the result. {} is what it is called.
RESULTS = (
    Cut("transposed", "{} is transposed", "rows are what comes first in its shape",
        lambda y: y.swapaxes(-1, -2)),
    Cut("negative", "{} has the wrong sign", "the sign of the whole", lambda y: -y),
    Cut("inverted", "{} is inverted: true and false have changed places", "which one is true?",
        lambda y: ~y if y.dtype == bool else y),
    Cut("complement", "{} is 1 minus what is asked for", "which part is asked for?",
        lambda y: 1 - y),
    Cut("squared", "{} is squared: a root is missing", "the last power", np.square),
    Cut("rooted", "{} is the root of what is asked for", "the last root", np.sqrt),
    Cut("reciprocal", "{} is one over what is asked for", "what divides what?", np.reciprocal),
    Cut("unsigned", "{} has lost its signs", "numbers may be negative", np.abs),
    Cut("zero-for-infinity", "{} is 0 where it should be −∞", "−∞ itself is a number: -np.inf",
        lambda y: np.where(np.isneginf(y), 0.0, y)),
    Cut("rectified", "{} is 0 where it should be negative", "numbers may be negative",
        lambda y: np.maximum(y, 0)),
    Cut("clipped", "{} is cut off at 0 and 1", "numbers may be outside 0 and 1",
        lambda y: np.clip(y, 0, 1)),
    Cut("rounded", "{} is rounded", "keep the digits", np.rint),
    *(Cut("rounded", f"{{}} is rounded to {n} decimals", "keep the digits",
          partial(np.round, decimals=n))
      for n in (1, 2, 3, 4)),
    Cut("truncated", "{} is cut to whole numbers", "keep the digits", np.trunc),
    Cut("percent", "{} is in percent", "a share lies between 0 and 1", lambda y: 100 * y),
    Cut("exponentiated", "exp is taken of {} at the end", "the last step", np.exp),
    Cut("logarithm", "the logarithm of what is asked for comes back", "the last step", np.log),
    Cut("softmax-at-the-end", "a softmax is taken of {} at the end", "the last step", soft),
    Cut("unit-at-the-end", "{} is divided by its length at the end", "the last step", unit),
    Cut("shared-out-at-the-end", "the rows of {} are divided by their sums at the end",
        "the last step", shares),
    Cut("argmax-at-the-end", "only the largest entry of a row of {} is kept, as a 1",
        "the last step", hard),
    Cut("backwards", "{} is in reverse order", "the order along the last axis",
        lambda y: y[..., ::-1]),
    Cut("rows-backwards", "the rows of {} are in reverse order", "the order of the rows",
        lambda y: y[..., ::-1, :]),
    Cut("shifted", "{} is shifted by one place to the right", "count the places from 0",
        lambda y: np.roll(y, 1, axis=-1)),
    Cut("shifted", "{} is shifted by one place to the left", "count the places from 0",
        lambda y: np.roll(y, -1, axis=-1)),
    Cut("rows-shifted", "the rows of {} are shifted down by one", "count the rows from 0",
        lambda y: np.roll(y, 1, axis=-2)),
    Cut("rows-shifted", "the rows of {} are shifted up by one", "count the rows from 0",
        lambda y: np.roll(y, -1, axis=-2)),
    Cut("first-axis-backwards", "the first axis of {} is in reverse order",
        "the first axis: which of its places is which?", lambda y: y[::-1] if y.ndim > 2 else y),
    Cut("first-axis-shifted", "the first axis of {} is shifted by one",
        "the first axis: which of its places is which?",
        lambda y: np.roll(y, 1, axis=0) if y.ndim > 2 else y),
    Cut("sorted", "{} is sorted", "keep the order", lambda y: np.sort(y, axis=-1)),
    Cut("cumulative", "{} is added up along the last axis", "each place stands for itself",
        lambda y: np.cumsum(y, axis=-1) if y.ndim else y),
    Cut("one-more", "every number is 1 too large", "count again", lambda y: y + 1),
    Cut("one-less", "every number is 1 too small", "count again", lambda y: y - 1),
    Cut("in-a-list", "{} has an axis of length 1 too many, in front", "the shape asked for",
        lambda y: y[None]),
    Cut("axis-kept", "{} has an axis of length 1 too many, at the end", "the shape asked for",
        lambda y: y[..., None]),
    Cut("axis-kept", "{} has an axis of length 1 too many, before the last",
        "the shape asked for", lambda y: y[..., None, :]),
    Cut("squeezed", "axes of length 1 are lost", "squeeze takes away more than you meant",
        np.squeeze),
    Cut("first-squeezed", "a leading axis of length 1 is lost",
        "a batch of one is a batch: do not squeeze it away",
        lambda y: y[0] if y.ndim and y.shape[0] == 1 else y),
    Cut("flattened", "{} is flat", "the shape asked for", np.ravel),
    Cut("summed", "{} is summed over the last axis", "the shape asked for",
        lambda y: y.sum(-1)),
    Cut("averaged", "{} is averaged over the last axis", "the shape asked for",
        lambda y: mean_along(y, -1)),
    Cut("summed", "{} is summed over the axis before the last", "the shape asked for",
        lambda y: y.sum(-2)),
    Cut("averaged", "{} is averaged over the axis before the last", "the shape asked for",
        lambda y: mean_along(y, -2)),
    Cut("total", "everything is summed to one number", "keep the leading axes",
        lambda y: y.sum()),
    Cut("mean-of-all", "everything is averaged to one number", "keep the leading axes",
        lambda y: y.mean()),
    Cut("first-for-all", "the first element of the result stands for all",
        "keep the leading axes: index from the end", lambda y: np.repeat(y[:1], len(y), axis=0)),
    Cut("first-row-for-all", "every row is the first one", "does the row change?",
        lambda y: np.repeat(y[..., :1, :], y.shape[-2], axis=-2)),
    Cut("mean-row-for-all", "every row is the mean of the rows", "does the row change?",
        lambda y: np.repeat(y.mean(-2, keepdims=True), y.shape[-2], axis=-2)),
    Cut("first-row-only", "only the first row comes back", "keep all the rows",
        lambda y: y[..., 0, :]),
    Cut("first-row-only", "only the first row comes back", "keep all the rows",
        lambda y: y[..., :1, :]),
    Cut("last-only", "only the last row comes back", "keep all the rows", lambda y: y[..., -1, :]),
    Cut("last-only", "only the last row comes back", "keep all the rows", lambda y: y[..., -1:, :]),
    Cut("first-only", "only the first of the batch comes back", "keep the leading axes",
        lambda y: y[0]),
)  # fmt: skip

SHAPES = {
    "inverted",
    "transposed",
    "in-a-list",
    "axis-kept",
    "squeezed",
    "first-squeezed",
    "flattened",
}
"""Cuts that leave enough of yes and no."""
UNDOES = {"logarithm", "exponentiated", "squared", "rooted", "reciprocal"}
"""Cuts that may undo the mistake beside them."""
ALIKE = {"softmax-at-the-end", "shared-out-at-the-end", "unit-at-the-end", "truncated"}
"""Cuts that make 0 and 1 of a row with one number."""
ONE_PART = {"first-only", "last-only", "first-row-only", "first-for-all", "first-row-for-all"}
"""Cuts that leave one part."""
LOSES = {"rectified", "clipped", "rounded", "truncated", "argmax-at-the-end", "unsigned"}
"""Cuts after which many different results look alike."""
