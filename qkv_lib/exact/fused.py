"""Attention by PyTorch's own kernel, wherever that gives the same answer.

`torch.nn.functional.scaled_dot_product_attention` computes tiles of queries × keys in compiled
code. Handed to it as it wants them, the operands take its fast path; torch itself is never
imported here, it comes with the tensors.
"""

from __future__ import annotations

import math
import sys
from typing import Any, Unpack

import array_api_compat

from qkv_lib.formula._call import Keywords, Options, check_call, join_masks, scores_shape
from qkv_lib.formula._checks import Array, Shape, heads, library, shape
from qkv_lib.formula.masks import Band
from qkv_lib.formula.steps import accumulating, mask_scores

__all__ = ["fused_attention"]


def fused_attention(query: Array, key: Array, value: Array, **options: Unpack[Keywords]) -> Array:
    """Return attention computed by `torch.nn.functional.scaled_dot_product_attention`.

    Operands, options, errors and conventions are those of `attention`.

    Parameters
    ----------
    **options
        ``mask``, ``bias``, ``causal``, … as in `attention`, without ``softcap``.

    Returns
    -------
    tensor of shape (..., h, n_queries, d_v)
        What `qkv_lib.attention` returns, to rounding; first derivatives can be taken, not second.

    Raises
    ------
    TypeError
        ``query`` is no torch tensor.
    ValueError
        ``softcap`` is given: the kernel has none.

    Notes
    -----
    A mask, bias or window that has to be handed over as an array of (n_queries, n_keys) costs
    that memory; ``causal`` alone with ``offset`` 0 costs none and halves the work. Half precision
    goes through the kernel in float32, as everywhere in this library.

    References
    ----------
    Dao et al. 2022, "FlashAttention", algorithm 1, is what the kernel computes.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> fused_attention(x, x, x)[0]
    tensor([3.8646, 4.8646])
    """
    checked, band = check_call(query, key, value, **options)
    if library(query) != "torch":
        raise TypeError(f"query is a {library(query)} array, needs a torch tensor")
    if checked.softcap is not None:
        raise ValueError(
            f"softcap is {checked.softcap}, which PyTorch's kernel does not know: use attention"
        )
    return fused_output(query, key, value, checked, band)


def can_fuse(options: Options, band: Band, n: int, m: int, *, may_mask: bool) -> bool:
    """Whether the kernel gives the answer, with the band written out as a mask if it ``may``."""
    return options.softcap is None and (
        may_mask or _is_idle(band, n, m) or _flag_says_all(options, band)
    )


def fused_output(query: Array, key: Array, value: Array, options: Options, band: Band) -> Array:
    """Hand over to the kernel, without checks."""
    sizes, e = scores_shape(query, key), value.shape[-1]
    n, m = sizes[-2:]
    flag = _flag_says_all(options, band) and not _is_idle(band, n, m)
    mask = options.mask
    if not flag and not _is_idle(band, n, m):
        mask = join_masks(mask, band.mask(n, m, like=query))
    xp = array_api_compat.array_namespace(query)
    inputs = [accumulating(x) for x in (query, key, value)]
    if options.bias is not None:  # one array of numbers: the bias, and −∞ where the mask hides
        mask = mask_scores(xp.astype(options.bias, inputs[0].dtype), mask)
    width = max(query.shape[-1], e)
    output = sys.modules["torch"].nn.functional.scaled_dot_product_attention(
        *(_lifted(_widened(x, width), sizes[:-3]) for x in inputs),
        attn_mask=None if mask is None else _lifted(mask, sizes[:-3]),
        is_causal=flag,
        scale=options.scale,
        enable_gqa=heads(query) != heads(key),
    )
    return xp.reshape(xp.astype(output[..., :e], query.dtype), (*sizes[:-1], e))


def _flag_says_all(options: Options, band: Band) -> bool:
    """Whether the kernel's ``is_causal``, which knows no offset and no other mask, is enough.

    It hides with −∞ before it scales, so that a scale below or at 0 would make it +∞ or NaN.
    """
    alone = options.mask is None and options.bias is None
    plain = band.causal and band.window is None and band.offset == 0
    return alone and plain and options.scale > 0


def _is_idle(band: Band, n: int, m: int) -> bool:
    """Whether the band hides nothing from ``n`` queries over ``m`` keys."""
    ends = range(1), range(n - 1, n)
    return n == 0 or all(len(band.keys(row, m)) == m for row in ends)


def _widened(x: Array, width: int) -> Array:
    """Pad the features with zeros: the fast kernel needs d_k = d_v, and zeros change nothing."""
    pad: Any = sys.modules["torch"].nn.functional.pad
    return x if x.shape[-1] == width else pad(x, (0, width - x.shape[-1]))


def _lifted(x: Array, batch: Shape) -> Array:
    """Bring an operand or a mask to four axes, (batch, heads, …), as the fast kernel needs."""
    last = (1,) * (3 - x.ndim) + shape(x)[-3:]
    return x.expand(*batch, *last).reshape(math.prod(batch), *last)
