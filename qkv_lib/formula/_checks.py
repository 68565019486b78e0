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

import numpy as np

from qkv_lib.formula._numbers import bound, check_below_infinity, has_numbers, summing_limits
from qkv_lib.formula._precision import is_tensor, namespace

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
    xp = check_kinds(**arrays)
    for name, array in arrays.items():
        bound(name, array)  # refuses NaN and infinity
    return xp


def check_kinds(**arrays: Array) -> Any:
    """Check as `check_arrays` does, without a look at the numbers."""
    (first, reference), *others = arrays.items()
    xp = check_array(first, reference)
    check_floats(first, reference)
    for name, array in others:
        _check_kin(name, array, first, reference)
        if array.dtype != reference.dtype:
            check_floats(name, array)
            raise TypeError(
                f"{name} is {array.dtype} but {first} is {reference.dtype}: convert one of them"
            )
    return xp


def check_array(name: str, array: Array) -> Any:
    """Check that ``array`` is an array and return its namespace; a masked array is none."""
    known = isinstance(array, np.ndarray) or is_tensor(array)
    if not known or isinstance(array, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a {type(array).__name__}, needs a NumPy array or a torch tensor: "
            f"try numpy.asarray({name})"
        )
    return namespace(array)


def library(array: Array) -> str:
    """Return the name of an array's library, ``"numpy"`` or ``"torch"``."""
    return "numpy" if isinstance(array, np.ndarray) else "torch"


def check_floats(name: str, array: Array) -> None:
    """Check that an array's dtype is real floating point."""
    xp = namespace(array)
    if not xp.isdtype(array.dtype, "real floating"):
        raise TypeError(
            f"{name} has dtype {array.dtype}, needs a floating-point dtype: "
            "convert it, for example to float32"
        )


def check_like(like: Array | None) -> None:
    """Check the array whose library, device and dtype a result is to take, if there is one."""
    if like is not None:
        check_array("like", like)
        check_floats("like", like)


def check_scores(scores: Array, axis: int) -> Any:
    """Check an array of scores, where −∞ may mark masked entries; return its namespace."""
    xp = check_array("scores", scores)
    if not xp.isdtype(scores.dtype, "real floating"):
        raise TypeError(f"scores has dtype {scores.dtype}, needs a floating-point dtype")
    if scores.ndim == 0:
        raise ValueError("scores is a single number, needs at least one axis")
    if not -scores.ndim <= axis < scores.ndim:
        raise ValueError(f"axis is {axis} but scores has {scores.ndim} axes: {shape(scores)}")
    check_below_infinity("scores", scores)
    return xp


def check_query_key_value(query: Array, key: Array, value: Array) -> Any:
    """Check kinds and shapes of the three operands; return their array-API namespace.

    Raises
    ------
    TypeError
        As `check_arrays`.
    ValueError
        An operand has fewer than two axes or no features, widths ``d_k`` differ, ``n_k``
        differs between key and value, or leading axes do not fit (see `check_heads`).
    """
    xp = check_kinds(query=query, key=key, value=value)
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
    if broadcast(query.shape[:-3], key.shape[:-3]) is None:
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
    """Check kind and shape of an additive bias: it broadcasts to the shape of the scores."""
    _check_companion("bias", bias, scores, like)
    if not xp.isdtype(bias.dtype, "real floating"):
        raise TypeError(
            f"bias has dtype {bias.dtype}, needs a floating-point dtype; "
            "a boolean array goes in as mask"
        )


def check_integers(name: str, array: Array) -> Any:
    """Check an array of integers, of any width; return its namespace."""
    xp = check_array(name, array)
    if not xp.isdtype(array.dtype, "integral"):
        raise TypeError(f"{name} has dtype {array.dtype}, needs an integer dtype")
    return xp


def check_lengths(name: str, lengths: Array, n_keys: int) -> Any:
    """Check an integer array of lengths from 0 to ``n_keys``; return its namespace."""
    xp = check_integers(name, lengths)
    if has_numbers(lengths):
        wide = xp.astype(lengths, xp.int64)  # a narrow integer compares with ``n_keys`` wrongly
        for wrong in lengths[(wide < 0) | (wide > n_keys)][:1]:
            raise ValueError(
                f"{name} holds {int(wrong)}, needs numbers from 0 to n_keys ({n_keys})"
            )
    return xp


def check_key_lengths(lengths: Array, scores: Shape, query: Array, key: Array) -> None:
    """Check the number of real keys of each batch element, one for each first axis."""
    check_lengths("key_lengths", lengths, scores[-1])
    _check_kin("key_lengths", lengths, "query", query)
    _check_batch("key_lengths", lengths, "length", scores)
    if len(scores) == 3 and heads(query) != heads(key):
        raise ValueError(
            f"key_lengths has shape {shape(lengths)} but query {shape(query)} and key "
            f"{shape(key)} have heads and no batch axis: add one in front, or hand in a mask"
        )


