"""The door: every check of one call of attention, made once; what has passed is a `Call`."""

from __future__ import annotations

from typing import Unpack

from qkv_lib.formula._call import Call, Keywords, join_masks
from qkv_lib.formula._fit import (
    check_band,
    check_bias,
    check_key_lengths,
    check_mask,
    check_query_key_value,
)
from qkv_lib.formula._numbers import bound, check_numbers
from qkv_lib.formula.arrays import Array, accumulating, library, transformed
from qkv_lib.formula.checks import check_number, check_softcap
from qkv_lib.formula.masks import padding_mask
from qkv_lib.formula.steps import default_scale


def check_call(query: Array, key: Array, value: Array, **options: Unpack[Keywords]) -> Call:
    """Check one call of attention."""
    call = check_form(query, key, value, **options)
    return check_numbers(call, bound("query", query), bound("key", key), bound("value", value))


def check_form(
    query: Array,
    key: Array,
    value: Array,
    *,
    mask: Array | None = None,
    bias: Array | None = None,
    causal: bool = False,
    offset: int | Array = 0,
    window: int | None = None,
    key_lengths: Array | None = None,
    scale: float | None = None,
    softcap: float | None = None,
) -> Call:
    """Check all but the numbers in the operands; these are the options and their defaults."""
    sizes = check_query_key_value(query, key, value)
    band = check_band(causal, offset, window, sizes, query)
    if mask is not None:
        check_mask(mask, sizes, query)
    if bias is not None:
        check_bias(bias, sizes, query)
    if key_lengths is not None:
        check_key_lengths(key_lengths, sizes, query, key)
        mask = join_masks(mask, padding_mask(key_lengths, sizes[-1], n_axes=len(sizes)))
    return Call(
        query=accumulating(query),
        key=accumulating(key),
        value=accumulating(value),
        transformed=transformed(query, key, value),
        library=library(query),
        mask=mask,
        bias=bias,
        band=band,
        scale=default_scale(query.shape[-1]) if scale is None else check_number("scale", scale),
        softcap=None if softcap is None else check_softcap(softcap, query),
        sizes=sizes,
        dtype=query.dtype,
    )
