"""Recall among many pairs: what a layer remembers, by softmax attention or by a linear state.

Of chapter 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from qkv_lib.attention import attention
from qkv_lib.experiments.table import Run, Table
from qkv_lib.formula.checks import check_count
from qkv_lib.layers import initialise
from qkv_lib.models.training import fit
from qkv_lib.variants.linear import linear_attention

__all__ = [
    "LENGTHS", "RATES", "READERS", "TABLE", "TASKS", "PairReader", "pairs", "reading_accuracy",
    "train_reader",
]  # fmt: skip

Task = Literal["recall", "majority"]
N_KEYS, N_VALUES = 64, 8
BATCH = 64
TASKS: tuple[Task, ...] = ("recall", "majority")
"""Asking for the value of one key, or for the value that comes most often."""

LENGTHS = (4, 8, 16, 32, 64)
"""Pairs in a row, in training and in the test."""

Kind = Literal["softmax", "linear"]
Pairs = tuple[Tensor, Tensor, Tensor, Tensor]


class PairReader(nn.Module):
    """Read pairs of a key and a value by one attention layer, and answer one question.

    Each pair is one row, the sum of the vectors of its key and of its value. One query asks.

    Parameters
    ----------
    kind : {"softmax", "linear"}
        `qkv_lib.attention` or `qkv_lib.variants.linear.linear_attention`; all else stays the same.
    d_k : int
        Width of queries and keys; a linear state holds ``d_k · d_v`` numbers.
    d_model, d_v : int

    Raises
    ------
    ValueError
        ``kind`` is unknown.

    Examples
    --------
    >>> keys = torch.tensor([[3, 1, 4]])
    >>> PairReader("linear")(keys, torch.tensor([[0, 1, 2]]), torch.tensor([1])).shape
    torch.Size([1, 8])
    """

    def __init__(self, kind: Kind, *, d_k: int = 16, d_model: int = 32, d_v: int = 16) -> None:
        super().__init__()
        if kind not in ("softmax", "linear"):
            raise ValueError(f"kind is {kind!r}, needs 'softmax' or 'linear'")
        self.attend = attention if kind == "softmax" else linear_attention
        self.keys = nn.Embedding(N_KEYS, d_model)
        self.values = nn.Embedding(N_VALUES, d_model)
        self.to_query = nn.Linear(d_model, check_count("d_k", d_k, least=1))
        self.to_key, self.to_value = nn.Linear(d_model, d_k), nn.Linear(d_model, d_v)
        self.answer = nn.Linear(d_v, N_VALUES)

    def forward(self, keys: Tensor, values: Tensor, asked: Tensor) -> Tensor:
        """Return logits of the answer, (batch, 8).

        Parameters
        ----------
        keys, values : integer tensors of shape (batch, n)
        asked : integer tensor of shape (batch,)
            The key that the query asks for.
        """
        x = self.keys(keys) + self.values(values)  # (batch, n, d_model)
        query = self.to_query(self.keys(asked))[:, None]  # (batch, 1, d_k)
        output = self.attend(query, self.to_key(x), self.to_value(x))  # (batch, 1, d_v)
        logits: Tensor = self.answer(output[:, 0])
        return logits


def pairs(rng: np.random.Generator, n: int, task: Task = "recall") -> Pairs:
    """Return a batch: keys, values, the key asked for, and the answer.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        Pairs in a row; keys are all different, so at most 64.
    task : {"recall", "majority"}
        The value that stands with the key asked for, or the value that stands there most often.

    Returns
    -------
    tuple of four int64 tensors
        Of shapes (64, n), (64, n), (64,) and (64,).

    Raises
    ------
    ValueError
        ``n`` is more than 64, or ``task`` is unknown.

    Examples
    --------
    >>> keys, values, asked, answer = pairs(np.random.default_rng(0), 5)
    >>> bool((values[keys == asked[:, None]] == answer).all())
    True
    """
    n = check_count("n", n, least=1)
    if n > N_KEYS:
        raise ValueError(f"n is {n}, needs at most {N_KEYS}: keys are all different")
    if task not in TASKS:
        raise ValueError(f"task is {task!r}, needs one of {', '.join(TASKS)}")
    rows = np.arange(BATCH)
    keys = np.argsort(rng.random((BATCH, N_KEYS)), axis=1)[:, :n]
    values = rng.integers(N_VALUES, size=(BATCH, n))
    place = rng.integers(n, size=BATCH)
    if task == "majority":
        favourite = rng.integers(N_VALUES, size=BATCH)
        values = np.where(rng.random((BATCH, n)) < 0.4, favourite[:, None], values)
        answer = (values[..., None] == np.arange(N_VALUES)).sum(axis=1).argmax(axis=1)
    else:
        answer = values[rows, place]
    found = keys, values, keys[rows, place], answer
    one, two, three, four = (torch.from_numpy(each) for each in found)
    return one, two, three, four


def reading_loss(
    model: nn.Module, keys: Tensor, values: Tensor, asked: Tensor, answer: Tensor
) -> Tensor:
    """Return the mean cross-entropy of the answers."""
    return cross_entropy(model(keys, values, asked), answer)


def train_reader(
    kind: Kind,
    task: Task = "recall",
    *,
    seed: int,
    d_k: int = 16,
    d_model: int = 32,
    n_updates: int = 800,
    lr: float = 0.01,
) -> PairReader:
    """Return a reader trained on rows of 4 to 64 pairs.

    Parameters
    ----------
    kind, d_k, d_model
        As in `PairReader`.
    task : {"recall", "majority"}
    seed : int
        Of the first weights and of the rows.
    n_updates : int
    lr : float
        The highest learning rate.

    Returns
    -------
    PairReader

    Examples
    --------
    >>> train_reader("softmax", seed=0, n_updates=2).training
    False
    """
    model = PairReader(kind, d_k=d_k, d_model=d_model)
    train(model, task, seed=seed, n_updates=n_updates, lr=lr)
    return model


def train(model: PairReader, task: Task, *, seed: int, n_updates: int, lr: float) -> None:
    """Train a reader of any kind on rows of 4 to 64 pairs, from weights drawn anew."""
    rng = np.random.default_rng(seed)
    initialise(model, rng)

    def batches() -> Iterator[Pairs]:
        while True:
            yield pairs(rng, int(rng.choice(LENGTHS)), task)

    fit(model, batches(), n_updates=n_updates, lr=lr, loss=reading_loss)


@torch.no_grad()
def reading_accuracy(model: PairReader, n: int, task: Task = "recall", *, seed: int = 99) -> float:
    """Return the share of right answers on 16 fresh batches of ``n`` pairs.

    Parameters
    ----------
    model : PairReader
    n : int
    task : {"recall", "majority"}
    seed : int
        Of the rows.

    Returns
    -------
    float

    Examples
    --------
    >>> 0 <= reading_accuracy(PairReader("linear"), 8) < 0.4        # untrained
    True
    """
    rng = np.random.default_rng(seed)
    right = []
    for _ in range(16):
        *question, answer = pairs(rng, n, task)
        right.append((model(*question).argmax(dim=-1) == answer).float().mean().item())
    return float(np.mean(right))


SEEDS, CHOOSING_SEEDS, TRIED = (0, 1, 2), (10, 11), (0.003, 0.01, 0.03)
BUDGETS = (800, 3200)
READERS: dict[str, tuple[Kind, int, int]] = {
    "softmax, d_k 16": ("softmax", 16, 32),
    "linear, d_k 16": ("linear", 16, 32),
    "linear, d_k 64": ("linear", 64, 32),
    "linear, d_k 16, d_model 128": ("linear", 16, 128),
    "linear, d_k 64, d_model 128": ("linear", 64, 128),
}
"""Kind, d_k and d_model of the readers that are compared.

