r"""Linear attention: another kernel, so another answer, at a cost linear in the length.

.. math:: o_i = \frac{\phi(q_i) \sum_j \phi(k_j)^\top v_j}{\phi(q_i) \sum_j \phi(k_j)^\top}

Softmax attention weighs a key by ``exp(q · k / √d)``. Replace that by ``φ(q) · φ(k)`` and the sum
over keys can be taken once, before any query is known. No ``φ`` of finite width equals the
exponential: this is **not** the attention of `qkv_lib.attention`, computed faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qkv_lib.formula._fit import check_query_key_value
from qkv_lib.formula._numbers import has_numbers
from qkv_lib.formula.arrays import Array, accumulating, heads, matmul, namespace, shape
from qkv_lib.formula.checks import check_array, check_arrays, check_flag
from qkv_lib.formula.masks import causal_mask
from qkv_lib.formula.steps import normalise

__all__ = ["elu_plus_one", "kernel_weights", "linear_attention"]


def elu_plus_one(x: Array) -> Array:
    r"""Map features to positive ones.

    .. math:: \phi(x) = \mathrm{elu}(x) + 1 = \begin{cases} x + 1 & x > 0 \\ e^x & x \le 0
              \end{cases}

    Parameters
    ----------
    x : floating-point array of any shape

    Returns
    -------
    array of the same shape

    Raises
    ------
    TypeError
        ``x`` is no array.

    References
    ----------
    Katharopoulos et al. 2020, "Transformers are RNNs", equation 7.

    Examples
    --------
    >>> import numpy as np
    >>> elu_plus_one(np.array([-1.0, 0.0, 2.0])).round(3)
    array([0.368, 1.   , 3.   ])
    """
    xp = check_array("x", x)
    return xp.where(x > 0, x + 1.0, xp.exp(xp.where(x > 0, 0.0, x)))


def linear_attention(
    query: Array,
    key: Array,
    value: Array,
    *,
    causal: bool = False,
    feature_map: Callable[[Array], Array] = elu_plus_one,
) -> Array:
    r"""Return the values averaged under the kernel ``φ(q) · φ(k)``; not softmax attention.

    .. math:: o_i = \frac{\phi(q_i) \sum_j \phi(k_j)^\top v_j}{\phi(q_i) \sum_j \phi(k_j)^\top}

    Parameters
    ----------
    query : array of shape (..., h, n_queries, d_k)
    key : array of shape (..., h, n_keys, d_k)
    value : array of shape (..., h, n_keys, d_v)
        As in `qkv_lib.attention`; as many key heads as query heads, or one.
    causal : bool
        Sum over the keys ``j ≤ i`` only, by prefix sums; needs as many queries as keys.
    feature_map : callable
        ``φ``, applied to queries and keys; its result must not be negative.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)
        In the dtype of ``query``. A query whose kernel is 0 for every key gets 0.

    Raises
    ------
    TypeError, ValueError
        The operands are not what `qkv_lib.attention` needs, key heads are shared by groups,
        lengths differ although ``causal``, or ``feature_map`` returned a negative number.

    Notes
    -----
    Cost: ``h · (n + m) · d · d_v`` multiplications, against ``h · n · m · (d_k + d_v)``. The
    causal form keeps every prefix sum, ``h · n · d · d_v`` numbers. Half precision is
    accumulated in float32; long prefix sums lose digits that a softmax row would keep.

    References
    ----------
    Katharopoulos et al. 2020, "Transformers are RNNs", equations 5, 6, 9 and 10.

    Examples
    --------
    Another kernel, another answer:

    >>> import numpy as np
    >>> from qkv_lib import attention
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> linear_attention(x, x, x)[0].round(2), attention(x, x, x)[0].round(2)
    (array([2.8, 3.8]), array([3.86, 4.86]))
    """
    q, k = _features(query, key, value, causal, feature_map)
    v = accumulating(value)
    xp = namespace(q)
    if causal:
        summed = xp.cumsum(k[..., :, None] * v[..., None, :], axis=-3)  # (..., n, d, e)
        total = xp.cumsum(k, axis=-2)  # (..., n, d)
        output = matmul(q[..., None, :], summed)[..., 0, :]  # (..., n, e)
    else:
        total = xp.sum(k, axis=-2, keepdims=True)  # (..., 1, d)
        output = matmul(q, matmul(k.mT, v))  # (..., n, e)
    return xp.astype(normalise(output, xp.sum(q * total, axis=-1, keepdims=True)), query.dtype)


def kernel_weights(
    query: Array,
    key: Array,
    *,
    causal: bool = False,
    feature_map: Callable[[Array], Array] = elu_plus_one,
) -> Array:
    r"""Return the weights that `linear_attention` uses but never builds.

    .. math:: a_{ij} = \frac{\phi(q_i) \cdot \phi(k_j)}{\sum_l \phi(q_i) \cdot \phi(k_l)}

    Parameters
    ----------
    query, key, causal, feature_map
        Parameters, errors and conventions are those of `linear_attention`.

    Returns
    -------
    array of shape (..., h, n_queries, n_keys)
        Each row sums to 1. ``weights @ value`` is `linear_attention`, at quadratic cost.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> kernel_weights(x, x)[0].round(4)
    array([0.1585, 0.2195, 0.2805, 0.3415])
    """
    q, k = _features(query, key, key, causal, feature_map)
    xp = namespace(q)
    kernel = matmul(q, k.mT)  # (..., n, m)
    if causal:
        kernel = xp.where(causal_mask(kernel.shape[-1], like=kernel), kernel, 0.0)
    return normalise(kernel, xp.sum(kernel, axis=-1, keepdims=True))


def _features(
    query: Array, key: Array, value: Array, causal: bool, feature_map: Callable[[Array], Array]
) -> tuple[Array, Array]:
    """Check the operands and return the features of queries and keys."""
    check_query_key_value(query, key, value)
    xp: Any = check_arrays(query=query, key=key, value=value)
    if heads(key) not in (1, heads(query)):
        raise ValueError(
            f"query has {heads(query)} heads but key has {heads(key)}: shapes {shape(query)} and "
            f"{shape(key)}; linear attention needs as many key heads as query heads, or one"
        )
    if check_flag("causal", causal) and query.shape[-2] != key.shape[-2]:
        raise ValueError(
            f"query has {query.shape[-2]} rows but key has {key.shape[-2]}: shapes {shape(query)} "
            f"and {shape(key)}; causal linear attention needs as many queries as keys"
        )
    features = feature_map(accumulating(query)), feature_map(accumulating(key))
    if any(has_numbers(x) and bool(xp.any(x < 0)) for x in features):
        raise ValueError("feature_map returned a negative number, so weights could be negative")
    return features
