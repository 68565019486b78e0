"""Ways to score a key against a query; each returns scores of shape (..., n_queries, n_keys).

Softmax over the last axis turns any of them into weights. NumPy arrays and torch tensors alike;
half precision is accumulated in float32, and the scores stay in float32.
"""

from __future__ import annotations

from typing import Any

from qkv_lib.formula._fit import broadcast, check_heads, check_widths
from qkv_lib.formula.arrays import Array, accumulating, matmul
from qkv_lib.formula.arrays import shape as shape_of
from qkv_lib.formula.checks import check_arrays, check_number
from qkv_lib.formula.steps import default_scale, dot_scores

__all__ = ["additive", "bilinear", "dot", "gaussian", "scaled_dot"]


def dot(query: Array, key: Array) -> Array:
    r"""Score by the dot product.

    .. math:: s_{ij} = q_i \cdot k_j

    Parameters
    ----------
    query : array of shape (..., h, n_queries, d)
    key : array of shape (..., g, n_keys, d)
        Floating point; ``g`` divides ``h`` (grouped queries). Heads and batch may be absent.

    Returns
    -------
    array of shape (..., h, n_queries, n_keys)

    Raises
    ------
    TypeError
        An operand is no floating-point array, or libraries or dtypes differ.
    ValueError
        Shapes do not fit, or an operand holds NaN or infinity.

    References
    ----------
    Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine Translation",
    section 3.1 ("dot").

    Examples
    --------
    >>> import numpy as np
    >>> dot(np.array([[1.0, 2.0]]), np.array([[1.0, 2.0], [4.0, 5.0]]))
    array([[ 5., 14.]])
    """
    _check(query=query, key=key)
    check_widths(shape_of(query), shape_of(key))
    check_heads(shape_of(query), shape_of(key))
    return dot_scores(accumulating(query), accumulating(key))


def scaled_dot(query: Array, key: Array, *, scale: float | None = None) -> Array:
    r"""Score by the dot product over the root of the width.

    .. math:: s_{ij} = \frac{q_i \cdot k_j}{\sqrt{d}}

    Parameters
    ----------
    query, key
        As in `dot`.
    scale : float, optional
        Replaces ``1 / √d``.

    Returns
    -------
    array of shape (..., h, n_queries, n_keys)

    Raises
    ------
    TypeError, ValueError
        As `dot`, or ``scale`` is no finite number.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1.

    Examples
    --------
    >>> import numpy as np
    >>> scaled_dot(np.array([[1.0, 2.0, 0.0, 0.0]]), np.array([[4.0, 5.0, 0.0, 0.0]]))
    array([[7.]])
    """
    scores = dot(query, key)
    return scores * (
        default_scale(query.shape[-1]) if scale is None else check_number("scale", scale)
    )


def bilinear(query: Array, key: Array, w: Array) -> Array:
    r"""Score by a learned matrix between query and key (multiplicative attention).

    .. math:: s_{ij} = q_i W k_j^\top

    Parameters
    ----------
    query : array of shape (..., h, n_queries, d_q)
    key : array of shape (..., g, n_keys, d_k)
        As in `dot`, but the widths may differ.
    w : array of shape (d_q, d_k)

    Returns
    -------
    array of shape (..., h, n_queries, n_keys)

    Raises
    ------
    TypeError, ValueError
        As `dot`, or ``w`` does not fit.

    References
    ----------
    Luong et al. 2015, section 3.1 ("general"). With ``W = W_Q W_Kᵀ`` it is the dot product of
    projected queries and keys.

    Examples
    --------
    >>> import numpy as np
    >>> bilinear(np.array([[1.0, 2.0]]), np.array([[3.0]]), np.array([[1.0], [10.0]]))
    array([[63.]])
    """
    _check(query=query, key=key, w=w)
    _check_map("w", w, query=query, key=key)
    check_heads(shape_of(query), shape_of(key))
    return dot_scores(matmul(accumulating(query), accumulating(w)), accumulating(key))


