"""A head view: the weights of every head of a model on one text, one head at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qkv_lib.explorers._page import Explorer, check_tokens, table
from qkv_lib.formula.arrays import Array, namespace, shape
from qkv_lib.formula.checks import check_arrays, check_count

__all__ = ["heads"]

ROUNDING = 1e-3  # what a row of weights may stray from 1
FINEST = 9  # decimals; more are noise to a reader, and weight to the page

Tokens = Sequence[str]


def heads(
    weights: Array | Mapping[str, Array],
    *,
    tokens: Tokens | Mapping[str, Tokens],
    row_tokens: Tokens | Mapping[str, Tokens] | None = None,
    block: int = 0,
    head: int = 0,
    decimals: int = 3,
    name: str | None = None,
) -> Explorer:
    """Show the weights of each head on a text: choose text, block, head and query to follow.

    Parameters
    ----------
    weights : floating-point array of shape (n_blocks, h, n_q, n_k)
        NumPy array or torch tensor; rows sum to 1, or are 0 where a query may attend to
        nothing. A mapping from names to such arrays offers a choice of texts; they may differ
        in ``n_q`` and ``n_k``. A model with one head has ``n_blocks = h = 1``: what leaves no
        choice is not offered.
    tokens : sequence of n_k strings
        They name the columns, the keys; with several texts a mapping of the same names.
    row_tokens : sequence of n_q strings, optional
        They name the rows, the queries; with several texts a mapping of the same names. By
        default ``tokens``, as in self-attention.
    block, head : int
        What is shown first, and on pages without scripts; counted from 0.
    decimals : int
        The weights are kept to this many, 0 to 9. A hundred heads are light with 3.
    name : str, optional
        Makes the ``id`` of the figure; derived from the numbers by default.

    Returns
    -------
    Explorer
        A notebook shows it when a cell ends in it.

    Raises
    ------
    TypeError
        ``weights`` is no floating-point array, tokens are not strings, ``block``, ``head`` or
        ``decimals`` is no integer, or only some of the arguments are mappings.
    ValueError
        ``weights`` has other axes, a row is not positive with sum 1, the number of tokens is not
        ``n_k`` or ``n_q``, mappings differ in their names, texts in their heads, there is no
        such block or head, ``decimals`` is out of range, or ``name`` is no word.

    Examples
    --------
    >>> import numpy as np
    >>> heads(np.full((2, 3, 2, 2), 0.5), tokens=["a", "b"], name="even")
    <explorer heads-even>

    Queries of one sequence, keys of another; and a choice of two texts:

    >>> one, two = np.full((1, 1, 2, 4), 0.25), np.full((1, 1, 1, 2), 0.5)
    >>> heads(one, tokens=list("2024"), row_tokens=["the", "year"], name="year")
    <explorer heads-year>
    >>> heads(
    ...     {"year": one, "day": two},
    ...     tokens={"year": list("2024"), "day": list("31")},
    ...     row_tokens={"year": ["the", "year"], "day": ["day"]},
    ...     name="choice",
    ... )
    <explorer heads-choice>
    """
    digits = check_count("decimals", decimals, least=0)
    if digits > FINEST:
        raise ValueError(f"decimals is {digits}, needs at most {FINEST}")
    given = {"weights": weights, "tokens": tokens, "row_tokens": row_tokens}
    texts = [
        {"name": text, **_text(digits=digits, **parts)} for text, parts in _split(given).items()
    ]
    sizes = _same_heads(texts)
    chosen = {"block": block, "head": head}
    for (what, number), size in zip(chosen.items(), sizes, strict=True):
        if check_count(what, number, least=0) >= size:
            raise ValueError(f"{what} is {number}, needs a number below {size}")
    data = {"texts": texts, **chosen, "decimals": digits}
    return Explorer("heads", "Heads", data, _fallback(texts[0], block, head, digits), name)


def _split(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the arguments text by text: mappings from argument to names become the reverse."""
    several = {argument: isinstance(value, Mapping) for argument, value in given.items()}
    if not any(several.values()):
        return {"": dict(given)}
    present = [argument for argument, value in given.items() if value is not None]
    if single := [argument for argument in present if not several[argument]]:
        raise TypeError(f"{single[0]} is no mapping: one text, or a mapping in every argument")
    names = list(given["weights"])
    for argument in present:
        if list(given[argument]) != names or not all(isinstance(text, str) for text in names):
            raise ValueError(f"{argument} names {list(given[argument])}, weights names {names}")
    if not names:
        raise ValueError("weights is an empty mapping, needs at least one text")
    return {text: {argument: given[argument][text] for argument in present} for text in names}


def _text(
    weights: Array, tokens: Tokens, row_tokens: Tokens | None = None, *, digits: int
) -> dict[str, Any]:
    """Check one text; return its names, and its weights as whole numbers of the last decimal."""
    check_arrays(weights=weights)
    sizes = shape(weights)
    if len(sizes) != 4 or 0 in sizes:
        raise ValueError(f"weights has shape {sizes}, needs (n_blocks, heads, n_q, n_k)")
    if row_tokens is None and sizes[2] != sizes[3]:
        raise ValueError(f"weights has shape {sizes}: pass row_tokens where n_q is not n_k")
    columns = check_tokens(tokens, sizes[3], of="weights", axis="columns")
    rows = columns if row_tokens is None else check_tokens(
        row_tokens, sizes[2], of="weights", argument="row_tokens"
    )  # fmt: skip
    numbers = np.array(weights.tolist(), dtype=np.float64)
    sums = numbers.sum(axis=-1)
    rounding = max(ROUNDING, _epsilon(weights))
    if numbers.min() < 0 or (np.abs(sums - 1)[sums != 0] > rounding).any():
        raise ValueError("weights has a row that is not positive with sum 1: pass the weights")
    whole = np.round(10**digits * numbers).astype(int)
    return {"rows": rows, "columns": columns, "weights": whole.tolist()}


def _epsilon(weights: Array) -> float:
    """Return how far the sum of rounded weights may stray from 1 in their dtype."""
    return float(namespace(weights).finfo(weights.dtype).eps)


def _same_heads(texts: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return the number of blocks and of heads, which all texts share."""
    sizes = [(len(text["weights"]), len(text["weights"][0])) for text in texts]
    for text, size in zip(texts, sizes, strict=True):
        if size != sizes[0]:
            raise ValueError(
                f"weights of {text['name']!r} have {size[0]} blocks of {size[1]} heads, those of "
                f"{texts[0]['name']!r} have {sizes[0][0]} of {sizes[0][1]}: show one model"
            )
    return sizes[0]


def _fallback(text: Mapping[str, Any], block: int, head: int, digits: int) -> str:
    name, b, h = text["name"], block + 1, head + 1
    title = f"weights of block {b}, head {h}: rows are queries, columns are keys"
    named = f"{name} – weights of block {b}, head {h}: rows are queries, columns are keys"
    return table(
        named if name else title,
        [[x / 10**digits for x in row] for row in text["weights"][block][head]],
        row_names=text["rows"],
        column_names=text["columns"],
    )
