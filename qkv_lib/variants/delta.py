r"""The delta rule: a linear state that corrects what it holds, in place of adding to it.

.. math:: S_t = \alpha_t \big(I - \beta_t\, k_t^\top k_t\big)\, S_{t-1} + \beta_t\, k_t^\top v_t

A state that only adds returns a mixture where keys overlap, or where one key was written twice.
The delta rule first reads what the key has now and writes the difference.
"""

from __future__ import annotations

from typing import Any

from qkv_lib.formula._fit import check_query_key_value
from qkv_lib.formula._numbers import has_numbers
from qkv_lib.formula.arrays import Array, accumulating, matmul, namespace, shape
from qkv_lib.formula.checks import check_arrays, check_count
from qkv_lib.formula.masks import causal_mask

__all__ = ["delta_attention", "delta_attention_by_chunks"]


def delta_attention(
    query: Array,
    key: Array,
    value: Array,
    strength: Array,
    *,
    decay: Array | None = None,
) -> Array:
    r"""Return what each query reads from a state that is corrected token by token.

    .. math::
        \begin{aligned}
        e_t &= v_t - k_t\, \alpha_t S_{t-1} \\
        S_t &= \alpha_t S_{t-1} + \beta_t\, k_t^\top e_t \\
        o_t &= q_t\, S_t
        \end{aligned}

    Parameters
    ----------
    query, key : array of shape (..., n, d_k)
        Keys are expected to have length 1: then ``β = 1`` replaces what the key had.
    value : array of shape (..., n, d_v)
    strength : array of shape (..., n)
        ``β``: how much of the error is written, from 0 to 1; above 2 the state can grow.
    decay : array of shape (..., n), optional
        ``α``, above 0 and at most 1: how much of the state is kept (the gated delta rule); 1 by
        default.

    Returns
    -------
    array of shape (..., n, d_v)
        In the dtype of ``query``.

    Raises
    ------
    TypeError, ValueError
        The operands are not what `qkv_lib.attention` needs; lengths differ; ``strength`` or
        ``decay`` has not one number per token; ``decay`` is not above 0 and at most 1.

    Notes
    -----
    The reference form: ``n`` steps one after the other, ``3 n · d_k · d_v`` multiplications, a
    state of ``d_k · d_v`` numbers whatever ``n`` is.

    References
    ----------
    Schlag et al. 2021, "Linear Transformers Are Secretly Fast Weight Programmers", equation 24;
    with decay: Yang et al. 2025, "Gated Delta Networks", equation 10.

    Examples
    --------
    One key, written twice: the second value replaces the first.

    >>> import numpy as np
    >>> key = np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> delta_attention(key, key, np.array([[3.0], [5.0]]), np.ones(2))
    array([[3.],
           [5.]])
    """
    q, k, v, beta, alpha = _operands(query, key, value, strength, decay)
    xp = namespace(q)
    state: Any = 0.0 * (k[..., 0, :, None] * v[..., 0, None, :])  # (..., d, e)
    rows = []
    for t in range(q.shape[-2]):
        k_t, v_t = k[..., t, None, :], v[..., t, None, :]  # (..., 1, d), (..., 1, e)
        state = alpha[..., t, None, None] * state
        error = v_t - matmul(k_t, state)
        state = state + beta[..., t, None, None] * matmul(k_t.mT, error)
        rows.append(matmul(q[..., t, None, :], state))
    return xp.astype(xp.concat(rows, axis=-2), query.dtype)


