"""Digits at random places of a larger canvas, among scraps of other digits; the place is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qkv_lib.formula.checks import check_count


class Canvases(NamedTuple):
    """Images with one whole digit each, and where it is.

    Attributes
    ----------
    images : float32 array of shape (n, canvas, canvas)
    boxes : int64 array of shape (n, 4)
        The smallest box around the digit's ink: top, left, bottom, right, the last two exclusive.
    """

    images: NDArray[np.float32]
    boxes: NDArray[np.int64]


def cluttered(
    digits: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    canvas: int = 42,
    n_scraps: int = 4,
    scrap: int = 9,
    step: int = 1,
) -> Canvases:
    """Put each digit at a random place of an empty canvas, then scraps of other digits over it.

    Parameters
    ----------
    digits : array of shape (n, size, size)
        Images with ink in them; the scraps are cut from these too.
    rng : numpy.random.Generator
        Draws the places, and which scraps go where.
    canvas : int
        Pixels a side, at least those of a digit.
    n_scraps, scrap : int
        How many scraps each canvas gets, and their side in pixels. A scrap is cut from the
        middle half of a random digit, so that it holds ink.
    step : int
        Digits are placed at multiples of so many pixels; scraps anywhere.

    Returns
    -------
    Canvases

    Raises
    ------
    TypeError, ValueError
        A size is no integer or out of range, or an image has no ink.

    References
    ----------
    Mnih et al. 2014, "Recurrent Models of Visual Attention", section 4.1 (cluttered translated
    MNIST).

    Examples
    --------
    >>> import numpy as np
    >>> digits = np.ones((5, 28, 28), dtype=np.float32)
    >>> images, boxes = cluttered(digits, np.random.default_rng(0))
    >>> images.shape, boxes.shape
    ((5, 42, 42), (5, 4))
    """
    n, size = digits.shape[:2]
    canvas = check_count("canvas", canvas, least=size)
    scrap, step = check_count("scrap", scrap, least=1), check_count("step", step, least=1)
    if scrap > size:
        raise ValueError(f"scrap is {scrap}, needs at most the side of a digit ({size})")
    images = np.zeros((n, canvas, canvas), dtype=np.float32)
    places = step * rng.integers(0, (canvas - size) // step + 1, size=(n, 2))
    _paste(images, digits, places)
    for _ in range(check_count("n_scraps", n_scraps, least=0)):
        sources = digits[rng.integers(0, n, size=n)]
        low, high = (size - scrap) // 4, (size - scrap) - (size - scrap) // 4
        scraps = _cut(sources, rng.integers(low, high + 1, size=(n, 2)), scrap)
        _paste(images, scraps, rng.integers(0, canvas - scrap + 1, size=(n, 2)))
    return Canvases(images, ink_boxes(digits) + np.tile(places, 2))


def ink_boxes(images: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the smallest box around the ink of each image: top, left, bottom, right (exclusive).

    Raises
    ------
    ValueError
        An image has no ink.
    """
    rows: NDArray[np.bool_] = np.any(images > 0, axis=2)  # (n, height)
    columns: NDArray[np.bool_] = np.any(images > 0, axis=1)  # (n, width)
    if not rows.any(axis=1).all():
        raise ValueError(f"image {int(np.argmin(rows.any(axis=1)))} has no ink: nothing to box")
    first = [marks.argmax(axis=1) for marks in (rows, columns)]
    last = [marks.shape[1] - marks[:, ::-1].argmax(axis=1) for marks in (rows, columns)]
    return np.stack(first + last, axis=1)


def _pixels(corners: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], ...]:
    """Return the index of each pixel of a square at each image's corner, (n, size, size) in all."""
    side = np.arange(size)
    image = np.arange(len(corners))[:, None, None]
    return image, corners[:, 0, None, None] + side[:, None], corners[:, 1, None, None] + side


def _cut(images: NDArray[np.float32], corners: NDArray[np.int64], size: int) -> NDArray[np.float32]:
    return images[_pixels(corners, size)]


def _paste(
    images: NDArray[np.float32], pieces: NDArray[np.float32], corners: NDArray[np.int64]
) -> None:
    """Lay each piece over its image, in place; where ink meets ink the darker stays."""
    where = _pixels(corners, pieces.shape[1])
    images[where] = np.maximum(images[where], pieces)
