"""PyTorch's own kernel, handed the operands so that its answer is ours."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from qkv_lib import attention, attention_steps
from qkv_lib.exact.fused import fused_attention
from tests.arrays import array, close, in_library, normal, operands
from tests.refusals import says
from tests.test_attention import problems


@settings(deadline=None)
@given(problem=problems())
def test_equal_to_the_formula_forward_and_backward(problem: Any) -> None:
    _, inputs, options = problem
    options = in_library("torch", {k: x for k, x in options.items() if k != "softcap"})
    arrays = [array("torch", x).requires_grad_() for x in inputs]
    whole = attention_steps(*arrays, **options).output
    output = fused_attention(*arrays, **options)
    close(output, whole)
    direction = normal("torch", *whole.shape)
    wanted, got = (torch.autograd.grad((x * direction).sum(), arrays) for x in (whole, output))
    for left, right in zip(got, wanted, strict=True):
        close(left, right)


@pytest.mark.parametrize("path", [attention, fused_attention])
@pytest.mark.parametrize(
    "shapes",
    [
        ((53, 11), (59, 11), (59, 11)),
        ((3, 53, 11), (3, 59, 11), (3, 59, 11)),
        ((2, 6, 53, 11), (2, 2, 59, 11), (2, 2, 59, 13)),
        ((2, 6, 53, 17), (2, 1, 59, 17), (2, 1, 59, 13)),
        ((1, 3, 53, 11), (2, 3, 59, 11), (2, 3, 59, 11)),
        ((2, 1, 3, 5, 11), (2, 17, 1, 7, 11), (2, 17, 1, 7, 13)),
    ],
)
def test_the_fast_kernel_is_reached(path: Any, shapes: Any) -> None:
    """With the slow path forbidden, PyTorch refuses what the fast kernel cannot take."""
    query, key, value = (normal("torch", *shape, seed=i) for i, shape in enumerate(shapes))
    mask = normal("torch", shapes[0][-2], shapes[1][-2]) > 0
    for options in ({}, {"mask": mask}, {"causal": True}, {"bias": mask.double(), "mask": mask}):
        whole = attention_steps(query, key, value, **options).output
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            close(path(query, key, value, **options), whole)


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        ({"causal": True}, True),
        ({}, False),
        ({"causal": True, "offset": 1}, False),
        ({"causal": True, "window": 2}, False),
        ({"causal": True, "mask": torch.ones(5, 7, dtype=torch.bool)}, False),
        ({"causal": True, "bias": torch.ones(5, 7)}, False),
        ({"causal": True, "offset": 6}, False),
    ],
)
def test_causal_is_a_flag_where_it_says_all(
    options: Any, flag: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flag halves the work; a mask in the form of an array does not."""
    kernel, calls = functional.scaled_dot_product_attention, []

    def spy(*args: Any, **kwargs: Any) -> Any:
        calls.append(kwargs)
        return kernel(*args, **kwargs)

    monkeypatch.setattr(functional, "scaled_dot_product_attention", spy)
    fused_attention(*operands("torch"), **options)
    (call,) = calls
    assert call["is_causal"] == flag
    idle = not options or options.get("offset") == 6  # every query sees every key: no mask at all
    assert (call["attn_mask"] is None) == (flag or idle)


@pytest.mark.parametrize("size", [53, 521])
def test_fully_masked_rows_are_zero_forward_and_backward(size: int) -> None:
    inputs = [normal("torch", 1, 2, size, 16, seed=i).requires_grad_() for i in range(3)]
    mask = torch.ones(size, size, dtype=torch.bool)
    mask[3] = mask[size - 1] = False
    for options in ({"mask": mask}, {"bias": torch.where(mask, 0.0, -torch.inf)}):
        output = fused_attention(*inputs, **options)  # type: ignore[misc]
        assert (output[..., 3, :] == 0).all()
        gradients = torch.autograd.grad(output.square().sum(), inputs)
        assert all(x.isfinite().all() for x in gradients)
        assert (gradients[0][..., [3, size - 1], :] == 0).all()
        assert (gradients[0][..., 4, :] != 0).any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_summed_in_float32(dtype: str) -> None:
    inputs = operands("torch", dtype=dtype)
    output = fused_attention(*inputs)
    assert output.dtype == inputs[0].dtype
    exact = attention_steps(*(x.double() for x in inputs)).output
    rounding = torch.finfo(output.dtype).eps / 2
    assert (abs(output - exact) <= 1.01 * rounding * abs(exact) + 1e-6).all()


def test_refusals() -> None:
    x = np.ones((2, 3))
    with says(TypeError, "query is a numpy array, needs a torch tensor"):
        fused_attention(x, x, x)
    y = torch.ones(2, 3)
    with says(ValueError, "softcap is 2.0, which PyTorch's kernel does not know: use attention"):
        fused_attention(y, y, y, softcap=2.0)
    with says(ValueError, "query holds NaN or infinity: every entry must be finite"):
        fused_attention(y * torch.nan, y, y)


@pytest.mark.parametrize("scale", [-1.0, 0.0])
@pytest.mark.parametrize("n_keys", [5, 7])
def test_the_causal_flag_is_not_used_where_the_scale_turns_its_minus_infinity(
    scale: float, n_keys: int
) -> None:
    """PyTorch's kernel hides with −∞ before it scales: −∞ · (−1) = +∞, and −∞ · 0 is no number."""
    arrays = [normal("torch", 5, 3, seed=1), *(normal("torch", n_keys, 3, seed=s) for s in (2, 3))]
    wanted = attention_steps(*arrays, causal=True, scale=scale).output
    close(fused_attention(*arrays, causal=True, scale=scale), wanted)
    close(attention(*arrays, causal=True, scale=scale), wanted)
