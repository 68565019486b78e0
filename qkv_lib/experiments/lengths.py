"""Which positions still work on longer sequences than those of training? Three tasks, one model.

Of chapter 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch.nn.functional import one_hot

from qkv_lib.data.digit_tasks import (
    NO_ANSWER,
    Source,
    answers,
    examples,
    latest_small,
    reversal,
    three_back,
)
from qkv_lib.experiments.table import Run, Table
from qkv_lib.layers import initialise
from qkv_lib.models.tagger import (
    POSITIONS,
    DigitTagger,
    Positions,
    tagging_accuracy,
    tagging_loss,
)
from qkv_lib.models.training import fit

__all__ = ["LENGTH", "LENGTHS", "TABLE", "TASKS", "reached", "train", "without_order"]

LENGTH = 10
"""Length of the sequences in training."""

LENGTHS = (LENGTH, 2 * LENGTH, 4 * LENGTH)
"""Lengths of the sequences in the test."""

TASKS: Mapping[str, tuple[Source, bool]] = {
    "reversal": (reversal, False),
    "three_back": (three_back, True),
    "latest_small": (latest_small, True),
}
"""Where the answers of each task stand, and whether the model sees the past alone.

:meta hide-value:
"""


def train(
    task: str, positions: Positions, *, seed: int, n_updates: int, lr: float = 0.01
) -> DigitTagger:
    """Draw a model and train it on sequences of `LENGTH` digits; return it, ready for use.

    Parameters
    ----------
    task : {"reversal", "three_back", "latest_small"}
    positions : {"none", "sinusoidal", "RoPE", "ALiBi"}
        The one part in which the models differ.
    seed : int
        Of the first weights and of the digits.
    n_updates : int
        Each on 64 new sequences. The learning rate rises and falls once over all of them, so that
        a longer run is a run of its own.
    lr : float
        The highest learning rate.

    Returns
    -------
    DigitTagger
        One block of four heads.

    Examples
    --------
    >>> train("reversal", "RoPE", seed=0, n_updates=3)(torch.tensor([[3, 1, 4]])).shape
    torch.Size([1, 3, 10])
    """
    source, causal = TASKS[task]
    rng = np.random.default_rng(seed)
    model = initialise(DigitTagger(positions, causal=causal), rng)
    batches = examples(source, LENGTH, rng)
    fit(model, batches, n_updates=n_updates, lr=lr, loss=tagging_loss)
    return model


def reached(model: DigitTagger, task: str, *, seed: int = 99) -> list[float]:
    """Return the share of right answers at each of `LENGTHS`, on 500 fresh sequences each.

    Parameters
    ----------
    model : DigitTagger
    task : {"reversal", "three_back", "latest_small"}
    seed : int
        Of the sequences.

    Returns
    -------
    list of float

    Examples
    --------
    >>> len(reached(DigitTagger(), "reversal"))
    3
    """
    source, _ = TASKS[task]
    return [tagging_accuracy(model, source, n, seed=seed, n_sequences=500) for n in LENGTHS]


def without_order(task: str, n: int, *, seed: int = 99, n_sequences: int = 4000) -> float:
    """Return the share of right answers of the best guess that does not know the order.

    It knows the digit of the place that answers, and how often each digit stands in the places
    that may be seen. All orders of the others are equally likely, so no guess beats the commonest
    of the digits among which the answer is.

    Parameters
    ----------
    task : {"reversal", "three_back", "latest_small"}
    n : int
        Length of the sequences; even, for then no digit of a reversal is its own answer.
    seed, n_sequences : int
        Of the sequences of which the mean is taken.

    Returns
    -------
    float

    Examples
    --------
    >>> without_order("latest_small", 1)  # the digit is its own answer, or has none
    1.0
    """
    source, causal = TASKS[task]
    digits = np.random.default_rng(seed).integers(10, size=(n_sequences, n))
    one = one_hot(torch.from_numpy(digits), 10).numpy()
    seen = one.cumsum(axis=1) if causal else one.sum(axis=1, keepdims=True)
    candidates = seen - one  # the answer is one of the others ...
    if task == "latest_small":
        small = one * (np.arange(10) < 5)  # ... that are small, or the digit itself
        candidates = np.where(small.any(axis=-1, keepdims=True), small, small.cumsum(axis=1))
    share = candidates.max(axis=-1) / np.maximum(candidates.sum(axis=-1), 1)
    return float(share[answers(digits, source) != NO_ANSWER].mean())


SEEDS, BUDGETS = (0, 1, 2), (250, 1000, 4000)
LONGER, ENOUGH = (16000,), 0.05  # four times as long, where the last step gained more
RATES, TUNING_SEEDS, TUNING_BUDGET = (0.003, 0.01, 0.03), (10, 11), 1000


def cases(runs: list[Run]) -> Iterator[Run]:
    """Yield what is trained; a later case depends on the runs of earlier ones."""
    rivals = [(task, positions) for task in TASKS for positions in POSITIONS]
    for rival in rivals:
        yield from tuning(*rival)
    for n_updates in BUDGETS:
        for rival in rivals:
            yield from trained(runs, *rival, n_updates)
    for n_updates in LONGER:
        rivals = [each for each in rivals if still_rises(runs, *each, n_updates // 4)]
        for rival in rivals:
            yield from trained(runs, *rival, n_updates)


def tuning(task: str, positions: str) -> list[Run]:
    """Return the runs that choose the learning rate of a rival; no other run has their seeds."""
    return [
        {"task": task, "positions": positions, "seed": seed, "n_updates": TUNING_BUDGET, "lr": lr}
        for lr in RATES for seed in TUNING_SEEDS
    ]  # fmt: skip


def trained(runs: list[Run], task: str, positions: str, n_updates: int) -> Iterator[Run]:
    """Yield the cases of a rival with its own rate, one per seed."""
    lr = best_rate(runs, task, positions)
    for seed in SEEDS:
        yield {"task": task, "positions": positions, "seed": seed, "n_updates": n_updates, "lr": lr}


def best_rate(runs: list[Run], task: str, positions: str) -> float:
    """Return the rate whose runs end with the lowest loss."""

    def loss(lr: float) -> float:
        mine = [case for case in tuning(task, positions) if case["lr"] == lr]
        return float(np.mean([found(runs, case)["loss"] for case in mine]))

    return min(RATES, key=loss)


def found(runs: list[Run], case: Run) -> Run:
    """Return the stored run of a case."""
    return next(done for done in runs if case.items() <= done.items())


def still_rises(runs: list[Run], task: str, positions: str, budget: int) -> bool:
    """Tell whether a budget gained more than `ENOUGH` over a quarter of it, at `LENGTH`."""

    def mean(n_updates: int) -> float:
        case = {"task": task, "positions": positions, "n_updates": n_updates}
        mine = [r for r in runs if case.items() <= r.items() and r["seed"] in SEEDS]
        return float(np.mean([r["accuracy"][0] for r in mine]))

    return mean(budget) - mean(budget // 4) > ENOUGH


def run(task: str, positions: Positions, seed: int, n_updates: int, lr: float) -> Run:
    """Train a model and return its loss, and the share of right answers at each length."""
    model = train(task, positions, seed=seed, n_updates=n_updates, lr=lr)
    source, _ = TASKS[task]
    fresh = next(examples(source, LENGTH, np.random.default_rng(1001), batch_size=1000))
    with torch.no_grad():
        loss = round(tagging_loss(model, *fresh).item(), 5)
    return {"loss": loss, "accuracy": [round(x, 4) for x in reached(model, task)]}


def check() -> Run:
    """Return a number per model that changes when any code below computes otherwise."""
    values = {}
    for task, (source, _) in TASKS.items():
        for positions in POSITIONS:
            model = train(task, positions, seed=0, n_updates=2)
            digits, _ = next(examples(source, 20, np.random.default_rng(0)))
            with torch.no_grad():
                values[f"{task}, {positions}"] = round(float(model(digits).abs().mean()), 4)
    return values


TABLE = Table(
    "lengths",
    cases,
    run,
    check,
    code=["data/digit_tasks", "layers/initialise", "models/tagger", "models/training"],
)
"""What chapter 5 stores; from nothing it takes half an hour on one core.

:meta hide-value:
"""
