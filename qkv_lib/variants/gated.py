r"""Gated attention: what a head found is let through, or not, by a gate from the token itself.

.. math:: o_i = \sigma(g_i) \odot \sum_j a_{ij}\, v_j

The weights of a row still sum to 1. The gate decides afterwards how much of the result counts.
"""

from __future__ import annotations

from typing import Any

from qkv_lib.attention import attention
from qkv_lib.formula.arrays import Array, accumulating, namespace, shape
from qkv_lib.formula.checks import check_arrays

__all__ = ["gated_attention"]


def gated_attention(query: Array, key: Array, value: Array, gate: Array, **options: Any) -> Array:
    r"""Return attention times a gate between 0 and 1.

    .. math:: \sigma(G) \odot \mathrm{Attention}(Q, K, V)

    Parameters
    ----------
    query, key, value : array
        As in `qkv_lib.attention`.
    gate : array of shape (..., h, n_queries, d_v) or (..., h, n_queries, 1)
        Before the sigmoid; a learned map of the token that asks. The last axis is 1 for one gate
        a head.
    **options
        ``mask``, ``bias``, ``causal``, … as in `qkv_lib.attention`.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)

    Raises
    ------
    TypeError, ValueError
        As `qkv_lib.attention`; ``gate`` does not fit the output.

    References
    ----------
    Qiu et al. 2025, "Gated Attention for Large Language Models", section 2.2 (the gate after the
    weighted sum).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0]])
    >>> gated_attention(x, x, x, np.array([[-100.0], [100.0]])).round(2)
    array([[0.  , 0.  ],
           [1.97, 2.97]])
    """
    xp = check_arrays(query=query, gate=gate)
    output = attention(query, key, value, **options)
    if shape(gate) not in (shape(output), (*shape(output)[:-1], 1)):
        raise ValueError(
            f"gate has shape {shape(gate)}, needs {shape(output)} or {(*shape(output)[:-1], 1)}"
        )
    open_ = 0.5 * (1 + namespace(gate).tanh(0.5 * accumulating(gate)))  # σ, without overflow
    return xp.astype(open_ * accumulating(output), query.dtype)
