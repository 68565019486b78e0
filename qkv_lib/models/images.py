"""How the image models of chapter 6 are trained: a recipe a model, chosen on validation digits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from qkv_lib.data import Digits, cluttered, shifted
from qkv_lib.layers import initialise
from qkv_lib.models.cnn import ConvNet
from qkv_lib.models.training import Augment, fit, minibatches
from qkv_lib.models.vit import VisionTransformer

__all__ = ["CANVAS", "CANVAS_RECIPES", "RECIPES", "Recipe", "linear_model", "on_canvas", "train"]

CANVAS = 42  # pixels a side


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


def on_canvas(images: NDArray[np.float32], rng: np.random.Generator) -> NDArray[Any]:
    """Return digits on new cluttered canvases, without their boxes: what the models train on.

    Parameters
    ----------
    images : array of shape (n, 28, 28)
    rng : numpy.random.Generator

    Returns
    -------
    array of shape (n, CANVAS, CANVAS)

    Examples
    --------
    >>> import numpy as np
    >>> on_canvas(np.ones((5, 28, 28)), np.random.default_rng(0)).shape
    (5, 42, 42)
    """
    return cluttered(images, rng, canvas=CANVAS).images


RECIPES = {
    "linear": Recipe(linear_model, n_updates=1000, lr=0.01),
    "CNN": Recipe(ConvNet, n_updates=300, lr=0.01, augment=shifted),
    "ViT": Recipe(VisionTransformer, n_updates=1500, lr=0.004, augment=shifted),
}
CANVAS_RECIPES = {
    "CNN": Recipe(ConvNet, n_updates=400, lr=0.01, augment=on_canvas),
    "ViT": Recipe(partial(VisionTransformer, CANVAS), n_updates=2000, lr=0.003, augment=on_canvas),
}


def train(recipe: Recipe, digits: Digits, *, seed: int) -> nn.Module:
    """Make a model, train it on digits and return it, ready for use.

    Parameters
    ----------
    recipe : Recipe
    digits : Digits
    seed : int
        Draws the first weights, the order of the images and what augmentation draws.

    Returns
    -------
    torch.nn.Module

    Examples
    --------
    >>> from qkv_lib.data import load_digits
    >>> model = train(RECIPES["linear"]._replace(n_updates=5), load_digits().train, seed=0)
    """
    rng = np.random.default_rng(seed)
    model = initialise(recipe.make(), rng)
    batches = minibatches(*digits, rng, batch_size=64, augment=recipe.augment)
    fit(model, batches, n_updates=recipe.n_updates, lr=recipe.lr, weight_decay=0.05)
    return model
