"""What a tool is, and the few steps that all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from qkv_lib.formula.arrays import Array

__all__ = ["Tool"]

Returned = tuple[Array, Array | None]


class NotOfferedError(TypeError):
    """The tool has no option of that kind."""


@dataclass(frozen=True)
class Tool:
    """A way to compute attention that people use.

    Parameters
    ----------
    name : str
        As its documentation writes it.
    package : str
        What has to be installed.
    call : callable
        ``call(*operands, heads=..., training=..., **options)``: three NumPy arrays in the order
        and layout of the tool; the options are ``mask``, ``bias``, ``causal``, ``dropout`` and
        ``each_head`` (the weights of each head are wanted). What is not given is left to the
        tool. Returns the output and the weights, or None for the weights, and raises
        ``NotOfferedError``, a TypeError, for an option that the tool does not have.
    """

    name: str
    package: str
    call: Callable[..., Returned]


def renamed(options: dict[str, Any], **names: str) -> dict[str, Any]:
    """Return the options under the names that a tool has for them.

    Raises
    ------
    NotOfferedError
        The tool has no name for one of them.

    Examples
    --------
    >>> renamed({"causal": True}, mask="attn_mask", causal="is_causal")
    {'is_causal': True}
    """
    if missing := sorted(set(options) - set(names)):
        raise NotOfferedError(f"no option for {', '.join(missing)}")
    return {names[option]: value for option, value in options.items()}


def tensors(*operands: Array) -> list[torch.Tensor]:
    """Return the arrays as new tensors."""
    return [torch.from_numpy(np.array(x)) for x in operands]


def with_tensors(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with each array as a tensor."""
    return {k: tensors(v)[0] if isinstance(v, np.ndarray) else v for k, v in options.items()}


def arrays(output: torch.Tensor, weights: torch.Tensor | None = None) -> Returned:
    """Return output and weights as NumPy arrays."""
    return output.detach().numpy(), None if weights is None else weights.detach().numpy()
