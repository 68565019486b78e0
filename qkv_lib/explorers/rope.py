"""Rotary positions on dials: the hands turn with the positions, the score with their distance."""

from __future__ import annotations

import numpy as np

from qkv_lib.explorers._page import Explorer, check_matrix, table
from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.checks import check_arrays, check_count, check_number
from qkv_lib.formula.positions import rope as turned

__all__ = ["rope"]

FURTHEST = 64  # the end of the sliders
MOST = 6  # pairs: a dial each


def rope(
    query: Array,
    key: Array,
    *,
    query_position: int = 0,
    key_position: int = 0,
    base: float = 10000.0,
    name: str | None = None,
) -> Explorer:
    """Turn a query and a key by their positions, pair by pair; the score follows the distance.

    Parameters
    ----------
    query, key : floating-point array of shape (d,)
        ``d`` even, at most 12. Features ``i`` and ``i + d/2`` are pair ``i``, the layout
        ``"half"`` of `qkv_lib.formula.positions.rope`.
    query_position, key_position : int
        Where they stand at first, 0 to 64.
    base : float
        Pair ``i`` turns by ``base ** (-2 i / d)`` radians per position.
    name : str, optional
        Makes the ``id`` of the figure; derived from the numbers by default.

    Returns
    -------
    Explorer
        A notebook shows it when a cell ends in it.

    Raises
    ------
    TypeError
        ``query`` or ``key`` is no floating-point array, a position no integer, or ``base`` no
        number.
    ValueError
        Shapes differ or are not ``(d,)`` with an even ``d`` up to 12, a position is out of range,
        ``base`` is not above 0, or ``name`` is no word.

    References
    ----------
    Su et al. 2021, "RoFormer", equations 12 to 16.

    Examples
    --------
    >>> import numpy as np
    >>> rope(np.array([1.0, 0.3]), np.array([0.5, 1.0]), key_position=5, name="one-pair")
    <explorer rope-one-pair>
    """
    check_arrays(query=query, key=key)
    if shape(query) != shape(key):
        raise ValueError(f"query has shape {shape(query)} but key has {shape(key)}: one width")
    if query.ndim != 1 or shape(query)[0] not in range(2, 2 * MOST + 1, 2):
        raise ValueError(f"query has shape {shape(query)}, needs (d,), d even, 2 to {2 * MOST}")
    q, k = check_matrix("query", query[None]), check_matrix("key", key[None])
    places = {"query_position": query_position, "key_position": key_position}
    for argument, place in places.items():
        if check_count(argument, place, least=0) > FURTHEST:
            raise ValueError(f"{argument} is {place}, needs at most {FURTHEST}")
    theta = check_number("base", base, positive=True)
    q_turned = turned(q, offset=int(query_position), base=theta)[0]
    k_turned = turned(k, offset=int(key_position), base=theta)[0]
    half = len(q_turned) // 2
    products = (q_turned * k_turned).reshape(2, half).sum(axis=0)
    columns = ["q, a", "q, b", "k, a", "k, b", "product"]
    fallback = table(
        f"query at {query_position}, key at {key_position}: score {products.sum():.4f}",
        np.stack([*q_turned.reshape(2, half), *k_turned.reshape(2, half), products], 1).tolist(),
        row_names=[f"pair {i}" for i in range(half)],
        column_names=columns,
    )
    data = {
        "query": q[0].tolist(), "key": k[0].tolist(), "base": theta,
        "s": int(query_position), "t": int(key_position),
    }  # fmt: skip
    return Explorer("rope", "Rope", data, fallback, name)
