"""A head view: the weights of every head of a model on one text, one head at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qkv_lib._checks import Array, check_arrays, check_count, shape
from qkv_lib.explorers._page import Explorer, check_tokens, table

__all__ = ["heads"]

ROUNDING = 1e-3  # what a row of weights may stray from 1


def heads(
    weights: Array,
    *,
    tokens: Sequence[str],
    block: int = 0,
    head: int = 0,
    name: str | None = None,
) -> Explorer:
    """Show the weights of each head on one text: choose block, head and the query to follow.

    Parameters
    ----------
    weights : floating-point array of shape (n_blocks, h, n, n)
        NumPy array or torch tensor; rows sum to 1. They are kept to thousandths.
    tokens : sequence of n strings, n at least 2
        They name rows and columns.
    block, head : int
        What is shown first, and on pages without scripts; counted from 0.
    name : str, optional
        Makes the ``id`` of the figure; derived from the numbers by default.

    Returns
    -------
    Explorer
        A notebook shows it when a cell ends in it.

    Raises
    ------
    TypeError
        ``weights`` is no floating-point array, ``tokens`` are not strings, or ``block`` or
        ``head`` is no integer.
    ValueError
        ``weights`` has other axes, a row is not positive with sum 1, the number of tokens is not
        ``n``, there is no such block or head, or ``name`` is no word.

    Examples
    --------
    >>> import numpy as np
    >>> heads(np.full((2, 3, 2, 2), 0.5), tokens=["a", "b"], name="even")
    <explorer heads-even>
    """
    check_arrays(weights=weights)
    sizes = shape(weights)
    if len(sizes) != 4 or sizes[2] != sizes[3] or sizes[2] < 2 or 0 in sizes:
        raise ValueError(f"weights has shape {sizes}, needs (n_blocks, heads, n, n), n at least 2")
    names = check_tokens(tokens, sizes[2], of="weights")
    rows = np.array(weights.tolist(), dtype=np.float64)
    if rows.min() < 0 or np.abs(rows.sum(axis=-1) - 1).max() > ROUNDING:
        raise ValueError("weights has a row that is not positive with sum 1: pass the weights")
    chosen = {"block": block, "head": head}
    for (what, given), size in zip(chosen.items(), sizes, strict=False):
        if check_count(what, given, least=0) >= size:
            raise ValueError(f"{what} is {given}, needs a number below {size}")
    thousandths = np.round(1000 * rows).astype(int)
    fallback = table(
        f"weights of block {block + 1}, head {head + 1}: rows are queries, columns are keys",
        (thousandths[block, head] / 1000).tolist(),
        row_names=names,
        column_names=names,
    )
    data = {"tokens": names, "weights": thousandths.tolist(), **chosen}
    return Explorer("heads", "Heads", data, fallback, name)
