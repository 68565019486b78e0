"""Models that find a digit on a cluttered canvas, and the trained weights that the book ships."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qkv_lib.data import Canvases, cluttered
from qkv_lib.experiments.images import Recipe
from qkv_lib.models.cnn import ConvNet
from qkv_lib.models.vit import VisionTransformer

__all__ = ["CANVAS", "PATCH", "RECIPES", "canvases", "load_canvas_vit", "on_canvas"]

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
