"""How long a step takes, by how many tokens go through it at once: measured on one thread.

Of section 8.1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from qkv_lib.experiments.table import Run, Table
from qkv_lib.measures.traffic import cache_traffic, latent_traffic, map_traffic

__all__ = ["CACHES", "TABLE", "TOKENS", "measured", "step"]

D, N_MATRICES, N_KEYS, ROUNDS = 2048, 24, 4096, 21
H, D_HEAD, D_C, D_R = 32, 128, 512, 64

TOKENS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Tokens that go through a map at once."""

CACHES = {"MHA, 32": 32, "GQA, 8": 8, "MQA, 1": 1, "MLA": 0}
"""Kinds of cache, by their key heads; 0 stands for latents.

:meta hide-value:
"""


def step(part: str, n: int) -> Callable[[], object]:
    """Return a step as a function without arguments.

    Parameters
    ----------
    part : {"maps", "MHA, 32", "GQA, 8", "MQA, 1", "MLA"}
        24 square maps of width 2048, 400 MB and so more than any cache of the processor holds; or
        attention of 32 heads of width 128 over 4096 tokens, without the maps of latents, and with
        heads that share keys as rows of one matrix, so that each key is read once for all of them.
    n : int
        Tokens at once.

    Returns
    -------
    callable

    Examples
    --------
    >>> step("MQA, 1", 2)().shape
    torch.Size([1, 64, 128])
    """
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    if part == "maps":
        matrices, x = [normal(D, D) for _ in range(N_MATRICES)], normal(n, D)
        return lambda: [x @ matrix for matrix in matrices]
    g = CACHES[part]
    if g:
        key, value = normal(g, N_KEYS, D_HEAD), normal(g, N_KEYS, D_HEAD)
    else:  # a latent and a turned key of each token; the latents are the values as well
        g, key = 1, normal(1, N_KEYS, D_C + D_R)
        value = key[..., :D_C]
    query = normal(g, H // g * n, key.shape[-1]) / key.shape[-1] ** 0.5
    return lambda: torch.softmax(query @ key.mT, dim=-1) @ value


def measured(part: str, n: int) -> Run:
    """Return the milliseconds of a step: the least of 21, in processor time.

    Parameters
    ----------
    part, n
        As in `step`.

    Returns
    -------
    dict
        ``"ms"``; for the maps, of one of them.

    Examples
    --------
    >>> measured("MQA, 1", 1)["ms"] > 0
    True
    """
    run = step(part, n)
    run()
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    times = N_MATRICES if part == "maps" else 1
    return {"ms": float(f"{1000 * min(found) / times:.3g}")}


def cases(_: list[Run]) -> Iterator[Run]:
    """Yield what is measured: the maps by tokens, each cache with one token and with four."""
    yield from ({"part": "maps", "n": n} for n in TOKENS)
    yield from ({"part": part, "n": n} for part in CACHES for n in (1, 4))


def counts() -> Run:
    """Return what the steps multiply and read."""
    caches = [
        cache_traffic(H, g, D_HEAD, N_KEYS, bytes_per_number=4) if g else
        latent_traffic(H, D_C, D_R, N_KEYS, bytes_per_number=4)
        for g in CACHES.values()
    ]  # fmt: skip
    return {
        "maps": list(map_traffic(D, D, bytes_per_number=4)),
        **{name: list(each) for name, each in zip(CACHES, caches, strict=True)},
    }


TABLE = Table("step_times", cases, measured, counts, code=[])
"""The stored results.

:meta hide-value:
"""
