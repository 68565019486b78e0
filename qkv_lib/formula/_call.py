"""One call of attention as an object: all that a path computes from, and nothing it may doubt.

`qkv_lib.formula._door.check_call` makes it, once; `plain_output`, `tiled`, `fused`, the ring and
the cache take it and ask no check again. A tile of a call is a call too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypedDict

from qkv_lib.formula._band import Band
from qkv_lib.formula.arrays import Array, Shape, namespace


class Keywords(TypedDict, total=False):
    """The keyword arguments of `qkv_lib.attention`, for functions that share them."""

    mask: Array | None
    bias: Array | None
    causal: bool
    offset: int | Array
    window: int | None
    key_lengths: Array | None
    scale: float | None
    softcap: float | None


class Call(NamedTuple):
    """Operands and options that fit each other.

    Attributes
    ----------
    query : array of shape (..., h, n, d)
        This and the next two in the dtype that sums are kept in, float32 for half precision.
    key : array of shape (..., g, m, d)
    value : array of shape (..., g, m, e)
    mask, bias : array that broadcasts to ``sizes``, or None
        ``key_lengths`` have become part of the mask.
    band : Band
        What positions alone allow.
    scale : float
    softcap : float or None
    sizes : tuple of int
        The shape (..., h, n, m) of the scores.
    dtype
        What the output is rounded to, the dtype of the query as it was handed in.
    library : str
        ``"numpy"`` or ``"torch"``.
    huge : bool
        A sum over the keys of the values could overflow.
    transformed : bool
        `torch.func` looks on: derivatives of any order, forward or backward, may be asked for.
    """

    query: Array
    key: Array
    value: Array
    mask: Array | None
    bias: Array | None
    band: Band
    scale: float
    softcap: float | None
    sizes: Shape
    dtype: Any
    library: str
    huge: bool = False
    transformed: bool = False

    def seen(self) -> Array | None:
        """Return the mask and the band in one boolean array; None where nothing is hidden."""
        if not self.band.hides:
            return self.mask
        return join_masks(self.mask, self.band.mask(*self.sizes[-2:], like=self.query))


def join_masks(left: Array | None, right: Array | None) -> Array | None:
    """Return the mask that allows what both allow; None allows everything."""
    if left is None or right is None:
        return right if left is None else left
    return left & right


def without_overflow(path: Callable[[Call], Array], call: Call) -> Array:
    """Take a path whose sums stay in range, though the values are as large as the dtype holds.

    An average is no larger than the largest value; the sum on the way to it may be. A power of
    two is divided out first and multiplied back, which rounds nothing.
    """
    xp = namespace(call.value)
    factor = 2.0 ** -(2 * call.sizes[-1]).bit_length()
    small = path(call._replace(value=call.value * factor, huge=False))
    largest = float(xp.finfo(small.dtype).max)
    return xp.clip(small, -largest * factor, largest * factor) / factor
