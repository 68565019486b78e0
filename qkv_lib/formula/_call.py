"""The options of attention, checked and brought into the form that every path computes with."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

import array_api_compat

from qkv_lib.formula._checks import (
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
from qkv_lib.formula.masks import Band, padding_mask
from qkv_lib.formula.steps import AttentionSteps, all_steps, default_scale


class Keywords(TypedDict, total=False):
    """The keyword arguments of `qkv_lib.attention`, for functions that share them."""

    mask: Array | None
    bias: Array | None
    causal: bool
    offset: int
    window: int | None
    key_lengths: Array | None
    scale: float | None
    softcap: float | None


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
    options = check_companions(query, key, mask, bias, key_lengths, scale, softcap)
    check_range(xp, query, key, options.scale, bias)
    return options


def check_companions(
    query: Array,
    key: Array,
    mask: Array | None,
    bias: Array | None,
    key_lengths: Array | None,
    scale: float | None,
    softcap: float | None,
) -> Options:
    """Check the options alone, against the shapes of operands that have been checked."""
    xp = array_api_compat.array_namespace(query)
    scores = scores_shape(query, key)
    if mask is not None:
        check_mask(xp, mask, scores, query)
    if bias is not None:
        check_bias(xp, bias, scores, query)
    if key_lengths is not None:
        check_key_lengths(key_lengths, scores, query)
        mask = join_masks(mask, padding_mask(key_lengths, scores[-1], n_axes=len(scores)))
    return Options(
        mask=mask,
        bias=bias,
        scale=default_scale(query.shape[-1]) if scale is None else check_number("scale", scale),
        softcap=None if softcap is None else check_number("softcap", softcap, positive=True),
    )


def check_call(
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
) -> tuple[Options, Band]:
    """Check one call of attention; these are its arguments and defaults."""
    band = check_band(causal, offset, window)
    return check_options(query, key, value, mask, bias, key_lengths, scale, softcap), band


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


def plain(query: Array, key: Array, value: Array, options: Options, band: Band) -> AttentionSteps:
    """Return every stage of attention, each computed whole."""
    n, m = query.shape[-2], key.shape[-2]
    mask = join_masks(options.mask, band.mask(n, m, like=query) if band.hides else None)
    return all_steps(
        query, key, value,
        mask=mask, bias=options.bias, scale=options.scale, softcap=options.softcap,
    )  # fmt: skip
