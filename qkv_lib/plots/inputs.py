"""What a figure takes in: arrays of any library as NumPy, labels that fit them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from qkv_lib.formula.arrays import Array, shape


def to_numpy(name: str, values: Array) -> NDArray[Any]:
    """Return values as a NumPy array; a torch tensor may have a gradient or half precision.

    Raises
    ------
    TypeError
        The values are no array, no tensor and no nested list of numbers or booleans.
    """
    if array_api_compat.is_torch_array(values):
        values = values.detach().cpu()
        values = values.double() if values.dtype.is_floating_point else values
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} has dtype {array.dtype}, needs numbers or booleans")
    return array


def as_matrix(name: str, values: Array) -> NDArray[Any]:
    """Return values as a NumPy array of two axes, queries and keys.

    Raises
    ------
    ValueError
        There are fewer or more axes, or one of them is empty.
    """
    array = to_numpy(name, values)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"{name} has shape {shape(array)}, needs two axes (n_queries, n_keys), neither of "
            "them empty; draw one head of one batch element at a time"
        )
    return array


def as_mask(mask: Array, like: NDArray[Any]) -> NDArray[np.bool_]:
    """Return a mask as a boolean NumPy array of the shape of ``like``.

    Raises
    ------
    TypeError
        The mask is not boolean.
    ValueError
        It does not broadcast to the shape of ``like``.
    """
    array = to_numpy("mask", mask)
    if array.dtype != bool:
        raise TypeError(f"mask has dtype {array.dtype}, needs bool, True = may attend")
    try:
        return np.broadcast_to(array, like.shape)
    except ValueError:
        raise ValueError(
            f"mask has shape {shape(array)}, needs one that broadcasts to {shape(like)}: "
            "(n_queries, n_keys)"
        ) from None


def check_labels(name: str, labels: Sequence[object], count: int, what: str) -> list[str]:
    """Return the labels as strings, one for each of the ``count`` rows or columns.

    Raises
    ------
    TypeError
        The labels are one string, whose letters would be taken for labels.
    ValueError
        Their number is not ``count``.
    """
    if isinstance(labels, str):
        raise TypeError(f"{name} is the string {labels!r}, needs a list of labels")
    texts = [str(label) for label in labels]
    if len(texts) != count:
        raise ValueError(f"{name} has {len(texts)} labels, needs {count}: one for each {what}")
    return texts
