"""A small Vision Transformer: image patches attend to each other, one class token answers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from qkv_lib.data.patches import to_patches
from qkv_lib.layers import EncoderBlock, LearnedPositions


class VisionTransformer(nn.Module):
    """Classify an image by attention between its patches.

    Each patch becomes a token; a learned class token stands before them and gathers what the
    answer needs. About 100,000 parameters with the defaults.

    Parameters
    ----------
    image_size, patch_size : int
        Sides in pixels; the patches must fill the image.
    d_model, n_heads, d_hidden : int
        As in `qkv_lib.layers.EncoderBlock`.
    n_blocks : int
        How many encoder blocks follow each other.
    n_classes : int

    Raises
    ------
    ValueError
        ``patch_size`` does not divide ``image_size``, or ``n_heads`` not ``d_model``.

    References
    ----------
    Dosovitskiy et al. 2020, "An Image is Worth 16x16 Words", equations 1 to 4.

    Examples
    --------
    >>> import torch
    >>> VisionTransformer()(torch.zeros(5, 28, 28)).shape
    torch.Size([5, 10])
    """

    def __init__(
        self,
        image_size: int = 28,
        patch_size: int = 7,
        *,
        d_model: int = 64,
        n_heads: int = 4,
        d_hidden: int = 256,
        n_blocks: int = 2,
        n_classes: int = 10,
    ) -> None:
        super().__init__()
        if image_size % patch_size:
            raise ValueError(f"patch_size {patch_size} does not divide image_size {image_size}")
        self.patch_size = patch_size
        self.n_patches = (image_size // patch_size) ** 2
        self.embed = nn.Linear(patch_size**2, d_model)
        self.class_token = nn.Parameter(torch.zeros(d_model))
        self.add_positions = LearnedPositions(1 + self.n_patches, d_model)
        self.blocks = nn.ModuleList(
            EncoderBlock(d_model, n_heads, d_hidden) for _ in range(n_blocks)
        )
        self.norm = nn.LayerNorm(d_model)
        self.classify = nn.Linear(d_model, n_classes)

    def forward(self, images: Tensor, *, visible: Tensor | None = None) -> Tensor:
        """Return the logits, of shape (batch, n_classes).

        Parameters
        ----------
        images : tensor of shape (batch, image_size, image_size)
        visible : boolean tensor of shape (batch, n_patches), optional
            The patches that may be attended to; all by default. The class token always is.
        """
        x = self.embed(to_patches(images, self.patch_size))  # (batch, n_patches, d_model)
        first = self.class_token.expand(len(x), 1, -1)
        x = self.add_positions(torch.cat([first, x], dim=1))  # (batch, 1 + n_patches, d_model)
        mask = None if visible is None else _key_mask(visible)
        for block in self.blocks:
            x = block(x, mask=mask)
        logits: Tensor = self.classify(self.norm(x[:, 0]))
        return logits


def _key_mask(visible: Tensor) -> Tensor:
    """Return the mask over the keys, (batch, 1, 1, 1 + n_patches): the class token, the patches."""
    return torch.nn.functional.pad(visible, (1, 0), value=True)[:, None, None, :]
