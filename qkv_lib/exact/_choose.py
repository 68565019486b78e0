"""Which of the exact ways to compute attention is the cheapest for this call.

Nothing is checked here; what comes in has passed `qkv_lib.formula._call.check_call`.
"""

from __future__ import annotations

import math

from qkv_lib.exact.fused import can_fuse, fused_output
from qkv_lib.exact.tiles import output_by_tiles
from qkv_lib.formula._call import Options, plain, scores_shape
from qkv_lib.formula._checks import Array, library
from qkv_lib.formula.masks import Band

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