def additive(query: Array, key: Array, w_query: Array, w_key: Array, v: Array) -> Array:
    r"""Score by a small network with one hidden layer.

    .. math:: s_{ij} = \tanh(q_i W_q + k_j W_k) \cdot v

    Parameters
    ----------
    query : array of shape (..., n_queries, d_q)
    key : array of shape (..., n_keys, d_k)
        Floating point; the leading axes broadcast, the widths may differ.
    w_query : array of shape (d_q, d_hidden)
    w_key : array of shape (d_k, d_hidden)
    v : array of shape (d_hidden,)

    Returns
    -------
    array of shape (..., n_queries, n_keys)

    Raises
    ------
    TypeError, ValueError
        As `dot`, or a map does not fit.

    Notes
    -----
    Memory is ``n_queries · n_keys · d_hidden`` numbers: no matrix product does this.

    References
    ----------
    Bahdanau et al. 2014, "Neural Machine Translation by Jointly Learning to Align and
    Translate", appendix A.1.2.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones((1, 1))
    >>> additive(one, np.array([[-1.0], [0.0]]), one, one, np.ones(1)).round(4)
    array([[0.    , 0.7616]])
    """
    xp = _check(query=query, key=key, w_query=w_query, w_key=w_key, v=v)
    _check_leading(query, key)
    hidden = v.shape[0] if v.ndim == 1 else None
    for name, map_, x_name, x in (
        ("w_query", w_query, "query", query),
        ("w_key", w_key, "key", key),
    ):
        if shape_of(map_) != (x.shape[-1], hidden):
            raise ValueError(
                f"{name} has shape {shape_of(map_)} beside {x_name} {shape_of(x)} and v "
                f"{shape_of(v)}, needs (features of {x_name}, length of v)"
            )
    from_query = matmul(accumulating(query), accumulating(w_query))  # (..., n, hidden)
    from_key = matmul(accumulating(key), accumulating(w_key))  # (..., m, hidden)
    hidden_layer = xp.tanh(from_query[..., :, None, :] + from_key[..., None, :, :])
    return matmul(hidden_layer, accumulating(v))


def gaussian(query: Array, key: Array, *, bandwidth: float = 1.0) -> Array:
    r"""Score by nearness; softmax makes of it the weights of Nadaraya–Watson regression.

    .. math:: s_{ij} = -\frac{\lVert q_i - k_j \rVert^2}{2 b^2}

    Parameters
    ----------
    query : array of shape (..., n_queries, d)
    key : array of shape (..., n_keys, d)
        Floating point; the leading axes broadcast.
    bandwidth : float
        The ``b`` above: keys further away than a few ``b`` weigh next to nothing.

    Returns
    -------
    array of shape (..., n_queries, n_keys)

    Raises
    ------
    TypeError, ValueError
        As `dot`, or ``bandwidth`` is not above 0.

    Notes
    -----
    The differences are formed, not ``‖q‖² − 2 q·k + ‖k‖²``, which cancels for near points;
    memory is ``n_queries · n_keys · d`` numbers.

    References
    ----------
    Nadaraya 1964, "On Estimating Regression"; Watson 1964, "Smooth Regression Analysis".

    Examples
    --------
    >>> import numpy as np
    >>> gaussian(np.array([[0.0]]), np.array([[0.0], [1.0], [2.0]]))
    array([[-0. , -0.5, -2. ]])
    """
    xp = _check(query=query, key=key)
    check_widths(shape_of(query), shape_of(key))
    _check_leading(query, key)
    scale = check_number("bandwidth", bandwidth, positive=True) * 2**0.5
    between = accumulating(query)[..., :, None, :] - accumulating(key)[..., None, :, :]
    return -xp.sum((between / scale) ** 2, axis=-1)


def _check(**arrays: Array) -> Any:
    xp = check_arrays(**arrays)
    for name in ("query", "key"):
        if arrays[name].ndim < 2:
            raise ValueError(
                f"{name} has shape {shape_of(arrays[name])}, needs at least two axes "
                "(..., length, features)"
            )
    return xp


def _check_leading(query: Array, key: Array) -> None:
    if broadcast(shape_of(query)[:-2], shape_of(key)[:-2]) is None:
        raise ValueError(
            f"query has leading axes {shape_of(query)[:-2]} but key has {shape_of(key)[:-2]}: "
            "they must be equal or 1"
        )


def _check_map(name: str, w: Array, *, query: Array, key: Array) -> None:
    if shape_of(w) != (query.shape[-1], key.shape[-1]):
        raise ValueError(
            f"{name} has shape {shape_of(w)} beside query {shape_of(query)} and key "
            f"{shape_of(key)}, needs (features of query, features of key)"
        )
