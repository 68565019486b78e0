"""Which tokens stand in which relation, and how much weight a head puts on them.

Shapes as everywhere: ``(..., h, n, n)`` weights of self-attention, rows are queries. A relation
is a boolean array ``(n, n)``: ``True`` where key ``j`` stands in the relation to query ``i``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.checks import check_arrays

__all__ = ["relation_mass", "spread", "token_relations"]


def token_relations(
    ids: NDArray[np.int64], *, special: Sequence[int] = ()
) -> dict[str, NDArray[np.bool_]]:
    """Return the relations that token numbers alone decide.

    Parameters
    ----------
    ids : integer array of shape (n,)
        The tokens of one text.
    special : sequence of int
        Tokens that are no words. They ask nothing here, and are neighbours of nothing.

    Returns
    -------
    dict from str to boolean array of shape (n, n)
        ``previous``, ``next``: the word before, after. ``same word``: the same token elsewhere.
        ``special``: the special tokens.

    Raises
    ------
    ValueError
        ``ids`` has not one axis.

    Examples
    --------
    >>> import numpy as np
    >>> found = token_relations(np.array([101, 7, 8, 7, 102]), special=[101, 102])
    >>> {name: np.argwhere(each).tolist() for name, each in found.items() if name != "special"}
    {'previous': [[2, 1], [3, 2]], 'next': [[1, 2], [2, 3]], 'same word': [[1, 3], [3, 1]]}
    """
    ids = np.asarray(ids)
    if ids.ndim != 1:
        raise ValueError(f"ids has shape {ids.shape}, needs (n,): the tokens of one text")
    word = ~np.isin(ids, special)
    between_words = word[:, None] & word
    place = np.arange(len(ids))
    step = place - place[:, None]  # of key j from query i: j - i
    return {
        "previous": (step == -1) & between_words,
        "next": (step == 1) & between_words,
        "same word": (ids[:, None] == ids) & (step != 0) & between_words,
        "special": word[:, None] & ~word,
    }


def relation_mass(weights: Array, relation: NDArray[np.bool_]) -> NDArray[np.float64]:
    r"""Return the weight each query puts on the keys that are related to it.

    .. math::
        \begin{aligned}
        m_i &= \sum_{j:\, R_{ij}} A_{ij}, \quad i \in I \\
        I &= \{i : R_{ij} \text{ for some } j\}
        \end{aligned}

    Parameters
    ----------
    weights : array of shape (..., n, n)
    relation : boolean array of shape (n, n)

    Returns
    -------
    array of shape (..., \|I\|)
        Only queries that have a related key at all.

    Raises
    ------
    TypeError
        ``weights`` is no floating-point array, or ``relation`` is not boolean.
    ValueError
        The shapes differ in their last two axes.

    References
    ----------
    Clark et al. 2019, "What Does BERT Look At?", section 3.

    Examples
    --------
    >>> import numpy as np
    >>> relation_mass(np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([[False, False], [True, False]]))
    array([0.3])
    """
    check_arrays(weights=weights)
    if relation.dtype != np.bool_:
        raise TypeError(f"relation has dtype {relation.dtype}, needs bool, True = related")
    if relation.ndim != 2 or shape(weights)[-2:] != relation.shape:
        raise ValueError(
            f"weights has shape {shape(weights)} and relation {relation.shape}: "
            "the last two axes must be (n_queries, n_keys) of both"
        )
    mass = (np.asarray(weights, dtype=np.float64) * relation).sum(axis=-1)
    return np.asarray(mass[..., relation.any(axis=-1)])


def spread(weights: Array) -> NDArray[np.float64]:
    r"""Return how evenly each query spreads its weights: 0 on one key, 1 on all alike.

    .. math:: H_i = -\frac{1}{\ln n} \sum_j A_{ij} \ln A_{ij}

    Parameters
    ----------
    weights : array of shape (..., n_queries, n)
        Rows sum to 1.

    Returns
    -------
    array of shape (..., n_queries)

    Raises
    ------
    TypeError
        ``weights`` is no floating-point array.
    ValueError
        There are fewer than two keys to spread over.

    Examples
    --------
    >>> import numpy as np
    >>> spread(np.array([[0.5, 0.5], [1.0, 0.0]])).round(4)
    array([1., 0.])
    """
    check_arrays(weights=weights)
    n = shape(weights)[-1]
    if n < 2:
        raise ValueError(f"weights has {n} keys, needs at least 2 to spread over")
    a = np.asarray(weights, dtype=np.float64)
    return np.asarray((a * -np.log(np.where(a > 0, a, 1.0))).sum(axis=-1) / np.log(n))
