"""Layouts: how tools arrange batch, heads, positions and features on the axes of an array.

The names are read as in einops: ``b`` batch, ``h`` heads, ``n`` positions, ``d`` width of a head;
axes in parentheses are one axis, the last named varying fastest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qkv_lib.formula.arrays import Array
from qkv_lib.formula.heads import merge_heads, split_heads


@dataclass(frozen=True)
class Layout:
    """An arrangement of the axes.

    Parameters
    ----------
    name : str
        In the notation of einops: ``"b n (h d)"``.
    arrange : callable
        From the layout of this book, ``(b, h, n, d)``, to this one.
    restore : callable
        Back to ``(b, h, n, d)``; takes the array and the number of heads.
    """

    name: str
    arrange: Callable[[Array], Array]
    restore: Callable[[Array, int], Array]


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("b h n d", lambda x: x, lambda x, h: x),  # noqa: ARG005
        Layout("b n h d", lambda x: x.swapaxes(1, 2), lambda x, h: x.swapaxes(1, 2)),  # noqa: ARG005
        Layout("b n (h d)", merge_heads, split_heads),
        Layout(
            "n b (h d)",
            lambda x: merge_heads(x).swapaxes(0, 1),
            lambda x, h: split_heads(x.swapaxes(0, 1), h),
        ),
        Layout(
            "(b h) n d",
            lambda x: x.reshape(-1, *x.shape[2:]),
            lambda x, h: x.reshape(-1, h, *x.shape[1:]),
        ),
    )
}
"""The layouts in use, the book's own first."""
