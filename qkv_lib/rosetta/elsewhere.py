"""Other tools: transformers, ONNX, and attention written by hand with einops."""

# ruff: noqa: ARG001  # every tool is told heads and mode, whether it asks or not

from __future__ import annotations

from functools import partial
from typing import Any

import torch

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

ONNX_OPSET = 25  # the operator came with 23


def transformers(
    name: str, *operands: Array, heads: int, training: bool = False, **options: Any
) -> Returned:
    """Call an attention function of transformers with a layer of BERT, as that layer does."""
    bert = optional("transformers.models.bert.modeling_bert")
    width = heads * operands[0].shape[-1]
    config = bert.BertConfig(hidden_size=width, num_attention_heads=heads)
    module = bert.BertSelfAttention(config).train(training)
    wanted = options.pop("each_head", False)
    given = renamed(options, mask="attention_mask", causal="is_causal", dropout="dropout")
    given = {"attention_mask": None, **with_tensors(given)}
    attend = bert.ALL_ATTENTION_FUNCTIONS.get_interface(name, bert.eager_attention_forward)
    output, weights = attend(module, *tensors(*operands), **given)
    if wanted and weights is None:
        raise NotOfferedError("no weights")
    return arrays(output, weights)


def onnx_operator(*operands: Array, heads: int, training: bool = False, **options: Any) -> Returned:
    """Run ONNX's operator in the evaluator that defines what it means."""
    onnx, reference = optional("onnx"), optional("onnx.reference")
    given = renamed(options, mask="attn_mask", causal="is_causal", each_head="each_head")
    inputs = dict(zip("QKV", operands, strict=True))
    if "attn_mask" in given:
        inputs["attn_mask"] = given.pop("attn_mask")
    outputs = ["Y"]
    if given.pop("each_head", False):
        outputs, given["qk_matmul_output_mode"] = ["Y", "", "", "weights"], 3
    flags = {name: int(flag) for name, flag in given.items()}
    model = one_node(onnx.helper, inputs, outputs, flags)
    found = reference.ReferenceEvaluator(model).run(None, inputs)
    return found[0], found[1] if len(found) > 1 else None


def one_node(
    helper: Any, inputs: dict[str, Array], outputs: list[str], flags: dict[str, int]
) -> Any:
    """Return a model that is one Attention operator."""
    kind, describe = helper.np_dtype_to_tensor_dtype, helper.make_tensor_value_info
    node = helper.make_node("Attention", list(inputs), outputs, **flags)
    given = [describe(name, kind(x.dtype), x.shape) for name, x in inputs.items()]
    results = [describe(name, kind(inputs["Q"].dtype), None) for name in outputs if name]
    graph = helper.make_graph([node], "attention", given, results)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", ONNX_OPSET)])


def by_hand(*operands: Array, heads: int, training: bool = False, **options: Any) -> Returned:
    """Attend as it is often written: einops for the axes, −∞ for the mask."""
    einops = optional("einops")
    mask = renamed(options, mask="mask", each_head="each_head").get("mask")
    query, key, value = (
        einops.rearrange(x, "b n (h d) -> b h n d", h=heads) for x in tensors(*operands)
    )
    scores = einops.einsum(query, key, "b h i d, b h j d -> b h i j") / query.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~torch.from_numpy(mask), -torch.inf)
    weights = scores.softmax(dim=-1)
    output = einops.einsum(weights, value, "b h i j, b h j d -> b h i d")
    return arrays(einops.rearrange(output, "b h n d -> b n (h d)"), weights)


TOOLS = (
    Tool("transformers, eager", "transformers", partial(transformers, "eager")),
    Tool("transformers, sdpa", "transformers", partial(transformers, "sdpa")),
    Tool("ONNX Attention", "onnx", onnx_operator),
    Tool("by hand, with einops", "einops", by_hand),
)
