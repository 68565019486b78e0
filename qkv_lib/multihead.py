r"""Multi-head attention on plain arrays: project, split, attend, merge, project.

.. math::
    \begin{aligned}
    &\mathrm{MultiHead}(X, Y) \\
    &\qquad = \mathrm{concat}(O_1, \dots, O_h)\, W_O \\
    &O_i = \mathrm{Attention}(X W_Q^{(i)}, Y W_K^{(i)}, Y W_V^{(i)})
    \end{aligned}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qkv_lib.attention import attention
from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.checks import check_arrays
from qkv_lib.formula.heads import merge_heads, split_heads

__all__ = ["multi_head_attention"]


def multi_head_attention(
    x_query: Array,
    x_key_value: Array,
    w_q: Array,
    w_k: Array,
    w_v: Array,
    w_o: Array,
    *,
    n_heads: int,
    n_kv_heads: int | None = None,
    rotate: Callable[[Array], Array] | None = None,
    **options: Any,
) -> Array:
    r"""Attend in several heads at once, each with projections of its own.

    Parameters
    ----------
    x_query : array of shape (..., n_queries, d_model)
        What the queries are made from.
    x_key_value : array of shape (..., n_keys, d_source)
        What keys and values are made from; ``x_query`` itself in self-attention.
    w_q : array of shape (d_model, h · d_k)
    w_k : array of shape (d_source, g · d_k)
    w_v : array of shape (d_source, g · d_v)
    w_o : array of shape (h · d_v, d_out)
        The learned maps; rows are vectors, so they multiply from the right.
    n_heads : int
        The number of query heads ``h``.
    n_kv_heads : int, optional
        The number of key and value heads ``g``, which must divide ``h``; ``h`` by default.
    rotate : callable, optional
        Applied to the queries and to the keys of all heads, for example
        `qkv_lib.formula.positions.rope`.
    **options
        Options of `qkv_lib.attention`: ``mask``, ``bias``, ``causal``, ``window``, …

    Returns
    -------
    array of shape (..., n_queries, d_out)

    Raises
    ------
    TypeError, ValueError
        An operand is no floating-point array, holds NaN, or does not fit its neighbour; heads
        do not divide the features; an option is not what `qkv_lib.attention` needs.

    Notes
    -----
    The heads are column blocks of the four matrices, so their number changes no parameter count.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", section 3.2.2.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(3, 8)), rng.normal(size=(5, 8))
    >>> w = rng.normal(size=(4, 8, 8))
    >>> multi_head_attention(x, y, *w, n_heads=2).shape
    (3, 8)
    """
    check_arrays(x_query=x_query, x_key_value=x_key_value, w_q=w_q, w_k=w_k, w_v=w_v, w_o=w_o)
    query = split_heads(project(x_query, w_q, "x_query", "w_q"), n_heads)  # (..., h, n, d)
    n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    key = split_heads(project(x_key_value, w_k, "x_key_value", "w_k"), n_kv_heads)
    value = split_heads(project(x_key_value, w_v, "x_key_value", "w_v"), n_kv_heads)
    if rotate is not None:
        query, key = rotate(query), rotate(key)
    heads = attention(query, key, value, **options)  # (..., h, n, e)
    return project(merge_heads(heads), w_o, "the heads' output", "w_o")


def project(x: Array, w: Array, x_name: str, w_name: str) -> Array:
    """Return ``x @ w``, after a check that names both."""
    if x.ndim < 2 or w.ndim != 2 or x.shape[-1] != w.shape[0]:
        raise ValueError(
            f"{x_name} has shape {shape(x)} and {w_name} {shape(w)}: the last axis of {x_name} "
            f"(..., length, features) must equal the first of {w_name} (features, features out)"
        )
    return x @ w
