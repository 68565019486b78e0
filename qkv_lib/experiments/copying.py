"""Repeat a row of digits: with one vector between two networks, or with attention.

Of chapter 1.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import torch

from qkv_lib.experiments.table import Run, Table
from qkv_lib.layers import initialise
from qkv_lib.models.seq2seq import EncoderDecoder, copy_accuracy, copy_batches, symbol_loss
from qkv_lib.models.training import fit

__all__ = ["KINDS", "LENGTHS", "N_UPDATES", "TABLE", "Kind", "train"]

LENGTHS: tuple[int, ...] = (2, 4, 6, 8, 10, 12, 14, 16)
"""Lengths at which the models are compared; they are trained on 1 to 16 digits."""

N_UPDATES = 300
"""Updates of each model in the chapter."""


class Kind(NamedTuple):
    """What the decoder may look at.

    Attributes
    ----------
    attends : bool
        All states of the encoder, or the last one alone.
    d : int
        Width of a state.
    learns : bool
        Whether the score is learned; otherwise every state gets the same weight.
    """

    attends: bool
    d: int = 48
    learns: bool = True


KINDS: dict[str, Kind] = {
    "one vector": Kind(attends=False),
    "one vector, twice as wide": Kind(attends=False, d=96),
    "even weights": Kind(attends=True, learns=False),
    "attention": Kind(attends=True),
}
"""The models that are compared.

:meta hide-value:
"""


def train(kind: str, *, seed: int, n_updates: int = N_UPDATES, lr: float = 0.01) -> EncoderDecoder:
    """Draw a model, train it to repeat rows of 1 to 16 digits, and return it, ready for use.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    seed : int
        Of the first weights and of the digits.
    n_updates : int
    lr : float
        The highest learning rate.

    Returns
    -------
    EncoderDecoder

    Examples
    --------
    >>> model = train("attention", seed=0, n_updates=1)
    >>> sum(p.numel() for p in model.parameters())
    33802
    """
    attends, d, learns = KINDS[kind]
    model = initialise(EncoderDecoder(10, d, attends=attends), np.random.default_rng(seed))
    if not learns:  # every score stays 0
        model.v.requires_grad_(False).zero_()
    batches = copy_batches(np.random.default_rng(100 + seed), longest=max(LENGTHS))
    fit(model, batches, n_updates=n_updates, lr=lr, loss=symbol_loss)
    return model


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained: 1, 4 and 16 times as long as in the chapter, at two rates."""
    return [
        {"kind": kind, "longer": longer, "seed": seed, "rate": rate}
        for longer, seed, rate, kind in product((1, 4, 16), (0, 1, 2), (0.01, 0.03), KINDS)
    ]


def run(kind: str, longer: int, seed: int, rate: float) -> Run:
    """Train a model and return the share of digits that it repeats, for each length."""
    model = train(kind, seed=seed, n_updates=longer * N_UPDATES, lr=rate)
    found = copy_accuracy(model, LENGTHS, np.random.default_rng(7))
    return {"accuracy": found.round(4).tolist()}


def check() -> Run:
    """Return a number per model that changes when any code below computes otherwise."""
    found = {}
    for kind in KINDS:
        model = train(kind, seed=0, n_updates=2)
        with torch.no_grad():
            logits = model(torch.arange(10)[None], torch.arange(10)[None])
        found[kind] = round(float(logits.abs().mean()), 4)
    return found


TABLE = Table(
    "copying",
    cases,
    run,
    check,
    code=["layers/initialise", "models/seq2seq", "models/training"],
    facts={"lengths": list(LENGTHS)},
)
"""What chapter 1 stores; from nothing it takes fifteen minutes on one core.

:meta hide-value:
"""
