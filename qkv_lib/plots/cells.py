"""Matrices as cells: vectors where there are few, so that they are sharp and follow the page."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

__all__ = ["MOST_VECTORS", "draw_matrix"]

#: A larger matrix becomes an image of its own pixels, which a browser enlarges without blur.
MOST_VECTORS = 1300


class Cells(AxesImage):
    """An image of a matrix that draws each cell as a rectangle where the picture is SVG."""

    def draw(self, renderer: Any) -> None:
        """Draw the rectangles, runs of one colour in one, or the image."""
        array: Any = self.get_array()
        vectors = getattr(self.figure.figure, "_qkv_as_svg", False)
        if not vectors or array.ndim != 2 or array.size > MOST_VECTORS:
            super().draw(renderer)
            return
        colours = self.to_rgba(array, alpha=self.get_alpha())
        left, right, bottom, top = self.get_extent()
        width, height = (right - left) / array.shape[1], (bottom - top) / array.shape[0]
        to_axes = self.axes.transData
        renderer.open_group("cells")
        for i, row in enumerate(colours):
            start = 0
            for j in range(1, len(row) + 1):
                if j < len(row) and (row[j] == row[start]).all():
                    continue
                if row[start][3] > 0:
                    place = Affine2D().scale((j - start) * width, height)
                    place.translate(left + start * width, top + i * height)
                    context = renderer.new_gc()
                    context.set_linewidth(0)
                    context.set_alpha(row[start][3])
                    renderer.draw_path(context, Path.unit_rectangle(), place + to_axes, row[start])
                    context.restore()
                start = j
        renderer.close_group("cells")


def draw_matrix(ax: Axes, matrix: Any, **options: Any) -> Cells:
    """Draw a matrix on axes like ``imshow``, with sharp cells, and return its image.

    Parameters
    ----------
    ax : matplotlib Axes
    matrix : array of shape (n_rows, n_columns)
        May be masked; a hidden cell is not drawn.
    **options
        Those of ``imshow``.

    Returns
    -------
    Cells
        A matplotlib image.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> draw_matrix(plt.figure().add_subplot(), [[0, 1]]).get_array().shape
    (1, 2)
    """
    image = ax.imshow(matrix, interpolation="none", **options)
    image.__class__ = Cells
    return image  # type: ignore[return-value]
