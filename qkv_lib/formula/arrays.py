"""What an array is: its library, its shape, and the precision in which it is summed.

Float32 at least, whatever stands around. torch is never imported here: where there is a tensor,
it is there already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

Array = Any  # a NumPy array or a torch tensor; both speak the array API
Shape = tuple[int, ...]


def shape(array: Array) -> Shape:
    """Return the shape as a plain tuple, printed alike for NumPy and torch."""
    return tuple(array.shape)


def heads(array: Array) -> int:
    """Return the number of heads, the third axis from the end (1 where there is none)."""
    return int(array.shape[-3]) if array.ndim > 2 else 1


def accumulating(array: Array) -> Array:
    """Return the array in the dtype that sums are kept in: float32 for half precision."""
    if array.dtype.itemsize >= 4:
        return array
    xp = namespace(array)
    return xp.astype(array, xp.float32)


def matmul(left: Array, right: Array) -> Array:
    """Return ``left @ right`` in the dtype of the two, whatever `torch.autocast` would make of it.

    Autocast rounds float32 operands of a product to half precision. Where this library says
    float32, it means the products most of all.
    """
    if isinstance(left, np.ndarray):
        return left @ right
    with as_they_are(left):
        return left @ right


def as_they_are(tensor: Array) -> AbstractContextManager[None]:
    """Return a context in which torch computes in the dtype of its tensors, autocast or not."""
    torch = sys.modules["torch"]
    device = tensor.device.type
    if device == "meta" or not torch.is_autocast_enabled(device):
        return _NOTHING
    context: AbstractContextManager[None] = torch.autocast(device, enabled=False)
    return context


_NOTHING = nullcontext()


def transformed(*arrays: Array) -> bool:
    """Whether `torch.func` transforms one of the tensors, or forward derivatives are taken."""
    if isinstance(arrays[0], np.ndarray):
        return False
    torch = sys.modules["torch"]
    if torch.compiler.is_compiling():
        return False
    if torch.autograd.forward_ad._current_level >= 0:
        return True
    return any(map(torch._C._functorch.is_functorch_wrapped_tensor, arrays))


def is_recorded(*arrays: Array | None) -> bool:
    """Whether torch records what becomes of one of the arrays, for a backward pass."""
    if isinstance(arrays[0], np.ndarray) or not sys.modules["torch"].is_grad_enabled():
        return False
    return any(x is not None and x.requires_grad for x in arrays)


def recomputing(function: Callable[..., Array]) -> Callable[..., Array]:
    """Return the function with a backward pass that computes it once more and keeps nothing."""
    checkpoint = sys.modules["torch"].utils.checkpoint.checkpoint
    return partial(checkpoint, function, use_reentrant=False, preserve_rng_state=False)


_NUMPY = (np.ndarray, np.generic)


def namespace(array: Array) -> Any:
    """Return the functions of an array's library, by the names of the array API."""
    if isinstance(array, _NUMPY):
        return np
    if "array_api_compat.torch" not in sys.modules:
        import_module("array_api_compat.torch")
    return sys.modules["array_api_compat.torch"]


def is_tensor(x: object) -> bool:
    """Whether ``x`` is a torch tensor; where torch was never imported, nothing is."""
    return "torch" in sys.modules and isinstance(x, sys.modules["torch"].Tensor)


def library(array: Array) -> str:
    """Return the name of an array's library, ``"numpy"`` or ``"torch"``."""
    return "numpy" if isinstance(array, np.ndarray) else "torch"
