r"""The backward pass from one number per query: FlashAttention's, tile by tile.

.. math::
    \begin{aligned}
    A &= e^{S - L} \\
    D &= \mathrm{rowsum}(dO \odot O) \\
    dS &= A \odot (dO\, V^\top - D)
    \end{aligned}

The forward pass keeps the output ``O`` and the log-sum-exp ``L`` of each row. With ``L`` any tile
of the weights comes back without its neighbours, and no row is normalised again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from qkv_lib.exact._layout import Box, as_slice, cut, lay_out, part
from qkv_lib.formula._call import Call
from qkv_lib.formula._door import check_call
from qkv_lib.formula.arrays import Array, accumulating, heads, matmul, namespace, shape
from qkv_lib.formula.checks import check_arrays, check_count
from qkv_lib.formula.steps import dot_scores, mask_scores, soft_cap

__all__ = ["TiledGradients", "tiled_gradients"]


class TiledGradients(NamedTuple):
    """What a small change of each operand does to the loss.

    Attributes
    ----------
    query : array of the query's shape and dtype
    key : array of the key's shape and dtype
    value : array of the value's shape and dtype
    """

    query: Array
    key: Array
    value: Array


def tiled_gradients(
    query: Array,
    key: Array,
    value: Array,
    output_gradient: Array,
    *,
    output: Array,
    logsumexp: Array,
    query_block: int = 256,
    key_block: int = 512,
    **options: Any,
) -> TiledGradients:
    r"""Return the gradients of attention from its output and the log-sum-exp of its rows.

    .. math::
        \begin{aligned}
        A_{ij} &= e^{s_{ij} - L_i} \\
        dS_{ij} &= A_{ij}\, (dO_i \cdot v_j - D_i) \\
        D_i &= dO_i \cdot O_i
        \end{aligned}

    Parameters
    ----------
    query, key, value : array
        The operands of `qkv_lib.attention`.
    output_gradient : array of shape (..., h, n_queries, d_v)
        ``dO``.
    output : array of shape (..., h, n_queries, d_v)
        ``O``, as the forward pass returned it.
    logsumexp : array of shape (..., h, n_queries)
        ``L``, as `qkv_lib.attention_steps` returns it; −∞ for a query that sees no key.
    query_block, key_block : int
        Queries and keys of a tile.
    **options
        The options of `qkv_lib.attention` that the forward pass had.

    Returns
    -------
    TiledGradients
        What `qkv_lib.formula.gradients.attention_gradients` returns for the three operands.

    Raises
    ------
    TypeError, ValueError
        As `qkv_lib.attention`; an array has not the shape of the output, or of its rows; an
        offset for each batch element is given.

    Notes
    -----
    ``D`` stands for the row sum of ``dA ⊙ A`` that the textbook takes over all keys: it is the
    same number, ``Σ_j A_ij (dO_i · v_j) = dO_i · O_i``, and needs no tile. Memory beyond the
    gradients: one tile. Cost: five products, against two of the forward pass.

    References
    ----------
    Dao et al. 2022, "FlashAttention", algorithm 4 and appendix B.2; the log-sum-exp in place of
    peak and sum: Dao 2023, "FlashAttention-2", algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> from qkv_lib import attention_steps
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> steps = attention_steps(x, x, x)
    >>> kept = {"output": steps.output, "logsumexp": steps.logsumexp}
    >>> tiled_gradients(x, x, x, np.ones((4, 2)), **kept, key_block=3).value.sum(axis=1).round(2)
    array([0.  , 0.03, 0.29, 7.68])
    """
    call = check_call(query, key, value, **options)
    check_arrays(query=query, output=output, output_gradient=output_gradient)
    rows = (*call.sizes[:-1], value.shape[-1])
    for name, each, needed in (
        ("output", output, rows), ("output_gradient", output_gradient, rows),
        ("logsumexp", logsumexp, rows[:-1]),
    ):  # fmt: skip
        if shape(each) != needed:
            raise ValueError(f"{name} has shape {shape(each)}, needs {needed}")
    if call.band.varies:
        raise ValueError("offset has one number per batch element: hand the elements in one by one")
    blocks = (
        check_count("query_block", query_block, least=1),
        check_count("key_block", key_block, least=1),
    )
    return _sweep(call, accumulating(output_gradient), accumulating(output), logsumexp, blocks)


def _sweep(
    call: Call, d_output: Array, output: Array, logsumexp: Array, blocks: tuple[int, int]
) -> TiledGradients:
    """Visit every tile once, and add what it gives to the three gradients."""
    xp = namespace(call.query)
    whole = lay_out(call)  # (*batch, g, h / g, n, d), keys (*batch, g, 1, m, d)
    *leading, n, m = whole.sizes
    d_out, out = (xp.reshape(x, (*leading, n, x.shape[-1])) for x in (d_output, output))
    L = xp.reshape(logsumexp, (*leading, n))[..., None]
    L = xp.where(xp.isinf(L), 0.0, L)  # a query that sees nothing: its weights are e^−∞ = 0
    D = xp.sum(d_out * out, axis=-1, keepdims=True)  # (..., n, 1)
    dQ, dK, dV = (
        xp.zeros((*leading, x.shape[-2], x.shape[-1]), dtype=x.dtype, device=x.device)
        for x in (whole.query, whole.key, whole.value)
    )
    everywhere: Box = tuple(slice(0, size) for size in leading)
    for rows in cut(range(n), blocks[0]):
        i = (..., as_slice(rows), slice(None))
        for columns in cut(whole.band.keys(rows, m), blocks[1]):
            j = (..., as_slice(columns), slice(None))
            tile = part(whole, everywhere, rows, columns)
            A, slope = _weights(tile, L[i])
            dA = matmul(d_out[i], tile.value.mT)
            dS = A * (dA - D[i])
            dS = dS * slope * tile.scale
            dQ[i] += matmul(dS, tile.key)
            dK[j] += matmul(dS.mT, tile.query)
            dV[j] += matmul(A.mT, d_out[i])
    return TiledGradients(
        _like(dQ, call.query, call), _like(dK, call.key, call), _like(dV, call.value, call)
    )


def _weights(tile: Call, logsumexp: Array) -> tuple[Array, Array | float]:
    """Return ``e^(S − L)`` of a tile, and the slope of the soft cap."""
    xp = namespace(tile.query)
    capped = soft_cap(dot_scores(tile.query, tile.key) * tile.scale, tile.softcap)
    slope = 1.0 if tile.softcap is None else 1 - (capped / tile.softcap) ** 2
    return xp.exp(mask_scores(capped, tile.seen(), tile.bias) - logsumexp), slope


def _like(gradient: Array, operand: Array, call: Call) -> Array:
    """Sum over all that share an operand, and give it the operand's shape and dtype."""
    xp = namespace(gradient)
    g = heads(operand)
    if g != heads(call.query):  # laid out as (*batch, g, h / g, …): keys serve a group
        gradient = xp.sum(gradient, axis=-3, keepdims=True)
    whole = xp.reshape(gradient, (*gradient.shape[:-4], g, *gradient.shape[-2:]))
    target = (1,) * (whole.ndim - operand.ndim) + shape(operand)
    repeated = tuple(i for i, size in enumerate(target) if whole.shape[i] != size)
    whole = xp.sum(whole, axis=repeated, keepdims=True) if repeated else whole
    return xp.astype(xp.reshape(whole, shape(operand)), call.dtype)
