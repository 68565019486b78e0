"""Which of the exact ways to compute attention is the cheapest for this call.

Nothing is checked here; what comes in has passed `qkv_lib._options.check_call`.
"""

from __future__ import annotations

import math

from qkv_lib._checks import Array, library
from qkv_lib._options import Options, join_masks, scores_shape
from qkv_lib.fused import can_fuse, fused_output
from qkv_lib.masks import Band
from qkv_lib.steps import AttentionSteps, all_steps
from qkv_lib.tiles import output_by_tiles

# Up to this many scores, one pass over all of them costs less than cutting them into blocks.
FEW_SCORES = 2**18


def cheapest(query: Array, key: Array, value: Array, options: Options, band: Band) -> Array:
    """Return the output of attention by the path that costs least."""
    sizes = scores_shape(query, key)
    few = math.prod(sizes) <= FEW_SCORES
    if library(query) == "torch" and can_fuse(options, band, *sizes[-2:], may_mask=few):
        return fused_output(query, key, value, options, band)
    if few:
        return plain(query, key, value, options, band).output
    return output_by_tiles(query, key, value, options, band)


def plain(query: Array, key: Array, value: Array, options: Options, band: Band) -> AttentionSteps:
    """Return every stage of attention, each computed whole."""
    n, m = query.shape[-2], key.shape[-2]
    mask = join_masks(options.mask, band.mask(n, m, like=query) if band.hides else None)
    return all_steps(
        query, key, value,
        mask=mask, bias=options.bias, scale=options.scale, softcap=options.softcap,
    )  # fmt: skip
