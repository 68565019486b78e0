"""The whole computation in one figure: scores → scaled → masked → weights, weights × values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.steps import AttentionSteps
from qkv_lib.plots.heat import Matrix, color_limits, draw_cells, heatmap, label_axes, write_numbers
from qkv_lib.plots.inputs import as_matrix, check_labels


def attention_flow(
    steps: AttentionSteps,
    value: Array,
    *,
    queries: Sequence[object],
    keys: Sequence[object],
) -> list[Axes]:
    """Draw every step of attention, from the scores to the output.

    Parameters
    ----------
    steps : AttentionSteps
        What `qkv_lib.attention_steps` returns, of one head and one batch element.
    value : array of shape (n_keys, d_v)
        The values that were averaged.
    queries, keys : sequences of n_queries and of n_keys labels

    Returns
    -------
    list of six matplotlib Axes
        scores, scaled, masked; weights, values, output.

    Raises
    ------
    TypeError
        Labels come as one string, or ``value`` holds no numbers.
    ValueError
        ``steps`` has leading axes; labels are too few or too many; ``value`` has not one row
        a key and the width of the output.

    Examples
    --------
    >>> import numpy as np
    >>> import qkv_lib
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0]])
    >>> words = ["word1", "word2"]
    >>> axes = attention_flow(qkv_lib.attention_steps(x, x, x), x, queries=words, keys=words)
    >>> [ax.get_title() for ax in axes[3:]]
    ['weights = softmax of each row', 'values $V$', 'output = weights times $V$']
    """
    values, output = as_matrix("value", value), as_matrix("steps.output", steps.output)
    needed = (np.shape(steps.weights)[-1], output.shape[1])
    if values.shape != needed:
        raise ValueError(
            f"value has shape {shape(values)}, needs {needed}: one row per key, "
            "as wide as the output"
        )
    apart = {"hspace": 0.06}  # so that a title is not read on from the label above it
    _, grid = plt.subplots(3, 2, figsize=(6.0, 8.6), layout="constrained", gridspec_kw=apart)
    scores, scaled, masked, weights, carried, out = axes = list(grid.flat)
    words: dict[str, Any] = {"queries": queries, "keys": keys}
    heatmap(steps.scores, **words, kind="scores", ax=scores, title="scores = $Q K^⊤$")
    heatmap(steps.scaled, **words, kind="scores", ax=scaled, title="scaled = scores / $√d_k$")
    heatmap(steps.masked, **words, kind="scores", ax=masked, title="masked")
    seen = as_matrix("steps.masked", steps.masked) != -np.inf
    heatmap(steps.weights, **words, mask=seen, ax=weights, title="weights = softmax of each row")
    _features(carried, values, keys, "keys", "values $V$")
    _features(out, output, queries, "queries", "output = weights times $V$")
    return axes


def _features(ax: Axes, matrix: Matrix, labels: Sequence[object], name: str, title: str) -> None:
    """Draw rows of features, coloured like scores: they may have either sign."""
    seen = np.ones(matrix.shape, bool)
    draw_cells(ax, matrix, seen, limits=color_limits(matrix, seen, "scores"), kind="scores")
    write_numbers(ax, matrix, seen)
    rows = check_labels(name, labels, matrix.shape[0], f"row of {name}")
    columns = [str(feature) for feature in range(matrix.shape[1])]
    label_axes(ax, rows, columns, names=(name, "features"), title=title)
