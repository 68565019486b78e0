"""Where the norm stands in a deep stack, and what a warm-up does: six blocks learn to reverse.

Of chapter 8.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import torch

from qkv_lib.data.digit_tasks import examples, reversal
from qkv_lib.experiments.table import Run, Table
from qkv_lib.layers import initialise
from qkv_lib.models.tagger import DigitTagger, tagging_accuracy, tagging_loss
from qkv_lib.models.training import fit

__all__ = ["N_BLOCKS", "N_UPDATES", "TABLE"]

N_BLOCKS, LR = 6, 3e-3
"""Blocks of a stack, ``N_BLOCKS``, and the highest learning rate of all of them."""
N_UPDATES, EVERY = 300, 10
"""Updates of each stack; of its losses, the mean of every ten is stored."""


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained: the norm first or last, with a warm-up or none, on three seeds."""
    return [
        {"norm_first": norm_first, "warmup": warmup, "seed": seed}
        for norm_first, warmup, seed in product((True, False), (0.0, 0.3), (0, 1, 2))
    ]


def run(norm_first: bool, warmup: float, seed: int) -> Run:
    """Train a stack to reverse ten digits and return its losses and its share of right answers."""
    model, losses = train(norm_first, warmup, seed, N_UPDATES)
    means = np.reshape(losses, (-1, EVERY)).mean(axis=1)
    return {
        "losses": [round(float(mean), 3) for mean in means],
        "accuracy": round(tagging_accuracy(model, reversal, 10), 3),
    }


def train(
    norm_first: bool, warmup: float, seed: int, n_updates: int
) -> tuple[DigitTagger, list[float]]:
    """Return a trained stack and the losses on its way."""
    rng = np.random.default_rng(seed)
    model = initialise(DigitTagger(norm_first=norm_first, n_blocks=N_BLOCKS), rng)
    batches = examples(reversal, 10, rng)
    losses = fit(model, batches, n_updates=n_updates, lr=LR, loss=tagging_loss, warmup=warmup)
    return model, losses


def check() -> Run:
    """Return a number for each kind of stack that changes when any code below it does."""
    found = {}
    for norm_first in (True, False):
        model, _ = train(norm_first, 0.3, 0, 2)
        with torch.no_grad():
            logits = model(torch.arange(10)[None])
        found["norm first" if norm_first else "norm last"] = round(float(logits.abs().mean()), 4)
    return found


TABLE = Table(
    "depth",
    cases,
    run,
    check,
    code=["data/digit_tasks", "layers/initialise", "models/tagger", "models/training"],
    facts={"n_blocks": N_BLOCKS, "lr": LR},
)
"""What chapter 8 stores of deep stacks; from nothing it takes a few minutes on one core.

:meta hide-value:
"""
