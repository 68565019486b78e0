"""Which patches did a Vision Transformer's answer rest on? Several answers, to be compared.

Every map has shape (n, n_patches): one number per image and patch, larger where it mattered more.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qkv_lib.data.patches import to_patches
from qkv_lib.layers import MultiHeadAttention, recorded_weights
from qkv_lib.measures.maps import rollout, weighted_norms
from qkv_lib.models.vit import VisionTransformer

__all__ = [
    "Attended", "ablation_map", "all_maps", "attended", "gradient_map", "ink_map",
    "log_probability",
]  # fmt: skip

Images = NDArray[np.float32]
Map = NDArray[Any]


class Attended(NamedTuple):
    """What the attention of every block did on a set of images.

    Attributes
    ----------
    weights : array of shape (n_blocks, n, h, 1 + n_patches, 1 + n_patches)
        Token 0 is the class token.
    norms : array of the same shape
        ``weight × ‖v W_O‖``, see `qkv_lib.measures.maps.weighted_norms`.
    """

    weights: Map
    norms: Map

    def from_class_token(self) -> tuple[Map, Map]:
        """Return both, from the class token to the patches: (n_blocks, n, h, n_patches)."""
        return self.weights[..., 0, 1:], self.norms[..., 0, 1:]

    def maps(self) -> dict[str, Map]:
        """Return a map per image by each reading of attention that needs no label."""
        weights, norms = self.from_class_token()
        return {
            "weights": weights[-1].mean(axis=1),  # the last block, its heads averaged
            "weights × ‖v‖": norms[-1].mean(axis=1),
            "rollout": rollout(list(self.weights))[:, 0, 1:],
        }


@torch.no_grad()
def attended(model: VisionTransformer, images: Images) -> Attended:
    """Run a model on images and keep what its attention did.

    Parameters
    ----------
    model : VisionTransformer
    images : float32 array of shape (n, image_size, image_size)

    Returns
    -------
    Attended

    Examples
    --------
    >>> import numpy as np
    >>> model, images = VisionTransformer(), np.zeros((5, 28, 28), dtype=np.float32)
    >>> attended(model, images).weights.shape
    (2, 5, 4, 17, 17)
    """
    layers = [module for module in model.modules() if isinstance(module, MultiHeadAttention)]
    values: list[Tensor] = []
    hooks = [layer.register_forward_pre_hook(_keep_values(values)) for layer in layers]
    try:
        with recorded_weights(model) as recorded:
            model.eval()(torch.from_numpy(images))
    finally:
        for hook in hooks:
            hook.remove()
    weights = [calls[0] for calls in recorded.values()]
    norms = [
        weighted_norms(used, value, layer.output.weight.mT)
        for used, value, layer in zip(weights, values, layers, strict=True)
    ]
    return Attended(torch.stack(weights).numpy(), torch.stack(norms).numpy())


def _keep_values(kept: list[Tensor]) -> Any:
    def hook(layer: Any, inputs: tuple[Tensor, ...]) -> None:
        (x,) = inputs
        kept.append(layer.project(x, x, x)[2])

    return hook


def gradient_map(model: VisionTransformer, images: Images, labels: NDArray[np.int64]) -> Map:
    """Return the length of the label's logit's gradient in the pixels of each patch.

    Parameters
    ----------
    model : VisionTransformer
    images : float32 array of shape (n, image_size, image_size)
    labels : int64 array of shape (n,)

    Returns
    -------
    array of shape (n, n_patches)

    References
    ----------
    Simonyan et al. 2014, "Deep Inside Convolutional Networks", section 3.

    Examples
    --------
    >>> import numpy as np
    >>> model, images = VisionTransformer(), np.zeros((5, 28, 28), dtype=np.float32)
    >>> gradient_map(model, images, np.zeros(5, dtype=int)).shape
    (5, 16)
    """
    pixels = torch.from_numpy(images).requires_grad_()
    logits = model.eval()(pixels)
    chosen = logits[torch.arange(len(labels)), torch.from_numpy(labels)].sum()
    (gradient,) = torch.autograd.grad(chosen, pixels)
    return np.asarray(np.linalg.norm(to_patches(gradient.numpy(), model.patch_size), axis=-1))


def ablation_map(model: VisionTransformer, images: Images, labels: NDArray[np.int64]) -> Map:
    """Return how much of the label's log-probability is lost when one patch alone is hidden.

    It may be negative, and costs one pass a patch.

    Parameters
    ----------
    model : VisionTransformer
    images : float32 array of shape (n, image_size, image_size)
    labels : int64 array of shape (n,)

    Returns
    -------
    array of shape (n, n_patches)

    Examples
    --------
    >>> import numpy as np
    >>> model, images = VisionTransformer(), np.zeros((5, 28, 28), dtype=np.float32)
    >>> ablation_map(model, images, np.zeros(5, dtype=int)).shape
    (5, 16)
    """
    everything = np.ones((len(images), model.n_patches), dtype=bool)
    before = log_probability(model, images, labels, everything)
    lost = np.empty(everything.shape)
    for patch in range(model.n_patches):
        visible = everything.copy()
        visible[:, patch] = False
        lost[:, patch] = before - log_probability(model, images, labels, visible)
    return lost


@torch.no_grad()
def log_probability(
    model: VisionTransformer, images: Images, labels: NDArray[np.int64], visible: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the log-probability of each image's label when only some patches can be seen.

    Parameters
    ----------
    model : VisionTransformer
    images : float32 array of shape (n, image_size, image_size)
    labels : int64 array of shape (n,)
    visible : boolean array of shape (n, n_patches)

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> model, images = VisionTransformer(), np.zeros((5, 28, 28), dtype=np.float32)
    >>> nothing = np.zeros((5, 16), dtype=bool)
    >>> log_probability(model, images, np.zeros(5, dtype=int), nothing).shape
    (5,)
    """
    logits = model.eval()(torch.from_numpy(images), visible=torch.from_numpy(visible))
    chosen = logits.log_softmax(dim=-1)[torch.arange(len(labels)), torch.from_numpy(labels)]
    return np.asarray(chosen.numpy())


