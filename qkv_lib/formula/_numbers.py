"""Checks of the numbers in arrays: finite, and small enough that no score overflows.

Each operand is read once. The sum of its squares is finite only where every number is, and its
root bounds the length of every row: two facts from one pass. Only where that sum is too large
to tell are the extremes looked at.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from qkv_lib.formula._call import Call
from qkv_lib.formula.arrays import Array, namespace

SURE = 1e30  # A bound up to here is far below what float32 holds (3e38), however it was rounded.


def has_numbers(array: Array) -> bool:
    """Whether the numbers of an array can be looked at; not on the meta device or under `vmap`."""
    if isinstance(array, np.ndarray):
        return True
    if sys.modules["torch"].compiler.is_compiling():
        return False
    try:
        array.detach().flatten()[:1].tolist()
    except RuntimeError:  # what meta, fake and vmapped tensors answer
        return False
    return True


def bound(name: str, array: Array) -> float | None:
    """Return what no number of ``array`` and no row's length exceeds; refuse NaN and infinity.

    ``inf`` where the array is finite and the bound is not; None where there are no numbers to
    look at: on the meta device, under `torch.vmap`, while `torch.export` traces.
    """
    length = _length(array) if isinstance(array, np.ndarray) else _tensor_length(array)
    if length is None or length < math.inf:
        return length
    xp = namespace(array)
    if not all(bool(xp.isfinite(extreme)) for extreme in extremes(xp, array)):
        raise ValueError(f"{name} holds NaN or infinity: every entry must be finite")
    return math.inf


def _length(array: Any) -> float:
    """Return the Euclidean length of all numbers of a NumPy array; inf or NaN where in doubt."""
    if array.dtype.itemsize < 4 or not array.flags.forc:  # no fast product, or only of a copy
        low, high = extremes(namespace(array), array)
        return max(-float(low), float(high)) * math.sqrt(array.size)
    straight = array if array.flags.c_contiguous else array.T
    square = float(np.vdot(straight, straight))
    return math.sqrt(square) if square < math.inf else math.inf


def _tensor_length(tensor: Any) -> float | None:
    """Return the same of a tensor; None where its numbers cannot be looked at."""
    torch = sys.modules["torch"]
    if torch.compiler.is_compiling():
        return None
    numbers = tensor.detach() if tensor.requires_grad else tensor
    try:
        wide = numbers.float() if numbers.dtype.itemsize < 4 else numbers
        length: float = torch.linalg.vector_norm(wide).item()
    except RuntimeError:  # what meta, fake and vmapped tensors answer
        return None
    return length if length < math.inf else math.inf


def extremes(xp: Any, array: Array) -> tuple[Any, Any]:
    """Return the least and the largest number, in the dtype of the array; NaN if there is one."""
    if 0 in array.shape:
        return xp.zeros((), dtype=array.dtype), xp.zeros((), dtype=array.dtype)
    numbers = array if isinstance(array, np.ndarray) else array.detach()
    return xp.min(numbers), xp.max(numbers)


def check_below_infinity(name: str, array: Array) -> tuple[float, float] | None:
    """Check an array in which −∞ may stand; return its least finite and its largest number.

    None where there are no numbers to look at (see `bound`).
    """
    if not has_numbers(array):
        return None
    xp = namespace(array)
    low, high = (float(extreme) for extreme in extremes(xp, array))
    if not high < math.inf:  # NaN too
        raise ValueError(f"{name} holds NaN or +infinity: every entry must be finite or -infinity")
    if low == -math.inf:
        low = float(extremes(xp, xp.where(array == -math.inf, 0.0, array))[0])
    return low, high


def check_numbers(call: Call, query: float | None, key: float | None, value: float | None) -> Call:
    """Check that no score overflows, given a bound of each operand's numbers (see `bound`)."""
    added = None if call.bias is None else check_below_infinity("bias", call.bias)
    if query is not None and key is not None:
        check_range(call.query, call.key, query * key, scale=call.scale, bias=added)
    if value is not None and could_overflow(call.value, value, n_keys=call.sizes[-1]):
        return call._replace(huge=True)
    return call


def check_range(
    query: Array,
    key: Array,
    product: float,
    *,
    scale: float,
    bias: tuple[float, float] | None,
) -> None:
    """Check that no score can overflow the dtype that scores are summed in.

    ``product`` bounds all dot products and ``bias`` holds the extremes of what is added; the
    operands are looked at only where these are too large to be sure.
    """
    largest = query.shape[-1] * max(1.0, abs(scale)) * product
    if bias is None and largest < SURE and abs(scale) < SURE:
        return
    if not largest < SURE:
        largest = query.shape[-1] * max(1.0, abs(scale)) * _magnitude(query) * _magnitude(key)
    largest = max(largest, abs(scale))
    if bias is not None:
        largest = max(largest + max(bias[1], 0.0), -bias[0])
    limits = summing_limits(query)
    if largest > float(limits.max):
        raise ValueError(
            f"scores may reach ±{largest:.1e}, more than {limits.dtype} holds: query, key, scale "
            "or bias is too large; scale it down"
        )


def could_overflow(value: Array, length: float, n_keys: int) -> bool:
    """Whether a sum of ``n_keys`` values, each no longer than ``length``, may overflow."""
    if length * n_keys < SURE:
        return False
    return bool(2 * n_keys * _magnitude(value) > float(summing_limits(value).max))


def summing_limits(array: Array) -> Any:
    """Return the limits of the dtype that sums are kept in: float32 for half precision.

    Numbers wider than float64 are held to its range.
    """
    xp = namespace(array)
    return xp.finfo(xp.float32 if array.dtype.itemsize <= 4 else xp.float64)


def _magnitude(array: Array) -> float:
    low, high = extremes(namespace(array), array)
    return max(-float(low), float(high))
