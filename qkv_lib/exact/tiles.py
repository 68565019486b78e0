r"""The same answer in ``O(n)`` memory: scores are made tile by tile and never kept.

A tile is some queries × some keys. Its scores yield a `Partial` result, and partial results of
the same queries over different keys are put together by `merge`, the online softmax. One tile
over all keys needs no merging: that is a *row block* of queries. Tiles that ``causal`` or
``window`` hide are skipped, not masked.
"""

from __future__ import annotations

from functools import partial, reduce
from typing import NamedTuple, Unpack

from qkv_lib.exact._layout import Box, as_slice, cut, each_element, lay_out, part, pieces
from qkv_lib.exact._threads import in_threads, in_turn
from qkv_lib.formula._band import Band
from qkv_lib.formula._call import Call, Keywords, without_overflow
from qkv_lib.formula._door import check_call
from qkv_lib.formula.arrays import Array, is_recorded, namespace, recomputing
from qkv_lib.formula.checks import check_count
from qkv_lib.formula.heads import grouped_matmul
from qkv_lib.formula.steps import (
    dot_scores,
    exponentials,
    mask_scores,
    normalise,
    soft_cap,
)

__all__ = ["Partial", "blocked_attention", "merge", "tiled_attention"]


class Partial(NamedTuple):
    """What attention to some of the keys leaves behind, to be merged with that to the others.

    Attributes
    ----------
    output : array of shape (..., n_queries, d_v)
        ``Σ_j exp(s_j − peak) v_j``, not yet divided by ``total``.
    total : array of shape (..., n_queries, 1)
        ``Σ_j exp(s_j − peak)``.
    peak : array of shape (..., n_queries, 1)
        ``max_j s_j``; −∞ where the query may attend to none of these keys.
    """

    output: Array
    total: Array
    peak: Array


def blocked_attention(
    query: Array,
    key: Array,
    value: Array,
    *,
    block: int | None = None,
    **options: Unpack[Keywords],
) -> Array:
    """Return attention computed for ``block`` queries at a time, each block over all its keys.

    Operands, options, errors and conventions are those of `attention`.

    Parameters
    ----------
    block : int, optional
        Queries at a time; by default as many as keep a block of scores near a core.
    **options
        ``mask``, ``bias``, ``causal``, … as in `attention`.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)
        What `qkv_lib.attention` returns, to rounding.

    Notes
    -----
    Memory beyond the output: one block of scores a thread, ``block · n_keys`` numbers; with
    gradients too, since the backward pass computes each block once more. NumPy blocks run on as
    many threads as BLAS is set to use, and their bits do not depend on it.

    References
    ----------
    Rabe & Staats 2021, "Self-attention Does Not Need O(n²) Memory", section 2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> blocked_attention(x, x, x, block=3)[0].round(4)
    array([3.8646, 4.8646])
    """
    call = check_call(query, key, value, **options)
    if block is not None:
        block = check_count("block", block, least=1)
    return tiled(call, query_block=block)


def tiled_attention(
    query: Array,
    key: Array,
    value: Array,
    *,
    query_block: int = 256,
    key_block: int = 512,
    **options: Unpack[Keywords],
) -> Array:
    """Return attention computed by tiles of queries × keys, merged by the online softmax.

    Operands, options, errors and conventions are those of `attention`.

    Parameters
    ----------
    query_block, key_block : int
        Queries and keys of a tile.
    **options
        ``mask``, ``bias``, ``causal``, … as in `attention`.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)
        What `qkv_lib.attention` returns, to rounding.

    Notes
    -----
    Memory beyond the output: one tile of scores a thread, however long the sequences are; with
    gradients, the scores of ``query_block`` queries.

    References
    ----------
    Dao et al. 2022, "FlashAttention", algorithm 1; see `merge`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> tiled_attention(x, x, x, query_block=3, key_block=2)[0].round(4)
    array([3.8646, 4.8646])
    """
    call = check_call(query, key, value, **options)
    query_block = check_count("query_block", query_block, least=1)
    key_block = check_count("key_block", key_block, least=1)
    return tiled(call, query_block=query_block, key_block=key_block)


