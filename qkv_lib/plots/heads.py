"""One number per head: maps of blocks by heads."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from qkv_lib.formula.arrays import Array, shape
from qkv_lib.plots.cells import draw_matrix
from qkv_lib.plots.heat import label_axes
from qkv_lib.plots.inputs import as_matrix
from qkv_lib.plots.scales import WEIGHTS

__all__ = ["head_grid"]


def head_grid(
    scores: Mapping[str, Array],
    *,
    label: str,
    largest: float | None = None,
    columns: int = 2,
) -> Figure:
    """Draw one number per head for several kinds of number: rows are blocks, columns are heads.

    Parameters
    ----------
    scores : mapping from a title to an array of shape (n_blocks, n_heads)
        Not negative.
    label : str
        What the colours measure.
    largest : float, optional
        The number with the full colour; the largest of all by default. One scale for all maps.
    columns : int

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError
        An array does not hold numbers.
    ValueError
        An array has not two axes, or holds negative numbers.

    Examples
    --------
    >>> import numpy as np
    >>> figure = head_grid({"previous": np.eye(3), "next": np.eye(3)}, label="weight")
    >>> [ax.get_title() for ax in figure.axes[:2]]
    ['previous', 'next']
    """
    maps = {title: as_matrix(title, each) for title, each in scores.items()}
    for title, each in maps.items():
        if (each < 0).any():
            raise ValueError(f"{title} of shape {shape(each)} holds negative numbers")
    top = max(float(each.max()) for each in maps.values()) if largest is None else largest
    rows = -(-len(maps) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3.9 * columns, 2.3 * rows), layout="constrained", squeeze=False
    )
    for ax in axes.ravel()[len(maps) :]:
        ax.set_axis_off()
    for ax, (title, each) in zip(axes.ravel(), maps.items(), strict=False):
        image = draw_matrix(ax, each, cmap=WEIGHTS, vmin=0, vmax=top)
        blocks, heads = (np.arange(size) + 1 for size in each.shape)
        names = [str(i) for i in blocks], [str(i) for i in heads]
        label_axes(ax, *names, names=("block", "head"), title=title)
        ax.tick_params(axis="x", labelrotation=0)
        if len(heads) > 9:  # side by side, two digits would touch
            plt.setp(ax.get_xticklabels()[1::2], visible=False)
    figure.colorbar(image, ax=axes, label=label, shrink=0.8 if rows == 1 else 0.5)
    return figure
