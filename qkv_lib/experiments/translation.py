"""Translate dates, with attention and without: what section 6.3 trains, and how long.

Of section 6.3.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from qkv_lib import models
from qkv_lib.data.dates import LOCALES, DatePair, sample_pairs, split_dates
from qkv_lib.experiments.table import Run, Table
from qkv_lib.layers import initialise
from qkv_lib.measures.alignments import align, rival_maps
from qkv_lib.measures.pointing import hits, mass_inside
from qkv_lib.models.training import fit, minibatches
from qkv_lib.models.translation import (
    RECIPES,
    WEIGHTS,
    Alphabets,
    TranslatorRecipe,
    alphabets,
    exact_match,
    train_translator,
    translation_loss,
)  # fmt: skip
from qkv_lib.models.translator import Translator

__all__ = ["N_UPDATES", "RATES", "TABLE"]

N_UPDATES, EVERY = 400, 50
"""Updates of each translator; its learning curve has a point every ``EVERY`` of them."""
SEEDS = (0, 1, 2)
CHOOSING_SEED = 9  # its own: no run of the table chose the rates
# Do the two that lag catch up, given four times the updates? One at half its rate as well.
N_LONGER, LONGER = 1600, (("no attention", 0.04), ("no attention", 0.02), ("Transformer", 0.01))
BINS = {"8 to 9": (8, 9), "10 to 14": (10, 14), "15 to 19": (15, 19), "20 to 30": (20, 30)}
CODE = [
    "data/dates", "layers/initialise", "measures/alignments", "measures/pointing",
    "models/decoding", "models/training", "models/translation", "models/translator",
]  # fmt: skip


def rate_cases(_runs: list[Run]) -> list[Run]:
    """Return the learning rates that are tried for each translator."""
    rates = (0.005, 0.01, 0.02, 0.04, 0.08)
    return [{"model": model, "rate": rate} for model, rate in product(RECIPES, rates)]


def rate_run(model: str, rate: float) -> Run:
    """Return the exact match on validation dates after training at a learning rate."""
    recipe = RECIPES[model]._replace(lr=rate)
    trained = train_translator(recipe, seed=CHOOSING_SEED, n_updates=N_UPDATES)
    match = exact_match(trained, alphabets(), held_out("validation", 300)).mean()
    return {"validation": round(float(match), 4)}


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained: each translator at its rate, and some four times as long."""
    usual = [(name, N_UPDATES, recipe.lr) for name, recipe in RECIPES.items()]
    longer = [(name, N_LONGER, rate) for name, rate in LONGER]
    return [
        {"model": name, "seed": seed, "updates": n_updates, "rate": rate}
        for seed, (name, n_updates, rate) in product(SEEDS, [*usual, *longer])
    ]


def run(model: str, seed: int, updates: int, rate: float) -> Run:
    """Train a translator and test it; store the weights of seed 0 with the usual updates."""
    symbols, validation = alphabets(), held_out("validation", 100)
    curve: list[list[float]] = []

    def look(n_done: int, watched: Translator) -> None:
        curve.append([n_done, round(float(exact_match(watched, symbols, validation).mean()), 4)])

    recipe = RECIPES[model]._replace(lr=rate)
    trained = train_translator(recipe, seed=seed, n_updates=updates, watch=look, every=EVERY)
    dates, years = held_out("test"), held_out("years")
    right = exact_match(trained, symbols, dates)
    result: Run = {
        "curve": curve,
        "dates": round(float(right.mean()), 4),
        "years": round(float(exact_match(trained, symbols, years).mean()), 4),
        "locales": {k: shares(right, [p.locale for p in dates])[k] for k in LOCALES},
        "lengths": {k: shares(right, list(map(length_bin, dates)))[k] for k in BINS},
    }
    if model != "no attention":
        result["alignment"] = evidence(trained, symbols, dates)
    if seed == 0 and updates == N_UPDATES:
        store_weights(model, trained)
    return result


def held_out(part: str, n: int = 1000) -> list[DatePair]:
    """Return the pairs of a part of the days on which all runs are tested."""
    return sample_pairs(getattr(split_dates(), part), n, np.random.default_rng(63))


def shares(right: NDArray[np.bool_], labels: list[str]) -> dict[str, float]:
    """Return the share of True for each label, in the order of the labels' first use."""
    each = np.array(labels)
    return {name: round(float(right[each == name].mean()), 4) for name in dict.fromkeys(labels)}


def length_bin(pair: DatePair) -> str:
    """Return the bin of the source's length."""
    n = len(pair.source.text)
    (found,) = (name for name, (least, most) in BINS.items() if least <= n <= most)
    return found


def evidence(model: Translator, symbols: Alphabets, pairs: list[DatePair]) -> Run:
    """Return how well the weights of a model, of each head and of two rivals meet the truth."""
    weights, truth, kinds = align(model, symbols, pairs)
    mean = weights.mean(axis=0)
    rivals = rival_maps(pairs)
    right = hits(mean, truth)
    return {
        "hits": round(float(right.mean()), 4),
        "mass": round(float(mass_inside(mean, truth).mean()), 4),
        "heads": [round(float(each.mean()), 4) for each in hits(weights, truth)],
        "kinds": shares(right, kinds.tolist()),
        "chance": round(float(mass_inside(rivals["even"], truth).mean()), 4),
        "diagonal": round(float(hits(rivals["diagonal"], truth).mean()), 4),
    }


def store_weights(name: str, model: nn.Module) -> None:
    """Store the weights of a model in half precision, beside the code that loads them."""
    weights = {
        f"{name}/{key}": each.numpy().astype(np.float16) for key, each in model.state_dict().items()
    }
    path = Path(models.__file__).with_name(WEIGHTS)
    before = dict(np.load(path)) if path.exists() else {}
    np.savez_compressed(path, **before | weights)


def check() -> Run:
    """Return the first losses of each translator."""
    return {name: first_losses(recipe) for name, recipe in RECIPES.items()}


def first_losses(recipe: TranslatorRecipe, n_updates: int = 3) -> list[float]:
    """Return the first losses of a run: they change when any code below it computes otherwise."""
    rng, symbols = np.random.default_rng(0), alphabets()
    model = initialise(recipe.make(*map(len, symbols)), rng)
    pairs = sample_pairs(split_dates().train, 64 * n_updates, rng)
    batches = minibatches(*symbols.encode(pairs), rng)
    losses = fit(model, batches, n_updates=n_updates, lr=recipe.lr, loss=translation_loss)
    return [round(loss, 4) for loss in losses]


RATES = Table("translation_rates", rate_cases, rate_run, dict, code=CODE)  # `TABLE` checks for both
"""Which learning rate validated best for each translator, on a seed of its own.

:meta hide-value:
"""

TABLE = Table("translation", cases, run, check, code=CODE)
"""What section 6.3 stores; from nothing it takes half an hour on one core.

:meta hide-value:
"""