def merge(left: Partial, right: Partial) -> Partial:
    r"""Put together what the same queries got from two disjoint sets of keys.

    With :math:`p_A = \max_{j \in A} s_j`, a set of keys leaves behind
    :math:`t_A = \sum_{j \in A} e^{s_j - p_A}` and
    :math:`o_A = \sum_{j \in A} e^{s_j - p_A} v_j`. Let :math:`p = \max(p_A, p_B)`. Since
    :math:`e^{s_j - p} = e^{s_j - p_A} e^{p_A - p}`,

    .. math::
        \begin{aligned}
        t &= t_A e^{p_A - p} + t_B e^{p_B - p} \\
        o &= o_A e^{p_A - p} + o_B e^{p_B - p}
        \end{aligned}

    and :math:`o / t` is attention to all of them. Every exponent is at most 0: nothing overflows.

    Parameters
    ----------
    left, right : Partial
        Of equal shapes.

    Returns
    -------
    Partial
        The same whichever comes first. A side whose peak is −∞ adds nothing.

    References
    ----------
    Milakov & Gimelshein 2018, "Online Normalizer Calculation for Softmax", theorem 1 and
    section 3.1; Rabe & Staats 2021, section 2; Dao et al. 2022, section 3.1.

    Examples
    --------
    The scores 0 and log 3, with values 1 and 5, seen one at a time: (1 · 1 + 3 · 5) / (1 + 3).

    >>> import numpy as np
    >>> one = np.ones((1, 1))
    >>> both = merge(Partial(1 * one, one, 0 * one), Partial(5 * one, one, np.log(3) * one))
    >>> (both.output / both.total).round(4)
    array([[4.]])
    """
    xp = namespace(left.peak)
    factors, _, peak = exponentials(xp.concat([left.peak, right.peak], axis=-1))
    f, g = factors[..., :1], factors[..., 1:]  # (..., n, 1) each
    return Partial(left.output * f + right.output * g, left.total * f + right.total * g, peak)


def tiled(call: Call, *, query_block: int | None = None, key_block: int | None = None) -> Array:
    """Compute a call of attention tile by tile; by default a tile spans all keys."""
    if call.huge:
        path = partial(tiled, query_block=query_block, key_block=key_block)
        return without_overflow(path, call)
    if call.band.varies:
        path = partial(tiled, query_block=query_block, key_block=key_block)
        return each_element(path, call)
    xp = namespace(call.query)
    whole = lay_out(call)
    *leading, n, _ = whole.sizes
    e = call.value.shape[-1]
    output = xp.empty((*leading, n, e), dtype=call.dtype, device=call.query.device)

    attend = recomputing(attend_rows) if is_recorded(*call[:5]) else attend_rows

    def compute(piece: tuple[Box, range]) -> None:
        box, rows = piece
        output[(*box, as_slice(rows))] = attend(whole, box, rows, key_block)

    run = in_threads if call.library == "numpy" else in_turn
    run(compute, pieces(whole, query_block, key_block))
    return xp.reshape(output, (*call.sizes[:-1], e))


def attend_rows(whole: Call, box: Box, rows: range, key_block: int | None) -> Array:
    """Return the output of some queries of some heads, tile after tile of the keys they see."""
    columns = cut(whole.band.keys(rows, whole.sizes[-1]), key_block)
    result = reduce(merge, (partial_result(part(whole, box, rows, c)) for c in columns))
    return normalise(result.output, result.total)


def partial_result(tile: Call) -> Partial:
    """Attend to the keys of one tile; scores that no graph needs are overwritten."""
    scores = dot_scores(tile.query * tile.scale, tile.key)  # (..., n, m)
    scores = mask_scores(soft_cap(scores, tile.softcap), tile.mask, tile.bias)
    rows, m = range(tile.sizes[-2]), tile.sizes[-1]
    for edge in edges(tile.band, rows, range(m)):
        there = (..., as_slice(edge))
        scores[there] = mask_scores(scores[there], tile.band.mask(rows, edge, like=scores))
    recorded = is_recorded(scores)
    unnormalised, total, peak = exponentials(scores, out=None if recorded else scores)
    return Partial(grouped_matmul(unnormalised, tile.value), total, peak)


def edges(band: Band, rows: range, columns: range) -> list[range]:
    """Return the ranges of ``columns`` that some query of ``rows`` sees and some other may not."""
    if not band.hides:
        return []
    first = band.keys(rows[:1], columns.stop)
    last = band.keys(rows[-1:], columns.stop)
    left = range(columns.start, min(max(first.start, last.start), columns.stop))
    right = range(max(min(first.stop, last.stop), columns.start), columns.stop)
    return [edge for edge in (left, right) if edge]
