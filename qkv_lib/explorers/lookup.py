"""Soft lookup on a plane: drag the query, turn the temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from qkv_lib.attention import attention_steps
from qkv_lib.explorers._page import Explorer, check_matrix, check_tokens, table
from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.checks import check_arrays, check_number

__all__ = ["lookup"]

Score = Literal["dot", "distance"]
COLDEST, HOTTEST = 1 / 32, 32.0  # the ends of the temperature slider


def lookup(
    query: Array,
    keys: Array,
    values: Array,
    *,
    temperature: float = 1.0,
    score: Score = "dot",
    tokens: Sequence[str] | None = None,
    axes: Sequence[str] = ("x", "y"),
    name: str | None = None,
) -> Explorer:
    """Soft lookup on a plane: drag the query, turn the temperature, see weights and output.

    Parameters
    ----------
    query : floating-point array of shape (2,)
        Where the query starts. NumPy array or torch tensor.
    keys : floating-point array of shape (m, 2)
    values : floating-point array of shape (m, d_v)
        One value for every key.
    temperature : float
        Divides the scores; 1/32 to 32. Towards 0 the lookup turns hard.
    score : {"dot", "distance"}
        What matches at first: the dot product ``q · k``, or ``−½ ‖q − k‖²``, with which the
        weights are those of a Gaussian kernel of variance ``temperature``. The reader can
        change it.
    tokens : sequence of m strings, optional
        The names of the keys; ``key 1``, ``key 2``, … by default.
    axes : sequence of 2 strings
        What the two features mean: the names of the axes.
    name : str, optional
        Makes the ``id`` of the figure; derived from the numbers by default.

    Returns
    -------
    Explorer
        A notebook shows it when a cell ends in it.

    Raises
    ------
    TypeError
        An operand is no floating-point array, ``temperature`` is no number, or ``tokens`` or
        ``axes`` are not strings.
    ValueError
        Shapes do not fit, an entry is beyond a million, ``temperature`` is out of range,
        ``score`` is unknown, the number of tokens is not ``m``, that of axes not 2,
        or ``name`` is no word.

    Examples
    --------
    >>> import numpy as np
    >>> keys, values = np.eye(2), np.array([[10.0], [20.0]])
    >>> lookup(np.array([0.8, 0.2]), keys, values, temperature=0.5, name="two-keys")
    <explorer lookup-two-keys>
    """
    check_arrays(query=query, keys=keys, values=values)
    if shape(query) != (2,):
        raise ValueError(f"query has shape {shape(query)}, needs (2,): a point on the plane")
    k, v = check_matrix("keys", keys), check_matrix("values", values)
    if k.shape[1] != 2:
        raise ValueError(f"keys has shape {k.shape}, needs (m, 2): points on the plane")
    if len(k) != len(v):
        raise ValueError(f"keys has {len(k)} rows but values has {len(v)}: one value per key")
    if score not in get_args(Score):
        raise ValueError(f"score is {score!r}, needs one of {', '.join(get_args(Score))}")
    t = check_number("temperature", temperature, positive=True)
    if not COLDEST <= t <= HOTTEST:
        raise ValueError(f"temperature is {t}, needs a number from {COLDEST} to {HOTTEST}")
    q = check_matrix("query", query[None])
    names = check_tokens(tokens or [f"key {j + 1}" for j in range(len(k))], len(k), of="keys")
    both = check_tokens(axes, 2, of="query", axis="features", argument="axes")
    # −½ ‖q − k‖² is q · k − ½ ‖k‖², up to a constant that softmax does not see.
    bias = -np.sum(k**2, axis=1) / (2 * t) if score == "distance" else None
    found = attention_steps(q, k, v, scale=1 / t, bias=bias)
    features = [str(j + 1) for j in range(v.shape[1])]
    fallback = "\n".join([
        table("weights of the keys", found.weights, row_names=["query"], column_names=names),
        table("output", found.output, row_names=["query"], column_names=features),
    ])  # fmt: skip
    data = {
        "tokens": names, "axes": both,
        "query": q[0].tolist(), "keys": k.tolist(), "values": v.tolist(),
        "temperature": t, "score": score,
    }  # fmt: skip
    return Explorer("lookup", "Lookup", data, fallback, name)
