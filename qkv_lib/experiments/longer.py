"""Up to sixteen times the updates: what a model had merely not learned yet.

Of chapters 5, 6, 8 and 9.

Before we say that a model cannot learn something, we train it for longer. Another machine made
most of these runs; on one core they take hours, so that the command makes them anew only by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from qkv_lib.data import load_digits
from qkv_lib.experiments import even, images, lengths, recall, rivals, translation, writing
from qkv_lib.experiments.correcting import train_delta_reader
from qkv_lib.experiments.table import Run, Table
from qkv_lib.models import accuracy

__all__ = ["TABLE", "reached"]

KEPT = ("accuracy", "twice", "dates", "years", "test")
"""What is stored of a run: shares of right answers, and of the GPT its loss on the test text."""


def digits(model: str, seed: int, updates: int, rate: float) -> Run:
    """Train a Vision Transformer of section 6.1, or its twin with even weights."""
    split = load_digits()
    recipe = even.even_recipe(rate) if model == "even" else images.RECIPES[model]._replace(lr=rate)
    trained = images.train(recipe, split.development, seed=seed, n_updates=updates)
    return {"accuracy": round(accuracy(trained, *split.test), 4)}


def pairs(model: str, seed: int, updates: int, rate: float) -> Run:
    """Train a reader of chapter 8, or one with the delta rule."""
    if model in recall.READERS:
        return recall.run("recall", model, seed, updates, rate)
    sizes = {name: int(n) for name, n in re.findall(r"(d_k|d_model) (\d+)", model)}
    reader = train_delta_reader(seed=seed, n_updates=updates, lr=rate, **sizes)
    return {"accuracy": [round(recall.reading_accuracy(reader, n), 4) for n in recall.LENGTHS]}


def rival(task: str) -> Callable[[str, int, int, float], Run]:
    """Return the training of the models of chapter 9 on a task."""

    def train(model: str, seed: int, updates: int, rate: float) -> Run:
        return rivals.run(task, model, seed, rate, updates // rivals.RECIPES[task].n_updates)

    return train


TRAINED: Mapping[str, Callable[..., Run]] = {
    "digits": digits,
    "writing": partial(writing.run, repeats=writing.REPEATS),
    "dates": translation.run,
    "reversal": partial(lengths.run, "reversal"),
    "pairs": pairs,
    **{task: rival(task) for task in rivals.RECIPES},
}
"""How each task is trained: by its own experiment.

:meta hide-value:
"""


def run(task: str, model: str, seed: int, updates: int, rate: float) -> Run:
    """Train a model on a task and return what it reaches."""
    found = TRAINED[task](model, seed, updates, rate)
    return {name: found[name] for name in KEPT if name in found}


def cases(_runs: list[Run]) -> Iterator[Run]:
    """Yield what was trained."""
    three = (0, 1, 2)
    for task, model, updates, rate, seeds in [
        ("digits", "ViT", 2500, 0.004, (0,)),
        ("digits", "even", 2500, 0.004, (0,)),
        ("digits", "ViT", 10_000, 0.004, three),
        ("digits", "even", 10_000, 0.004, three),
        ("digits", "even", 5000, 0.002, (0, 1)),
        ("digits", "even", 5000, 0.008, (0,)),
        ("writing", "choosing", 2400, 0.012, three),
        ("writing", "even", 2400, 0.012, three),
        ("writing", "choosing", 4800, 0.012, (0,)),
        ("writing", "even", 4800, 0.012, (0,)),
        ("dates", "no attention", 6400, 0.02, three),
        ("dates", "no attention", 6400, 0.01, (0,)),
        ("reversal", "RoPE", 32_000, 0.01, three),
        ("reversal", "RoPE", 32_000, 0.003, (0,)),
        ("reversal", "RoPE", 64_000, 0.01, (0,)),
        ("counting", "attention", 8000, 0.01, three),
        ("counting", "CNN", 8000, 0.01, three),
        ("recall", "CNN", 8000, 0.01, three),
        ("recall", "RNN", 8000, 0.01, (3, 4)),
        ("local median", "RNN", 4800, 0.01, three),
        ("local median", "attention", 4800, 0.01, three),
        ("pairs", "linear, d_k 16", 12_800, 0.03, three),
        ("pairs", "linear, d_k 16", 12_800, 0.01, three),
        ("pairs", "linear, d_k 16, d_model 128", 12_800, 0.03, (1,)),
        ("pairs", "delta, d_k 16", 3200, 0.003, (10,)),
        ("pairs", "delta, d_k 16", 3200, 0.01, (10, 1, 2)),
        ("pairs", "delta, d_k 16", 3200, 0.03, (10, *three)),
        ("pairs", "delta, d_k 16", 12_800, 0.01, (0,)),
        ("pairs", "delta, d_k 64", 3200, 0.03, three),
        ("pairs", "delta, d_k 64", 3200, 0.01, three),
        ("pairs", "delta, d_k 64", 3200, 0.003, (0,)),
        ("pairs", "delta, d_k 64, d_model 128", 3200, 0.01, three),
        ("pairs", "delta, d_k 64, d_model 128", 3200, 0.03, (0,)),
        ("pairs", "delta, d_k 64, d_model 128", 3200, 0.003, (0,)),
        ("pairs", "delta, d_k 16, d_model 128", 3200, 0.01, (0,)),
    ]:
        for seed in seeds:
            about = {"task": task, "model": model, "seed": seed}
            yield about | {"updates": updates, "rate": rate}


def reached(measure: str, **wanted: object) -> list[Any]:
    """Return what the stored runs of a kind reached, in the order of their seeds.

    Parameters
    ----------
    measure : {"accuracy", "twice", "dates", "years", "test"}
        Shares of right answers (at twice the length; of new dates; of dates in new years), or the
        loss on the test text.
    **wanted
        What the runs are to have: a task, a model, a seed, updates, a rate.

    Returns
    -------
    list
        A number for each run, or a list of them where several lengths were tested.

    Raises
    ------
    ValueError
        No run is of that kind.

    Examples
    --------
    >>> reached("accuracy", task="digits", model="even", updates=10_000)
    [0.987, 0.977, 0.981]
    """
    found = [run[measure] for run in TABLE.runs if wanted.items() <= run.items()]
    if not found:
        raise ValueError(f"no stored run has {wanted}")
    return found


def check() -> Run:
    """Return what changes when the delta rule does: the other experiments have their own checks."""
    reader = train_delta_reader(seed=0, n_updates=2)
    *question, _ = recall.pairs(np.random.default_rng(0), 9)
    with torch.no_grad():
        return {"delta, d_k 16": round(float(reader(*question).abs().mean()), 4)}


MACHINE = {
    "cores": 16, "gpu": "NVIDIA H200", "on the gpu": ["digits", "writing"],
    "python": "3.12.3", "numpy": "2.5.2", "torch": "2.11.0",
    "the delta rule with d_k 64 at rates below 0.03, or with d_model 128; RoPE at 64,000": {
        "cores": 2, "python": "3.11.7", "numpy": "2.4.6", "torch": "2.13.0",
    },
}  # fmt: skip
TABLE = Table("longer", cases, run, check, code=[], facts={"machine": MACHINE})
"""What was trained for longer, most of it on another machine; on one core it takes hours.

:meta hide-value:
"""
