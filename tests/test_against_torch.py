"""Attention and the layer against PyTorch's own, in values, gradients and refusals."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention as sdpa

from qkv_lib import attention, attention_steps, softmax
from qkv_lib.layers import MultiHeadAttention
from tests.against_torch import assert_both_refuse, assert_same
from tests.arrays import BATCH, HEADS, D, E, M, N, normal, operands

OURS: dict[str, Callable[..., Any]] = {
    "attention": attention,
    "attention_steps": lambda *a, **o: attention_steps(*a, **o).output,
}
MASK = normal("torch", BATCH, 1, N, M) > -0.7
MASK[1, 0, 2] = False
BIAS = normal("torch", HEADS, N, M, seed=1)


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({}, {}),
        ({"mask": MASK}, {"attn_mask": MASK}),
        ({"bias": BIAS}, {"attn_mask": BIAS}),
        ({"causal": True}, {"is_causal": True}),
        ({"scale": 0.7}, {"scale": 0.7}),
        ({"mask": MASK, "bias": BIAS}, {"attn_mask": BIAS.masked_fill(~MASK, -torch.inf)}),
    ],
    ids=["plain", "mask", "bias", "causal", "scale", "mask and bias"],
)
def test_attention_is_scaled_dot_product_attention(
    name: str, mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    assert_same(partial(OURS[name], **mine), partial(sdpa, **theirs), *operands("torch"))


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("kv_heads", [1, 3])
def test_grouped_queries(name: str, kv_heads: int) -> None:
    arrays = operands("torch", heads=6, kv_heads=kv_heads)
    assert_same(OURS[name], partial(sdpa, enable_gqa=True), *arrays)


def test_the_bias_gets_a_gradient() -> None:
    def ours(query: Any, key: Any, value: Any, bias: Any) -> Any:
        return attention(query, key, value, bias=bias)

    assert_same(ours, sdpa, *operands("torch"), BIAS)


def test_softmax() -> None:
    for axis in (-1, 0, 1):
        assert_same(partial(softmax, axis=axis), partial(torch.softmax, dim=axis), BIAS)


def layers(*, kdim: int | None = None, vdim: int | None = None) -> tuple[Any, Any]:
    torch_layer = nn.MultiheadAttention(
        HEADS * 2, HEADS, kdim=kdim, vdim=vdim, batch_first=True, dtype=torch.float64
    )
    with torch.no_grad():
        for i, parameter in enumerate(torch_layer.parameters()):
            parameter.copy_(normal("torch", *parameter.shape, seed=i))
    return MultiHeadAttention.from_torch(torch_layer), torch_layer


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("widths", [{}, {"kdim": D, "vdim": E}])
@pytest.mark.parametrize("masked", [False, True])
def test_the_layer_is_multihead_attention(
    training: bool, widths: dict[str, int], masked: bool
) -> None:
    ours, theirs = (layer.train(training) for layer in layers(**widths))
    hidden = normal("torch", N, M) > 0.7
    query = normal("torch", BATCH, N, HEADS * 2)
    key = normal("torch", BATCH, M, widths.get("kdim", HEADS * 2), seed=1)
    value = normal("torch", BATCH, M, widths.get("vdim", HEADS * 2), seed=2)
    assert_same(
        partial(ours, mask=~hidden if masked else None),
        lambda *x: theirs(*x, attn_mask=hidden if masked else None, need_weights=False)[0],
        query, key, value,
    )  # fmt: skip


def test_parameters_get_the_same_gradients() -> None:
    ours, theirs = layers()
    x = normal("torch", BATCH, N, HEADS * 2)
    ours(x, x, x).square().sum().backward()
    theirs(x, x, x, need_weights=False)[0].square().sum().backward()
    torch.testing.assert_close(ours.output.weight.grad, theirs.out_proj.weight.grad)
    stacked = torch.cat([layer.weight.grad for layer in (ours.query, ours.key, ours.value)])
    torch.testing.assert_close(stacked, theirs.in_proj_weight.grad)


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(
    ("shapes", "options"),
    [
        ([(2, 3, 5, 11), (2, 3, 7, 13), (2, 3, 7, 13)], {}),
        ([(2, 3, 5, 11), (5, 3, 7, 11), (5, 3, 7, 13)], {}),
        ([(2, 3, 5, 11), (2, 2, 7, 11), (2, 2, 7, 13)], {}),
        ([(2, 3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13)], {"mask": torch.ones(7, 5) > 0}),
        ([(11,), (7, 11), (7, 13)], {}),
    ],
    ids=["widths", "batch", "heads", "mask", "axes"],
)
def test_what_pytorch_refuses_is_refused(
    name: str, shapes: list[tuple[int, ...]], options: dict[str, Any]
) -> None:
    theirs = {"attn_mask": options["mask"]} if options else {}
    assert_both_refuse(
        partial(OURS[name], **options),
        partial(sdpa, **theirs),
        *(normal("torch", *shape) for shape in shapes),
    )


@pytest.mark.parametrize("name", OURS)
def test_dtypes_that_differ_are_refused(name: str) -> None:
    query, key, value = operands("torch")
    assert_both_refuse(OURS[name], sdpa, query, key.float(), value)
