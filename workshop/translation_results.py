"""Train the translators of section 6.3 on every seed and store what they reach.

Run as ``python -m workshop.translation_results``, or ``make results``. From nothing it takes
about half an hour on one core; runs that the same code made before are kept.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from qkv_lib.data.dates import LOCALES, DatePair, sample_pairs, split_dates
from qkv_lib.layers import initialise
from qkv_lib.measures.alignments import align, rival_maps
from qkv_lib.measures.pointing import hits, mass_inside
from qkv_lib.models import fit, minibatches
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
from workshop.image_results import hash_of, write
from workshop.pages import BOOK, ROOT

TABLE = BOOK / "results" / "translation.json"
SEEDS = (0, 1, 2)
N_UPDATES, EVERY = 400, 50
# Do the two that lag catch up, given four times the updates? One at half its rate as well.
N_LONGER, LONGER = 1600, (("no attention", 0.04), ("no attention", 0.02), ("Transformer", 0.01))
RATES = (0.005, 0.01, 0.02, 0.04, 0.08)
CHOOSING_SEED = 9  # its own: no run of the table chose the rates
KEY = ("model", "seed", "updates", "rate")
SOURCES = [
    "data/dates", "layers/initialise", "measures/alignments", "models/decoding", "models/training",
    "models/translation", "models/translator", "measures/pointing",
]  # fmt: skip
BINS = {"8 to 9": (8, 9), "10 to 14": (10, 14), "15 to 19": (15, 19), "20 to 30": (20, 30)}


def first_losses(recipe: TranslatorRecipe, n_updates: int = 3) -> list[float]:
    """Return the first losses of a run: they change when any code below it computes otherwise."""
    rng, symbols = np.random.default_rng(0), alphabets()
    model = initialise(recipe.make(*map(len, symbols)), rng)
    pairs = sample_pairs(split_dates().train, 64 * n_updates, rng)
    batches = minibatches(*symbols.encode(pairs), rng)
    losses = fit(model, batches, n_updates=n_updates, lr=recipe.lr, loss=translation_loss)
    return [round(loss, 4) for loss in losses]


def held_out(part: str, n: int = 1000) -> list[DatePair]:
    """Return the pairs of a part of the days on which all runs are tested."""
    return sample_pairs(getattr(split_dates(), part), n, np.random.default_rng(63))


def shares(right: np.ndarray, labels: list[str]) -> dict[str, float]:
    """Return the share of True for each label, in the order of the labels' first use."""
    each = np.array(labels)
    return {name: round(float(right[each == name].mean()), 4) for name in dict.fromkeys(labels)}


def length_bin(pair: DatePair) -> str:
    """Return the bin of the source's length."""
    n = len(pair.source.text)
    (found,) = (name for name, (least, most) in BINS.items() if least <= n <= most)
    return found


def evidence(model: nn.Module, symbols: Alphabets, pairs: list[DatePair]) -> dict[str, Any]:
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


def run(
    name: str, seed: int, n_updates: int, rate: float, trained: dict[str, nn.Module]
) -> dict[str, Any]:
    """Train a translator and test it; keep the model of seed 0 with the usual updates."""
    symbols, validation = alphabets(), held_out("validation", 100)
    curve: list[list[float]] = []

    def look(n_done: int, model: nn.Module) -> None:
        curve.append([n_done, round(float(exact_match(model, symbols, validation).mean()), 4)])

    recipe = RECIPES[name]._replace(lr=rate)
    model = train_translator(recipe, seed=seed, n_updates=n_updates, watch=look, every=EVERY)
    dates, years = held_out("test"), held_out("years")
    right = exact_match(model, symbols, dates)
    result = {
        "model": name,
        "seed": seed,
        "updates": n_updates,
        "rate": rate,
        "curve": curve,
        "dates": round(float(right.mean()), 4),
        "years": round(float(exact_match(model, symbols, years).mean()), 4),
        "locales": {k: shares(right, [p.locale for p in dates])[k] for k in LOCALES},
        "lengths": {k: shares(right, list(map(length_bin, dates)))[k] for k in BINS},
    }
    if name != "no attention":
        result["alignment"] = evidence(model, symbols, dates)
    if seed == 0 and n_updates == N_UPDATES:
        trained[name] = model
    return result


def validated(name: str, rate: float) -> float:
    """Return the exact match on validation dates after training at a learning rate."""
    recipe = RECIPES[name]._replace(lr=rate)
    model = train_translator(recipe, seed=CHOOSING_SEED, n_updates=N_UPDATES)
    return round(float(exact_match(model, alphabets(), held_out("validation", 300)).mean()), 4)


def kinds() -> list[tuple[str, int, float]]:
    """Return the kinds of runs: translator, updates, learning rate; the longer ones come last."""
    usual = [(name, N_UPDATES, recipe.lr) for name, recipe in RECIPES.items()]
    return [*usual, *((name, N_LONGER, rate) for name, rate in LONGER)]


def store_weights(trained: dict[str, nn.Module]) -> None:
    """Store the weights of all models in half precision, beside the code that loads them."""
    weights = {
        f"{name}/{key}": each.numpy().astype(np.float16)
        for name, model in trained.items()
        for key, each in model.state_dict().items()
    }
    path = ROOT / "qkv_lib" / "models" / WEIGHTS
    before = dict(np.load(path)) if path.exists() else {}
    np.savez_compressed(path, **before | weights)


def read(path: Path = TABLE) -> dict[str, Any]:
    """Return the stored table, without runs if the code has changed."""
    code = hash_of(SOURCES)
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if stored.get("translation", {}).get("code") == code:
        return stored
    losses = {name: first_losses(recipe) for name, recipe in RECIPES.items()}
    rates: dict[str, Any] = {name: {} for name in RECIPES}
    return {"translation": {"code": code, "first_losses": losses, "rates": rates, "runs": []}}


def main() -> None:
    """Train what the table lacks."""
    table, trained = read(), {}
    rates, runs = table["translation"]["rates"], table["translation"]["runs"]
    for name, rate in tqdm([*product(RECIPES, RATES)], unit="rate"):
        if str(rate) not in rates[name]:
            rates[name][str(rate)] = validated(name, rate)
            write(table, TABLE)
    done = {tuple(each[key] for key in KEY) for each in runs}
    wanted = [(name, seed, *rest) for seed in SEEDS for name, *rest in kinds()]
    for each in tqdm([each for each in wanted if each not in done], unit="run"):
        runs.append(run(*each, trained))
        store_weights(trained)
        write(table, TABLE)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
