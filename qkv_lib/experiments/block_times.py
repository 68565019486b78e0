"""How long the parts of a block take: the n² part beside the linear maps, by length.

Of chapter 8.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention as sdpa

from qkv_lib.experiments.table import Run, Table
from qkv_lib.layers import EncoderBlock, initialise

__all__ = ["D_MODEL", "TABLE"]

D_MODEL, N_HEADS, ROUNDS = 128, 4, 9
"""Width of the block; each part takes nine turns, of which the middle one counts."""


def cases(_runs: list[Run]) -> list[Run]:
    """Return the lengths."""
    return [{"n": n} for n in (64, 128, 256, 512, 768, 1024, 1536, 2048)]


def run(n: int) -> Run:
    """Return the seconds of the linear maps of a block, and of attention between them."""
    block = initialise(EncoderBlock(D_MODEL, N_HEADS), np.random.default_rng(0)).eval()
    x = torch.from_numpy(np.random.default_rng(n).normal(size=(n, D_MODEL)).astype(np.float32))
    layer = block.attention
    with torch.no_grad():
        query, key, value = layer.project(x, x, x)

        def textbook() -> torch.Tensor:
            scores = query @ key.mT / query.shape[-1] ** 0.5
            output: torch.Tensor = scores.softmax(dim=-1) @ value
            return output

        seconds = middle({
            "linear maps": lambda: (layer.project(x, x, x), layer.output(x), block.feed_forward(x)),
            "textbook": textbook,
            "fused": lambda: sdpa(query[None], key[None], value[None]),
        })  # fmt: skip
    return {"seconds": {name: float(f"{each:.3g}") for name, each in seconds.items()}}


def middle(parts: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the median processor time of each part; they take turns.

    Processor time counts, not the clock on the wall: other programs do not add to it.
    """
    seconds: dict[str, list[float]] = {name: [] for name in parts}
    for part in parts.values():
        part()
    for _ in range(ROUNDS):
        for name, part in parts.items():
            start = time.process_time()
            part()
            seconds[name].append(time.process_time() - start)
    return {name: float(np.median(each)) for name, each in seconds.items()}


TABLE = Table("block_times", cases, run, dict, code=[], facts={"d_model": D_MODEL})
"""What chapter 8 stores of times, on one thread; from nothing it takes a minute.

:meta hide-value:
"""
