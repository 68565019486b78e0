"""Train the image models of chapter 6 on every seed and store what they reach.

Run as ``python -m workshop.image_results``, or ``make results``. From nothing it takes about
half an hour on one core; runs that the same code made before are kept.
"""

import ast
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from qkv_lib.data import Canvases, Digits, load_digits
from qkv_lib.experiments import canvases, images
from qkv_lib.experiments.canvases import PATCH, WEIGHTS
from qkv_lib.experiments.images import Recipe, train
from qkv_lib.layers import initialise
from qkv_lib.measures.explain import all_maps, log_probability
from qkv_lib.measures.maps import deletion_curve
from qkv_lib.measures.pointing import box_coverage, hits, mass_inside
from qkv_lib.models import accuracy, fit, minibatches, predict
from workshop.pages import BOOK, ROOT

TABLE = BOOK / "results" / "images.json"
SEEDS = (0, 1, 2)
SIZES = (500, 1000, 2000, 4000)
COUNTS = range(0, 37, 3)  # patches hidden
SOURCES = {
    "digits": [
        "data/digits", "layers/initialise", "models/cnn", "experiments/images", "models/training",
        "models/vit", "data/patches",
    ],
    "canvases": [
        "data/clutter", "data/digits", "layers/initialise", "measures/maps", "experiments/canvases",
        "models/cnn", "measures/explain", "experiments/images", "models/training", "models/vit",
        "data/patches", "measures/pointing",
    ],
}  # fmt: skip
RECIPES = {"digits": images.RECIPES, "canvases": canvases.RECIPES}


def code_hash(part: str) -> str:
    """Return a hash of what the sources of a part do."""
    return hash_of(SOURCES[part])


def hash_of(sources: Iterable[str]) -> str:
    """Return a hash of what modules of the library do, the same under every version of Python.

    Comments, docstrings and imports do not count: what is imported is listed or watched itself.
    """
    digest = hashlib.sha256()
    for name in sources:
        tree = ast.parse((ROOT / "qkv_lib" / f"{name}.py").read_text(encoding="utf-8"))
        digest.update(canonical(without_docstrings(tree)).encode())
    return digest.hexdigest()[:16]


def canonical(node: object) -> str:
    """Return a syntax tree as text: fields that are empty, and so new in some version, left out."""
    if isinstance(node, list):
        return "[" + ",".join(canonical(each) for each in node if not is_import(each)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []))
    return f"{type(node).__name__}({','.join(f'{n}={canonical(v)}' for n, v in fields)})"


def is_import(node: object) -> bool:
    """Tell whether a statement imports."""
    return isinstance(node, ast.Import | ast.ImportFrom)


def without_docstrings(tree: ast.Module) -> ast.Module:
    """Return the tree with every docstring emptied, and without those of constants."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            if ast.get_docstring(node):
                node.body[0] = ast.Pass()
            node.body = [each for each in node.body if not is_text(each)]
    return tree


def is_text(statement: ast.stmt) -> bool:
    """Tell whether a statement is a text alone, as that below a constant which says what it is."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def first_losses(recipe: Recipe, digits: Digits, n_updates: int = 3) -> list[float]:
    """Return the first losses of a run: they change when any code below it computes otherwise."""
    rng = np.random.default_rng(0)
    model = initialise(recipe.make(), rng)
    batches = minibatches(*digits, rng, augment=recipe.augment)
    losses = fit(model, batches, n_updates=n_updates, lr=recipe.lr)
    return [round(loss, 4) for loss in losses]


def held_out_canvases(digits: Digits) -> Canvases:
    """Return the canvases on which all runs are tested."""
    return canvases.canvases(digits.images, np.random.default_rng(6))


