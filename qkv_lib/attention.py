r"""The front door: `attention` for the output, `attention_steps` for everything on the way.

.. math:: \mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V
"""

from __future__ import annotations

from typing import NamedTuple

from qkv_lib._checks import (
    Array,
    Shape,
    broadcast,
    check_bias,
    check_count,
    check_key_lengths,
    check_mask,
    check_number,
    check_query_key_value,
    check_range,
    heads,
    shape,
)
from qkv_lib.masks import Band, padding_mask
from qkv_lib.steps import AttentionSteps, all_steps, default_scale

__all__ = ["attention", "attention_steps"]


def attention(
    query: Array,
    key: Array,
    value: Array,
    *,
    mask: Array | None = None,
    bias: Array | None = None,
    causal: bool = False,
    offset: int = 0,
    window: int | None = None,
    key_lengths: Array | None = None,
    scale: float | None = None,
    softcap: float | None = None,
) -> Array:
    r"""Return the values, averaged for each query by how well its keys match.

    .. math:: \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V

    Parameters
    ----------
    query : array of shape (..., h, n_queries, d_k)
        NumPy array or torch tensor, floating point. Leading axes may be absent.
    key : array of shape (..., g, n_keys, d_k)
        The heads ``g`` divide ``h``: key head ``i`` serves ``h / g`` consecutive query heads.
    value : array of shape (..., g, n_keys, d_v)
        One value for every key; ``d_v`` is free.
    mask : boolean array that broadcasts to (..., h, n_queries, n_keys), optional
        ``True`` = may attend.
    bias : floating-point array that broadcasts to (..., h, n_queries, n_keys), optional
        Added to the scores; −∞ masks.
    causal : bool
        Hide the keys after the query's own position: ``j > i + offset``.
    offset : int
        How many keys came before the first query; for ``causal`` and ``window``.
    window : int, optional
        Hide the keys ``window`` or more positions away from the query's own.
    key_lengths : integer array of shape (batch,), optional
        The real keys of each batch element; the rest is padding.
    scale : float, optional
        Factor on the scores, ``1 / √d_k`` by default.
    softcap : float, optional
        Bound the scaled scores to ``±softcap``, before bias and masks.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)
        In the library, dtype and device of ``query``. A query that may attend to no key gets 0.

    Raises
    ------
    TypeError
        An operand is no floating-point array; libraries or dtypes differ; ``mask`` is not
        boolean or ``bias`` not floating point; a number has the wrong type.
    ValueError
        Shapes do not fit; an operand holds NaN or infinity; a number is out of range; the
        scores could overflow; ``offset`` is given without ``causal`` or ``window``.

    Notes
    -----
    All the masks given hold together: a key is seen only where each of them allows it.
    Half precision is accumulated in float32. Cost: ``h · n · m · (d_k + d_v)`` multiplications.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", equation 1. Soft cap: Gemma Team 2024,
    "Gemma 2", section 2.

    Examples
    --------
    The running example of the book: row 0 ends close to the longest vector, [4, 5].

    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> attention(x, x, x)[0].round(4)
    array([3.8646, 4.8646])
    """
    return attention_steps(
        query, key, value, mask=mask, bias=bias, causal=causal, offset=offset, window=window,
        key_lengths=key_lengths, scale=scale, softcap=softcap,
    ).output  # fmt: skip


def attention_steps(
    query: Array,
    key: Array,
    value: Array,
    *,
    mask: Array | None = None,
    bias: Array | None = None,
    causal: bool = False,
    offset: int = 0,
    window: int | None = None,
    key_lengths: Array | None = None,
    scale: float | None = None,
    softcap: float | None = None,
) -> AttentionSteps:
    """Return every stage of attention: scores, scaled, capped, masked, weights, output, logsumexp.

    Parameters, errors and conventions are those of `attention`.

    Returns
    -------
    AttentionSteps
        A named tuple. ``output`` has the dtype of ``query``; the other stages are in the dtype
        that sums are kept in (float32 for half precision).

    Notes
    -----
    Every stage is kept: memory is ``5 · h · n · m`` numbers.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> steps = attention_steps(x, x, x)
    >>> steps.scores[0]
    array([ 5.,  8., 11., 14.])
    >>> steps.weights[0].round(4)
    array([0.0015, 0.0126, 0.1055, 0.8803])
    """
    band = check_band(causal, offset, window)
    options = check_options(query, key, value, mask, bias, key_lengths, scale, softcap)
    n, m = query.shape[-2], key.shape[-2]
    everything = join_masks(options.mask, band.mask(n, m, like=query) if band.hides else None)
    return all_steps(
        query, key, value,
        mask=everything, bias=options.bias, scale=options.scale, softcap=options.softcap,
    )  # fmt: skip


class Options(NamedTuple):
    """The checked options of attention, apart from the `Band` that positions alone decide."""

    mask: Array | None
    bias: Array | None
    scale: float
    softcap: float | None


def check_options(
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    bias: Array | None,
    key_lengths: Array | None,
    scale: float | None,
    softcap: float | None,
) -> Options:
    """Check the operands and options; join ``key_lengths`` to ``mask`` and fill in the scale."""
    xp = check_query_key_value(query, key, value)
    scores = scores_shape(query, key)
    if mask is not None:
        check_mask(xp, mask, scores, query)
    if bias is not None:
        check_bias(xp, bias, scores, query)
    if key_lengths is not None:
        check_key_lengths(key_lengths, scores, query)
        mask = join_masks(mask, padding_mask(key_lengths, scores[-1], n_axes=len(scores)))
    scale = default_scale(query.shape[-1]) if scale is None else check_number("scale", scale)
    check_range(xp, query, key, scale, bias)
    return Options(
        mask=mask,
        bias=bias,
        scale=scale,
        softcap=None if softcap is None else check_number("softcap", softcap, positive=True),
    )


def check_band(causal: bool, offset: int, window: int | None) -> Band:
    """Check the options that hide keys by position alone."""
    offset = check_count("offset", offset, least=0)
    if window is not None:
        window = check_count("window", window, least=1)
    if offset and not causal and window is None:
        raise ValueError(f"offset is {offset} but neither causal nor window is given to use it")
    return Band(causal=bool(causal), window=window, offset=offset)


def scores_shape(query: Array, key: Array) -> Shape:
    """Return the shape (..., h, n_queries, n_keys) of the scores."""
    lengths = (query.shape[-2], key.shape[-2])
    batch = broadcast(shape(query)[:-3], shape(key)[:-3]) or ()
    if max(query.ndim, key.ndim) < 3:
        return lengths
    return (*batch, heads(query), *lengths)


def join_masks(left: Array | None, right: Array | None) -> Array | None:
    """Return the mask that allows what both allow; None allows everything."""
    if left is None or right is None:
        return right if left is None else left
    return left & right
