"""Train the models of chapter 5 that are tried on longer sequences, and store what they reach.

Run as ``python -m workshop.length_results``, or ``make results``. From nothing it takes about
half an hour on one core; runs that the same code made before are kept.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from qkv_lib.data.digit_tasks import examples
from qkv_lib.experiments import lengths
from qkv_lib.models.tagger import POSITIONS, tagging_loss
from workshop.image_results import hash_of
from workshop.pages import BOOK
from workshop.rival_results import write

TABLE = BOOK / "results" / "lengths.json"
SEEDS, BUDGETS = (0, 1, 2), (250, 1000, 4000)
LONGER, ENOUGH = (16000,), 0.1  # four times as long, where the last step gained more
RATES, TUNING_SEEDS, TUNING_BUDGET = (0.003, 0.01, 0.03), (10, 11), 1000
SOURCES = [  # what lies below them is watched by `check_values`
    "data/digit_tasks", "layers/initialise", "experiments/lengths", "models/tagger",
    "models/training",
]  # fmt: skip
Case = dict[str, Any]


def run(case: Case) -> Case:
    """Train a model and return its loss, and the share of right answers at each length."""
    model = lengths.train(**case)
    source, _ = lengths.TASKS[case["task"]]
    fresh = next(examples(source, lengths.LENGTH, np.random.default_rng(1001), batch_size=1000))
    with torch.no_grad():
        loss = round(tagging_loss(model, *fresh).item(), 5)
    return {"loss": loss, "accuracy": [round(x, 4) for x in lengths.reached(model, case["task"])]}


def tuning(task: str, positions: str) -> list[Case]:
    """Return the runs that choose the learning rate of a rival; no other run has their seeds."""
    return [
        {"task": task, "positions": positions, "seed": seed, "n_updates": TUNING_BUDGET, "lr": lr}
        for lr in RATES for seed in TUNING_SEEDS
    ]  # fmt: skip


def best_rate(runs: list[Case], task: str, positions: str) -> float:
    """Return the rate whose runs end with the lowest loss."""
    losses = {
        lr: np.mean([found(runs, case)["loss"] for case in tuning(task, positions)
                     if case["lr"] == lr])
        for lr in RATES
    }  # fmt: skip
    return min(losses, key=lambda lr: float(losses[lr]))


def found(runs: list[Case], case: Case) -> Case:
    """Return the stored run of a case."""
    return next(done for done in runs if case.items() <= done.items())


def still_rises(runs: list[Case], task: str, positions: str, budget: int) -> bool:
    """Tell whether a budget gained more than `ENOUGH` over a quarter of it, at `LENGTH`."""

    def mean(n_updates: int) -> float:
        case = {"task": task, "positions": positions, "n_updates": n_updates}
        mine = [r for r in runs if case.items() <= r.items() and r["seed"] in SEEDS]
        return float(np.mean([r["accuracy"][0] for r in mine]))

    return mean(budget) - mean(budget // 4) > ENOUGH


def wanted(runs: list[Case]) -> Iterator[Case]:
    """Yield every case; a later one may depend on the runs of earlier ones."""
    rivals = [(task, positions) for task in lengths.TASKS for positions in POSITIONS]
    for rival in rivals:
        yield from tuning(*rival)
    for n_updates in BUDGETS:
        for rival in rivals:
            yield from trained(runs, *rival, n_updates)
    for n_updates in LONGER:
        rivals = [each for each in rivals if still_rises(runs, *each, n_updates // 4)]
        for rival in rivals:
            yield from trained(runs, *rival, n_updates)


def trained(runs: list[Case], task: str, positions: str, n_updates: int) -> Iterator[Case]:
    """Yield the cases of a rival with its own rate, one a seed."""
    lr = best_rate(runs, task, positions)
    for seed in SEEDS:
        yield {"task": task, "positions": positions, "seed": seed, "n_updates": n_updates, "lr": lr}


def check_values() -> dict[str, float]:
    """Return a number a model that changes when any code below computes otherwise."""
    values = {}
    for task, (source, _) in lengths.TASKS.items():
        for positions in POSITIONS:
            model = lengths.train(task, positions, seed=0, n_updates=2)
            digits, _ = next(examples(source, 20, np.random.default_rng(0)))
            with torch.no_grad():
                values[f"{task}, {positions}"] = round(float(model(digits).abs().mean()), 4)
    return values


def read(path: Path = TABLE) -> dict[str, Any]:
    """Return the stored table, without runs if the code has changed."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if stored.get("code") == hash_of(SOURCES):
        return dict(stored)
    return {"code": hash_of(SOURCES), "check_values": check_values(), "runs": []}


def main() -> None:
    """Train what the table lacks."""
    table = read()
    runs = table["runs"]
    for case in tqdm(wanted(runs), unit="run"):
        if not any(case.items() <= done.items() for done in runs):
            runs.append(case | run(case))
            write(table, TABLE)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
