"""Exercise 6.1.4: find the bug: rows that are no patches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib.data.patches import to_patches
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

CUT_LOOK = (
    "cut both sides, (..., rows of patches, size, columns of patches, size), and bring the two "
    "counts together before the last reshape"
)


PAGE_LOOK = "patches are read left to right, then top to bottom, and so are the pixels in each"


def cut_by(arrange: Callable[[Array], Array]) -> Function:
    """Return a cut whose axes (row of patches, row, column of patches, column) are rearranged."""

    def cut(images: Array, size: int) -> Array:
        *batch, height, width = images.shape
        grid = images.reshape(*batch, height // size, size, width // size, size)
        return arrange(grid).reshape(*batch, -1, size * size)

    return cut


def sampled(images: Array, size: int) -> Array:
    """Give patch i every n-th pixel of the image."""
    *batch, height, width = images.shape
    grid = images.reshape(*batch, size, height // size, size, width // size)
    return np.moveaxis(grid, (-3, -1), (-4, -3)).reshape(*batch, -1, size * size)


def overlapping(images: Array, size: int) -> Array:
    """Return a patch for every place where one fits."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(-2, -1))
    return windows.reshape(*images.shape[:-2], -1, size * size)


def images_and_sizes(rng: Generator) -> Iterator[Case]:
    """Yield images, most of them not square, and the side of a patch."""
    for kind, lead, height, width, size in (
        ("plain", (), 6, 9, 3), ("plain", (), 4, 4, 2), ("plain", (), 10, 4, 2),
        ("plain", (), 9, 9, 3), ("batch", (2,), 6, 10, 2), ("batch", (3,), 9, 9, 3),
        ("batch", (2, 3), 4, 6, 2), ("float32", (2,), 6, 9, 3),
    ):  # fmt: skip
        yield cast(Case(kind, (rng.normal(size=(*lead, height, width)), size)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(4, 4)), 4),
        (rng.normal(size=(2, 3)), 1),
        (rng.normal(size=(2, 6)), 2),
        (rng.normal(size=(6, 2)), 2),
    )


EXERCISE = Exercise(
    name="patches",
    skeleton='''
def patches(images, size):
    """Cut images into square patches, left to right and top to bottom, one per row.

    images: (..., height, width), both multiples of size
    returns: (..., n_patches, size · size)
    """
    *batch, height, width = images.shape
    n_patches = (height // size) * (width // size)
    return images.reshape(*batch, n_patches, size * size)
''',
    solution='''
def patches(images, size):
    *batch, height, width = images.shape
    cut = images.reshape(*batch, height // size, size, width // size, size)
    return cut.swapaxes(-3, -2).reshape(*batch, -1, size * size)
''',
    reference=to_patches,
    cases=images_and_sizes,
    edges=edges,
    free=("images",),
    returns={"patches": ("patch", "pixel")},
    mistakes=(
        Mistake("only-reshaped", "the pixels are cut in reading order: a row of the result is a "
                "strip of a line, no square", CUT_LOOK,
                lambda x, s: x.reshape(*x.shape[:-2], -1, s * s)),
        Mistake("patches-down-first", "the patches are read top to bottom, then left to right",
                PAGE_LOOK, cut_by(lambda g: np.moveaxis(g, -2, -4))),
        Mistake("pixels-down-first", "inside a patch the pixels are read top to bottom", PAGE_LOOK,
                cut_by(lambda g: np.moveaxis(g, -3, -1))),
        Mistake("image-transposed", "the image is transposed: everything is read downwards",
                PAGE_LOOK, lambda x, s: to_patches(x.swapaxes(-1, -2), s)),
        Mistake("every-nth-pixel", "a patch gets every n-th pixel, spread over the whole image",
                "the size of a patch is the inner of the two axes, the count the outer", sampled),
        Mistake("patches-as-squares", "the patches are still squares",
                "one row of size · size numbers a patch",
                lambda x, s: to_patches(x, s).reshape(*x.shape[:-2], -1, s, s)),
        Mistake("grid-kept", "the patches still stand in a grid",
                "a sequence has one axis of patches",
                lambda x, s: to_patches(x, s).reshape(
                    *x.shape[:-2], x.shape[-2] // s, x.shape[-1] // s, s * s)),
        Mistake("overlapping", "the patches overlap: each begins one pixel after the last",
                "a patch begins where the last one ended", overlapping),
        Mistake("pixels-first", "rows are pixels, columns are patches", "a row is a patch",
                lambda x, s: to_patches(x, s).swapaxes(-1, -2)),
        Mistake("means", "each patch became its mean", "no pixel is lost: return all of them",
                lambda x, s: to_patches(x, s).mean(-1)),
        Mistake("bottom-up", "the patches are in reverse order", PAGE_LOOK,
                lambda x, s: to_patches(x, s)[..., ::-1, :]),
        Mistake("batch-merged", "the patches of all images stand in one sequence",
                "keep the leading axes",
                lambda x, s: to_patches(x, s).reshape(-1, s * s)),
    ),
    properties=(BATCH_APART,),
    given="only-reshaped",
    symptom="the shape is right and no pixel is lost, but pixels of different patches share a row: "
    "try an image whose entries are 10 · row + column",
)  # fmt: skip
