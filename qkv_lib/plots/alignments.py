"""Alignments: which source tokens a target token looks at, and where it should look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from qkv_lib.formula.arrays import Array, shape
from qkv_lib.plots.colours import LINES
from qkv_lib.plots.heat import heatmap
from qkv_lib.plots.inputs import to_numpy
from qkv_lib.plots.numbers import say_language

__all__ = ["alignment_map"]

OUTLINE: dict[str, Any] = {
    "fill": False,
    "edgecolor": LINES[1].light,
    "linewidth": 1.6,
    "clip_on": False,
}
UNSEEN = str.maketrans({" ": "␣", "\u200f": "¶"})  # a space and a change of direction, made visible


def alignment_map(
    weights: Array,
    *,
    target: Sequence[str],
    source: Sequence[str],
    truth: Array | None = None,
    lang: str = "",
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Draw the weights of a translation, with the right places outlined.

    Parameters
    ----------
    weights : array of shape (n_target, n_source)
        NumPy array or torch tensor: a row for each target token, which is the query.
    target, source : sequences of str
        The tokens; spaces are shown as ``␣``. The source runs from left to right in reading
        order in every script, so that letters of Arabic stand apart and "backwards".
    truth : boolean array of shape (n_target, n_source), optional
        Runs of True in a row are outlined.
    lang : str, optional
        Language of the source (BCP 47), which the picture carries with its numbers; where none is
        given, Han characters pass for Chinese.
    ax : matplotlib Axes, optional
    title : str, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        As `qkv_lib.plots.heatmap`, or ``truth`` is not boolean or of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[True, True, False], [False, False, True]])
    >>> ax = alignment_map(truth / truth.sum(axis=1, keepdims=True), truth=truth,
    ...                    target=["May", "3"], source=["0", "5", "3"])
    >>> len(ax.patches)
    2
    """
    rows, columns = ([token.translate(UNSEEN) for token in side] for side in (target, source))
    ax = heatmap(
        weights, queries=rows, keys=columns, ax=ax, title=title, annotate=False, colorbar=False
    )
    if lang:
        say_language(ax, columns=lang)
    if truth is not None:
        for row, inside in enumerate(_places(truth, shape(weights))):
            edges = np.flatnonzero(np.diff(np.pad(inside.astype(int), 1)))
            for start, stop in edges.reshape(-1, 2):
                ax.add_patch(Rectangle((start - 0.5, row - 0.5), stop - start, 1, **OUTLINE))
    ax.tick_params(axis="x", rotation=0)
    ax.set(ylabel="target (queries)", xlabel="source (keys)")
    return ax


def _places(truth: Array, expected: tuple[int, ...]) -> NDArray[np.bool_]:
    array = to_numpy("truth", truth)
    if array.dtype != bool or array.shape != expected:
        raise ValueError(
            f"truth has dtype {array.dtype} and shape {shape(array)}, needs bool and the shape of "
            f"weights, {expected}"
        )
    return array
