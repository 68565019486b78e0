"""Train the models of chapter 9 on digits with a planted mark, and store what they rely on.

Run as ``python -m workshop.shortcut_results``, or ``make results``. From nothing it takes
about five minutes on one core; runs that the same code made before are kept.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from qkv_lib.data import Digits, load_digits
from qkv_lib.experiments import shortcut
from qkv_lib.models import VisionTransformer
from workshop.image_results import hash_of
from workshop.pages import BOOK
from workshop.rival_results import write

TABLE = BOOK / "results" / "shortcut.json"
SEEDS = (0, 1, 2)
SOURCES = [  # what lies below them is watched by `check_values`
    "data/digits", "data/planted", "layers/initialise", "models/cnn", "measures/explain",
    "experiments/shortcut", "models/training", "models/vit",
]  # fmt: skip


def run(name: str, with_mark: bool, seed: int) -> dict[str, Any]:
    """Train a model and return what it relies on, and where its maps put the mark."""
    split = load_digits()
    model = shortcut.train(name, split.development, with_mark=with_mark, seed=seed)
    reached: dict[str, Any] = shortcut.relied_on(model, split.test, np.random.default_rng(9))
    if isinstance(model, VisionTransformer):
        shares = shortcut.share_on_mark(model, split.test)
        reached["on the mark"] = {key: round(float(x.mean()), 4) for key, x in shares.items()}
    return {key: round(x, 4) if isinstance(x, float) else x for key, x in reached.items()}


def check_values() -> dict[str, float]:
    """Return a number a model that changes when any code below computes otherwise."""
    digits = Digits(*(part[:200] for part in load_digits().train))
    found = {}
    for name in shortcut.MODELS:
        model = shortcut.train(name, digits, with_mark=True, seed=0, n_updates=2)
        with torch.no_grad():
            logits = model(torch.from_numpy(digits.images))
        found[name] = round(float(logits.abs().mean()), 4)
    return found


def read(path: Path = TABLE) -> dict[str, Any]:
    """Return the stored table, without runs if the code has changed."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if stored.get("code") == hash_of(SOURCES):
        return dict(stored)
    return {"code": hash_of(SOURCES), "check_values": check_values(), "runs": []}


def main() -> None:
    """Train what the table lacks."""
    table = read()
    wanted = [
        {"model": name, "with_mark": with_mark, "seed": seed}
        for seed in SEEDS for name in shortcut.MODELS for with_mark in (False, True)
    ]  # fmt: skip
    for each in tqdm(wanted, unit="run"):
        if not any(each.items() <= done.items() for done in table["runs"]):
            table["runs"].append(each | run(*each.values()))
            write(table, TABLE)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