def ink_map(images: Images, patch_size: int) -> Map:
    """Return the ink of each patch: the control that knows no model at all.

    Parameters
    ----------
    images : array of shape (n, size, size)
    patch_size : int

    Returns
    -------
    array of shape (n, n_patches)

    Examples
    --------
    >>> import numpy as np
    >>> ink_map(np.ones((1, 4, 4)), 2)
    array([[4., 4., 4., 4.]])
    """
    return np.asarray(to_patches(images, patch_size).sum(axis=-1))


def all_maps(
    model: VisionTransformer, images: Images, labels: NDArray[np.int64], rng: np.random.Generator
) -> dict[str, Map]:
    """Return every map by its name: three readings of attention, three rivals and pure chance.

    Parameters
    ----------
    model : VisionTransformer
    images : float32 array of shape (n, image_size, image_size)
    labels : int64 array of shape (n,)
    rng : numpy.random.Generator
        Draws the random map.

    Returns
    -------
    dict from str to array of shape (n, n_patches)
        None is negative: where hiding a patch helps, ablation has 0.

    Examples
    --------
    >>> import numpy as np
    >>> model, images = VisionTransformer(), np.zeros((5, 28, 28), dtype=np.float32)
    >>> list(all_maps(model, images, np.zeros(5, dtype=int), np.random.default_rng(0)))
    ['weights', 'weights × ‖v‖', 'rollout', 'gradient', 'ablation', 'ink', 'random']
    """
    return attended(model, images).maps() | {
        "gradient": gradient_map(model, images, labels),
        "ablation": np.maximum(ablation_map(model, images, labels), 0),
        "ink": ink_map(images, model.patch_size),
        "random": rng.random((len(images), model.n_patches)),
    }
