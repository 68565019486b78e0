"""Checks of one argument each: whether it is an array, a count, a number, a flag.

Each check names the argument, says what it got, what it needs and, where one mistake is
by far the likeliest, how to mend it. Whether arguments fit each other: `qkv_lib.formula._fit`.
"""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import Any

import numpy as np

from qkv_lib.formula._numbers import bound, check_below_infinity, summing_limits
from qkv_lib.formula.arrays import Array, is_tensor, library, namespace, shape


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
    check_kinds(**arrays)
    for name, array in arrays.items():
        bound(name, array)  # refuses NaN and infinity
    return namespace(array)


def check_kinds(**arrays: Array) -> None:
    """Check as `check_arrays` does, without a look at the numbers."""
    (first, reference), *others = arrays.items()
    check_floats(first, reference)
    for name, array in others:
        check_kin(name, array, first, reference)
        if array.dtype != reference.dtype:
            check_floats(name, array)
            raise TypeError(
                f"{name} is {array.dtype} but {first} is {reference.dtype}: convert one of them"
            )


def check_array(name: str, array: Array) -> Any:
    """Check that ``array`` is an array and return its namespace; a masked array is none."""
    if not is_array(array):
        raise TypeError(
            f"{name} is a {type(array).__name__}, needs a NumPy array or a torch tensor: "
            f"try numpy.asarray({name})"
        )
    return namespace(array)


def is_array(x: object) -> bool:
    """Whether ``x`` is an array of a library that we know; a masked array is none."""
    if isinstance(x, np.ndarray):
        return not isinstance(x, np.ma.MaskedArray)
    return is_tensor(x)


def check_floats(name: str, array: Array) -> None:
    """Check that ``array`` is an array of real floating point."""
    if not is_array(array):
        check_array(name, array)
    if not is_floating(array.dtype):
        raise TypeError(
            f"{name} has dtype {array.dtype}, needs a floating-point dtype: "
            "convert it, for example to float32"
        )


def is_floating(dtype: Any) -> bool:
    """Whether a dtype, of NumPy or of torch, is real floating point."""
    return bool(dtype.kind == "f" if isinstance(dtype, np.dtype) else dtype.is_floating_point)


def check_like(like: Array | None) -> None:
    """Check the array whose library, device and dtype a result is to take, if there is one."""
    if like is not None:
        check_floats("like", like)


def check_scores(scores: Array, axis: int) -> Any:
    """Check an array of scores, where −∞ may mark masked entries; return its namespace."""
    xp = check_array("scores", scores)
    if not is_floating(scores.dtype):
        raise TypeError(f"scores has dtype {scores.dtype}, needs a floating-point dtype")
    if scores.ndim == 0:
        raise ValueError("scores is a single number, needs at least one axis")
    if not -scores.ndim <= axis < scores.ndim:
        raise ValueError(f"axis is {axis} but scores has {scores.ndim} axes: {shape(scores)}")
    check_below_infinity("scores", scores)
    return xp


def check_integers(name: str, array: Array) -> Any:
    """Check an array of integers, of any width; return its namespace."""
    xp = check_array(name, array)
    if not xp.isdtype(array.dtype, "integral"):
        raise TypeError(f"{name} has dtype {array.dtype}, needs an integer dtype")
    return xp


def check_kin(name: str, array: Array, first: str, reference: Array) -> None:
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
    try:
        count = None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        count = None
    if count is not None and (least is None or count >= least):
        return count
    at_least = "" if least is None else f" of at least {least}"
    message = f"{name} is {value!r}, needs an integer{at_least}"
    if count is None:
        raise TypeError(message)
    raise ValueError(message)


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
