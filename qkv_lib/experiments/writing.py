"""A small GPT on what Python says about itself: with attention that chooses, and with even weights.

Of section 6.4.

The two are the same network with the same first weights, data and updates. In the rival every
weight is ``1 / n`` over the tokens so far, in training and in use: it cannot choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from qkv_lib.data.pieces import load_pieces
from qkv_lib.data.prose import Prose, load_prose
from qkv_lib.experiments.table import Run, Table
from qkv_lib.measures.heads import even_attention
from qkv_lib.measures.induction import head_scores, repeated, second_half_loss
from qkv_lib.models.gpt import GPT, new_gpt, next_token_loss, windows
from qkv_lib.models.training import fit

__all__ = [
    "LENGTH", "RATES", "TABLE", "held_out_loss", "load_gpt", "mixed", "tokens",
    "train", "weighing",
]  # fmt: skip

Kind = Literal["choosing", "even"]
LENGTH = 128
"""Tokens that a model sees at once."""
N_UPDATES, LONGER = 600, 1600
REPEATS = 1 / 8
PERIODS = (4, 40)  # from the first to below the second
RATES: dict[Kind, float] = {"choosing": 1.2e-2, "even": 1.2e-2}
"""The highest learning rate of each; of three that were tried none was better by 0.02.

:meta hide-value:
"""
TRIED = (6e-3, 1.2e-2, 2.4e-2)
EVERY = 200
FILE = "gpt.npz"
DIGEST = "798fc267275c3520123bed63cdfe9eaece9599b85bca8d248d1b924af1ad6655"


@cache
def tokens() -> dict[str, NDArray[np.int64]]:
    """Return the numbers of the pieces of each part of the text.

    Returns
    -------
    dict from str to integer array
        ``train``, ``validation`` and ``test``.

    Examples
    --------
    >>> {part: len(ids) for part, ids in tokens().items()}
    {'train': 346885, 'validation': 39343, 'test': 40722}
    """
    pieces = load_pieces()
    return dict(zip(Prose._fields, map(pieces.encode, load_prose()), strict=True))


def weighing(kind: Kind, model: GPT) -> AbstractContextManager[None]:
    """Return the context in which a model of this kind trains and is used.

    Parameters
    ----------
    kind : {"choosing", "even"}
    model : GPT

    Returns
    -------
    context manager

    Examples
    --------
    >>> with weighing("choosing", GPT(n_tokens=9, d_model=8, n_heads=2)):
    ...     pass
    """
    return even_attention(model) if kind == "even" else nullcontext()


def train(
    kind: Kind = "choosing",
    *,
    seed: int,
    n_updates: int = N_UPDATES,
    lr: float | None = None,
    watch: Callable[[int, GPT], None] | None = None,
    every: int = 100,
    repeats: float = REPEATS,
) -> GPT:
    """Draw a GPT and train it on the training text; return it, ready for use.

    Parameters
    ----------
    kind : {"choosing", "even"}
        The one part in which the models differ: whether the weights follow the scores.
    seed : int
        Of the first weights and of the windows.
    n_updates : int
        Each on 16 windows of 128 tokens.
    lr : float, optional
        The highest learning rate; that of `RATES` by default.
    watch : callable, optional
        ``watch(n_done, model)``, called before the first update and after every ``every``.
    every : int
    repeats : float
        Share of the windows that are random tokens which repeat, in place of text.

    Returns
    -------
    GPT

    Examples
    --------
    >>> train(seed=0, n_updates=2)(torch.tensor([[5, 6, 7]])).shape
    torch.Size([1, 3, 512])
    """
    rng = np.random.default_rng(seed)
    model = new_gpt(rng, length=LENGTH)
    done = 0

    def loss(model: GPT, ids: torch.Tensor) -> torch.Tensor:
        nonlocal done
        if watch is not None and done % every == 0:
            model.eval()
            watch(done, model)
            model.train()
        done += 1
        return next_token_loss(model, ids)

    batches = mixed(windows(tokens()["train"], LENGTH + 1, rng), repeats, rng)
    with weighing(kind, model):
        fit(
            model,
            batches,
            n_updates=n_updates,
            lr=RATES[kind] if lr is None else lr,
            loss=loss,
        )
        if watch is not None:
            watch(done, model)
    return model


def mixed(
    batches: Iterator[tuple[torch.Tensor]], share: float, rng: np.random.Generator
) -> Iterator[tuple[torch.Tensor]]:
    """Yield batches in which a share of the rows are random tokens that repeat.

    Parameters
    ----------
    batches : iterator of tuples of one integer tensor (batch, n)
    share : float
    rng : numpy.random.Generator

    Yields
    ------
    tuple of one integer tensor of shape (batch, n)

    Examples
    --------
    >>> batches = mixed(iter([(torch.zeros(1, 9, dtype=torch.int64),)]), 1.0,
    ...                 np.random.default_rng(1))
    >>> next(batches)[0].shape
    torch.Size([1, 9])
    """
    n_tokens = len(load_pieces())
    for (ids,) in batches:
        for row in np.flatnonzero(rng.random(len(ids)) < share):
            repeated = rng.integers(n_tokens, size=rng.integers(*PERIODS))
            ids[row] = torch.from_numpy(np.resize(repeated, ids.shape[1]))
        yield (ids,)


@torch.no_grad()
def held_out_loss(
    model: GPT, ids: NDArray[np.int64], *, kind: Kind = "choosing", batch_size: int = 50
) -> float:
    """Return the mean loss per token over windows that cover a text once.

    Parameters
    ----------
    model : GPT
    ids : integer array of shape (n,)
    kind : {"choosing", "even"}
        How the model weighs.
    batch_size : int

    Returns
    -------
    float
        In nats. The first tokens of each window are predicted from few.

    Examples
    --------
    >>> held_out_loss(train(seed=0, n_updates=2), tokens()["test"][:400]) > 5
    True
    """
    rows = len(ids) // (LENGTH + 1)
    each = torch.from_numpy(ids[: rows * (LENGTH + 1)].reshape(rows, LENGTH + 1))
    with weighing(kind, model):
        losses = [
            next_token_loss(model, part).item() * len(part)
            for part in torch.split(each, batch_size)
        ]
    return sum(losses) / rows


def load_gpt() -> GPT:
    """Return the GPT that ``make results`` trained with seed 0, in evaluation mode.

    Returns
    -------
    GPT
        Its weights were stored in half precision.

    Raises
    ------
    ValueError
        The SHA-256 digest of the stored weights is not the known one.

    Examples
    --------
    >>> load_gpt().length
    128
    """
    content = files("qkv_lib.experiments").joinpath(FILE).read_bytes()
    found = sha256(content).hexdigest()
    if found != DIGEST:
        raise ValueError(f"{FILE} has SHA-256 {found}, needs {DIGEST}: it was not read")
    with np.load(BytesIO(content), allow_pickle=False) as stored:
        state = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored}
    model = GPT(length=LENGTH)
    model.load_state_dict(state)
    return model.eval().requires_grad_(False)


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained: three rates, both kinds with three seeds, one for longer."""
    tuned = [(kind, 9, 300, rate) for kind in RATES for rate in TRIED]
    usual = [(kind, s, N_UPDATES, rate) for s in (0, 1, 2) for kind, rate in RATES.items()]
    longer = [("choosing", 0, LONGER, RATES["choosing"])]
    names = ("kind", "seed", "updates", "rate")
    found = [dict(zip(names, each, strict=True)) for each in (*tuned, *usual, *longer)]
    return [each | {"repeats": REPEATS} for each in found]


