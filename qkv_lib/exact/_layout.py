"""The operands of one call laid out on the same axes, and cut into pieces: views, never copies.

All leading axes come to ``(*batch, g, h / g)``: the ``g`` key heads and, in each, the query heads
that share it. An axis of size one stands for all its copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

from qkv_lib.formula._call import Call
from qkv_lib.formula._fit import broadcast
from qkv_lib.formula.arrays import Array, Shape, heads, namespace, shape

# The scores computed at a time: few enough for a core's cache, enough for a fast product.
SCORES_AT_A_TIME = 2**20
LEAST_ROWS = 16

Box = tuple[slice, ...]  # one slice for each leading axis


def lay_out(call: Call) -> Call:
    """Bring a call to common axes.

    ``query`` becomes (*batch, g, r, n, d), ``key`` (*batch, g, 1, m, d), ``value``
    (*batch, g, 1, m, e); ``mask`` and ``bias`` broadcast to the scores (*batch, g, r, n, m).
    """
    groups = heads(call.key)
    query, key, value = (split_groups(x, groups) for x in (call.query, call.key, call.value))
    mask, bias = (None if x is None else split_groups(x, groups) for x in (call.mask, call.bias))
    leading = broadcast(shape(query)[:-2], shape(key)[:-2]) or ()
    return call._replace(
        query=query, key=key, value=value, mask=mask, bias=bias, sizes=(*leading, *call.sizes[-2:])
    )


def each_element(path: Callable[[Call], Array], call: Call) -> Array:
    """Take a path for each batch element on its own, where each has an offset of its own."""
    xp = namespace(call.query)
    axes = len(call.sizes)
    outputs = []
    for b, offset in enumerate(xp.reshape(call.band.offset, (-1,)).tolist()):
        query, key, value, mask, bias = (
            x[min(b, x.shape[0] - 1)][None] if x is not None and x.ndim == axes else x
            for x in (call.query, call.key, call.value, call.mask, call.bias)
        )
        outputs.append(
            path(
                call._replace(
                    query=query, key=key, value=value, mask=mask, bias=bias,
                    band=replace(call.band, offset=offset), sizes=(1, *call.sizes[1:]),
                )
            )
        )  # fmt: skip
    return xp.concat(outputs, axis=0)


def part(call: Call, box: Box, rows: range, columns: range) -> Call:
    """Return the call of some queries and keys of some heads, out of one that is laid out."""
    n, m = as_slice(rows), as_slice(columns)
    d, e = slice(0, call.key.shape[-1]), slice(0, call.value.shape[-1])
    return call._replace(
        query=view(call.query, *box, n, d),
        key=view(call.key, *box, m, d),
        value=view(call.value, *box, m, e),
        mask=None if call.mask is None else view(call.mask, *box, n, m),
        bias=None if call.bias is None else view(call.bias, *box, n, m),
        band=call.band.moved(rows.start - columns.start),
        sizes=(*(s.stop - s.start for s in box), len(rows), len(columns)),
    )


def split_groups(x: Array, g: int) -> Array:
    """Split the head axis of ``(..., h, n, d)`` into (g, h / g); a single head into (1, 1)."""
    *batch, h, n, d = (1,) * (3 - x.ndim) + shape(x)
    groups = (1, 1) if h == 1 else (g, h // max(g, 1))
    return namespace(x).reshape(x, (*batch, *groups, n, d))


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
    call: Call, query_block: int | None, key_block: int | None
) -> Iterator[tuple[Box, range]]:
    """Cut the queries into rows and, for each, the leading axes into boxes of limited size."""
    *leading, n, m = call.sizes
    if query_block is None:
        query_block = max(LEAST_ROWS, SCORES_AT_A_TIME // max(m, 1))
    for rows in cut(range(n), query_block):
        width = min(len(call.band.keys(rows, m)), m if key_block is None else key_block)
        for box in boxes(tuple(leading), SCORES_AT_A_TIME // max(1, len(rows) * width)):
            yield box, rows
