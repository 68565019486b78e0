r"""Differential attention: the difference of two maps, so that what both share counts less.

.. math:: O = \big(\mathrm{softmax}(S_1) - \lambda\, \mathrm{softmax}(S_2)\big)\, V
"""

from __future__ import annotations

import math
from typing import Any

from qkv_lib.attention import attention, attention_steps
from qkv_lib.formula.arrays import Array, accumulating, heads, namespace, shape
from qkv_lib.formula.checks import check_count, check_number

__all__ = ["differential_attention", "differential_weights", "first_strength"]


def differential_attention(
    query: Array, key: Array, value: Array, *, strength: float, **options: Any
) -> Array:
    r"""Return what one map finds, less ``λ`` times what the other finds.

    .. math::
        \begin{aligned}
        &\mathrm{Attention}(Q_1, K_1, V) \\
        &\qquad - \lambda\, \mathrm{Attention}(Q_2, K_2, V)
        \end{aligned}

    Parameters
    ----------
    query : array of shape (..., 2 h, n_queries, d_k)
        The ``h`` first heads make the first maps, the others the second.
    key : array of shape (..., 2 g, n_keys, d_k)
    value : array of shape (..., g, n_keys, d_v)
        Both maps of a head share its values.
    strength : float
        ``λ``; learned, see `first_strength`.
    **options
        ``mask``, ``bias``, ``causal``, … as in `qkv_lib.attention`, for ``h`` heads; both maps
        take them.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)

    Raises
    ------
    TypeError, ValueError
        As `qkv_lib.attention`; the heads of query or key are odd in number.

    Notes
    -----
    Two calls of any exact kernel. The paper follows it by a norm of each head and a factor
    ``1 − λ_first``.

    References
    ----------
    Ye et al. 2025, "Differential Transformer", equation 1.

    Examples
    --------
    Two equal maps and ``λ = 1``: nothing is left.

    >>> import numpy as np
    >>> x = np.array([[[1.0, 2.0], [2.0, 3.0]]])
    >>> twice = np.concatenate([x, x])
    >>> differential_attention(twice, twice, x, strength=1.0)
    array([[[0., 0.],
            [0., 0.]]])
    """
    strength = check_number("strength", strength)
    (q_1, q_2), (k_1, k_2) = _halves("query", query), _halves("key", key)
    first = accumulating(attention(q_1, k_1, value, **options))
    second = accumulating(attention(q_2, k_2, value, **options))
    return namespace(first).astype(first - strength * second, query.dtype)


def differential_weights(
    query: Array, key: Array, value: Array, *, strength: float, **options: Any
) -> Array:
    r"""Return the weights themselves, which may be negative.

    .. math:: \mathrm{softmax}(S_1) - \lambda\, \mathrm{softmax}(S_2)

    Parameters
    ----------
    query, key, value, strength
        Parameters, errors and conventions are those of `differential_attention`.
    **options
        ``mask``, ``bias``, ``causal``, … as there.

    Returns
    -------
    array of shape (..., h, n_queries, n_keys)
        Each row sums to ``1 − λ``. ``weights @ value`` is `differential_attention`.

    Examples
    --------
    >>> import numpy as np
    >>> query, key = np.array([[[2.0]], [[0.0]]]), np.array([[[0.0], [1.0]]] * 2)
    >>> differential_weights(query, key, key[:1], strength=0.5).round(3)
    array([[[-0.131,  0.631]]])
    """
    strength = check_number("strength", strength)
    (q_1, q_2), (k_1, k_2) = _halves("query", query), _halves("key", key)
    first = attention_steps(q_1, k_1, value, **options).weights
    return first - strength * attention_steps(q_2, k_2, value, **options).weights


def first_strength(block: int) -> float:
    r"""Return the ``λ`` that the paper starts a block with.

    .. math:: \lambda_l = 0.8 - 0.6\, e^{-0.3 (l - 1)}

    Parameters
    ----------
    block : int
        ``l``, from 1.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        ``block`` is no integer of at least 1.

    References
    ----------
    Ye et al. 2025, "Differential Transformer", section 2.1.

    Examples
    --------
    >>> round(first_strength(1), 2), round(first_strength(20), 2)
    (0.2, 0.8)
    """
    return 0.8 - 0.6 * math.exp(-0.3 * (check_count("block", block, least=1) - 1))


def _halves(name: str, x: Array) -> tuple[Array, Array]:
    """Return the first and the second half of the heads."""
    if x.ndim < 3 or heads(x) % 2:
        raise ValueError(
            f"{name} has shape {shape(x)}, needs an even number of heads: two maps each"
        )
    half = heads(x) // 2
    return x[..., :half, :, :], x[..., half:, :, :]
