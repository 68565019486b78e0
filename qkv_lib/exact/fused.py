"""Attention by PyTorch's own kernel, wherever that gives the same answer.

`torch.nn.functional.scaled_dot_product_attention` computes tiles of queries × keys in compiled
code. Handed to it as it wants them, the operands take its fast path; torch itself is never
imported here, it comes with the tensors.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Unpack

from qkv_lib.formula._call import Call, Keywords, without_overflow
from qkv_lib.formula._door import check_call
from qkv_lib.formula.arrays import Array, Shape, as_they_are, heads, shape
from qkv_lib.formula.steps import mask_scores

__all__ = ["fused_attention"]


def fused_attention(query: Array, key: Array, value: Array, **options: Unpack[Keywords]) -> Array:
    """Return attention computed by `torch.nn.functional.scaled_dot_product_attention`.

    Operands, options, errors and conventions are those of `attention`.

    Parameters
    ----------
    **options
        ``mask``, ``bias``, ``causal``, … as in `attention`, without ``softcap``.

    Returns
    -------
    tensor of shape (..., h, n_queries, d_v)
        What `qkv_lib.attention` returns, to rounding.

    Raises
    ------
    TypeError
        ``query`` is no torch tensor.
    ValueError
        ``softcap`` is given: the kernel has none.

    Notes
    -----
    A mask, bias or window that has to be handed over as an array of (n_queries, n_keys) costs
    that memory; ``causal`` alone with ``offset`` 0 costs none and halves the work. Half precision
    goes through the kernel in float32, as everywhere in this library.

    References
    ----------
    Dao et al. 2022, "FlashAttention", algorithm 1, is what the kernel computes.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> fused_attention(x, x, x)[0]
    tensor([3.8646, 4.8646])
    """
    call = check_call(query, key, value, **options)
    if call.library != "torch":
        raise TypeError(f"query is a {call.library} array, needs a torch tensor")
    if call.softcap is not None:
        raise ValueError(
            f"softcap is {call.softcap}, which PyTorch's kernel does not know: use attention"
        )
    return fused(call)


def can_fuse(call: Call, *, may_mask: bool) -> bool:
    """Whether the kernel gives the answer for tensors, the band written out if it ``may`` be."""
    return (
        call.softcap is None
        and not call.transformed
        and (may_mask or call.band.is_idle(*call.sizes[-2:]) or _flag_says_all(call))
    )


def fused(call: Call) -> Array:
    """Hand a call over to the kernel."""
    if call.huge:
        return without_overflow(fused, call)
    n, m = call.sizes[-2:]
    idle = call.band.is_idle(n, m)
    flag = not idle and _flag_says_all(call)
    mask = call.mask if idle or flag else call.seen()
    if call.bias is not None:  # one array of numbers: the bias, and −∞ where the mask hides
        mask = mask_scores(call.bias.to(call.query.dtype), mask)
    batch, e = call.sizes[:-3], call.value.shape[-1]
    width = max(call.query.shape[-1], e)
    torch = sys.modules["torch"]
    attend = partial(
        torch.nn.functional.scaled_dot_product_attention,
        attn_mask=None if mask is None else _prepared(mask, batch, mask.shape[-1]),
        is_causal=flag,
        scale=call.scale,
        enable_gqa=heads(call.query) != heads(call.key),
    )
    inputs = [_prepared(x, batch, width) for x in (call.query, call.key, call.value)]
    with as_they_are(call.query):
        output = attend(*inputs)
    if output.requires_grad and not torch.compiler.is_compiling():
        _allow_second_derivatives(output.grad_fn, attend, inputs)
    if e < width:
        output = output[..., :e]
    if output.ndim != len(call.sizes):
        output = output.reshape(*call.sizes[:-1], e)
    return output if output.dtype == call.dtype else output.to(call.dtype)


def _allow_second_derivatives(node: Any, attend: Callable[..., Array], inputs: list[Array]) -> None:
    """Let the gradient of the kernel be differentiated, which PyTorch does not by itself.

    Only where `create_graph` asks for it, the gradient is taken once more through the formula.
    """
    torch = sys.modules["torch"]
    if "ScaledDotProduct" not in node.name():
        return

    def again(gradients: Any, given: Any) -> tuple[Array | None, ...] | None:
        if not torch.is_grad_enabled():
            return None
        views = [x.view_as(x) for x in inputs]  # each its own, even where one is query and key
        wanted = [x for x in views if x.requires_grad]
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            output = attend(*views)
        found = iter(torch.autograd.grad(output, wanted, given[0], create_graph=True))
        of_inputs = (next(found) if x.requires_grad else None for x in inputs)
        return (*of_inputs, *gradients[len(inputs) :])

    node.register_hook(again)


def _flag_says_all(call: Call) -> bool:
    """Whether the kernel's ``is_causal``, which knows no offset and no other mask, is enough.

    It hides with −∞ before it scales, so that a scale below or at 0 would make it +∞ or NaN.
    """
    band = call.band
    if call.mask is not None or call.bias is not None or band.varies:
        return False
    return band.causal and band.window is None and band.offset == 0 and call.scale > 0


def _prepared(x: Array, batch: Shape, width: int) -> Array:
    """Bring an operand or a mask to what the fast kernel needs.

    Four axes, (batch, heads, …), and d_k = d_v: features of zeros change nothing.
    """
    if x.shape[-1] < width:
        x = sys.modules["torch"].nn.functional.pad(x, (0, width - x.shape[-1]))
    if x.ndim == 4 and x.shape[:1] == batch:
        return x
    last = (1,) * (3 - x.ndim) + shape(x)[-3:]
    return x.expand(*batch, *last).reshape(math.prod(batch), *last)
