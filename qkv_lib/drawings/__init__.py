"""Drawings of attention: SVG made by code, for a page and for a phone, light and dark.

Each function returns a `Drawing`; a cell that ends in one shows it. Queries, keys and values have
their colours (`qkv_lib.plots.colours`), everything else has that of the text.

May import: every floor, plots, language.
"""

from qkv_lib.drawings.applied import translator, vision_transformer
from qkv_lib.drawings.canvas import Drawing
from qkv_lib.drawings.in_order import causal, induction, rope_pairs, stripes
from qkv_lib.drawings.looking_up import lookup
from qkv_lib.drawings.memory import kv_heads, ring, rules, tiles
from qkv_lib.drawings.networks import block, encoder_decoder, heads
from qkv_lib.drawings.single import flow, three_maps

__all__ = [
    "Drawing",
    "block",
    "causal",
    "encoder_decoder",
    "flow",
    "heads",
    "induction",
    "kv_heads",
    "lookup",
    "ring",
    "rope_pairs",
    "rules",
    "stripes",
    "three_maps",
    "tiles",
    "translator",
    "vision_transformer",
]
