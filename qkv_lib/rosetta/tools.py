"""All tools by name."""

from __future__ import annotations

from qkv_lib.rosetta import elsewhere, in_keras, in_torch

TOOLS = {tool.name: tool for tool in (*in_torch.TOOLS, *in_keras.TOOLS, *elsewhere.TOOLS)}
"""The tools by name, this library first.

:meta hide-value:
"""

__all__ = ["TOOLS"]
