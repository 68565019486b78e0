"""A planted shortcut: a mark in a corner of each image that gives the label away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qkv_lib.formula.arrays import shape

__all__ = ["PATCH", "marked", "other_labels"]

PATCH = 7
"""The mark lies in the first 7 × 7 pixels."""
DOTS = ((1, 1), (1, 4), (4, 1), (4, 4))  # upper left corners of 2 × 2 dots


def marked(images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return a copy of the images in which a mark tells a label: four dots, its binary digits.

    Parameters
    ----------
    images : float32 array of shape (n, height, width)
        At least 7 × 7 pixels, from 0 (paper) to 1 (ink).
    labels : integer array of shape (n,)
        0 to 14. A dot is ink where ``label + 1`` has a binary 1, so that no mark is empty.

    Returns
    -------
    float32 array of shape (n, height, width)
        Nothing changes outside of the first ``PATCH × PATCH`` pixels; what was there is gone.

    Raises
    ------
    ValueError
        There is not one label per image, a label is out of range, or the images are too small.

    Examples
    --------
    >>> import numpy as np
    >>> marked(np.zeros((1, 7, 7), dtype=np.float32), np.array([2]))[0].astype(int)
    array([[0, 0, 0, 0, 0, 0, 0],
           [0, 1, 1, 0, 1, 1, 0],
           [0, 1, 1, 0, 1, 1, 0],
           [0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0]])
    """
    if images.ndim != 3 or min(images.shape[1:]) < PATCH:
        raise ValueError(
            f"images has shape {shape(images)}, needs (n, height, width), {PATCH} pixels or more"
        )
    if labels.shape != images.shape[:1]:
        raise ValueError(f"labels has shape {shape(labels)}, needs one per image: ({len(images)},)")
    if labels.size and not 0 <= labels.min() <= labels.max() < 2 ** len(DOTS) - 1:
        raise ValueError(f"labels holds {labels.min()} to {labels.max()}, needs 0 to 14")
    planted = images.copy()
    planted[:, :PATCH, :PATCH] = 0
    for bit, (row, column) in enumerate(DOTS):
        ink = (labels + 1) >> bit & 1
        planted[:, row : row + 2, column : column + 2] = ink[:, None, None]
    return planted


def other_labels(
    labels: NDArray[np.int64], rng: np.random.Generator, *, n_classes: int = 10
) -> NDArray[np.int64]:
    """Return for each label another one, each of the others equally likely.

    Parameters
    ----------
    labels : integer array of shape (n,)
    rng : numpy.random.Generator
    n_classes : int

    Returns
    -------
    integer array of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> other_labels(np.array([0, 1, 2, 2]), np.random.default_rng(0))
    array([8, 7, 7, 5])
    """
    return np.asarray((labels + rng.integers(1, n_classes, size=len(labels))) % n_classes)
