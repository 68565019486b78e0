"""What the operations of a formula do to numbers and arrays, and the functions that it may name.

Rows are arrays of one dimension, as in the book: standing side by side multiplies matrices, a row
on the left of a matrix too, and ``^\\top`` makes a row a column.
"""

import math
from typing import Any

import numpy as np

Value = Any


def softmax(x: Value) -> Value:
    """Return exponentials over their sum, along the last axis."""
    powers = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


def times(a: Value, b: Value) -> Value:
    """Multiply two neighbours: numbers, or matrices of which a row has one dimension."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    found = np.atleast_2d(a) @ np.atleast_2d(b)
    if np.ndim(a) == 2:
        return found
    return found[0] if found.shape[1] > 1 or np.ndim(b) == 1 else found[0, 0]


def dot(a: Value, b: Value) -> Value:
    """Return the product of two numbers, or of two rows; of samples, one each."""
    return a * b if np.ndim(a) == 0 or np.ndim(b) == 0 else np.sum(a * b, axis=-1)


def turned(a: Value) -> Value:
    """Transpose; a row becomes a column."""
    return np.asarray(a)[:, None] if np.ndim(a) == 1 else np.swapaxes(a, -1, -2)


def power(a: Value, b: Value) -> Value:
    """Raise a number to a power, or invert a matrix."""
    if np.ndim(a) == 2 and b == -1:
        return np.linalg.inv(a)
    if np.ndim(a):
        raise TypeError("no power of a row or a matrix but -1")
    return float(a) ** b if isinstance(b, int) and b < 0 else a**b


def size(x: Value) -> Value:
    """Return the absolute value of a number, or how many are in a set."""
    return abs(x) if np.ndim(x) == 0 and not isinstance(x, set) else len(x)


def length(x: Value) -> Value:
    """Return the length of a row; of a matrix, that of its longest row."""
    return np.max(np.sqrt(np.sum(np.square(x), axis=-1)))


KNOWN: dict[str, Value] = {
    "exp": np.exp, "log": np.log, "ln": np.log, "sin": np.sin, "cos": np.cos, "tanh": np.tanh,
    "softmax": softmax, "round": np.round, "max": max, "min": min, "diag": np.diag, "pi": math.pi,
    "sigma": lambda x: 1 / (1 + np.exp(-x)), "open": None,
    "rowsum": lambda x: np.sum(x, axis=1, keepdims=True),
}  # fmt: skip
"""What a formula may name without being given it."""
