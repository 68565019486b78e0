"""The root of the width: one row of scores with it and without, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qkv_lib.explorers._page import Explorer, check_matrix, check_tokens, table
from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.checks import check_arrays, check_number
from qkv_lib.formula.gradients import softmax_jacobian
from qkv_lib.formula.steps import softmax

__all__ = ["scaling"]

WIDEST = 4096
SPREADS = 1 / 8, 8.0  # the ends of the slider
MOST = 24  # keys that a page shows well


def scaling(
    scores: Array,
    *,
    width: int = 64,
    spread: float = 1.0,
    tokens: Sequence[str] | None = None,
    name: str | None = None,
) -> Explorer:
    r"""One row of scores, divided by the root of the width and not: turn the width, and see.

    Shown for both ways: scores, weights, their spread, and the size
    :math:`\lVert \operatorname{diag}(p) - pp^\top \rVert_F` of the softmax Jacobian.

    Parameters
    ----------
    scores : floating-point array of shape (m,)
        Scores of one query that were divided by ``√d_k``, at most 24; best of spread 1. Times
        ``√d_k`` they are what would stand there without the division.
    width : int
        ``d_k`` at first, a power of two from 1 to 4096.
    spread : float
        A factor on the scores at first, 1/8 to 8: that of longer queries and keys.
    tokens : sequence of m strings, optional
        The names of the keys; ``key 1``, ``key 2``, … by default.
    name : str, optional
        Makes the ``id`` of the figure; derived from the numbers by default.

    Returns
    -------
    Explorer
        A notebook shows it when a cell ends in it.

    Raises
    ------
    TypeError
        ``scores`` is no floating-point array, ``spread`` no number, or tokens are not strings.
    ValueError
        ``scores`` has not one axis or too many entries, ``width`` is no power of two in range,
        ``spread`` is out of range, the number of tokens is not ``m``, or ``name`` is no word.

    Examples
    --------
    >>> import numpy as np
    >>> scaling(np.array([-1.0, 0.0, 1.0]), width=64, name="three-keys")
    <explorer scaling-three-keys>
    """
    check_arrays(scores=scores)
    if scores.ndim != 1 or not 1 <= shape(scores)[0] <= MOST:
        raise ValueError(f"scores has shape {shape(scores)}, needs (m,), m from 1 to {MOST}")
    if width not in {2**exponent for exponent in range(WIDEST.bit_length())}:
        raise ValueError(f"width is {width!r}, needs a power of two from 1 to {WIDEST}")
    factor = check_number("spread", spread, positive=True)
    if not SPREADS[0] <= factor <= SPREADS[1]:
        raise ValueError(f"spread is {factor}, needs a number from {SPREADS[0]} to {SPREADS[1]}")
    row = check_matrix("scores", scores[None])[0]
    names = check_tokens(tokens or [f"key {j + 1}" for j in range(len(row))], len(row), of="scores")
    ways = {"divided by √d_k": factor * row, "not divided": factor * row * np.sqrt(width)}
    fallback = "\n".join([
        table(
            f"weights at width {width}", np.transpose([softmax(s) for s in ways.values()]).tolist(),
            row_names=names, column_names=list(ways),
        ),
        table(
            "what becomes of them",
            [[f"{s.std():.2f}", f"{softmax(s).max():.4f}", f"{size(softmax(s)):.1e}"]
             for s in ways.values()],
            row_names=list(ways),
            column_names=["spread of scores", "largest weight", "size of Jacobian"],
        ),
    ])  # fmt: skip
    data = {"tokens": names, "scores": row.tolist(), "width": int(width), "spread": factor}
    return Explorer("scaling", "Scaling", data, fallback, name)


def size(weights: Array) -> float:
    """Return the Frobenius norm of the softmax Jacobian."""
    return float(np.linalg.norm(softmax_jacobian(weights)))
