"""How long a small GPT takes to write, with a cache and without: trained or not is the same.

Of section 6.4.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
import torch

from qkv_lib.exact.cache import KVCache
from qkv_lib.experiments.table import Run, Table
from qkv_lib.experiments.writing import LENGTH
from qkv_lib.models.gpt import GPT, new_gpt

__all__ = ["TABLE"]


def cases(_runs: list[Run]) -> list[Run]:
    """Return the lengths of the texts that are written for their time."""
    return [{"written": n} for n in (31, 63, 127)]


def run(written: int) -> Run:
    """Return how much longer writing takes without a cache: the median ratio of seven."""
    model, ratios = new_gpt(np.random.default_rng(0), length=LENGTH).eval(), []
    for _ in range(7):
        seconds = []
        for caches in (model.caches(), None):
            start = perf_counter()
            rewrite(model, written, caches)
            seconds.append(perf_counter() - start)
        ratios.append(seconds[1] / seconds[0])
    return {"ratio": round(float(np.median(ratios)), 2)}


@torch.no_grad()
def rewrite(model: GPT, n: int, caches: list[KVCache] | None) -> None:
    """Read a text token by token, as a model that writes it; without a cache from its start."""
    ids = torch.arange(n + 1)[None]
    for i in range(n + 1):
        model(ids[:, i : i + 1] if caches else ids[:, : i + 1], caches=caches)


TABLE = Table("writing_times", cases, run, dict, code=["models/gpt", "exact/cache"])
"""How much longer writing takes without a cache, on the machine that filled the table.

:meta hide-value:
"""
