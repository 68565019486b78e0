"""Attention you can read, run and trust: the library behind the book on Q, K and V.

Importing it costs what NumPy costs. The names below and the packages (`qkv_lib.formula`,
`qkv_lib.layers`, `qkv_lib.plots`, …) load at first use; those that need torch or matplotlib
bring them only then.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from qkv_lib.attention import attention, attention_steps
from qkv_lib.formula.heads import merge_heads, split_heads
from qkv_lib.formula.masks import causal_mask, padding_mask, window_mask
from qkv_lib.formula.steps import AttentionSteps, softmax

__version__ = "0.1.0"

# What a reader takes home and what needs more than NumPy, or is not needed at once: name → module.
_LAZY = {
    "KVCache": "exact.cache",
    "MultiHeadAttention": "layers",
    "alibi_bias": "formula.positions",
    "check": "practice",
    "linear_attention": "variants.linear",
    "rope": "formula.positions",
    "sinusoidal": "formula.positions",
}

__all__ = [
    "AttentionSteps",
    "KVCache",
    "MultiHeadAttention",
    "alibi_bias",
    "attention",
    "attention_steps",
    "causal_mask",
    "check",
    "linear_attention",
    "merge_heads",
    "padding_mask",
    "rope",
    "sinusoidal",
    "softmax",
    "split_heads",
    "window_mask",
]

_PACKAGES = {
    "data": "data",
    "drawings": "drawings",
    "exact": "exact",
    "experiments": "experiments",
    "explorers": "explorers",
    "formula": "formula",
    "layers": "layers",
    "measures": "measures",
    "models": "models",
    "plots": "plots",
    "practice": "practice",
    "rosetta": "rosetta",
    "scoring": "formula.scoring",
    "variants": "variants",
}


def __getattr__(name: str) -> Any:
    """Load a name or a package the first time it is asked for (PEP 562)."""
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    if name in _PACKAGES:
        return import_module(f"{__name__}.{_PACKAGES[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_PACKAGES})