def evidence(model: nn.Module, scenes: Canvases, labels: np.ndarray) -> dict[str, Any]:
    """Return for each map its mass in the box, its hits and the mean of its deletion curve."""
    coverage = box_coverage(scenes.boxes, scenes.images.shape[-1], PATCH)
    maps = all_maps(model, scenes.images, labels, np.random.default_rng(0))
    chosen = np.flatnonzero(predict(model, scenes.images).argmax(axis=-1) == labels)[:300]

    def probability(visible: np.ndarray) -> np.ndarray:
        return np.exp(log_probability(model, scenes.images[chosen], labels[chosen], visible))

    found = {}
    for name, each in maps.items():
        fall = deletion_curve(probability, each[chosen], COUNTS)
        measured = (mass_inside(each, coverage), hits(each, coverage), fall)
        rounded = [round(float(np.mean(x)), 4) for x in measured]
        found[name] = dict(zip(("mass", "hits", "deletion"), rounded, strict=True))
    return found


def store_weights(model: nn.Module) -> None:
    """Store a model's weights in half precision, beside the code that loads them."""
    weights = {name: each.numpy().astype(np.float16) for name, each in model.state_dict().items()}
    np.savez_compressed(ROOT / "qkv_lib" / "experiments" / WEIGHTS, **weights)


def run_on_digits(name: str, seed: int, n: int) -> dict[str, Any]:
    """Train a model on the first ``n`` digits and test it."""
    split = load_digits()
    digits = Digits(*(part[:n] for part in split.development))
    model = train(RECIPES["digits"][name], digits, seed=seed)
    return {"accuracy": round(accuracy(model, *split.test), 4)}


def run_on_canvases(name: str, seed: int) -> dict[str, Any]:
    """Train a model on canvases, test it, and where it attends put its maps to the test."""
    split = load_digits()
    model = train(RECIPES["canvases"][name], split.development, seed=seed)
    scenes, labels = held_out_canvases(split.test), split.test.labels
    reached = {"accuracy": round(accuracy(model, scenes.images, labels), 4)}
    if name != "ViT":
        return reached
    if seed == 0:
        store_weights(model)
        model = canvases.load_canvas_vit()  # what the notebook sees: rounded to half precision
    return reached | {"maps": evidence(model, scenes, labels)}


def read(path: Path = TABLE) -> dict[str, Any]:
    """Return the stored table, with no runs in the parts whose code has changed."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    digits = load_digits().train
    fresh = {
        part: {
            "code": code_hash(part),
            "first_losses": {name: first_losses(each, digits) for name, each in recipes.items()},
            "runs": [],
        }
        for part, recipes in RECIPES.items()
    }
    same = {part for part in stored if stored[part]["code"] == fresh[part]["code"]}
    return fresh | {part: stored[part] for part in fresh if part in same}


def write(table: dict[str, Any], path: Path = TABLE) -> None:
    """Store a table, one run a line."""
    path.parent.mkdir(exist_ok=True)
    parts = []
    for part, content in table.items():
        runs = ",\n   ".join(json.dumps(run, ensure_ascii=False) for run in content["runs"])
        lines = [f'"{key}": {json.dumps(content[key])}' for key in content if key != "runs"]
        lines.append(f'"runs": [\n   {runs}\n  ]')
        parts.append(f' "{part}": {{\n  ' + ",\n  ".join(lines) + "\n }")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def main() -> None:
    """Train what the table lacks."""
    table = read()
    wanted = [("digits", {"model": m, "seed": s, "n": n})
              for n in SIZES[::-1] for s in SEEDS for m in RECIPES["digits"]]  # fmt: skip
    wanted += [("canvases", {"model": m, "seed": s}) for s in SEEDS for m in RECIPES["canvases"]]
    for part, run in tqdm(wanted, unit="run"):
        if not any(run.items() <= done.items() for done in table[part]["runs"]):
            name, *rest = run.values()
            result = {"digits": run_on_digits, "canvases": run_on_canvases}[part](name, *rest)
            table[part]["runs"].append(run | result)
            write(table)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
