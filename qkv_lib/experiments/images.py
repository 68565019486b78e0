"""How the image models of chapter 6 are trained: a recipe a model, chosen on validation digits.

Of section 6.1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np
from torch import nn

from qkv_lib.data import Digits, load_digits, shifted
from qkv_lib.experiments.table import Run, Table
from qkv_lib.layers import initialise
from qkv_lib.models.cnn import ConvNet
from qkv_lib.models.training import Augment, accuracy, fit, minibatches
from qkv_lib.models.vit import VisionTransformer

__all__ = ["RECIPES", "TABLE", "Recipe", "linear_model", "train"]


class Recipe(NamedTuple):
    """A model and how it is trained.

    Attributes
    ----------
    make : callable
        Returns a new model.
    n_updates : int
        Steps of training, each on 64 images.
    lr : float
        The highest learning rate.
    augment : callable, optional
        ``augment(images, rng)`` changes the images anew each time they come.
    """

    make: Callable[[], nn.Module]
    n_updates: int
    lr: float
    augment: Augment | None = None


def linear_model(image_size: int = 28, n_classes: int = 10) -> nn.Module:
    """Return one linear map from all pixels to the logits: multinomial logistic regression.

    Parameters
    ----------
    image_size, n_classes : int

    Returns
    -------
    torch.nn.Module

    Examples
    --------
    >>> sum(weight.numel() for weight in linear_model().parameters())
    7850
    """
    return nn.Sequential(nn.Flatten(), nn.Linear(image_size**2, n_classes))


RECIPES = {
    "linear": Recipe(linear_model, n_updates=1000, lr=0.01),
    "CNN": Recipe(ConvNet, n_updates=600, lr=0.01, augment=shifted),
    "ViT": Recipe(VisionTransformer, n_updates=2500, lr=0.004, augment=partial(shifted, most=1)),
}
"""How each model is trained; chosen on the validation digits.

:meta hide-value:
"""


def train(recipe: Recipe, digits: Digits, *, seed: int, n_updates: int | None = None) -> nn.Module:
    """Make a model, train it on digits and return it, ready for use.

    Parameters
    ----------
    recipe : Recipe
    digits : Digits
    seed : int
        Draws the first weights, the order of the images and what augmentation draws.
    n_updates : int, optional
        By default that of the recipe. The learning rate rises and falls within as many.

    Returns
    -------
    torch.nn.Module

    Examples
    --------
    >>> from qkv_lib.data import load_digits
    >>> model = train(RECIPES["linear"], load_digits().train, seed=0, n_updates=5)
    """
    rng = np.random.default_rng(seed)
    model = initialise(recipe.make(), rng)
    batches = minibatches(*digits, rng, batch_size=64, augment=recipe.augment)
    n_updates = recipe.n_updates if n_updates is None else n_updates
    fit(model, batches, n_updates=n_updates, lr=recipe.lr, weight_decay=0.05)
    return model


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained: each model with three seeds on four sizes of the data."""
    return [
        {"model": model, "seed": seed, "n": n}
        for n, seed, model in product((4000, 2000, 1000, 500), (0, 1, 2), RECIPES)
    ]


def run(model: str, seed: int, n: int) -> Run:
    """Train a model on the first ``n`` digits and test it."""
    split = load_digits()
    images, labels = split.development
    trained = train(RECIPES[model], Digits(images[:n], labels[:n]), seed=seed)
    return {"accuracy": round(accuracy(trained, *split.test), 4)}


def check() -> Run:
    """Return the first losses of each model."""
    return {name: first_losses(each) for name, each in RECIPES.items()}


def first_losses(recipe: Recipe) -> list[float]:
    """Return the first losses of a run: they change when any code below it computes otherwise."""
    rng = np.random.default_rng(0)
    model = initialise(recipe.make(), rng)
    batches = minibatches(*load_digits().train, rng, augment=recipe.augment)
    return [round(loss, 4) for loss in fit(model, batches, n_updates=3, lr=recipe.lr)]


TABLE = Table(
    "images",
    cases,
    run,
    check,
    code=[
        "data/digits", "data/patches", "layers/initialise", "models/cnn", "models/training",
        "models/vit",
    ],
)  # fmt: skip
"""What section 6.1 stores of digits; from nothing it takes a quarter of an hour on one core.

:meta hide-value:
"""
