"""Keras 3 on the torch backend, each part called as its own users call it."""

# ruff: noqa: ARG001  # every tool is told heads and mode, whether it asks or not

from __future__ import annotations

from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.rosetta._optional import optional
from qkv_lib.rosetta.tool import (
    NotOfferedError,
    Returned,
    Tool,
    arrays,
    renamed,
    tensors,
    with_tensors,
)


def function(*operands: Array, heads: int, training: bool = False, **options: Any) -> Returned:
    """Call Keras' function."""
    given = renamed(options, mask="mask", bias="bias", causal="is_causal")
    attend = optional("keras").ops.dot_product_attention
    return arrays(attend(*tensors(*operands), **with_tensors(given)))


def layer(*operands: Array, heads: int, training: bool = False, **options: Any) -> Returned:
    """Call Keras' layer with heads; the identity for each of its maps leaves attention alone."""
    made = {"dropout": options.pop("dropout")} if "dropout" in options else {}
    width = operands[0].shape[-1]
    keras = optional("keras")
    module = keras.layers.MultiHeadAttention(heads, width // heads, use_bias=False, **made)
    module.build(*(x.shape for x in operands))
    eye = np.eye(width, dtype=np.float32)
    module.set_weights([eye.reshape(kernel.shape) for kernel in module.weights])
    given = renamed(
        options, mask="attention_mask", causal="use_causal_mask",
        each_head="return_attention_scores",
    )  # fmt: skip
    found = module(*tensors(*operands), training=training, **with_tensors(given))
    return arrays(*found) if isinstance(found, tuple) else arrays(found)


def single_head(*operands: Array, heads: int, training: bool = False, **options: Any) -> Returned:
    """Call Keras' layer without maps and heads; its masks say something about keys alone."""
    if operands[0].ndim != 3:
        raise ValueError("the layer is documented for (batch, length, width)")
    made = {"dropout": options.pop("dropout")} if "dropout" in options else {}
    module = optional("keras").layers.Attention(**made)
    if "mask" in options:
        options["mask"] = [None, *tensors(keys_alone(options["mask"], len(operands[0])))]
    given = renamed(
        options, mask="mask", causal="use_causal_mask", each_head="return_attention_scores"
    )
    found = module(tensors(*operands), training=training, **given)
    return arrays(*found) if isinstance(found, tuple) else arrays(found)


def keys_alone(mask: Array, batch: int) -> Array:
    """Return a mask of shape (batch, n_keys) that says the same for every query.

    Raises
    ------
    NotOfferedError
        The mask differs between queries.
    """
    if (mask != mask[:1]).any():
        raise NotOfferedError("no mask that differs between queries")
    return np.broadcast_to(mask[0], (batch, mask.shape[-1]))


TOOLS = (
    Tool("keras.ops.dot_product_attention", "keras", function),
    Tool("keras.layers.MultiHeadAttention", "keras", layer),
    Tool("keras.layers.Attention", "keras", single_head),
)
