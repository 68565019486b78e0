"""What do models rely on when a mark gives the answer away? With attention, and without.

Of chapter 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from qkv_lib.data import Digits, load_digits
from qkv_lib.data.planted import marked, other_labels
from qkv_lib.experiments.table import Run, Table
from qkv_lib.layers import initialise
from qkv_lib.measures.explain import ablation_map, attended
from qkv_lib.models.cnn import ConvNet
from qkv_lib.models.training import accuracy, fit, minibatches
from qkv_lib.models.vit import VisionTransformer

__all__ = ["MODELS", "TABLE", "relied_on", "share_on_mark", "small_cnn", "small_vit", "train"]


def small_vit() -> VisionTransformer:
    """Return a Vision Transformer of about 20,000 parameters, for 28 × 28 pixels.

    Returns
    -------
    VisionTransformer

    Examples
    --------
    >>> small_vit().n_patches
    16
    """
    return VisionTransformer(d_model=32, d_hidden=64, n_blocks=2)


def small_cnn() -> ConvNet:
    """Return a convolutional network of as many parameters as `small_vit`, within a tenth.

    Returns
    -------
    ConvNet

    Examples
    --------
    >>> sizes = [sum(p.numel() for p in make().parameters()) for make in (small_cnn, small_vit)]
    >>> abs(sizes[0] / sizes[1] - 1) < 0.1
    True
    """
    return ConvNet(widths=(12, 28, 60))


MODELS: Mapping[str, tuple[Callable[[], nn.Module], float]] = {
    "CNN": (small_cnn, 0.01),
    "ViT": (small_vit, 0.004),
}
"""Each model with its highest learning rate, as in `qkv_lib.experiments.images`.

:meta hide-value:
"""


def train(
    name: str, digits: Digits, *, with_mark: bool, seed: int, n_updates: int = 600
) -> nn.Module:
    """Train a model on digits, with the mark of the right label on every one of them or on none.

    Parameters
    ----------
    name : {"CNN", "ViT"}
    digits : Digits
    with_mark : bool
    seed : int
        Of the first weights and the order.
    n_updates : int
        Each on 64 images.

    Returns
    -------
    torch.nn.Module

    Examples
    --------
    >>> from qkv_lib.data import load_digits
    >>> model = train("CNN", load_digits().train, with_mark=True, seed=0, n_updates=3)
    """
    make, lr = MODELS[name]
    rng = np.random.default_rng(seed)
    model = initialise(make(), rng)
    images = marked(*digits) if with_mark else digits.images
    fit(model, minibatches(images, digits.labels, rng), n_updates=n_updates, lr=lr)
    return model


def relied_on(model: nn.Module, digits: Digits, rng: np.random.Generator) -> dict[str, float]:
    """Return a model's accuracy with the right mark, with none, and with that of another label.

    Parameters
    ----------
    model : torch.nn.Module
    digits : Digits
    rng : numpy.random.Generator
        Draws the other labels.

    Returns
    -------
    dict from str to float
        ``"right mark"``, ``"no mark"``, ``"wrong mark"``, and ``"follows the mark"``: the share of
        answers that are the wrong mark's label.

    Examples
    --------
    >>> import numpy as np
    >>> from qkv_lib.data import load_digits
    >>> list(relied_on(small_cnn(), load_digits().test, np.random.default_rng(0)))
    ['right mark', 'no mark', 'wrong mark', 'follows the mark']
    """
    images, labels = digits
    others = other_labels(labels, rng)
    misled = marked(images, others)
    return {
        "right mark": accuracy(model, marked(images, labels), labels),
        "no mark": accuracy(model, images, labels),
        "wrong mark": accuracy(model, misled, labels),
        "follows the mark": accuracy(model, misled, others),
    }


def share_on_mark(model: VisionTransformer, digits: Digits) -> dict[str, NDArray[np.float64]]:
    """Return how much of each map lies on the mark's patch, the first, for digits with their mark.

    Parameters
    ----------
    model : VisionTransformer
    digits : Digits

    Returns
    -------
    dict from str to array of shape (n,)
        Readings of attention as in `qkv_lib.measures.explain`, and ablation; a map that is the same
        everywhere has ``1 / n_patches``.

    Examples
    --------
    >>> from qkv_lib.data import load_digits
    >>> shares = share_on_mark(small_vit(), Digits(*(part[:5] for part in load_digits().test)))
    >>> list(shares)
    ['weights', 'weights × ‖v‖', 'rollout', 'ablation']
    """
    images = marked(*digits)
    lost = np.maximum(ablation_map(model, images, digits.labels), 0)
    maps = attended(model, images).maps() | {"ablation": lost}
    return {name: each[:, 0] / np.maximum(each.sum(axis=1), 1e-12) for name, each in maps.items()}


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained: both models on plain and on marked digits, with three seeds."""
    return [
        {"model": model, "with_mark": with_mark, "seed": seed}
        for seed, model, with_mark in product((0, 1, 2), MODELS, (False, True))
    ]


def run(model: str, with_mark: bool, seed: int) -> Run:
    """Train a model and return what it relies on, and where its maps put the mark."""
    split = load_digits()
    trained = train(model, split.development, with_mark=with_mark, seed=seed)
    found = relied_on(trained, split.test, np.random.default_rng(9))
    reached: Run = {key: round(x, 4) for key, x in found.items()}
    if isinstance(trained, VisionTransformer):
        shares = share_on_mark(trained, split.test)
        reached["on the mark"] = {key: round(float(x.mean()), 4) for key, x in shares.items()}
    return reached


def check() -> Run:
    """Return a number per model that changes when any code below computes otherwise."""
    images, labels = load_digits().train
    few = Digits(images[:200], labels[:200])
    found = {}
    for name in MODELS:
        model = train(name, few, with_mark=True, seed=0, n_updates=2)
        with torch.no_grad():
            logits = model(torch.from_numpy(few.images))
        found[name] = round(float(logits.abs().mean()), 4)
    return found


TABLE = Table(
    "shortcut",
    cases,
    run,
    check,
    code=[
        "data/digits", "data/planted", "layers/initialise", "measures/explain", "models/cnn",
        "models/training", "models/vit",
    ],
)  # fmt: skip
"""What chapter 9 stores of the planted mark; from nothing it takes five minutes on one core.

:meta hide-value:
"""
