"""Filter, state or attention? Three tasks, equal parameters, equal budgets, several seeds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from qkv_lib.data.sequences import NO_ANSWER, TASKS, Sequences
from qkv_lib.layers import initialise
from qkv_lib.models.mixers import SequenceTagger
from qkv_lib.models.tagger import tagging_loss
from qkv_lib.models.training import fit, minibatches

__all__ = ["LENGTH", "RECIPES", "Recipe", "accuracy_by_distance", "right_answers", "train"]

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
