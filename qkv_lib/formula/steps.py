r"""Attention step by step: every formula once, on NumPy arrays and torch tensors alike.

.. math:: \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V

Shapes: ``(..., heads, length, d)``. In the bodies ``h`` heads, ``n`` queries, ``m`` keys,
``d`` width of queries and keys, ``e`` width of values. Nothing is checked here; the doors are
`qkv_lib.attention` and `qkv_lib.attention_steps`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from qkv_lib.formula._call import Call, without_overflow
from qkv_lib.formula.arrays import Array, accumulating, library, namespace
from qkv_lib.formula.checks import check_scores
from qkv_lib.formula.heads import grouped_matmul

__all__ = ["AttentionSteps", "softmax"]


class AttentionSteps(NamedTuple):
    """All that attention computes on its way, in order.

    Attributes
    ----------
    scores : array of shape (..., h, n_queries, n_keys)
        ``Q Kᵀ``: one dot product a query and key.
    scaled : array of the same shape
        ``scores · scale``.
    capped : array of the same shape
        ``softcap · tanh(scaled / softcap)``; equal to ``scaled`` without a soft cap.
    masked : array of the same shape
        ``capped + bias``, and −∞ wherever the query may not attend to the key.
    weights : array of the same shape
        ``softmax(masked)`` along the keys: each row sums to 1, or is 0 where all is masked.
    output : array of shape (..., h, n_queries, d_v)
        ``weights @ V``, in the dtype of the inputs.
    logsumexp : array of shape (..., h, n_queries)
        ``log Σ_j exp(masked_j)``, the number by which blocks of keys are merged; −∞ where all
        is masked.
    """

    scores: Array
    scaled: Array
    capped: Array
    masked: Array
    weights: Array
    output: Array
    logsumexp: Array


def default_scale(d_k: int) -> float:
    """Return ``1 / √d_k``, which keeps the scores' variance at that of the inputs."""
    return 1.0 / math.sqrt(d_k)


def dot_scores(query: Array, key: Array) -> Array:
    """Return ``Q Kᵀ`` of shape (..., h, n, m)."""
    return grouped_matmul(query, key.mT)


def soft_cap(scores: Array, cap: float | None) -> Array:
    """Return ``cap · tanh(scores / cap)``, within ``±cap``; without a cap, the scores."""
    if cap is None:
        return scores
    return cap * namespace(scores).tanh(scores / cap)


def mask_scores(scores: Array, mask: Array | None = None, bias: Array | None = None) -> Array:
    """Return ``scores + bias``, with −∞ wherever ``mask`` is False."""
    xp = namespace(scores)
    if bias is not None:
        scores = scores + xp.astype(bias, scores.dtype)
    if mask is not None:
        scores = xp.where(mask, scores, -xp.inf)
    return scores


def exponentials(scores: Array, *, out: Array | None = None) -> tuple[Array, Array, Array]:
    """Return ``exp(scores − peak)``, the row sums and the row peaks (both with one column).

    Subtracting the row's largest score keeps ``exp`` from overflowing and changes no weight.
    A row of nothing but −∞ has exponentials 0, sum 0 and peak −∞. ``out=scores`` overwrites.
    """
    peak = row_peaks(scores)  # (..., n, 1)
    xp = namespace(scores)
    shifted = xp.subtract(scores, xp.where(peak == -xp.inf, 0.0, peak), out=out)  # (..., n, m)
    unnormalised = xp.exp(shifted) if out is None else _exp_in_place(shifted)
    return unnormalised, xp.sum(unnormalised, axis=-1, keepdims=True), peak


def row_peaks(scores: Array) -> Array:
    """Return the largest score of each row, with one column; −∞ where a row has no scores.

    NumPy finds the place of the largest of a short row in a third of the time that ``max`` takes.
    """
    xp = namespace(scores)
    *leading, m = scores.shape
    if m == 0:
        return xp.full_like(xp.sum(scores, axis=-1, keepdims=True), -xp.inf)
    if library(scores) != "numpy":
        return xp.max(scores, axis=-1, keepdims=True)
    rows = scores.reshape(-1, m)
    return rows[xp.arange(len(rows)), rows.argmax(axis=-1)].reshape(*leading, 1)


def _exp_in_place(x: Array) -> Array:
    """Overwrite ``x`` with ``exp(x)``; in torch as ``2^(x log₂ e)``, which is faster there."""
    xp = namespace(x)
    if library(x) != "torch":
        return xp.exp(x, out=x)
    x *= math.log2(math.e)
    return xp.exp2(x, out=x)


def softmax(scores: Array, *, axis: int = -1) -> Array:
    r"""Turn scores into weights that are positive and sum to 1.

    .. math:: \mathrm{softmax}(s)_j = \frac{e^{s_j}}{\sum_l e^{s_l}}

    Parameters
    ----------
    scores : floating-point array of any shape
        −∞ marks a masked entry.
    axis : int
        The axis that sums to 1; the last one, the keys, by default.

    Returns
    -------
    array of the same shape and dtype
        A row in which everything is −∞ (all masked) is 0 everywhere.

    Raises
    ------
    TypeError
        ``scores`` is no array, or no floating-point array.
    ValueError
        ``scores`` holds NaN or +∞, has no axes, or not the axis asked for.

    Notes
    -----
    The largest score is subtracted first, so no score is too large. Half precision is
    accumulated in float32.

    References
    ----------
    Bridle 1990, "Probabilistic Interpretation of Feedforward Classification Network Outputs".

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.log([[1.0, 2.0, 5.0]])).round(3)
    array([[0.125, 0.25 , 0.625]])
    """
    xp = check_scores(scores, axis)
    rows = xp.moveaxis(accumulating(scores), axis, -1)
    return xp.astype(xp.moveaxis(normalise(*exponentials(rows)[:2]), -1, axis), scores.dtype)


def normalise(unnormalised: Array, total: Array) -> Array:
    """Divide by the row sums; a row whose sum is 0 has nothing to attend to and stays 0."""
    return unnormalised / one_for_zero(total)


def one_for_zero(total: Array) -> Array:
    """Return the row sums, with 1 for 0: what is divided by it stays 0, and its logarithm is 0."""
    return total + (total == 0.0)


def plain(call: Call) -> AttentionSteps:
    """Compute every stage of attention, each whole."""
    scores, scaled, capped, masked = scored(call)
    unnormalised, total, peak = exponentials(masked)
    weights = normalise(unnormalised, total)
    output = averages(weights, call)  # (..., h, n, e)
    logsumexp = (peak + namespace(total).log(one_for_zero(total)))[..., 0]
    return AttentionSteps(scores, scaled, capped, masked, weights, output, logsumexp)


def plain_output(call: Call) -> Array:
    """Compute the output by the same stages, and keep none."""
    unnormalised, total, _ = exponentials(scored(call)[-1])
    return averages(normalise(unnormalised, total), call)


def scored(call: Call) -> tuple[Array, Array, Array, Array]:
    """Return the scores of shape (..., h, n, m) as they are, scaled, capped, and masked."""
    scores = dot_scores(call.query, call.key)
    scaled = scores * call.scale
    capped = soft_cap(scaled, call.softcap)
    return scores, scaled, capped, mask_scores(capped, call.seen(), call.bias)


def averages(weights: Array, call: Call) -> Array:
    """Return ``weights @ V``, in the dtype of the query."""
    if call.huge:
        return without_overflow(lambda small: averages(weights, small), call)
    output = grouped_matmul(weights, call.value)
    return output if output.dtype == call.dtype else namespace(output).astype(output, call.dtype)