:meta hide-value:
"""


def rate_cases(_runs: list[Run]) -> list[Run]:
    """Return the runs that choose the rate of each reader; no other run has their seeds."""
    return [
        {"reader": reader, "seed": seed, "lr": lr}
        for reader, lr, seed in product(READERS, TRIED, CHOOSING_SEEDS)
    ]


def tried(reader: str, seed: int, lr: float) -> Run:
    """Train a reader with the first budget and return its share of right answers of 64 pairs."""
    kind, d_k, d_model = READERS[reader]
    model = train_reader(kind, seed=seed, d_k=d_k, d_model=d_model, lr=lr)
    return {"accuracy": round(reading_accuracy(model, LENGTHS[-1]), 4)}


def best_rate(reader: str) -> float:
    """Return the rate with the best mean."""
    runs = [run for run in RATES.runs if run["reader"] == reader]

    def mean(lr: float) -> float:
        return float(np.mean([run["accuracy"] for run in runs if run["lr"] == lr]))

    return max(TRIED, key=mean)


def cases(_runs: list[Run]) -> Iterator[Run]:
    """Yield what is trained: recall by every reader at every budget, and majority by three."""
    for n_updates, reader, seed in product(BUDGETS, READERS, SEEDS):
        case = {"task": "recall", "reader": reader, "seed": seed, "n_updates": n_updates}
        yield case | {"lr": best_rate(reader)}
    for reader, seed in product(list(READERS)[:3], SEEDS):
        case = {"task": "majority", "reader": reader, "seed": seed, "n_updates": BUDGETS[0]}
        yield case | {"lr": 0.01}


def run(task: Task, reader: str, seed: int, n_updates: int, lr: float) -> Run:
    """Train a reader and return its share of right answers by the number of pairs."""
    kind, d_k, d_model = READERS[reader]
    model = train_reader(
        kind, task, seed=seed, d_k=d_k, d_model=d_model, n_updates=n_updates, lr=lr
    )
    return {"accuracy": [round(reading_accuracy(model, n, task), 4) for n in LENGTHS]}


def check() -> Run:
    """Return a number for each reader and task that changes when any code below does."""
    found = {}
    for reader, (kind, d_k, d_model) in READERS.items():
        for task in TASKS:
            model = train_reader(kind, task, seed=0, d_k=d_k, d_model=d_model, n_updates=2)
            *question, _ = pairs(np.random.default_rng(0), 9, task)
            with torch.no_grad():
                found[f"{reader}, {task}"] = round(float(model(*question).abs().mean()), 4)
    return found


CODE = ("experiments/recall:train_reader", "experiments/recall:reading_accuracy",
        "layers/initialise", "models/training", "variants/linear")  # fmt: skip
RATES = Table("recall_rates", rate_cases, tried, check, code=CODE)
"""How the learning rates were chosen.

:meta hide-value:
"""
TABLE = Table("recall", cases, run, check, code=CODE, facts={"n": list(LENGTHS)})
"""What chapter 8 stores of recall; from nothing it takes a quarter of an hour on one core.

:meta hide-value:
"""
