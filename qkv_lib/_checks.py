"""The door: every check of what a caller hands in, and the wording of every refusal.

Each check names the argument, says what it got, what it needs and, where one mistake is
by far the likeliest, how to mend it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import array_api_compat

Array = Any  # a NumPy array or a torch tensor; both speak the array API
Shape = tuple[int, ...]


def check_arrays(**arrays: Array) -> Any:
    """Return the one array library of ``arrays`` (name=array), as an array-API namespace.

    Raises
    ------
    TypeError
        An argument is no array, its library differs from the first one's, its dtype is not
        real floating point, or dtypes differ.
    ValueError
        Devices differ, or a value is NaN or infinite.
    """
    for name, array in arrays.items():
        if not array_api_compat.is_array_api_obj(array):
            raise TypeError(
                f"{name} is a {type(array).__name__}, needs a NumPy array or a torch tensor: "
                f"try numpy.asarray({name}, dtype=float)"
            )
    (first, reference), *others = arrays.items()
    for name, array in others:
        if library(array) != library(reference):
            raise TypeError(
                f"{name} is a {library(array)} array but {first} is a {library(reference)} "
                "array: hand in arrays of one library"
            )
    xp = array_api_compat.array_namespace(reference)
    for name, array in arrays.items():
        _check_floats(xp, name, array)
        if array.dtype != reference.dtype:
            raise TypeError(
                f"{name} is {array.dtype} but {first} is {reference.dtype}: convert one of them"
            )
        if array_api_compat.device(array) != array_api_compat.device(reference):
            raise ValueError(
                f"{name} is on {array_api_compat.device(array)} but {first} is on "
                f"{array_api_compat.device(reference)}: move one of them"
            )
    return xp


def library(array: Array) -> str:
    """Return the name of an array's library: ``"numpy"``, ``"torch"``, …"""
    namespace: str = array_api_compat.array_namespace(array).__name__
    return namespace.rpartition(".")[2]


def _check_floats(xp: Any, name: str, array: Array) -> None:
    if not xp.isdtype(array.dtype, "real floating"):
        raise TypeError(
            f"{name} has dtype {array.dtype}, needs a floating-point dtype: "
            "convert it, for example to float32"
        )
    if not bool(xp.all(xp.isfinite(array))):
        raise ValueError(f"{name} holds NaN or infinity: every entry must be finite")


def check_scores(scores: Array) -> Any:
    """Check an array of scores, where −∞ may mark masked entries; return its namespace."""
    if not array_api_compat.is_array_api_obj(scores):
        raise TypeError(
            f"scores is a {type(scores).__name__}, needs a NumPy array or a torch tensor"
        )
    xp = array_api_compat.array_namespace(scores)
    if not xp.isdtype(scores.dtype, "real floating"):
        raise TypeError(f"scores has dtype {scores.dtype}, needs a floating-point dtype")
    if scores.ndim == 0:
        raise ValueError("scores is a single number, needs at least one axis")
    if bool(xp.any(xp.isnan(scores))) or bool(xp.any(scores == math.inf)):
        raise ValueError("scores holds NaN or +infinity: every entry must be finite or -infinity")
    return xp


def check_query_key_value(query: Array, key: Array, value: Array) -> Any:
    """Check the three operands of attention and return their array-API namespace.

    Raises
    ------
    TypeError
        As `check_arrays`.
    ValueError
        An operand has fewer than two axes or no features, widths ``d_k`` differ, ``n_k``
        differs between key and value, or leading axes do not fit (see `check_heads`).
    """
    xp = check_arrays(query=query, key=key, value=value)
    for name, array in (("query", query), ("key", key), ("value", value)):
        if array.ndim < 2:
            raise ValueError(
                f"{name} has shape {shape(array)}, needs at least two axes (..., length, features)"
            )
    check_widths(query, key)
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(
            f"key has {key.shape[-2]} rows but value has {value.shape[-2]}: shapes {shape(key)} "
            f"and {shape(value)}; every key needs exactly one value"
        )
    if key.shape[:-2] != value.shape[:-2]:
        raise ValueError(
            f"key has leading axes {shape(key)[:-2]} but value has {shape(value)[:-2]}: "
            f"shapes {shape(key)} and {shape(value)}; they must be equal"
        )
    check_heads(query, key)
    return xp


