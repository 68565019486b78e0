"""Repeat a row of digits: with one vector between two networks, or with attention."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qkv_lib.layers import initialise
from qkv_lib.models.seq2seq import EncoderDecoder, copy_batches, symbol_loss
from qkv_lib.models.training import fit

__all__ = ["KINDS", "LENGTHS", "N_UPDATES", "Kind", "train"]

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
