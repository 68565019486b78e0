"""The door: every check of what a caller hands in, and the wording of every refusal.

Each check names the argument, says what it got, what it needs and, where one mistake is
by far the likeliest, how to mend it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from numbers import Real
from typing import Any

import array_api_compat
import numpy as np

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
    (first, reference), *_ = arrays.items()
    xp = check_array(first, reference)
    for name, array in arrays.items():
        _check_kin(name, array, first, reference)
        _check_floats(xp, name, array)
        if array.dtype != reference.dtype:
            raise TypeError(
                f"{name} is {array.dtype} but {first} is {reference.dtype}: convert one of them"
            )
    return xp


def check_array(name: str, array: Array) -> Any:
    """Check that ``array`` is an array and return its namespace; a masked array is none."""
    if not array_api_compat.is_array_api_obj(array) or isinstance(array, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a {type(array).__name__}, needs a NumPy array or a torch tensor: "
            f"try numpy.asarray({name})"
        )
    return array_api_compat.array_namespace(array)


def library(array: Array) -> str:
    """Return the name of an array's library, ``"numpy"`` or ``"torch"``."""
    namespace: str = array_api_compat.array_namespace(array).__name__
    return namespace.rpartition(".")[2]


def _check_floats(xp: Any, name: str, array: Array) -> None:
    if not xp.isdtype(array.dtype, "real floating"):
        raise TypeError(
            f"{name} has dtype {array.dtype}, needs a floating-point dtype: "
            "convert it, for example to float32"
        )
    # Both extremes are NaN where any entry is; they need no array of flags as large as this one.
    if 0 not in array.shape and not all(
        math.isfinite(extreme(array).item()) for extreme in (xp.min, xp.max)
    ):
        raise ValueError(f"{name} holds NaN or infinity: every entry must be finite")


def check_scores(scores: Array, axis: int) -> Any:
    """Check an array of scores, where −∞ may mark masked entries; return its namespace."""
    xp = check_array("scores", scores)
    if not xp.isdtype(scores.dtype, "real floating"):
        raise TypeError(f"scores has dtype {scores.dtype}, needs a floating-point dtype")
    if scores.ndim == 0:
        raise ValueError("scores is a single number, needs at least one axis")
    if not -scores.ndim <= axis < scores.ndim:
        raise ValueError(f"axis is {axis} but scores has {scores.ndim} axes: {shape(scores)}")
    _check_below_infinity(xp, "scores", scores)
    return xp


def _check_below_infinity(xp: Any, name: str, array: Array) -> None:
    if not bool(xp.all(array < math.inf)):  # false for NaN too
        raise ValueError(f"{name} holds NaN or +infinity: every entry must be finite or -infinity")


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
    check_rows(query=query, key=key, value=value)
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


def check_rows(**arrays: Array) -> None:
    """Check that each of ``arrays`` (name=array) holds rows of features."""
    for name, array in arrays.items():
        if array.ndim < 2:
            raise ValueError(
                f"{name} has shape {shape(array)}, needs at least two axes (..., length, features)"
            )


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
    if (h and not g) or (g > 1 and h % g):
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
    _check_below_infinity(xp, "bias", bias)


def check_lengths(name: str, lengths: Array, n_keys: int) -> Any:
    """Check an integer array of lengths from 0 to ``n_keys``; return its namespace."""
    xp = check_array(name, lengths)
    if not xp.isdtype(lengths.dtype, "integral"):
        raise TypeError(f"{name} has dtype {lengths.dtype}, needs an integer dtype")
    for wrong in lengths[(lengths < 0) | (lengths > n_keys)][:1]:
        raise ValueError(f"{name} holds {int(wrong)}, needs numbers from 0 to n_keys ({n_keys})")
    return xp


def check_key_lengths(lengths: Array, scores: Shape, like: Array) -> None:
    """Check the number of real keys of each batch element, one for each first axis."""
    check_lengths("key_lengths", lengths, scores[-1])
    _check_kin("key_lengths", lengths, "query", like)
    batch = scores[:-2][: max(1, lengths.ndim)]
    if shape(lengths) != batch or not batch:
        raise ValueError(
            f"key_lengths has shape {shape(lengths)}, needs {batch or 'a batch axis'} for scores "
            f"of shape {scores}: one length a batch element"
        )


def _check_companion(name: str, array: Array, scores: Shape, like: Array) -> None:
    _check_kin(name, array, "query", like)
    if broadcast(shape(array), scores) != scores:
        raise ValueError(
            f"{name} has shape {shape(array)}, needs one that broadcasts to the scores' "
            f"{scores}: (..., n_queries, n_keys)"
        )


def _check_kin(name: str, array: Array, first: str, reference: Array) -> None:
    check_array(name, array)
    if library(array) != library(reference):
        raise TypeError(
            f"{name} is a {library(array)} array but {first} is a {library(reference)} array: "
            "hand in arrays of one library"
        )
    if array_api_compat.device(array) != array_api_compat.device(reference):
        raise ValueError(
            f"{name} is on {array_api_compat.device(array)} but {first} is on "
            f"{array_api_compat.device(reference)}: move one of them"
        )


def check_range(xp: Any, query: Array, key: Array, scale: float, bias: Array | None) -> None:
    """Check that no score can overflow the dtype that scores are summed in."""
    limits = xp.finfo(xp.float64 if query.dtype == xp.float64 else xp.float32)
    (low_q, high_q), (low_k, high_k) = _extremes(xp, query), _extremes(xp, key)
    largest = query.shape[-1] * max(-low_q, high_q) * max(-low_k, high_k) * max(1.0, abs(scale))
    if bias is not None:
        low, high = _extremes(xp, xp.where(bias == -math.inf, 0.0, bias))
        largest = max(largest + high, -low)
    if largest > float(limits.max):
        raise ValueError(
            f"scores may reach ±{largest:.1e}, more than {limits.dtype} holds: query, key, scale "
            "or bias is too large; scale it down"
        )


def _extremes(xp: Any, array: Array) -> tuple[float, float]:
    if 0 in array.shape:
        return 0.0, 0.0
    return min(0.0, xp.min(array).item()), max(0.0, xp.max(array).item())


def check_count(name: str, value: object, *, least: int) -> int:
    """Check that ``value`` is an integer of at least ``least`` and return it as an int."""
    need = f"{name} is {value!r}, needs an integer of at least {least}"
    if isinstance(value, bool):
        raise TypeError(need)
    try:
        count = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(need) from None
    if count < least:
        raise ValueError(need)
    return count


def check_number(name: str, value: object, *, positive: bool = False) -> float:
    """Check that ``value`` is a finite real number, above 0 if ``positive``; return a float."""
    need = "a finite number above 0" if positive else "a finite number"
    if isinstance(value, bool) or not isinstance(value, Real):
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
