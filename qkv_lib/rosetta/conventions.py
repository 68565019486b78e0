"""The conventions of a tool, and how to speak to it when they are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.formula.checks import check_arrays
from qkv_lib.rosetta.layouts import LAYOUTS
from qkv_lib.rosetta.tool import Tool

__all__ = ["Conventions", "ask"]

ORDERS = {"q, k, v": (0, 1, 2), "q, v, k": (0, 2, 1)}
SCALES: dict[str, Callable[[int, int], float]] = {
    "1/√d": lambda d, h: 1 / math.sqrt(d),  # noqa: ARG005
    "1": lambda d, h: 1.0,  # noqa: ARG005
    "1/√(h·d)": lambda d, h: 1 / math.sqrt(h * d),
}
"""The factors on the scores in use, as functions of the width and the number of heads."""

MASKS: dict[str, Callable[[Array], Array]] = {
    "may attend": lambda mask: mask,
    "hidden": np.logical_not,
    "counts as 1": lambda mask: np.where(mask, 0.0, -np.inf).astype(np.float32),
}
"""What ``True`` does in a tool's mask → how a mask of this book is written for it."""


@dataclass(frozen=True)
class Conventions:
    """What a tool expects and does, as measured, in words.

    Parameters
    ----------
    order : str
        The order of the operands.
    inside, outside : str
        Layout of operands and output, in the notation of einops.
    scale : str
        The factor on the scores when none is given, with ``d`` the width of a head.
    mask : str
        What ``True`` does in a boolean mask.
    numbers : str
        What numbers in the place of the mask do, and whether there is another place for them.
    causal : str
        Where the diagonal of the causal flag begins when there are more keys than queries.
    weights : str
        Which weights come back beside the output.
    dropout : str
        What happens to the weights in training by default, and when the option acts.
    nothing : str
        The output of a query that may attend to no key.
    """

    order: str
    inside: str
    outside: str
    scale: str
    mask: str = ""
    numbers: str = ""
    causal: str = ""
    weights: str = ""
    dropout: str = ""
    nothing: str = ""

    def call(self, tool: Tool, query: Array, key: Array, value: Array, **options: Any) -> Array:
        """Return the tool's output for operands in the layout of the book, ``(b, h, n, d)``."""
        heads, operands = query.shape[1], (query, key, value)
        output, _ = tool.call(*self.arrange(*operands), heads=heads, **options)
        return LAYOUTS[self.outside].restore(output, heads)

    def arrange(self, *operands: Array) -> list[Array]:
        """Return query, key and value in the order and layout of the tool."""
        return [LAYOUTS[self.inside].arrange(operands[place]) for place in ORDERS[self.order]]


def ask(
    tool: Tool,
    conventions: Conventions,
    query: Array,
    key: Array,
    value: Array,
    *,
    mask: Array | None = None,
) -> Array:
    """Return what a tool answers to a question put in the conventions of this book.

    Parameters
    ----------
    tool : Tool
    conventions : Conventions
        As `probe` found them.
    query : array of shape (batch, heads, n_queries, d)
        NumPy, float32.
    key, value : array of shape (batch, heads, n_keys, d)
        Layers share one width between keys and values, so all tools get it here.
    mask : boolean array of shape (n_queries, n_keys), optional
        ``True`` = may attend.

    Returns
    -------
    array of shape (batch, heads, n_queries, d)

    Raises
    ------
    TypeError
        The operands are no floating-point arrays of one kind, or the tool has no such masks.
    ValueError
        An operand holds NaN or infinity, or its shape is not what the tool takes.

    Examples
    --------
    >>> from qkv_lib.rosetta import TOOLS, probe
    >>> tool = TOOLS["nn.MultiheadAttention"]
    >>> x = np.array([[[[1, 2], [2, 3], [3, 4], [4, 5]]]], dtype=np.float32)
    >>> ask(tool, probe(tool), x, x, x)[0, 0, 0].round(3)
    array([3.865, 4.865], dtype=float32)
    """
    check_arrays(query=query, key=key, value=value)
    h, d = query.shape[1], query.shape[-1]
    stretch = np.float32(SCALES["1/√d"](d, h) / SCALES[conventions.scale](d, h))
    options = {} if mask is None else {"mask": MASKS[conventions.mask](mask)}
    return conventions.call(tool, query * stretch, key, value, **options)
