"""The library itself and PyTorch, each called as its own users call it."""

# ruff: noqa: ARG001  # every tool is told heads and mode, whether it asks or not

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from qkv_lib.attention import attention, attention_steps
from qkv_lib.formula.arrays import Array
from qkv_lib.rosetta.tool import (
    NotOfferedError,
    Returned,
    Tool,
    arrays,
    renamed,
    tensors,
    with_tensors,
)


def library(*operands: Any, heads: int, training: bool = False, **options: Any) -> Returned:
    """Call this library on arrays of either kind."""
    each_head = options.pop("each_head", False)
    given = renamed(options, mask="mask", bias="bias", causal="causal")
    if each_head:
        steps = attention_steps(*operands, **given)
        return steps.output, steps.weights
    return attention(*operands, **given), None


def library_torch(*operands: Array, **options: Any) -> Returned:
    """Call this library on tensors."""
    return arrays(*library(*tensors(*operands), **with_tensors(options)))


def sdpa(*operands: Array, heads: int, training: bool = False, **options: Any) -> Returned:
    """Call PyTorch's function; it knows no training mode."""
    given = renamed(options, mask="attn_mask", causal="is_causal", dropout="dropout_p")
    query, key, value = tensors(*operands)
    return arrays(F.scaled_dot_product_attention(query, key, value, **with_tensors(given)))


def layer(*operands: Array, heads: int, training: bool = False, **options: Any) -> Returned:
    """Call PyTorch's layer; the identity for each of its maps leaves attention alone."""
    width = operands[0].shape[-1]
    made = {"dropout": options.pop("dropout")} if "dropout" in options else {}
    module = nn.MultiheadAttention(width, heads, bias=False, **made).train(training)
    eye = torch.eye(width)
    module.load_state_dict({"in_proj_weight": eye.repeat(3, 1), "out_proj.weight": eye})
    if "each_head" in options:
        options["averaged"] = not options.pop("each_head")
    given = renamed(
        options, mask="attn_mask", causal="is_causal",
        averaged="average_attn_weights", wanted="need_weights",
    )  # fmt: skip
    return arrays(*module(*tensors(*operands), **with_tensors(given)))


def layer_without_weights(*operands: Array, **options: Any) -> Returned:
    """Call PyTorch's layer, told to return no weights: it then takes another path."""
    if "each_head" in options:
        raise NotOfferedError("no weights are wanted")
    return layer(*operands, wanted=False, **options)


TOOLS = (
    Tool("qkv_lib.attention, NumPy", "numpy", library),
    Tool("qkv_lib.attention, torch", "torch", library_torch),
    Tool("F.scaled_dot_product_attention", "torch", sdpa),
    Tool("nn.MultiheadAttention", "torch", layer),
    Tool("nn.MultiheadAttention, need_weights=False", "torch", layer_without_weights),
)
