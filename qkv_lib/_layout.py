"""The operands of one call laid out on the same axes, and cut into pieces: views, never copies.

All leading axes come to ``(*batch, g, h / g)``: the ``g`` key heads and, in each, the query heads
that share it. An axis of size one stands for all its copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import array_api_compat

from qkv_lib._checks import Array, Shape, broadcast, heads, shape
from qkv_lib._options import Options
from qkv_lib.masks import Band

Box = tuple[slice, ...]  # one slice for each leading axis


class Problem(NamedTuple):
    """Checked operands and options on common axes.

    ``query`` is (..., g, r, n, d), ``key`` (..., g, 1, m, d), ``value`` (..., g, 1, m, e), and
    ``mask`` and ``bias`` broadcast to (..., g, r, n, m); ``leading`` is (..., g, r).
    """

    query: Array
    key: Array
    value: Array
    mask: Array | None
    bias: Array | None
    scale: float
    softcap: float | None
    band: Band
    leading: Shape

    @classmethod
    def lay_out(
        cls, query: Array, key: Array, value: Array, options: Options, band: Band
    ) -> Problem:
        """Bring what `check_call` has passed to common axes."""
        groups = heads(key)
        query, key, value = (split_groups(x, groups) for x in (query, key, value))
        mask, bias = (
            None if x is None else split_groups(x, groups) for x in (options.mask, options.bias)
        )
        leading = broadcast(shape(query)[:-2], shape(key)[:-2]) or ()
        scale, softcap = options.scale, options.softcap
        return cls(query, key, value, mask, bias, scale, softcap, band, leading)

    def part(
        self, box: Box, rows: range, columns: range
    ) -> tuple[Array, Array, Array, Array | None, Array | None]:
        """Return query, key, value, mask and bias of some queries and keys of some heads."""
        n, m = as_slice(rows), as_slice(columns)
        everything = slice(None)
        return (
            view(self.query, *box, n, everything),
            view(self.key, *box, m, everything),
            view(self.value, *box, m, everything),
            None if self.mask is None else view(self.mask, *box, n, m),
            None if self.bias is None else view(self.bias, *box, n, m),
        )


def split_groups(x: Array, g: int) -> Array:
    """Split the head axis of ``(..., h, n, d)`` into (g, h / g); a single head into (1, 1)."""
    *batch, h, n, d = (1,) * (3 - x.ndim) + shape(x)
    groups = (g, h // g) if h > 1 else (1, 1)
    return array_api_compat.array_namespace(x).reshape(x, (*batch, *groups, n, d))


def view(x: Array, *slices: slice) -> Array:
    """Slice the last axes of ``x``, except those of size one, which broadcast."""
    used = slices[len(slices) - x.ndim :]
    whole = slice(None)
    return x[tuple(whole if size == 1 else s for size, s in zip(x.shape, used, strict=True))]


def as_slice(span: range) -> slice:
    """Return the slice that takes the positions of a range."""
    return slice(span.start, span.stop)


def cut(span: range, size: int | None) -> Iterator[range]:
    """Cut a range into ranges of at most ``size``; None leaves it whole."""
    for start in range(span.start, span.stop, size or max(len(span), 1)):
        yield range(start, min(start + (size or len(span)), span.stop))


def boxes(leading: Shape, at_most: int) -> Iterator[Box]:
    """Cut the leading axes into boxes of at most ``at_most`` heads, at least of one.

    The last axes are taken whole as long as they fit, the one before them in steps, the others
    one by one.
    """
    steps: list[int] = []
    room = max(at_most, 1)
    for size in reversed(leading):
        steps.insert(0, min(size, room))
        room = room // size if room >= size else 1
    for corner in product(*(cut(range(a), b) for a, b in zip(leading, steps, strict=True))):
        yield tuple(map(as_slice, corner))
