"""Ablation: take heads away from a trained model, and see what it loses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from qkv_lib.models.encoder import SentenceEncoder
from qkv_lib.models.gpt import GPT

__all__ = ["silenced"]


@contextmanager
def silenced(model: SentenceEncoder | GPT, heads: Iterable[tuple[int, int]]) -> Iterator[None]:
    """Take the output of some heads away, before the heads are mixed, inside the ``with`` block.

    Parameters
    ----------
    model : SentenceEncoder or GPT
    heads : iterable of (block, head)
        Both counted from 0.

    Yields
    ------
    None

    Raises
    ------
    ValueError
        There is no such block or head.

    References
    ----------
    Michel et al. 2019, "Are Sixteen Heads Really Better than One?", section 2.

    Examples
    --------
    >>> from qkv_lib.models.encoder import SentenceEncoder
    >>> model = SentenceEncoder(100, 16, d_model=8, n_heads=2, d_hidden=16, n_blocks=1)
    >>> with silenced(model, [(0, 1)]):
    ...     states = model(torch.tensor([[5, 6]]), torch.tensor([2]))
    """
    chosen = list(heads)
    gates = torch.ones(len(model.layers), model.layers[0].n_heads)
    for block, head in chosen:
        if not (0 <= block < gates.shape[0] and 0 <= head < gates.shape[1]):
            raise ValueError(
                f"heads holds {(block, head)}, needs a block below {gates.shape[0]} "
                f"and a head below {gates.shape[1]}"
            )
        gates[block, head] = 0.0
    hooks = [
        layer.output.register_forward_pre_hook(_gate(gate))
        for layer, gate in zip(model.layers, gates, strict=True)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _gate(gate: Tensor) -> Any:
    def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        (merged,) = inputs  # (..., n, h · d)
        return merged * gate.to(merged).repeat_interleave(merged.shape[-1] // len(gate))

    return hook
