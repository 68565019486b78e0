"""Layers that train: multi-head attention, feed-forward, encoder and decoder blocks (torch).

May import: formula, exact, attention, multihead, variants, data.
"""

from qkv_lib.layers.blocks import DecoderBlock, EncoderBlock, FeedForward
from qkv_lib.layers.initialise import initialise
from qkv_lib.layers.multihead import MultiHeadAttention
from qkv_lib.layers.positions import LearnedPositions
from qkv_lib.layers.recording import recorded_weights

__all__ = [
    "DecoderBlock",
    "EncoderBlock",
    "FeedForward",
    "LearnedPositions",
    "MultiHeadAttention",
    "initialise",
    "recorded_weights",
]
