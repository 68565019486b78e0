r"""Block-sparse attention: each query chooses a few blocks of keys, by their mean key.

.. math:: r_{iB} = q_i \cdot \tfrac{1}{|B|} \sum_{j \in B} k_j

A query attends to the blocks whose mean it likes best; a causal one always to its own, too.
Everything else is left out, whatever its weight would have been: another answer, which can be
compared with the full one.
"""

from __future__ import annotations

from typing import Any

from qkv_lib.attention import attention
from qkv_lib.formula._fit import check_query_key_value
from qkv_lib.formula.arrays import Array, accumulating, heads, namespace, shape
from qkv_lib.formula.checks import check_count, check_flag
from qkv_lib.formula.heads import grouped_matmul

__all__ = ["chosen_blocks", "sparse_attention", "sparse_attention_by_mask"]


def chosen_blocks(
    query: Array, key: Array, *, block: int, n_chosen: int, causal: bool = False
) -> Array:
    """Return which blocks of keys each query attends to.

    Parameters
    ----------
    query : array of shape (..., h, n_queries, d_k)
    key : array of shape (..., g, n_keys, d_k)
    block : int
        Keys a block; the last one may be shorter.
    n_chosen : int
        Blocks a query attends to; all, where there are no more.
    causal : bool
        Choose among the blocks up to the query's own, which is always taken. Needs as many
        queries as keys.

    Returns
    -------
    boolean array of shape (..., h, n_queries, n_blocks)
        ``n_chosen`` are True in each row, fewer where ``causal`` leaves fewer.

    Raises
    ------
    TypeError, ValueError
        As `qkv_lib.attention`; a number is no integer of at least 1; lengths differ although
        ``causal``.

    References
    ----------
    Lu et al. 2025, "MoBA: Mixture of Block Attention for Long-Context LLMs", equations 5 and 6.

    Examples
    --------
    >>> import numpy as np
    >>> key = np.array([[0.0], [0.0], [5.0], [5.0], [1.0], [1.0]])
    >>> chosen_blocks(np.array([[1.0], [-1.0]]), key, block=2, n_chosen=2).astype(int)
    array([[0, 1, 1],
           [1, 0, 1]])
    """
    sizes = check_query_key_value(query, key, key)
    block = check_count("block", block, least=1)
    n_chosen = check_count("n_chosen", n_chosen, least=1)
    n, m = query.shape[-2], key.shape[-2]
    if check_flag("causal", causal) and n != m:
        raise ValueError(f"query has {n} rows but key has {m}: causal blocks need as many of both")
    xp = namespace(query)
    starts = range(0, m, block)
    k = accumulating(key)
    if not starts:
        return xp.zeros((*sizes[:-1], 0), dtype=xp.bool, device=query.device)
    means = xp.concat([xp.mean(k[..., s : s + block, :], axis=-2, keepdims=True) for s in starts],
                      axis=-2)  # fmt: skip
    liking = grouped_matmul(accumulating(query), means.mT)  # (..., h, n, n_blocks)
    if causal:
        own = xp.arange(n, device=query.device)[:, None] // block
        blocks = xp.arange(len(starts), device=query.device)[None, :]
        liking = xp.where(blocks == own, xp.inf, xp.where(blocks < own, liking, -xp.inf))
    order = xp.argsort(xp.argsort(-liking, axis=-1, stable=True), axis=-1, stable=True)
    return (order < n_chosen) & (liking > -xp.inf)


def sparse_attention_by_mask(
    query: Array, key: Array, value: Array, *, block: int, n_chosen: int, causal: bool = False,
    **options: Any,
) -> Array:  # fmt: skip
    """Return attention to the chosen blocks: the rest is masked, and computed all the same.

    Parameters
    ----------
    query, key, value : array
        As in `qkv_lib.attention`.
    block, n_chosen, causal
        Parameters, errors and conventions are those of `chosen_blocks`.
    **options
        ``scale`` or ``softcap``, as in `qkv_lib.attention`.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)

    Notes
    -----
    The reference form: full cost. `sparse_attention` computes the chosen keys only.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> sparse_attention_by_mask(x, x, x, block=2, n_chosen=1)[0].round(3)
    array([3.893, 4.893])
    """
    chosen = chosen_blocks(query, key, block=block, n_chosen=n_chosen, causal=causal)
    xp = namespace(query)
    m = key.shape[-2]
    seen = xp.repeat(chosen, block, axis=-1)[..., :m]  # (..., h, n, m)
    return attention(query, key, value, mask=seen, causal=causal, **options)


def sparse_attention(
    query: Array, key: Array, value: Array, *, block: int, n_chosen: int, causal: bool = False,
    **options: Any,
) -> Array:  # fmt: skip
    """Return the same from the chosen keys alone, which are gathered for each query.

    Parameters
    ----------
    query, key, value : array
        As in `qkv_lib.attention`, with as many key heads as query heads, or one.
    block, n_chosen, causal
        Parameters, errors and conventions are those of `chosen_blocks`.
    **options
        ``scale`` or ``softcap``, as in `qkv_lib.attention`.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)
        What `sparse_attention_by_mask` returns, to rounding.

    Notes
    -----
    Cost: ``h · n · (m / block + n_chosen · block) · d_k`` multiplications for the scores, against
    ``h · n · m · d_k``. The gathered keys are copies; kernels read blocks where they lie.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> sparse_attention(x, x, x, block=2, n_chosen=1)[0].round(3)
    array([3.893, 4.893])
    """
    chosen = chosen_blocks(query, key, block=block, n_chosen=n_chosen, causal=causal)
    if heads(key) not in (1, heads(query)):
        raise ValueError(
            f"query has {heads(query)} heads but key has {heads(key)}: gathering needs as many key "
            "heads as query heads, or one"
        )
    xp: Any = namespace(query)
    m = key.shape[-2]
    width = min(n_chosen, chosen.shape[-1])
    if not width:
        return attention(query, key, value, **options)
    picked = xp.argsort(~chosen, axis=-1, stable=True)[..., :width]  # chosen ones first
    taken = xp.take_along_axis(chosen, picked, axis=-1)
    inside = xp.arange(block, device=query.device)
    places = xp.reshape(picked[..., None] * block + inside, (*shape(picked)[:-1], width * block))
    seen = xp.repeat(taken, block, axis=-1) & (places < m)
    places = xp.clip(places, 0, m - 1)  # (..., n, width · block)
    if causal:
        seen = seen & (places <= xp.arange(query.shape[-2], device=query.device)[:, None])
    one = query[..., None, :]  # each query on its own: (..., n, 1, d)
    output = attention(
        one, _gathered(key, places), _gathered(value, places), mask=seen[..., None, :], **options
    )
    return output[..., 0, :]


def _gathered(x: Array, places: Array) -> Array:
    """Return the rows of ``x`` (..., m, d) at ``places`` (..., n, w): (..., n, w, d)."""
    xp: Any = namespace(x)
    *leading, n, w = shape(places)
    rows = xp.broadcast_to(x, (*leading, *shape(x)[-2:]))
    flat = xp.reshape(places, (*leading, n * w, 1))
    index = xp.broadcast_to(flat, (*leading, n * w, x.shape[-1]))
    return xp.reshape(xp.take_along_axis(rows, index, axis=-2), (*leading, n, w, x.shape[-1]))
