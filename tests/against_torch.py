"""One helper: the same expression here and in PyTorch, in float64: values, gradients, refusals."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

Expression = Callable[..., torch.Tensor]


def assert_same(ours: Expression, theirs: Expression, *operands: torch.Tensor) -> None:
    """Check equal outputs, and equal gradients in every operand, in float64."""
    results = []
    for expression in (ours, theirs):
        leaves = [x.detach().double().clone().requires_grad_() for x in operands]
        output = expression(*leaves)
        generator = torch.Generator().manual_seed(0)
        weights = torch.randn(output.shape, generator=generator, dtype=torch.float64)
        gradients = torch.autograd.grad((output * weights).sum(), leaves, allow_unused=True)
        results.append((output, *gradients))
    for mine, reference in zip(*results, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-9, atol=1e-11)


def assert_both_refuse(ours: Expression, theirs: Expression, *operands: Any) -> None:
    """Check error parity: what PyTorch refuses, we refuse, with a ValueError or TypeError."""
    with pytest.raises((RuntimeError, ValueError, TypeError, AssertionError)):
        theirs(*operands)
    with pytest.raises((ValueError, TypeError)):
        ours(*operands)
