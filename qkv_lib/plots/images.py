"""Pictures, the patches they are cut into, and maps laid over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from qkv_lib.formula.arrays import shape
from qkv_lib.plots.cells import draw_matrix
from qkv_lib.plots.colours import GREY
from qkv_lib.plots.curves import COLOURS, new_axes
from qkv_lib.plots.inputs import to_numpy
from qkv_lib.plots.numbers import carry_numbers
from qkv_lib.plots.scales import WARM

DIRECTIONS = ("patches from top to bottom", "patches from left to right")

__all__ = ["map_grid", "picture", "picture_row"]


def picture(
    image: NDArray[Any],
    *,
    patch: int | None = None,
    heat: NDArray[Any] | None = None,
    box: Sequence[int] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw an image, and over it the grid of its patches, a map over them, a box.

    Parameters
    ----------
    image : array of shape (size, size)
        0 is paper, 1 is ink.
    patch : int, optional
        Side of a patch in pixels; draws the grid, and is needed for ``heat``.
    heat : array of shape (n_patches,), optional
        Not negative; the map's own largest value gets the full colour.
    box : four int, optional
        Top, left, bottom, right in pixels, the last two exclusive.
    title : str, optional
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        The image is no square, ``patch`` does not divide it or is missing, or ``heat`` has
        another number of patches or is negative.

    Examples
    --------
    >>> import numpy as np
    >>> ax = picture(np.eye(4), patch=2, heat=np.array([1.0, 0.0, 0.0, 0.5]))
    >>> len(ax.images)
    2
    """
    image = to_numpy("image", image)
    if image.ndim != 2 or image.shape[0] != image.shape[1]:
        raise ValueError(f"image has shape {shape(image)}, needs a square (size, size)")
    ax = new_axes(ax)
    size = len(image)
    extent = (0, size, size, 0)
    ax.imshow(image, cmap="gray_r", vmin=0, vmax=1, extent=extent, interpolation="none")
    if heat is not None:
        colours = _as_grid(heat, size, patch)
        draw_matrix(ax, colours, cmap=WARM, vmin=0, alpha=0.6, extent=extent)
        places = [str(i + 1) for i in range(len(colours))]
        carry_numbers(ax, places, places, DIRECTIONS)
    if patch is not None:
        for edge in range(patch, size, patch):
            ax.axhline(edge, color=COLOURS[0], linewidth=0.5, alpha=0.6)
            ax.axvline(edge, color=COLOURS[0], linewidth=0.5, alpha=0.6)
    if box is not None:
        top, left, bottom, right = (int(edge) for edge in box)
        corner, sides = (left, top), (right - left, bottom - top)
        ax.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=COLOURS[0], linewidth=2))
    ax.set(xticks=[], yticks=[], title=title or "")
    ax.spines[:].set(visible=True, color=GREY, linewidth=0.6)
    return ax


def _as_grid(heat: NDArray[Any], size: int, patch: int | None) -> NDArray[Any]:
    heat = to_numpy("heat", heat)
    if patch is None or size % patch:
        raise ValueError(f"patch is {patch}, needs a divisor of the image's side ({size})")
    side = size // patch
    if heat.shape != (side**2,):
        raise ValueError(f"heat has shape {shape(heat)}, needs ({side**2},): one number per patch")
    if (heat < 0).any():
        raise ValueError("heat holds negative numbers, needs 0 or more")
    return heat.reshape(side, side)


def picture_row(
    images: NDArray[Any],
    titles: Sequence[str],
    *,
    boxes: NDArray[Any] | None = None,
    columns: int = 10,
) -> Figure:
    """Draw images side by side, in as many rows as they need.

    Parameters
    ----------
    images : array of shape (n, size, size)
    titles : sequence of n str
    boxes : array of shape (n, 4), optional
        As in `picture`.
    columns : int

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ValueError
        There are more or fewer titles than images.

    Examples
    --------
    >>> import numpy as np
    >>> figure = picture_row(np.zeros((3, 4, 4)), ["a", "b", "c"], columns=2)
    >>> len(figure.axes)
    4
    """
    if len(titles) != len(images):
        raise ValueError(f"titles has {len(titles)} texts but images has {len(images)} images")
    rows = -(-len(images) // columns)
    size = (8 / columns) * np.array([columns, 1.25 * rows])
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for ax in axes.ravel():
        ax.set_axis_off()
    for i, ax in enumerate(axes.ravel()[: len(images)]):
        ax.set_axis_on()
        picture(images[i], title=titles[i], box=None if boxes is None else boxes[i], ax=ax)
    return figure


def map_grid(
    image: NDArray[Any],
    maps: Mapping[str, NDArray[Any]],
    *,
    patch: int,
    box: Sequence[int] | None = None,
    columns: int = 4,
) -> Figure:
    """Draw several maps over the same image.

    Parameters
    ----------
    image : array of shape (size, size)
    maps : mapping from a title to an array of shape (n_patches,)
    patch : int
    box : four int, optional
        As in `picture`.
    columns : int

    Returns
    -------
    matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> figure = map_grid(np.eye(4), {"head 0": np.ones(4), "head 1": np.ones(4)}, patch=2)
    >>> [ax.get_title() for ax in figure.axes[:2]]
    ['head 0', 'head 1']
    """
    rows = -(-len(maps) // columns)
    size = (1.8 * columns, 2.0 * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for ax in axes.ravel()[len(maps) :]:
        ax.set_axis_off()
    for (title, heat), ax in zip(maps.items(), axes.ravel(), strict=False):
        picture(image, patch=patch, heat=heat, box=box, title=title, ax=ax)
    return figure
