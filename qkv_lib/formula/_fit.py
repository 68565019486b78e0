"""Checks of what fits: queries, keys and values, and what goes with their scores, in shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qkv_lib.formula._band import Band
from qkv_lib.formula._numbers import has_numbers
from qkv_lib.formula.arrays import Array, Shape, heads, namespace, shape
from qkv_lib.formula.checks import (
    check_count,
    check_flag,
    check_integers,
    check_kin,
    check_kinds,
    is_floating,
)


def check_query_key_value(query: Array, key: Array, value: Array) -> Shape:
    """Check kinds and shapes of the three operands; return the shape of the scores.

    Raises
    ------
    TypeError
        As `check_arrays`.
    ValueError
        An operand has fewer than two axes or no features, widths ``d_k`` differ, ``n_k``
        differs between key and value, or leading axes do not fit (see `check_heads`).
    """
    check_kinds(query=query, key=key, value=value)
    q, k, v = shape(query), shape(key), shape(value)
    check_rows(query=q, key=k, value=v)
    check_widths(q, k)
    if k[-2] != v[-2]:
        raise ValueError(
            f"key has {k[-2]} rows but value has {v[-2]}: shapes {k} and {v}; "
            "every key needs exactly one value"
        )
    if k[:-2] != v[:-2]:
        raise ValueError(
            f"key has leading axes {k[:-2]} but value has {v[:-2]}: shapes {k} and {v}; "
            "they must be equal"
        )
    return check_heads(q, k)


def check_rows(**shapes: Shape) -> None:
    """Check that the array of each of ``shapes`` (name=shape) holds rows of features."""
    for name, sizes in shapes.items():
        if len(sizes) < 2:
            raise ValueError(
                f"{name} has shape {sizes}, needs at least two axes (..., length, features)"
            )


def check_widths(query: Shape, key: Shape) -> None:
    """Check that queries and keys have the same width ``d_k``, of at least one."""
    if query[-1] != key[-1]:
        raise ValueError(
            f"query has {query[-1]} features but key has {key[-1]}: shapes {query} and {key}; "
            "the last axes must be equal (d_k)"
        )
    if query[-1] == 0:
        raise ValueError(f"query has no features: shape {query}; d_k must be at least 1")


def check_heads(query: Shape, key: Shape) -> Shape:
    """Check the leading axes: equal or broadcastable, or grouped heads ``h = r · g``.

    Return the shape (..., h, n_queries, n_keys) of the scores.
    """
    h, g = (sizes[-3] if len(sizes) > 2 else 1 for sizes in (query, key))
    if (h and not g) or (g > 1 and h % g):
        raise ValueError(
            f"query has {h} heads but key has {g}: shapes {query} and {key}; "
            "the heads of query must be a multiple of the heads of key and value"
        )
    batch = broadcast(query[:-3], key[:-3])
    if batch is None:
        raise ValueError(
            f"query has leading axes {query[:-2]} but key has {key[:-2]}: shapes {query} and "
            f"{key}; apart from the heads they must be equal or 1"
        )
    lengths = query[-2], key[-2]
    return lengths if max(len(query), len(key)) < 3 else (*batch, h, *lengths)


def check_mask(mask: Array, scores: Shape, like: Array) -> None:
    """Check a boolean mask that broadcasts to the shape of the scores."""
    _check_companion("mask", mask, scores, like)
    if mask.dtype != namespace(mask).bool:
        raise TypeError(
            f"mask has dtype {mask.dtype}, needs bool, True = may attend; "
            "numbers to add to the scores go in as bias"
        )


def check_bias(bias: Array, scores: Shape, like: Array) -> None:
    """Check kind and shape of an additive bias: it broadcasts to the shape of the scores."""
    _check_companion("bias", bias, scores, like)
    if not is_floating(bias.dtype):
        raise TypeError(
            f"bias has dtype {bias.dtype}, needs a floating-point dtype; "
            "a boolean array goes in as mask"
        )


def check_lengths(name: str, lengths: Array, n_keys: int) -> Any:
    """Check an integer array of lengths from 0 to ``n_keys``; return its namespace."""
    xp = check_integers(name, lengths)
    if has_numbers(lengths):
        wide = xp.astype(lengths, xp.int64)  # a narrow integer compares with ``n_keys`` wrongly
        for wrong in lengths[(wide < 0) | (wide > n_keys)][:1]:
            raise ValueError(
                f"{name} holds {int(wrong)}, needs numbers from 0 to n_keys ({n_keys})"
            )
    return xp


def check_key_lengths(lengths: Array, scores: Shape, query: Array, key: Array) -> None:
    """Check the number of real keys of each batch element, one for each first axis."""
    check_lengths("key_lengths", lengths, scores[-1])
    check_kin("key_lengths", lengths, "query", query)
    _check_batch("key_lengths", lengths, "length", scores)
    if len(scores) == 3 and heads(query) != heads(key):
        raise ValueError(
            f"key_lengths has shape {shape(lengths)} but query {shape(query)} and key "
            f"{shape(key)} have heads and no batch axis: add one in front, or hand in a mask"
        )


def check_band(
    causal: bool, offset: int | Array, window: int | None, sizes: Shape, query: Array
) -> Band:
    """Check the options that hide keys by position alone."""
    offset = check_offset(offset, sizes, query)
    causal = check_flag("causal", causal)
    if window is not None:
        window = check_count("window", window, least=1)
    if not causal and window is None and (not isinstance(offset, int) or offset):
        raise ValueError(f"offset is {offset} but neither causal nor window is given to use it")
    return Band(causal, window, offset)


def check_offset(offset: object, scores: Shape, query: Array) -> int | Array:
    """Check an integer, or an integer array with one for each batch element.

    The array comes back in the form (batch, 1, …, 1) that broadcasts against the scores.
    """
    if not getattr(offset, "ndim", 0):
        return check_count("offset", offset)
    xp = check_integers("offset", offset)
    check_kin("offset", offset, "query", query)
    _check_batch("offset", offset, "offset", scores)
    ones = (1,) * (len(scores) - 1)
    return xp.reshape(xp.astype(offset, xp.int64), (scores[0], *ones))


def _check_batch(name: str, array: Array, what: str, scores: Shape) -> None:
    batch = scores[:-2][: max(1, array.ndim)]
    if shape(array) != batch or not batch:
        raise ValueError(
            f"{name} has shape {shape(array)}, needs {batch or 'a batch axis'} for scores "
            f"of shape {scores}: one {what} a batch element"
        )


def _check_companion(name: str, array: Array, scores: Shape, like: Array) -> None:
    check_kin(name, array, "query", like)
    if broadcast(shape(array), scores) != scores:
        raise ValueError(
            f"{name} has shape {shape(array)}, needs one that broadcasts to the scores' "
            f"{scores}: (..., n_queries, n_keys)"
        )


def broadcast(left: Sequence[int], right: Sequence[int]) -> Shape | None:
    """Return the shape that ``left`` and ``right`` broadcast to, or None where they do not."""
    if left == right:
        return tuple(left)
    width = max(len(left), len(right))
    pairs = zip(_pad(left, width), _pad(right, width), strict=True)
    sizes = [(a if b == 1 else b) if 1 in (a, b) or a == b else None for a, b in pairs]
    return None if None in sizes else tuple(size for size in sizes if size is not None)


def _pad(sizes: Sequence[int], width: int) -> Shape:
    return (1,) * (width - len(sizes)) + tuple(sizes)
