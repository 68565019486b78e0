"""Train the models of chapter 9 on every seed and store what they reach.

Run as ``python -m workshop.rival_results``, or ``make results``. From nothing it takes about
ten minutes on one core; runs that the same code made before are kept.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from qkv_lib.data.sequences import TASKS, Sequences
from qkv_lib.experiments import rivals
from qkv_lib.models.mixers import MIXERS
from workshop.image_results import hash_of
from workshop.pages import BOOK

TABLE = BOOK / "results" / "rivals.json"
# Runs that had not learned all there is to learn, with four times the updates.
PATIENT = (("recall", "RNN", 0), ("counting", "attention", 0), ("counting", "RNN", 1))
RUNS = ((0, 0.01), (1, 0.01), (2, 0.01), (0, 0.003), (0, 0.03))  # seeds and highest learning rates
BOUNDS = np.array([1, 4, 7, 12, 17, 22, 32])
VALIDATION, TEST = 1001, 1002  # seeds
SOURCES = [  # what lies below them is watched by `check_values`
    "data/sequences", "layers/initialise", "models/mixers", "experiments/rivals", "models/training",
]  # fmt: skip


def drawn(task: str, n: int, seed: int, n_sequences: int = 500) -> Sequences:
    """Return sequences that no model was trained on."""
    return TASKS[task].draw(n_sequences, n, np.random.default_rng(seed))


def run(task: str, mixer: str, seed: int, rate: float, longer: int = 1) -> dict[str, Any]:
    """Train a model and return what it reaches, on validation and on test sequences."""
    n_updates = longer * rivals.RECIPES[task].n_updates
    model = rivals.train(mixer, task, seed=seed, lr=rate, n_updates=n_updates)
    n = rivals.LENGTH
    sets = {
        "validation": drawn(task, n, VALIDATION),
        "accuracy": drawn(task, n, TEST),
        "twice": drawn(task, 2 * n, TEST),
    }
    reached: dict[str, Any] = {
        name: round(float(rivals.right_answers(model, each).mean()), 4)
        for name, each in sets.items()
    }
    if task == "recall":
        far = rivals.accuracy_by_distance(model, drawn(task, n, TEST, 2000), BOUNDS)
        reached["by_distance"] = far.round(4).tolist()
    return reached


def check_values() -> dict[str, float]:
    """Return a number a model and task that changes when any code below computes otherwise."""
    found = {}
    for task in TASKS:
        for mixer in MIXERS:
            model = rivals.train(mixer, task, seed=0, n_updates=2)
            with torch.no_grad():
                logits = model(torch.from_numpy(drawn(task, rivals.LENGTH, TEST, 20).symbols))
            found[f"{mixer}, {task}"] = round(float(logits.abs().mean()), 4)
    return found


def read(path: Path = TABLE) -> dict[str, Any]:
    """Return the stored table, without runs if the code has changed."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if stored.get("code") == hash_of(SOURCES):
        return dict(stored)
    fresh = {"code": hash_of(SOURCES), "bounds": BOUNDS.tolist()}
    return fresh | {"check_values": check_values(), "runs": []}


def write(table: dict[str, Any], path: Path = TABLE) -> None:
    """Store a table, one run a line."""
    lines = [f' "{key}": {json.dumps(value)}' for key, value in table.items() if key != "runs"]
    runs = ",\n  ".join(json.dumps(each) for each in table["runs"])
    path.write_text("{\n" + ",\n".join([*lines, f' "runs": [\n  {runs}\n ]']) + "\n}\n", "utf-8")


def main() -> None:
    """Train what the table lacks."""
    table = read()
    wanted: list[dict[str, Any]] = [
        {"task": task, "model": mixer, "seed": seed, "rate": rate, "longer": 1}
        for seed, rate in RUNS for task in TASKS for mixer in MIXERS
    ]  # fmt: skip
    wanted += [
        {"task": task, "model": mixer, "seed": seed, "rate": 0.01, "longer": 4}
        for task, mixer, seed in PATIENT
    ]
    for each in tqdm(wanted, unit="run"):
        if not any(each.items() <= done.items() for done in table["runs"]):
            table["runs"].append(each | run(*each.values()))
            write(table)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
