"""Train the models of chapter 1 for longer than the chapter can and store what they reach.

Run as ``python -m workshop.copying_results``, or ``make results``. From nothing it takes about
fifteen minutes on one core; runs that the same code made before are kept.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from qkv_lib.experiments import copying
from qkv_lib.models.seq2seq import copy_accuracy
from workshop.image_results import hash_of
from workshop.pages import BOOK
from workshop.rival_results import write

TABLE = BOOK / "results" / "copying.json"
LONGER, SEEDS, RATES = (1, 4, 16), (0, 1, 2), (0.01, 0.03)
TEST = 7  # seed
SOURCES = ["experiments/copying", "layers/initialise", "models/seq2seq", "models/training"]


def run(kind: str, longer: int, seed: int, rate: float) -> dict[str, Any]:
    """Train a model and return the share of digits that it repeats, for each length."""
    n_updates = longer * copying.N_UPDATES
    model = copying.train(kind, seed=seed, n_updates=n_updates, lr=rate)
    found = copy_accuracy(model, copying.LENGTHS, np.random.default_rng(TEST))
    return {"accuracy": found.round(4).tolist()}


def check_values() -> dict[str, float]:
    """Return a number a model that changes when any code below computes otherwise."""
    found = {}
    for kind in copying.KINDS:
        model = copying.train(kind, seed=0, n_updates=2)
        with torch.no_grad():
            logits = model(torch.arange(10)[None], torch.arange(10)[None])
        found[kind] = round(float(logits.abs().mean()), 4)
    return found


def read(path: Path = TABLE) -> dict[str, Any]:
    """Return the stored table, without runs if the code has changed."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if stored.get("code") == hash_of(SOURCES):
        return dict(stored)
    fresh = {"code": hash_of(SOURCES), "lengths": list(copying.LENGTHS)}
    return fresh | {"check_values": check_values(), "runs": []}


def main() -> None:
    """Train what the table lacks."""
    table = read()
    wanted: list[dict[str, Any]] = [
        {"kind": kind, "longer": longer, "seed": seed, "rate": rate}
        for longer in LONGER for seed in SEEDS for rate in RATES for kind in copying.KINDS
    ]  # fmt: skip
    for each in tqdm(wanted, unit="run"):
        if not any(each.items() <= done.items() for done in table["runs"]):
            table["runs"].append(each | run(*each.values()))
            write(table, TABLE)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
