"""The rival that differs in one thing: the Vision Transformer of section 6.1, its weights even.

Of section 6.1.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor, nn

from qkv_lib.data import load_digits
from qkv_lib.experiments.images import RECIPES, Recipe, first_losses, train
from qkv_lib.experiments.table import Run, Table
from qkv_lib.models import accuracy
from qkv_lib.models.vit import VisionTransformer

__all__ = ["BUDGETS", "RATES", "TABLE", "even_recipe", "even_vit"]

SEEDS, CHOOSING_SEED = (0, 1, 2), 10  # no run of the table chose the rate
TRIED = (0.002, 0.004, 0.008)
BUDGETS = (700, 2500)
"""Updates of the weights, on the page of section 6.1 and in full training."""


class NoQuery(nn.Module):
    """Ask for nothing: queries of zeros, so that every score is 0 and every weight is alike."""

    def forward(self, x: Tensor) -> Tensor:
        """Return zeros of the shape of ``x``."""
        return torch.zeros_like(x)


def even_vit() -> VisionTransformer:
    """Return a Vision Transformer that cannot choose: each token averages the values of all.

    Returns
    -------
    VisionTransformer

    Examples
    --------
    >>> from qkv_lib.layers import recorded_weights
    >>> model = even_vit()
    >>> with recorded_weights(model) as recorded:
    ...     logits = model(torch.rand(1, 28, 28))
    >>> (weights,) = recorded["blocks.0.attention"]
    >>> bool(torch.allclose(weights, torch.full_like(weights, 1 / 17)))
    True
    """
    model = VisionTransformer()
    for block in model.blocks:
        block.attention.query = NoQuery()  # type: ignore[union-attr]
    return model


def even_recipe(lr: float = 0.004) -> Recipe:
    """Return the recipe of the Vision Transformer, with even weights.

    Parameters
    ----------
    lr : float
        The highest learning rate.

    Returns
    -------
    Recipe

    Examples
    --------
    >>> even_recipe().n_updates
    2500
    """
    return RECIPES["ViT"]._replace(make=even_vit, lr=lr)


def validated(lr: float) -> Run:
    """Train with even weights at a learning rate, and test on the validation digits."""
    split = load_digits()
    model = train(even_recipe(lr), split.train, seed=CHOOSING_SEED, n_updates=BUDGETS[0])
    return {"validation": round(accuracy(model, *split.validation), 4)}


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained; `qkv_lib.experiments.images` has the ViT at the second budget."""
    kinds = [("ViT", BUDGETS[0]), *(("even", n_updates) for n_updates in BUDGETS)]
    return [
        {"model": model, "seed": seed, "n_updates": n_updates}
        for (model, n_updates), seed in product(kinds, SEEDS)
    ]


def run(model: str, seed: int, n_updates: int) -> Run:
    """Train a model on all digits but the held-out ones, and test it on those."""
    split = load_digits()
    recipe = even_recipe() if model == "even" else RECIPES[model]
    trained = train(recipe, split.development, seed=seed, n_updates=n_updates)
    return {"accuracy": round(accuracy(trained, *split.test), 4)}


def check() -> Run:
    """Return the first losses of the model with even weights."""
    return {"even": first_losses(even_recipe())}


CODE = ("data/digits", "data/patches", "experiments/images:train", "layers/initialise",
        "models/training", "models/vit")  # fmt: skip
RATES = Table("even_rates", lambda _: [{"lr": lr} for lr in TRIED], validated, check, code=CODE)
"""How the learning rate was chosen.

:meta hide-value:
"""
TABLE = Table("even", cases, run, check, code=CODE)
"""What section 6.1 stores of the rival with even weights; from nothing it takes five minutes.

:meta hide-value:
"""
