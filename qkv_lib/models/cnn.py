"""The rival of attention on images: a convolutional network."""

from __future__ import annotations

from torch import Tensor, nn


class ConvNet(nn.Module):
    """Classify an image by three layers of local filters.

    Parameters
    ----------
    widths : tuple of three int
        Channels of the three layers; the defaults give as many parameters as
        `qkv_lib.models.vit.VisionTransformer` within 10 %.
    n_classes : int

    Notes
    -----
    The first two layers halve the image's sides. The mean over all places before the answer
    makes the network work at any image size, and the answer (nearly) free of where the digit is.

    References
    ----------
    LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition", section 2.

    Examples
    --------
    >>> import torch
    >>> ConvNet()(torch.zeros(5, 28, 28)).shape
    torch.Size([5, 10])
    """

    def __init__(self, widths: tuple[int, int, int] = (24, 64, 144), n_classes: int = 10) -> None:
        super().__init__()
        a, b, c = widths
        self.layers = nn.Sequential(
            nn.Conv2d(1, a, 5, padding=2, stride=2), nn.BatchNorm2d(a), nn.ReLU(),
            nn.Conv2d(a, b, 3, padding=1, stride=2), nn.BatchNorm2d(b), nn.ReLU(),
            nn.Conv2d(b, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU(),
        )  # fmt: skip
        self.classify = nn.Linear(c, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of images of shape (batch, height, width)."""
        x = self.layers(images[:, None])  # (batch, channels, height / 4, width / 4)
        logits: Tensor = self.classify(x.mean(dim=(-2, -1)))
        return logits
