r"""Learned sinks: a head may attend to nothing.

.. math:: a_{ij} = \frac{e^{s_{ij}}}{e^{\beta} + \sum_l e^{s_{il}}}

One more term stands under the fraction, so the weights of a row sum to less than 1. With
``β = 0`` it is the softmax "plus one"; gpt-oss learns one ``β`` for each head.
"""

from __future__ import annotations

import math
from typing import Any

from qkv_lib.attention import attention, attention_steps
from qkv_lib.formula.arrays import Array, accumulating, heads, namespace, shape
from qkv_lib.formula.checks import check_array, check_kinds

__all__ = ["sink_attention", "sink_attention_by_key"]


def sink_attention(
    query: Array, key: Array, value: Array, *, sink: Array | float = 0.0, **options: Any
) -> Array:
    r"""Return attention with a sink: the softmax output, scaled down by how little it found.

    .. math:: o_i = \sigma(L_i - \beta)\; \sum_j \mathrm{softmax}_j(s_{ij})\, v_j

    Parameters
    ----------
    query, key, value : array
        As in `qkv_lib.attention`.
    sink : float, or array of shape (h,)
        ``β``; 0 is the softmax plus one, −∞ the usual softmax.
    **options
        ``mask``, ``bias``, ``causal``, … as in `qkv_lib.attention`.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)

    Raises
    ------
    TypeError, ValueError
        As `qkv_lib.attention`; ``sink`` is NaN or +∞, or has not one number per head.

    Notes
    -----
    ``L`` is the log-sum-exp of the row: ``e^L / (e^L + e^β) = σ(L − β)``. A kernel that returns
    ``L`` needs no change. Memory here: all scores, as `qkv_lib.attention_steps`.

    References
    ----------
    Xiao et al. 2023, "Efficient Streaming Language Models with Attention Sinks", section 3.3
    (``β = 0``); OpenAI 2025, "gpt-oss-120b & gpt-oss-20b Model Card" (learned).

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones((1, 1))
    >>> sink_attention(0 * one, one, one)           # the score 0, beside a sink of 0
    array([[0.5]])
    """
    beta = _per_row(query, sink)
    steps = attention_steps(query, key, value, **options)
    xp = namespace(steps.output)
    nothing = steps.logsumexp == -xp.inf  # a row that sees no key is 0 beside any sink
    found = xp.where(nothing, 0.0, steps.logsumexp)
    share = xp.where(nothing, 0.0, _sigmoid(found - beta))[..., None]  # (..., h, n, 1)
    return xp.astype(accumulating(steps.output) * share, query.dtype)


def sink_attention_by_key(
    query: Array, key: Array, value: Array, *, sink: Array | float = 0.0, **options: Any
) -> Array:
    """Return the same as attention to one more key, whose score is ``β`` and whose value is 0.

    Parameters
    ----------
    query, key, value, sink
        Parameters, errors and conventions are those of `sink_attention`.
    **options
        ``mask``, ``bias``, ``causal``, … as there.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0]])
    >>> np.allclose(sink_attention_by_key(x, x, x, sink=7.0), sink_attention(x, x, x, sink=7.0))
    True
    """
    beta = _per_row(query, sink)
    steps = attention_steps(query, key, value, **options)
    xp = namespace(steps.masked)
    scores = steps.masked  # (..., h, n, m): scaled, capped, with bias and masks
    column = xp.broadcast_to(
        xp.astype(xp.asarray(beta, device=scores.device), scores.dtype), shape(scores)[:-1]
    )[..., None]
    extended = xp.concat([column, scores], axis=-1)
    nothing = xp.zeros_like(value[..., :1, :])
    values = xp.concat([nothing, value], axis=-2)
    empty = xp.zeros_like(xp.concat([key[..., :1, :], key], axis=-2))  # its scores are the bias
    if not key.shape[-2]:
        return xp.astype(xp.zeros_like(steps.output), query.dtype)
    hidden = xp.isinf(extended) & (extended < 0)
    bias = xp.where(hidden, 0.0, extended)
    return attention(query, empty, values, mask=~hidden, bias=bias, scale=0.0)


def _per_row(query: Array, sink: Array | float) -> Array | float:
    """Check the sink; return it as one number, or as one a head beside the queries: (h, 1)."""
    if isinstance(sink, (int, float)) and not isinstance(sink, bool):
        if math.isnan(sink) or sink == math.inf:
            raise ValueError(f"sink is {sink}, needs a number or −∞")
        xp = namespace(query)
        number = xp.asarray(float(sink), dtype=accumulating(query[..., :0]).dtype)
        return number if not hasattr(query, "device") else xp.asarray(number, device=query.device)
    xp = check_array("sink", sink)
    check_kinds(query=query, sink=sink)
    if shape(sink) != (heads(query),):
        raise ValueError(
            f"sink has shape {shape(sink)}, needs ({heads(query)},): one number per head"
        )
    if bool(xp.any(xp.isnan(sink) | (sink == xp.inf))):
        raise ValueError("sink holds NaN or +∞, needs numbers or −∞")
    column = accumulating(sink)[:, None]  # (h, 1)
    return column if query.ndim > 2 else column[0]


def _sigmoid(x: Array) -> Array:
    """Return ``1 / (1 + e^−x)``; no exponent is above 0."""
    xp = namespace(x)
    small = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1 / (1 + small), small / (1 + small))
