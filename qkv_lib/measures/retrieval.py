"""Search, where each query has one right document: the rank it comes at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.checks import check_arrays

__all__ = ["ranks"]


def ranks(similarity: Array, right: NDArray[np.int64]) -> NDArray[np.float64]:
    r"""Return the rank of the right document of each query; the best is 1.

    .. math:: r_i = 1 + \sum_j [\,s_{ij} > s_{i c_i}] + \tfrac{1}{2} \sum_{j \ne c_i}
              [\,s_{ij} = s_{i c_i}]

    Parameters
    ----------
    similarity : array of shape (n_queries, n_documents)
        Larger where a document fits better.
    right : integer array of shape (n_queries,)
        The column of the right document.

    Returns
    -------
    array of shape (n_queries,)
        A tie counts half: who cannot tell documents apart gets the rank in the middle.

    Raises
    ------
    TypeError
        ``similarity`` is no floating-point array.
    ValueError
        Shapes do not fit, or ``right`` names no document.

    Examples
    --------
    >>> import numpy as np
    >>> ranks(np.array([[0.9, 0.5, 0.1], [0.2, 0.2, 0.1]]), np.array([1, 0]))
    array([2. , 1.5])
    """
    check_arrays(similarity=similarity)
    s, right = np.asarray(similarity), np.asarray(right)
    if s.ndim != 2 or right.shape != s.shape[:1]:
        raise ValueError(
            f"similarity has shape {shape(s)} and right {right.shape}: "
            "needs (n_queries, n_documents) and (n_queries,)"
        )
    if len(right) and not (right.min() >= 0 and right.max() < s.shape[1]):
        raise ValueError(f"right holds a number outside 0 to {s.shape[1] - 1}")
    own = s[np.arange(len(s)), right][:, None]
    return np.asarray(1 + (s > own).sum(axis=1) + ((s == own).sum(axis=1) - 1) / 2)
