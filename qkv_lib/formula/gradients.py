r"""Gradients of attention by hand: the chain rule written out, no autograd.

With :math:`A = \mathrm{softmax}(S)` and :math:`O = A V`:

.. math::
    \begin{aligned}
    dV &= A^\top dO \\
    dA &= dO\, V^\top \\
    dS &= A \odot (dA - \mathrm{rowsum}(dA \odot A)) \\
    dQ &= \tfrac{1}{\sqrt{d_k}}\, dS\, K \\
    dK &= \tfrac{1}{\sqrt{d_k}}\, dS^\top Q
    \end{aligned}
"""

from __future__ import annotations

from typing import Any, NamedTuple

from qkv_lib.formula._door import check_call
from qkv_lib.formula.arrays import Array, Shape, accumulating, heads, matmul, namespace, shape
from qkv_lib.formula.checks import check_array, check_arrays
from qkv_lib.formula.heads import fold_groups, grouped_matmul
from qkv_lib.formula.steps import plain

__all__ = ["AttentionGradients", "attention_gradients", "softmax_gradient", "softmax_jacobian"]


class AttentionGradients(NamedTuple):
    """What a small change of each operand does to the loss.

    Attributes
    ----------
    query : array of the query's shape and dtype
    key : array of the key's shape and dtype
    value : array of the value's shape and dtype
    bias : array of the bias' shape and dtype, or None
        None where attention had no bias.
    """

    query: Array
    key: Array
    value: Array
    bias: Array | None


def attention_gradients(
    query: Array,
    key: Array,
    value: Array,
    output_gradient: Array,
    *,
    bias: Array | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    **options: Any,
) -> AttentionGradients:
    r"""Return the gradients of a loss, given its gradient at the output of `qkv_lib.attention`.

    .. math::
        \begin{aligned}
        dA &= dO\, V^\top \\
        dS &= A \odot (dA - \mathrm{rowsum}(dA \odot A))
        \end{aligned}

    Parameters
    ----------
    query, key, value : array
        The operands of `qkv_lib.attention`.
    output_gradient : array of shape (..., h, n_queries, d_v)
        ``dO``, of the shape and dtype of the output.
    bias, scale, softcap
        Options of `qkv_lib.attention`.
    **options
        Its other options: ``mask``, ``causal``, ``offset``, ``window``, ``key_lengths``.

    Returns
    -------
    AttentionGradients
        A named tuple of ``query``, ``key``, ``value`` and ``bias``. Where heads or batch
        elements share an operand, its gradient is the sum over all that use it. Masked
        entries, and queries that may attend to nothing, contribute 0.

    Raises
    ------
    TypeError, ValueError
        As `qkv_lib.attention`; or ``output_gradient`` is not of the output's library, shape
        and dtype, or holds NaN.

    Notes
    -----
    Half precision is accumulated in float32. Cost: six products of ``h · n · m · d``
    multiplications, two of them the forward pass; memory as `attention_steps`.

    References
    ----------
    Dao et al. 2022, "FlashAttention", appendix B.2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> gradients = attention_gradients(x, x, x, np.ones((4, 2)))
    >>> gradients.value.sum(axis=1).round(2)       # the last value matters most
    array([0.  , 0.03, 0.29, 7.68])
    """
    call = check_call(query, key, value, bias=bias, scale=scale, softcap=softcap, **options)
    steps = plain(call)
    check_arrays(query=query, output_gradient=output_gradient)
    if shape(output_gradient) != shape(steps.output):
        raise ValueError(
            f"output_gradient has shape {shape(output_gradient)}, needs that of the output: "
            f"{shape(steps.output)}"
        )
    d_output = accumulating(output_gradient)
    d_weights = grouped_matmul(d_output, call.value.mT)  # (..., h, n, m)
    d_masked = softmax_gradient(steps.weights, d_weights)
    d_scaled = d_masked if softcap is None else d_masked * (1 - (steps.capped / softcap) ** 2)
    d_scores = d_scaled * call.scale
    g = heads(key)
    return AttentionGradients(
        query=_sum_like(grouped_matmul(d_scores, call.key), query),
        key=_sum_like(_transposed_matmul(d_scores, call.query, g), key),
        value=_sum_like(_transposed_matmul(steps.weights, d_output, g), value),
        bias=None if bias is None else _sum_like(d_masked, bias),
    )


def softmax_gradient(weights: Array, weights_gradient: Array) -> Array:
    r"""Return the gradient at the scores, given the weights and the gradient at the weights.

    .. math:: dS = A \odot (dA - \mathrm{rowsum}(dA \odot A))

    Parameters
    ----------
    weights : array of shape (..., n_keys)
        ``A``, rows of a softmax.
    weights_gradient : array of the same shape
        ``dA``.

    Returns
    -------
    array of the same shape
        ``dA`` times `softmax_jacobian`, row by row, without building the matrix. It sums to 0
        along each row; entries of weight 0 get 0.

    Examples
    --------
    >>> import numpy as np
    >>> softmax_gradient(np.array([0.25, 0.75]), np.array([1.0, 0.0]))
    array([ 0.1875, -0.1875])
    """
    xp = namespace(weights)
    mean = xp.sum(weights_gradient * weights, axis=-1, keepdims=True)
    return weights * (weights_gradient - mean)


def softmax_jacobian(weights: Array) -> Array:
    r"""Return how each weight answers to each score.

    .. math:: \frac{\partial a_i}{\partial s_j} = a_i (\delta_{ij} - a_j)

    Parameters
    ----------
    weights : array of shape (..., n_keys)
        Rows of a softmax.

    Returns
    -------
    array of shape (..., n_keys, n_keys)
        ``diag(a) − a aᵀ``: symmetric, each row sums to 0.

    Raises
    ------
    TypeError
        ``weights`` is no array.

    Notes
    -----
    On the diagonal, ``1 − a_i`` is formed as the sum of the other weights: where one weight is
    nearly 1, the difference would be lost to rounding.

    Examples
    --------
    >>> import numpy as np
    >>> softmax_jacobian(np.array([0.25, 0.75]))
    array([[ 0.1875, -0.1875],
           [-0.1875,  0.1875]])
    """
    xp = check_array("weights", weights)
    device = weights.device
    identity = xp.eye(weights.shape[-1], dtype=weights.dtype, device=device)
    others = weights[..., :, None] * weights[..., None, :] * (1 - identity)
    return identity * xp.sum(others, axis=-1, keepdims=True) - others


def _transposed_matmul(left: Array, right: Array, g: int) -> Array:
    """Return ``leftᵀ @ right``, summed over the heads that share one of ``g`` key heads."""
    return matmul(fold_groups(left, g).mT, fold_groups(right, g))


def _sum_like(gradient: Array, operand: Array) -> Array:
    """Undo broadcasting: sum over the axes along which ``operand`` was repeated; keep its dtype."""
    xp = namespace(gradient)
    target: Shape = (1,) * (gradient.ndim - operand.ndim) + shape(operand)
    repeated = tuple(i for i, size in enumerate(target) if gradient.shape[i] != size)
    summed = xp.sum(gradient, axis=repeated, keepdims=True) if repeated else gradient
    return xp.astype(xp.reshape(summed, shape(operand)), operand.dtype)
