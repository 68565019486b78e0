"""Models that find a digit on a cluttered canvas, and the trained weights that the book ships.

Of section 6.1.
"""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from qkv_lib.data import Canvases, Digits, cluttered, load_digits
from qkv_lib.experiments.images import Recipe, first_losses, train
from qkv_lib.experiments.table import Run, Table
from qkv_lib.measures.explain import all_maps, log_probability
from qkv_lib.measures.maps import deletion_curve
from qkv_lib.measures.pointing import box_coverage, hits, mass_inside
from qkv_lib.models.cnn import ConvNet
from qkv_lib.models.training import accuracy, predict
from qkv_lib.models.vit import VisionTransformer

__all__ = ["CANVAS", "PATCH", "RECIPES", "TABLE", "canvases", "load_canvas_vit", "on_canvas"]

CANVAS, PATCH = 42, 7
"""Sides in pixels of a canvas, ``CANVAS``, and of its six by six patches, ``PATCH``."""
WEIGHTS = "canvas_vit.npz"


def canvases(images: NDArray[np.float32], rng: np.random.Generator) -> Canvases:
    """Return digits among scraps, at places that are multiples of a patch.

    Parameters
    ----------
    images : array of shape (n, 28, 28)
    rng : numpy.random.Generator

    Returns
    -------
    Canvases

    Examples
    --------
    >>> import numpy as np
    >>> canvases(np.ones((5, 28, 28)), np.random.default_rng(0)).images.shape
    (5, 42, 42)
    """
    return cluttered(images, rng, canvas=CANVAS, n_scraps=4, step=PATCH)


def on_canvas(images: NDArray[np.float32], rng: np.random.Generator) -> NDArray[Any]:
    """Return the images of new canvases without their boxes: all that a model is trained on.

    Parameters
    ----------
    images : array of shape (n, 28, 28)
    rng : numpy.random.Generator

    Returns
    -------
    array of shape (n, 42, 42)

    Examples
    --------
    >>> import numpy as np
    >>> on_canvas(np.ones((5, 28, 28)), np.random.default_rng(0)).shape
    (5, 42, 42)
    """
    return canvases(images, rng).images


canvas_vit = partial(VisionTransformer, CANVAS, PATCH)

RECIPES = {
    "CNN": Recipe(ConvNet, n_updates=600, lr=0.01, augment=on_canvas),
    "ViT": Recipe(canvas_vit, n_updates=3000, lr=0.003, augment=on_canvas),
}
"""How each model is trained.

:meta hide-value:
"""


def load_canvas_vit() -> VisionTransformer:
    """Return the Vision Transformer that ``make results`` trained on canvases with seed 0.

    Returns
    -------
    VisionTransformer
        In evaluation mode; its weights were stored in half precision.

    Examples
    --------
    >>> load_canvas_vit().n_patches
    36
    """
    with files("qkv_lib.experiments").joinpath(WEIGHTS).open("rb") as file, np.load(file) as stored:
        state = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored}
    model = canvas_vit()
    model.load_state_dict(state)
    return model.eval()


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained: both models with three seeds."""
    return [{"model": model, "seed": seed} for seed, model in product((0, 1, 2), RECIPES)]


def run(model: str, seed: int) -> Run:
    """Train a model on canvases, test it, and where it attends put its maps to the test."""
    split = load_digits()
    trained = train(RECIPES[model], split.development, seed=seed)
    scenes, labels = held_out(split.test), split.test.labels
    reached: Run = {"accuracy": round(accuracy(trained, scenes.images, labels), 4)}
    if not isinstance(trained, VisionTransformer):
        return reached
    if seed == 0:
        store_weights(trained)
        trained = load_canvas_vit()  # what the notebook sees: rounded to half precision
    found = {
        "maps": evidence(trained, scenes, labels),
        "answers": by_answer(trained, scenes, labels),
    }
    return reached | found


def held_out(digits: Digits) -> Canvases:
    """Return the canvases on which all runs are tested."""
    return canvases(digits.images, np.random.default_rng(6))


def evidence(model: VisionTransformer, scenes: Canvases, labels: NDArray[np.int64]) -> Run:
    """Return for each map its mass in the box, its hits and the mean of its deletion curve."""
    coverage = box_coverage(scenes.boxes, scenes.images.shape[-1], PATCH)
    maps = all_maps(model, scenes.images, labels, np.random.default_rng(0))
    chosen = np.flatnonzero(predict(model, scenes.images).argmax(axis=-1) == labels)[:300]
    counts = range(0, 37, 3)  # patches hidden

    def probability(visible: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.exp(log_probability(model, scenes.images[chosen], labels[chosen], visible))

    found = {}
    for name, each in maps.items():
        fall = deletion_curve(probability, each[chosen], counts)
        measured = (mass_inside(each, coverage), hits(each, coverage), fall)
        rounded = [round(float(np.mean(x)), 4) for x in measured]
        found[name] = dict(zip(("mass", "hits", "deletion"), rounded, strict=True))
    return found


def by_answer(model: VisionTransformer, scenes: Canvases, labels: NDArray[np.int64]) -> Run:
    """Return the mass and the hits of each map, of right answers and of wrong ones.

    Ablation asks what the answer given rests on, so it is measured on that answer. A map that is 0
    everywhere has no mass, and is left out of its mean.
    """
    coverage = box_coverage(scenes.boxes, scenes.images.shape[-1], PATCH)
    answers = predict(model, scenes.images).argmax(axis=-1)
    found: Run = {"right": {}, "wrong": {}}
    for name, each in all_maps(model, scenes.images, answers, np.random.default_rng(0)).items():
        for kind, chosen in (("right", answers == labels), ("wrong", answers != labels)):
            some = chosen & (each > 0).any(axis=-1)
            measured = {
                "mass": mass_inside(each[some], coverage[some]),
                "hits": hits(each[some], coverage[some]),
            }
            found[kind][name] = {key: round(float(x.mean()), 4) for key, x in measured.items()}
    return found


def store_weights(model: nn.Module) -> None:
    """Store a model's weights in half precision, beside this file."""
    weights = {name: each.numpy().astype(np.float16) for name, each in model.state_dict().items()}
    np.savez_compressed(Path(__file__).with_name(WEIGHTS), **weights)


def check() -> Run:
    """Return the first losses of each model."""
    return {name: first_losses(each) for name, each in RECIPES.items()}


TABLE = Table(
    "canvases",
    cases,
    run,
    check,
    code=[
        "data/clutter", "data/digits", "data/patches", "experiments/images:train",
        "layers/initialise", "measures/explain", "measures/maps", "measures/pointing", "models/cnn",
        "models/training", "models/vit",
    ],
)  # fmt: skip
"""What section 6.1 stores of canvases; from nothing it takes a quarter of an hour on one core.

:meta hide-value:
"""