def run(kind: Kind, seed: int, updates: int, rate: float, repeats: float) -> Run:
    """Train a model, follow it, and keep the weights of the one that the book uses."""
    validation, pattern = tokens()["validation"], repeated(512, 40, 20, np.random.default_rng(5))
    curve: list[list[float]] = []
    heads: list[list[float]] = []

    def watch(done: int, model: GPT) -> None:
        with weighing(kind, model):
            scores = head_scores(model, pattern)
            loss = second_half_loss(model, pattern)
        curve.append([done, round(held_out_loss(model, validation, kind=kind), 4), round(loss, 4)])
        heads.append([round(float(x), 3) for each in scores for x in each.flat])

    model = train(
        kind, seed=seed, n_updates=updates, lr=rate, repeats=repeats, watch=watch, every=EVERY
    )
    if (kind, seed, updates) == ("choosing", 0, LONGER):
        store_weights(model)
    test = round(held_out_loss(model, tokens()["test"], kind=kind), 4)
    return {"test": test, "curve": curve, "heads": heads}


def store_weights(model: GPT) -> None:
    """Store the weights of a model in half precision, beside the code that loads them."""
    weights = {key: each.numpy().astype(np.float16) for key, each in model.state_dict().items()}
    np.savez_compressed(Path(__file__).with_name(FILE), **weights)


def check() -> Run:
    """Return the first losses of both kinds, which change when any code below them does."""
    found: Run = {}
    for kind in RATES:
        model = train(kind, seed=0, n_updates=3)
        found[kind] = round(held_out_loss(model, tokens()["test"][:1290], kind=kind), 4)
    return found


TABLE = Table(
    "writing",
    cases,
    run,
    check,
    code=["data/pieces", "data/prose", "layers/initialise", "models/gpt", "models/training"],
    facts={"heads": ["induction", "previous", "first"], "period": 40},
)
"""What section 6.4 stores of the GPT; from nothing it takes a quarter of an hour on one core.

:meta hide-value:
"""
