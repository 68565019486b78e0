"""Random sequences that repeat: two layers of attention learn to continue them, one does not.

Of section 6.4.

The models are attention alone, their feed-forward layers silent, so that what a head does can be
read from its own matrices. Nothing can be predicted but the repetition. How long it is differs
from sequence to sequence, so that a model cannot look back by a fixed distance: it must find what
it has read before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

from qkv_lib.experiments.table import Run, Table
from qkv_lib.measures.induction import head_scores, repeated, second_half_loss
from qkv_lib.models.gpt import GPT, new_gpt, next_token_loss
from qkv_lib.models.training import fit

__all__ = ["LENGTH", "N_TOKENS", "PERIOD", "TABLE", "attention_alone", "repetitions", "train"]

N_TOKENS, LENGTH = 32, 32
"""How many different tokens there are, and how many a model sees."""
PERIOD = 12
"""The period on which models are tested; in training it is 8 to 16."""
BATCH, RATE, N_UPDATES, EVERY = 32, 1e-2, 800, 40


def repetitions(rng: np.random.Generator) -> Iterator[tuple[torch.Tensor]]:
    """Yield batches of sequences that repeat, each with a period of its own.

    Parameters
    ----------
    rng : numpy.random.Generator

    Yields
    ------
    tuple of one integer tensor of shape (32, 33)

    Examples
    --------
    >>> next(repetitions(np.random.default_rng(0)))[0].shape
    torch.Size([32, 33])
    """
    while True:
        periods = rng.integers(LENGTH // 4, LENGTH // 2 + 1, size=BATCH)
        rows = [np.resize(rng.integers(N_TOKENS, size=p), LENGTH + 1) for p in periods]
        yield (torch.from_numpy(np.stack(rows)),)


@torch.no_grad()
def attention_alone(model: GPT) -> GPT:
    """Silence the feed-forward layers of a model for good; the model itself is returned.

    Parameters
    ----------
    model : GPT

    Returns
    -------
    GPT

    Examples
    --------
    >>> model = attention_alone(GPT(n_tokens=9, d_model=8, n_heads=2))
    >>> model.stack[0].feed_forward(torch.ones(1, 2, 8)).abs().max()
    tensor(0.)
    """
    for block in model.stack:
        block.feed_forward_norm.requires_grad_(False)
        for parameter in block.feed_forward.requires_grad_(False).contract.parameters():
            parameter.zero_()
    return model


def train(
    n_blocks: int,
    *,
    seed: int,
    n_updates: int = N_UPDATES,
    lr: float = RATE,
    watch: Callable[[int, GPT], None] | None = None,
    every: int = EVERY,
) -> GPT:
    """Draw a small GPT and train it on sequences that repeat; return it, ready for use.

    Parameters
    ----------
    n_blocks : int
        The one part in which the models differ; each block has two heads.
    seed : int
        Of the first weights and of the sequences.
    n_updates : int
    lr : float
        The highest learning rate.
    watch : callable, optional
        ``watch(n_done, model)``, called before the first update and after every ``every``.
    every : int

    Returns
    -------
    GPT

    Examples
    --------
    >>> len(train(1, seed=0, n_updates=2).layers)
    1
    """
    rng = np.random.default_rng(seed)
    sizes = {"n_tokens": N_TOKENS, "length": LENGTH, "d_model": 32, "n_heads": 2}
    model = attention_alone(new_gpt(rng, **sizes, n_blocks=n_blocks))
    done = 0

    def loss(model: GPT, ids: torch.Tensor) -> torch.Tensor:
        nonlocal done
        if watch is not None and done % every == 0:
            watch(done, model)
        done += 1
        return next_token_loss(model, ids)

    fit(model, repetitions(rng), n_updates=n_updates, lr=lr, loss=loss)
    if watch is not None:
        watch(done, model)
    return model


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained: both depths with three seeds; one block at other rates, longer."""
    usual = [(n, seed, N_UPDATES, RATE) for seed in (0, 1, 2) for n in (1, 2)]
    fair = [(1, 0, N_UPDATES, RATE / 3), (1, 0, N_UPDATES, 3 * RATE)]
    longer = [(1, 0, 4 * N_UPDATES, RATE), (1, 0, 16 * N_UPDATES, RATE)]
    names = ("n_blocks", "seed", "updates", "rate")
    return [dict(zip(names, each, strict=True)) for each in (*usual, *fair, *longer)]


def run(n_blocks: int, seed: int, updates: int, rate: float) -> Run:
    """Train a model, and follow its loss and its heads on sequences of one period."""
    test = repeated(N_TOKENS, PERIOD, 100, np.random.default_rng(99))
    curve: list[list[float]] = []

    def watch(done: int, model: GPT) -> None:
        scores = head_scores(model, test)
        heads = [scores.induction[-1].max(), scores.previous[0].max()]
        curve.append([done, *(round(float(x), 4) for x in (second_half_loss(model, test), *heads))])

    every = EVERY * updates // N_UPDATES
    train(n_blocks, seed=seed, n_updates=updates, lr=rate, watch=watch, every=every)
    return {"loss": curve[-1][1], "curve": curve}


def check() -> Run:
    """Return the loss of both depths after a few updates, which any change below them changes."""
    test = repeated(N_TOKENS, PERIOD, 100, np.random.default_rng(99))
    models = {n: train(n, seed=0, n_updates=3) for n in (1, 2)}
    return {f"{n} blocks": round(second_half_loss(model, test), 4) for n, model in models.items()}


TABLE = Table(
    "repeats",
    cases,
    run,
    check,
    code=["layers/initialise", "measures/induction", "models/gpt", "models/training"],
    facts={"columns": ["updates", "loss", "induction", "previous"]},
)
"""What section 6.4 stores of repetitions; from nothing it takes five minutes on one core.

:meta hide-value:
"""
