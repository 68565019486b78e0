"""Which of the exact ways to compute attention is the cheapest for this call.

Nothing is checked here; a `Call` has passed every check.
"""

from __future__ import annotations

import math

from qkv_lib.formula._call import Call
from qkv_lib.formula.arrays import Array
from qkv_lib.formula.steps import plain_output

# Up to this many scores, one pass over all of them costs less than cutting them into blocks.
FEW_SCORES = 2**18


def cheapest(call: Call) -> Array:
    """Return the output of attention by the path that costs least.

    Each path is loaded when it is first taken, so that `import qkv_lib` stays cheap.
    """
    few = math.prod(call.sizes) <= FEW_SCORES
    if call.library == "torch":
        from qkv_lib.exact.fused import can_fuse, fused

        if can_fuse(call, may_mask=few):
            return fused(call)
    if few or call.transformed:
        return plain_output(call)
    if call.band.varies:
        from qkv_lib.exact._layout import each_element

        return each_element(cheapest, call)
    from qkv_lib.exact.tiles import tiled

    return tiled(call)
