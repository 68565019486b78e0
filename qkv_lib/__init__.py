"""Attention you can read, run and trust: the library behind the book on Q, K and V.

Importing it costs what NumPy costs. What needs torch or matplotlib lives in submodules that
load at first use: ``qkv_lib.layers``, ``qkv_lib.models``, ``qkv_lib.plots`` and others.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from qkv_lib.attention import attention, attention_steps
from qkv_lib.heads import merge_heads, split_heads
from qkv_lib.masks import causal_mask, padding_mask, window_mask
from qkv_lib.steps import AttentionSteps, softmax

__version__ = "0.1.0"

__all__ = [
    "AttentionSteps",
    "attention",
    "attention_steps",
    "causal_mask",
    "merge_heads",
    "padding_mask",
    "softmax",
    "split_heads",
    "window_mask",
]

_SUBMODULES = frozenset({"data", "explorers", "layers", "models", "plots", "practice", "rosetta"})


def __getattr__(name: str) -> ModuleType:
    """Load a submodule the first time it is asked for (PEP 562)."""
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_SUBMODULES})
