"""Train the image models of chapter 6 on every seed and store what they reach.

Run as ``python -m tests.tools.image_results``, or ``make results``. It takes about a quarter of
an hour; runs that are in the table already, made by the same code, are kept.
"""

import ast
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from qkv_lib.data import Digits, load_digits
from qkv_lib.layers import initialise
from qkv_lib.models import accuracy, fit, minibatches
from qkv_lib.models.images import RECIPES, Recipe, train
from tests.tools.pages import BOOK, ROOT

TABLE = BOOK / "results" / "images.json"
SEEDS = (0, 1, 2)
SIZES = (500, 1000, 2000, 4000)
SOURCES = [
    "data/digits", "layers/initialise", "models/cnn", "models/images", "models/training",
    "models/vit", "patches",
]  # fmt: skip


def code_hash(sources: list[str]) -> str:
    """Return a hash of what the sources do: comments, docstrings and layout do not count."""
    digest = hashlib.sha256()
    for name in sources:
        tree = ast.parse((ROOT / "qkv_lib" / f"{name}.py").read_text(encoding="utf-8"))
        digest.update(ast.dump(without_docstrings(tree)).encode())
    return digest.hexdigest()[:16]


def without_docstrings(tree: ast.Module) -> ast.Module:
    """Return the tree with every docstring emptied."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            node.body[0] = ast.Pass()
    return tree


def first_losses(recipe: Recipe, digits: Digits, n_updates: int = 3) -> list[float]:
    """Return the first losses of a run: they tell whether all the code below is the same too."""
    rng = np.random.default_rng(0)
    model = initialise(recipe.make(), rng)
    batches = minibatches(*digits, rng, augment=recipe.augment)
    losses = fit(model, batches, n_updates=n_updates, lr=recipe.lr)
    return [round(loss, 4) for loss in losses]


def read(path: Path = TABLE) -> dict[str, Any]:
    """Return the stored table, or an empty one where there is none or the code has changed."""
    code = code_hash(SOURCES)
    if path.exists():
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if table["code"] == code:
            return table
    return {"code": code, "runs": []}


def write(table: dict[str, Any], path: Path = TABLE) -> None:
    """Store a table, one run a line."""
    path.parent.mkdir(exist_ok=True)
    runs = ",\n  ".join(json.dumps(run) for run in table["runs"])
    head = {name: value for name, value in table.items() if name != "runs"}
    text = json.dumps(head, indent=1)[:-2] + f',\n "runs": [\n  {runs}\n ]\n}}\n'
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Train what the table lacks, largest size first."""
    split = load_digits()
    table = read()
    table["first_losses"] = {
        name: first_losses(each, split.train) for name, each in RECIPES.items()
    }
    done = {(run["model"], run["n_train"], run["seed"]) for run in table["runs"]}
    wanted = [(name, n, seed) for n in SIZES[::-1] for seed in SEEDS for name in RECIPES]
    for name, n, seed in tqdm([each for each in wanted if each not in done], unit="run"):
        digits = Digits(*(part[:n] for part in split.development))
        reached = accuracy(train(RECIPES[name], digits, seed=seed), *split.test)
        run = {"model": name, "n_train": n, "seed": seed, "accuracy": round(reached, 4)}
        table["runs"].append(run)
        write(table)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
