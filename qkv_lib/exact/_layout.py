"""The operands of one call laid out on the same axes, and cut into pieces: views, never copies.

All leading axes come to ``(*batch, g, h / g)``: the ``g`` key heads and, in each, the query heads
that share it. An axis of size one stands for all its copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import array_api_compat

from qkv_lib.formula._call import Options
from qkv_lib.formula._checks import Array, Shape, broadcast, heads, shape
from qkv_lib.formula.masks import Band

# The scores computed at a time: few enough for a core's cache, enough for a fast product.
SCORES_AT_A_TIME = 2**20
LEAST_ROWS = 16

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
        d, e = slice(0, self.key.shape[-1]), slice(0, self.value.shape[-1])
        return (
            view(self.query, *box, n, d),
            view(self.key, *box, m, d),
            view(self.value, *box, m, e),
            None if self.mask is None else view(self.mask, *box, n, m),
            None if self.bias is None else view(self.bias, *box, n, m),
        )


def split_groups(x: Array, g: int) -> Array:
    """Split the head axis of ``(..., h, n, d)`` into (g, h / g); a single head into (1, 1)."""
    *batch, h, n, d = (1,) * (3 - x.ndim) + shape(x)
    groups = (1, 1) if h == 1 else (g, h // max(g, 1))
    return array_api_compat.array_namespace(x).reshape(x, (*batch, *groups, n, d))


def view(x: Array, *slices: slice) -> Array:
    """Slice the last axes of ``x``; one of size one stands for all and gives at most that one."""
    used = slices[len(slices) - x.ndim :]
    clipped = (
        slice(0, s.stop - s.start) if size == 1 else s
        for size, s in zip(x.shape, used, strict=True)
    )
    return x[tuple(clipped)]


def as_slice(span: range) -> slice:
    """Return the slice that takes the positions of a range."""
    return slice(span.start, span.stop)


def cut(span: range, size: int | None) -> Iterator[range]:
    """Cut a range into ranges of at most ``size``, at least one; None leaves it whole."""
    step = size or max(len(span), 1)
    for start in range(span.start, max(span.stop, span.start + 1), step):
        yield range(start, min(start + step, span.stop))


def boxes(leading: Shape, at_most: int) -> Iterator[Box]:
    """Cut the leading axes into boxes of at most ``at_most`` heads, at least of one.

    The last axes are taken whole as long as they fit, the one before them in steps, the others
    one by one.
    """
    steps: list[int] = []
    room = max(at_most, 1)
    for size in reversed(leading):
        steps.insert(0, min(size, room))
        room = room // max(size, 1) if room >= size else 1
    for corner in product(*(cut(range(a), b) for a, b in zip(leading, steps, strict=True))):
        yield tuple(map(as_slice, corner))


def pieces(
    leading: Shape, n: int, m: int, band: Band, query_block: int | None, key_block: int | None
) -> Iterator[tuple[Box, range]]:
    """Cut the queries into rows and, for each, the leading axes into boxes of limited size."""
    if query_block is None:
        query_block = max(LEAST_ROWS, SCORES_AT_A_TIME // max(m, 1))
    for rows in cut(range(n), query_block):
        width = min(len(band.keys(rows, m)), m if key_block is None else key_block)
        for box in boxes(leading, SCORES_AT_A_TIME // max(1, len(rows) * width)):
            yield box, rows