def check_offset(offset: object, scores: Shape, query: Array) -> int | Array:
    """Check an integer, or an integer array with one for each batch element.

    The array comes back in the form (batch, 1, …, 1) that broadcasts against the scores.
    """
    if not getattr(offset, "ndim", 0):
        return check_count("offset", offset)
    xp = check_integers("offset", offset)
    _check_kin("offset", offset, "query", query)
    _check_batch("offset", offset, "offset", scores)
    ones = (1,) * (len(scores) - 1)
    return xp.reshape(xp.astype(offset, xp.int64), (scores[0], *ones))


def _check_batch(name: str, array: Array, what: str, scores: Shape) -> None:
    batch = scores[:-2][: max(1, array.ndim)]
    if shape(array) != batch or not batch:
        raise ValueError(
            f"{name} has shape {shape(array)}, needs {batch or 'a batch axis'} for scores "
            f"of shape {scores}: one {what} a batch element"
        )


def _check_companion(name: str, array: Array, scores: Shape, like: Array) -> None:
    _check_kin(name, array, "query", like)
    if broadcast(shape(array), scores) != scores:
        raise ValueError(
            f"{name} has shape {shape(array)}, needs one that broadcasts to the scores' "
            f"{scores}: (..., n_queries, n_keys)"
        )


def _check_kin(name: str, array: Array, first: str, reference: Array) -> None:
    """Check that two arrays are of one library and on one device."""
    if type(array) is type(reference) and array.device == reference.device:
        return
    check_array(name, array)
    if library(array) != library(reference):
        raise TypeError(
            f"{name} is a {library(array)} array but {first} is a {library(reference)} array: "
            "hand in arrays of one library"
        )
    if array.device != reference.device:
        raise ValueError(
            f"{name} is on {array.device} but {first} is on {reference.device}: move one of them"
        )


def check_count(name: str, value: object, *, least: int | None = None) -> int:
    """Check that ``value`` is an integer, of at least ``least``, and return it as an int."""
    need = f"{name} is {value!r}, needs an integer"
    need += "" if least is None else f" of at least {least}"
    if isinstance(value, bool):
        raise TypeError(need)
    try:
        count = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(need) from None
    if least is not None and count < least:
        raise ValueError(need)
    return count


def check_flag(name: str, value: object) -> bool:
    """Check that ``value`` is True or False; ``"False"``, which counts as true, is neither."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise TypeError(f"{name} is {value!r}, needs True or False")


def check_number(name: str, value: object, *, positive: bool = False) -> float:
    """Check that ``value`` is a finite real number, above 0 if ``positive``; return a float."""
    need = "a finite number above 0" if positive else "a finite number"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}, needs {need}")
    if not math.isfinite(value) or (positive and value <= 0):
        raise ValueError(f"{name} is {value!r}, needs {need}")
    return float(value)


def check_softcap(softcap: object, query: Array) -> float:
    """Check the bound of the scores: above 0 in the dtype that they are summed in, too."""
    cap = check_number("softcap", softcap, positive=True)
    limits = summing_limits(query)
    least, largest = float(limits.smallest_normal), float(limits.max)
    if not least <= cap <= largest:
        raise ValueError(
            f"softcap is {cap}, needs a number from {least:.1e} to {largest:.1e}, which "
            f"{limits.dtype} holds"
        )
    return cap


def shape(array: Array) -> Shape:
    """Return the shape as a plain tuple, printed alike for NumPy and torch."""
    return tuple(array.shape)


def scores_shape(query: Array, key: Array) -> Shape:
    """Return the shape (..., h, n_queries, n_keys) of the scores."""
    lengths = (query.shape[-2], key.shape[-2])
    if max(query.ndim, key.ndim) < 3:
        return lengths
    batch = broadcast(query.shape[:-3], key.shape[:-3]) or ()
    return (*batch, heads(query), *lengths)


def heads(array: Array) -> int:
    """Return the number of heads, the third axis from the end (1 where there is none)."""
    return int(array.shape[-3]) if array.ndim > 2 else 1


def broadcast(left: Sequence[int], right: Sequence[int]) -> Shape | None:
    """Return the shape that ``left`` and ``right`` broadcast to, or None where they do not."""
    if left == right:
        return tuple(left)
    width = max(len(left), len(right))
    pairs = zip(_pad(left, width), _pad(right, width), strict=True)
    sizes = [(a if b == 1 else b) if 1 in (a, b) or a == b else None for a, b in pairs]
    return None if None in sizes else tuple(size for size in sizes if size is not None)


def _pad(sizes: Sequence[int], width: int) -> Shape:
    return (1,) * (width - len(sizes)) + tuple(sizes)
