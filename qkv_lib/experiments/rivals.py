"""Filter, state or attention? Three tasks, equal parameters, equal budgets, several seeds.

Of chapter 9.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from qkv_lib.data.sequences import NO_ANSWER, TASKS, Sequences
from qkv_lib.experiments.table import Run, Table
from qkv_lib.layers import initialise
from qkv_lib.models.mixers import MIXERS, SequenceTagger
from qkv_lib.models.tagger import tagging_loss
from qkv_lib.models.training import fit, minibatches

__all__ = [
    "LENGTH", "RECIPES", "TABLE", "Recipe", "accuracy_by_distance", "right_answers", "train",
]  # fmt: skip

LENGTH = 32
"""Length of the sequences in training."""


class Recipe(NamedTuple):
    """How much a model may learn from on a task; the same for every model.

    Attributes
    ----------
    n_sequences : int
        Sequences to train on.
    n_updates : int
        Updates of the weights.
    batch_size : int
        Sequences in each update.
    """

    n_sequences: int
    n_updates: int
    batch_size: int


RECIPES = {
    "local median": Recipe(16, 300, 8),
    "recall": Recipe(8000, 500, 32),
    "counting": Recipe(256, 500, 32),
}
"""What a model may learn from on each task.

:meta hide-value:
"""


def train(
    mixer: str, task: str, *, seed: int, lr: float = 0.01, n_updates: int | None = None
) -> SequenceTagger:
    """Draw a model and its training sequences, train it and return it, ready for use.

    Parameters
    ----------
    mixer : {"CNN", "RNN", "attention"}
    task : {"local median", "recall", "counting"}
    seed : int
        Of the sequences, the first weights and the order.
    lr : float
        The highest learning rate.
    n_updates : int, optional
        By default that of the task's recipe.

    Returns
    -------
    SequenceTagger

    Examples
    --------
    >>> model = train("CNN", "counting", seed=0, n_updates=5)
    >>> model(torch.tensor([[1, 0, 1]])).shape
    torch.Size([1, 3, 3])
    """
    (draw, n_symbols, n_answers), recipe = TASKS[task], RECIPES[task]
    rng = np.random.default_rng(seed)
    symbols, answers, _ = draw(recipe.n_sequences, LENGTH, rng)
    model = initialise(SequenceTagger(mixer, n_symbols, n_answers), rng)
    batches = minibatches(symbols, answers, rng, batch_size=recipe.batch_size)
    fit(
        model,
        batches,
        n_updates=recipe.n_updates if n_updates is None else n_updates,
        lr=lr,
        loss=tagging_loss,
    )
    return model


@torch.no_grad()
def right_answers(model: SequenceTagger, sequences: Sequences) -> NDArray[np.bool_]:
    """Tell for each question of some sequences, read like a page, whether a model is right.

    Parameters
    ----------
    model : SequenceTagger
    sequences : Sequences

    Returns
    -------
    boolean array of shape (n_questions,)
        Its mean is the accuracy.

    Examples
    --------
    >>> drawn = TASKS["recall"].draw(3, 12, np.random.default_rng(0))
    >>> right_answers(SequenceTagger("CNN", 73, 8), drawn).shape
    (12,)
    """
    guesses = model(torch.from_numpy(sequences.symbols)).argmax(dim=-1).numpy()
    asked = sequences.answers != NO_ANSWER
    return np.asarray((guesses == sequences.answers)[asked])


def accuracy_by_distance(
    model: SequenceTagger, sequences: Sequences, bounds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the share of right answers by how far back the answer stands.

    Parameters
    ----------
    model : SequenceTagger
    sequences : Sequences
    bounds : integer array of shape (n_bins + 1,)
        Bin ``b`` holds the questions whose place lies ``bounds[b]`` to ``bounds[b + 1] − 1`` back.

    Returns
    -------
    array of shape (n_bins,)
        NaN never: a bin without a question is an error.

    Raises
    ------
    ValueError
        No question falls into some bin.

    Examples
    --------
    >>> drawn = TASKS["recall"].draw(100, 12, np.random.default_rng(0))
    >>> model = SequenceTagger("CNN", 73, 8)
    >>> accuracy_by_distance(model, drawn, np.array([1, 6, 12])).shape
    (2,)
    """
    places = np.arange(sequences.symbols.shape[-1])
    back = (places - sequences.places)[sequences.answers != NO_ANSWER]
    bins = np.digitize(back, bounds) - 1
    counts = np.bincount(bins[(bins >= 0) & (bins < len(bounds) - 1)], minlength=len(bounds) - 1)
    if not counts.all():
        raise ValueError(f"bounds are {bounds.tolist()}: no question falls into some of the bins")
    right = right_answers(model, sequences)
    return np.array([right[bins == each].mean() for each in range(len(counts))])


BOUNDS = np.array([1, 4, 7, 12, 17, 22, 32])
VALIDATION, TEST = 1001, 1002  # seeds


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained: all on three seeds and two more rates; some four times as long."""
    usual = [(0, 0.01), (1, 0.01), (2, 0.01), (0, 0.003), (0, 0.03)]  # seeds and rates
    # Those that had not learned all there is to learn.
    patient = [("recall", "RNN", seed, longer) for longer in (4, 16) for seed in (0, 1, 2)]
    patient += [("counting", "attention", 0, 4), ("counting", "RNN", 1, 4)]
    return [
        {"task": task, "model": model, "seed": seed, "rate": rate, "longer": 1}
        for (seed, rate), task, model in product(usual, TASKS, MIXERS)
    ] + [
        {"task": task, "model": model, "seed": seed, "rate": 0.01, "longer": longer}
        for task, model, seed, longer in patient
    ]


def run(task: str, model: str, seed: int, rate: float, longer: int) -> Run:
    """Train a model and return what it reaches, on validation and on test sequences."""
    n_updates = longer * RECIPES[task].n_updates
    trained = train(model, task, seed=seed, lr=rate, n_updates=n_updates)
    sets = {
        "validation": drawn(task, LENGTH, VALIDATION),
        "accuracy": drawn(task, LENGTH, TEST),
        "twice": drawn(task, 2 * LENGTH, TEST),
    }
    reached: Run = {
        name: round(float(right_answers(trained, each).mean()), 4) for name, each in sets.items()
    }
    if task == "recall":
        far = accuracy_by_distance(trained, drawn(task, LENGTH, TEST, 2000), BOUNDS)
        reached["by_distance"] = far.round(4).tolist()
    return reached


def drawn(task: str, n: int, seed: int, n_sequences: int = 500) -> Sequences:
    """Return sequences that no model was trained on."""
    return TASKS[task].draw(n_sequences, n, np.random.default_rng(seed))


def check() -> Run:
    """Return a number per model and task that changes when any code below computes otherwise."""
    found = {}
    for task, mixer in product(TASKS, MIXERS):
        model = train(mixer, task, seed=0, n_updates=2)
        with torch.no_grad():
            logits = model(torch.from_numpy(drawn(task, LENGTH, TEST, 20).symbols))
        found[f"{mixer}, {task}"] = round(float(logits.abs().mean()), 4)
    return found


TABLE = Table(
    "rivals",
    cases,
    run,
    check,
    code=["data/sequences", "layers/initialise", "models/mixers", "models/training"],
    facts={"bounds": BOUNDS.tolist()},
)
"""What chapter 9 stores of the rivals; from nothing it takes ten minutes on one core.

:meta hide-value:
"""