def check_widths(query: Array, key: Array) -> None:
    """Check that queries and keys have the same width ``d_k``, of at least one."""
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"query has {query.shape[-1]} features but key has {key.shape[-1]}: shapes "
            f"{shape(query)} and {shape(key)}; the last axes must be equal (d_k)"
        )
    if query.shape[-1] == 0:
        raise ValueError(f"query has no features: shape {shape(query)}; d_k must be at least 1")


def check_heads(query: Array, key: Array) -> None:
    """Check the leading axes: equal or broadcastable, or grouped heads ``h = r · g``."""
    h, g = heads(query), heads(key)
    if g > 1 and h % g:
        raise ValueError(
            f"query has {h} heads but key has {g}: shapes {shape(query)} and {shape(key)}; "
            "the heads of query must be a multiple of the heads of key and value"
        )
    if broadcast(shape(query)[:-3], shape(key)[:-3]) is None:
        raise ValueError(
            f"query has leading axes {shape(query)[:-2]} but key has {shape(key)[:-2]}: shapes "
            f"{shape(query)} and {shape(key)}; apart from the heads they must be equal or 1"
        )


def check_mask(xp: Any, mask: Array, scores: Shape, like: Array) -> None:
    """Check a boolean mask that broadcasts to the shape of the scores."""
    _check_companion("mask", mask, scores, like)
    if mask.dtype != xp.bool:
        raise TypeError(
            f"mask has dtype {mask.dtype}, needs bool, True = may attend; "
            "numbers to add to the scores go in as bias"
        )


def check_bias(xp: Any, bias: Array, scores: Shape, like: Array) -> None:
    """Check an additive bias that broadcasts to the shape of the scores."""
    _check_companion("bias", bias, scores, like)
    if not xp.isdtype(bias.dtype, "real floating"):
        raise TypeError(
            f"bias has dtype {bias.dtype}, needs a floating-point dtype; "
            "a boolean array goes in as mask"
        )
    if bool(xp.any(xp.isnan(bias))) or bool(xp.any(bias == math.inf)):
        raise ValueError("bias holds NaN or +infinity: every entry must be finite or -infinity")


def _check_companion(name: str, array: Array, scores: Shape, like: Array) -> None:
    if not array_api_compat.is_array_api_obj(array) or library(array) != library(like):
        raise TypeError(
            f"{name} is a {type(array).__name__}, needs an array of the same library as query "
            f"({library(like)})"
        )
    if array_api_compat.device(array) != array_api_compat.device(like):
        raise ValueError(
            f"{name} is on {array_api_compat.device(array)} but query is on "
            f"{array_api_compat.device(like)}: move one of them"
        )
    if broadcast(shape(array), scores) != scores:
        raise ValueError(
            f"{name} has shape {shape(array)}, needs one that broadcasts to the scores' "
            f"{scores}: (..., n_queries, n_keys)"
        )


def check_count(name: str, value: object, *, least: int) -> int:
    """Check that ``value`` is an integer of at least ``least`` and return it as an int."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} is {value!r}, needs an integer of at least {least}")
    count = int(value.__index__())
    if count < least:
        raise ValueError(f"{name} is {count}, needs an integer of at least {least}")
    return count


def check_number(name: str, value: object, *, positive: bool = False) -> float:
    """Check that ``value`` is a finite real number, above 0 if ``positive``; return a float."""
    need = "a finite number above 0" if positive else "a finite number"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is {value!r}, needs {need}")
    if not math.isfinite(value) or (positive and value <= 0):
        raise ValueError(f"{name} is {value!r}, needs {need}")
    return float(value)


def shape(array: Array) -> Shape:
    """Return the shape as a plain tuple, printed alike for NumPy and torch."""
    return tuple(array.shape)


def heads(array: Array) -> int:
    """Return the number of heads, the third axis from the end (1 where there is none)."""
    return int(array.shape[-3]) if array.ndim > 2 else 1


def broadcast(left: Sequence[int], right: Sequence[int]) -> Shape | None:
    """Return the shape that ``left`` and ``right`` broadcast to, or None where they do not."""
    width = max(len(left), len(right))
    pairs = zip(_pad(left, width), _pad(right, width), strict=True)
    sizes = [(a if b == 1 else b) if 1 in (a, b) or a == b else None for a, b in pairs]
    return None if None in sizes else tuple(size for size in sizes if size is not None)


def _pad(sizes: Sequence[int], width: int) -> Shape:
    return (1,) * (width - len(sizes)) + tuple(sizes)