def delta_attention_by_chunks(
    query: Array,
    key: Array,
    value: Array,
    strength: Array,
    *,
    decay: Array | None = None,
    chunk: int = 64,
) -> Array:
    r"""Return the same, many tokens at a time: the corrections of a chunk are solved for at once.

    With :math:`g_t = \alpha_1 \cdots \alpha_t` within the chunk and :math:`S` the state before it,
    the corrections :math:`U` solve a triangular system:

    .. math::
        \begin{aligned}
        &u_t + \beta_t \sum_{i<t} \tfrac{g_t}{g_i}\,(k_t \cdot k_i)\, u_i \\
        &\qquad = \beta_t \big(v_t - g_t\, k_t S\big) \\
        &o_t = g_t\, q_t S + \sum_{i \le t} \tfrac{g_t}{g_i}\,(q_t \cdot k_i)\, u_i
        \end{aligned}

    Parameters
    ----------
    query, key, value, strength, decay
        Parameters, errors and conventions are those of `delta_attention`.
    chunk : int
        Tokens at a time.

    Returns
    -------
    array of shape (..., n, d_v)
        What `delta_attention` returns, to rounding.

    Notes
    -----
    Within a chunk it is attention with other weights, and products of whole matrices; between
    chunks it is a recurrence. Models are trained in this form and decode in the other.

    References
    ----------
    Yang et al. 2024, "Parallelizing Linear Transformers with the Delta Rule over Sequence Length",
    section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> key = np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> delta_attention_by_chunks(key, key, np.array([[3.0], [5.0]]), np.ones(2))
    array([[3.],
           [5.]])
    """
    q, k, v, beta, alpha = _operands(query, key, value, strength, decay)
    chunk = check_count("chunk", chunk, least=1)
    xp = namespace(q)
    state: Any = 0.0 * (k[..., 0, :, None] * v[..., 0, None, :])  # (..., d, e)
    outputs = []
    for start in range(0, q.shape[-2], chunk):
        there = slice(start, start + chunk)
        q_c, k_c, v_c = (x[..., there, :] for x in (q, k, v))
        b, kept = beta[..., there, None], xp.cumsum(xp.log(alpha[..., there]), axis=-1)
        g = xp.exp(kept)[..., None]  # (..., c, 1)
        between = _between(kept)  # (..., c, c): g_t / g_i where i ≤ t, else 0
        eye = xp.eye(between.shape[-1], dtype=q.dtype, device=q.device)
        lower = b * between * matmul(k_c, k_c.mT) * (1 - eye)
        wanted = b * (v_c - g * matmul(k_c, state))
        u = xp.linalg.solve(eye + lower, wanted)  # (..., c, e)
        outputs.append(g * matmul(q_c, state) + matmul(between * matmul(q_c, k_c.mT), u))
        last = between[..., -1:, :].mT  # (..., c, 1): what is left of each at the end
        state = g[..., -1:, :] * state + matmul((last * k_c).mT, u)
    return xp.astype(xp.concat(outputs, axis=-2), query.dtype)


def _between(kept: Array) -> Array:
    """Return ``exp(kept_t − kept_i)`` where ``i ≤ t``, and 0 elsewhere."""
    xp = namespace(kept)
    seen = causal_mask(kept.shape[-1], like=kept)
    gaps = kept[..., :, None] - kept[..., None, :]
    return xp.where(seen, xp.exp(xp.where(seen, gaps, 0.0)), 0.0)


def _operands(
    query: Array, key: Array, value: Array, strength: Array, decay: Array | None
) -> tuple[Array, Array, Array, Array, Array]:
    """Check the operands and return them in the dtype of the sums."""
    check_query_key_value(query, key, value)
    xp: Any = check_arrays(query=query, key=key, value=value, strength=strength)
    decay = xp.ones_like(strength) if decay is None else decay
    check_arrays(query=query, decay=decay)
    if shape(query) != shape(key) or not query.shape[-2]:
        raise ValueError(
            f"query has shape {shape(query)} but key has {shape(key)}: the delta rule reads once "
            "for each token that it writes, and needs at least one"
        )
    for name, each in (("strength", strength), ("decay", decay)):
        if shape(each) != shape(key)[:-1]:
            raise ValueError(
                f"{name} has shape {shape(each)}, needs {shape(key)[:-1]}: one number per token"
            )
    if has_numbers(decay) and not bool(xp.all((decay > 0) & (decay <= 1))):
        raise ValueError("decay holds a number that is not above 0 and at most 1")
    q, k, v, beta, alpha = (accumulating(x) for x in (query, key, value, strength, decay))
    return q, k, v, beta, alpha
