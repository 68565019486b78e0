"""What is kept and what is swept: heads that share keys, tiles, the ring, and rules as masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from qkv_lib.drawings.canvas import Canvas, Drawing
from qkv_lib.formula.rules import Rule, causal, documents, prefix, tree, within
from qkv_lib.plots.colours import KEY, QUERY, VALUE
from qkv_lib.plots.vector import Layout

__all__ = ["kv_heads", "ring", "rules", "tiles"]

SHARED = (("MHA", 4), ("GQA", 2), ("MQA", 1), ("MLA", 0))
SIDE = 16


def kv_heads() -> Drawing:
    """Draw four query heads and what each of them reads: MHA, GQA, MQA and MLA.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> kv_heads()
    <drawing: heads that share keys and values>
    """
    wide, narrow = Canvas(680, 206), Canvas(336, 404)
    for number, (name, g) in enumerate(SHARED):
        _sharing(wide, 14 + 166 * number, 18, name, g)
        _sharing(narrow, 4 + 170 * (number % 2), 18 + 200 * (number // 2), name, g)
    return Drawing("heads that share keys and values", wide.layout(), narrow.layout())


def _sharing(sheet: Canvas, left: float, top: float, name: str, g: int) -> None:
    centres = [left + 14 + 36 * i for i in range(4)]
    sheet.text(left + 68, top, name, size=14, bold=True)
    for x in centres:
        sheet.square(x - SIDE / 2, top + 20, SIDE, colour=QUERY)
    y = top + 96
    if g:
        step = 4 // g
        for group in range(g):
            x = sum(centres[group * step : (group + 1) * step]) / step
            sheet.square(x - SIDE - 1, y, SIDE, colour=KEY)
            sheet.square(x + 1, y, SIDE, colour=VALUE)
            for q in centres[group * step : (group + 1) * step]:
                sheet.line((q, top + 20 + SIDE), (x, y), opacity=0.5)
        kept = f"kept per token: {2 * g} × $d_h$"
    else:
        for q in centres:
            sheet.square(q - SIDE / 2 - 1, top + 58, SIDE / 2, colour=KEY)
            sheet.square(q + 1, top + 58, SIDE / 2, colour=VALUE)
            sheet.line((q, top + 20 + SIDE), (q, top + 58), opacity=0.5)
            sheet.line((q, top + 66), (left + 68, y), opacity=0.5)
        sheet.box(left + 38, y, 60, SIDE, radius=2)
        sheet.text(left + 68, y + 8, "latent $c$", size=11.5)
        kept = "kept per token: $d_c + d_r$"
    sheet.text(left + 68, y + 38, kept, size=12)
    words = {4: "each head its own", 2: "two heads share", 1: "all heads share",
             0: "built from $c$ by each head"}[g]  # fmt: skip
    sheet.text(left + 68, y + 56, words, size=11.5, faint=True)


def tiles(*, side: int = 4, cell: int = 15) -> Drawing:
    """Draw how tiles sweep the scores of causal attention, and what is kept of each row.

    Parameters
    ----------
    side : int
        Tiles in a row.
    cell : int
        Pixels of a cell; a tile has three by three.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> tiles()
    <drawing: tiles that sweep the scores>
    """
    sheet = Canvas(336, 346)
    left, top, size = 40, 60, 3 * cell
    sheet.text(left + side * size / 2, 14, "keys and values, a block at a time →", size=12)
    for row in range(side):
        y = top + row * size
        sheet.matrix(14, y, 3, 1, cell=cell, colour=QUERY)
        for column in range(side):
            x = left + column * size
            if column > row:
                sheet.matrix(x, y, 3, 3, cell=cell, hidden=lambda i, j: i + j >= 0)
                continue
            now = (row, column) == (2, 1)
            done = row < 2 or (row == 2 and column < 1)
            depth = 0.7 if now else 0.12 if done else 0.0
            sheet.matrix(x, y, 3, 3, cell=cell, shade=_even(depth))
            if now:
                sheet.frame(x, y, size, size)
    for column in range(side):
        sheet.matrix(left + column * size, top - 32, 1, 3, cell=cell, colour=VALUE)
        sheet.matrix(left + column * size, top - 16, 1, 3, cell=cell, colour=KEY)
    x = left + side * size + 22
    for row in range(side):
        y = top + row * size
        begun = None if row <= 2 else _even(0.0)
        sheet.matrix(x, y, 3, 2, cell=cell, shade=begun)
        sheet.matrix(x + 2 * cell, y, 3, 2, cell=cell, colour=VALUE, shade=begun)
    sheet.text(x + 2 * cell, top - 20, "kept", size=12)
    low = top + side * size + 20
    sheet.text(14, low, "hatched: hidden by the mask, never computed", size=12, anchor="start")
    sheet.text(14, low + 20, "pale: done and forgotten; framed: the tile now", size=12,
               anchor="start")  # fmt: skip
    sheet.text(14, low + 40, "kept for each query: peak, total, sum of values", size=12,
               anchor="start")  # fmt: skip
    return Drawing("tiles that sweep the scores", sheet.layout())


def ring(*, n_ranks: int = 4) -> Drawing:
    """Draw a ring as a timeline: which keys each rank holds at each step.

    Parameters
    ----------
    n_ranks : int

    Returns
    -------
    Drawing

    Examples
    --------
    >>> ring()
    <drawing: a ring of four ranks, step by step>
    """
    pitch, low = 66, 58
    sheet = Canvas(336, 88 + 64 * n_ranks)
    for step in range(n_ranks):
        sheet.text(92 + pitch * step, 16, f"step {step + 1}", size=12)
    for rank in range(n_ranks):
        y = low + 64 * rank
        sheet.text(4, y + 8, f"rank {rank}", anchor="start", size=12)
        sheet.text(4, y + 25, f"$q_{rank}$", anchor="start", size=13)
        for step in range(n_ranks):
            x, held = 64 + pitch * step, (rank - step) % n_ranks
            sheet.box(x, y - 8, 54, 38, radius=4)
            sheet.square(x + 7, y, 14, colour=KEY, depth=0.25 + 0.2 * held)
            sheet.square(x + 22, y, 14, colour=VALUE, depth=0.25 + 0.2 * held)
            sheet.text(x + 45, y + 8, str(held), size=12)
            sheet.text(x + 27, y + 22, "attend", size=11, faint=True)
            if step + 1 < n_ranks and rank + 1 < n_ranks:
                sheet.arrow((x + 27, y + 30), (x + pitch + 27, y + 55))
            elif step + 1 < n_ranks:  # out at the bottom, in again at the top
                sheet.arrow((x + 27, y + 30), (x + 60, y + 42))
                sheet.arrow((x + pitch - 6, low - 21), (x + pitch + 27, low - 9))
    y = low + 64 * n_ranks - 2
    sheet.text(4, y, "The last rank passes its keys on to rank 0.", size=12, anchor="start")
    return Drawing("a ring of four ranks, step by step", sheet.layout())


EXAMPLES: dict[str, Rule] = {
    "causal": causal,
    "window of 3": causal & within(3),
    "window and 2 sinks": causal & (within(3) | prefix(2)),
    "prefix of 4": causal | prefix(4),
    "documents": causal & documents(np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2])),
    "tree": causal & tree(np.array([-1, 0, 1, 0, -1, 4]), start=4),
}


def rules(
    shown: Mapping[str, Rule] | None = None, *, n: int = 10, alt: str = "rules as masks"
) -> Drawing:
    """Draw rules as masks: a row for each query, a column for each key.

    Parameters
    ----------
    shown : mapping from a name to a rule, optional
        Six common ones by default.
    n : int
        Positions.
    alt : str
        What is drawn.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        A rule gives more than one mask.

    Examples
    --------
    >>> rules()
    <drawing: rules as masks>
    """
    shown = EXAMPLES if shown is None else shown
    wide = _grids(shown, n, 3, 18, pitch=(226, n * 18 + 44), width=680)
    narrow = _grids(shown, n, 2, 14, pitch=(168, n * 14 + 44), width=336)
    return Drawing(alt, wide, narrow)


def _even(depth: float) -> Callable[[int, int], float]:
    return lambda i, j: depth if i + j >= 0 else 0.0


def _shade(mask: np.ndarray) -> Callable[[int, int], float]:
    return lambda i, j: 0.75 * float(mask[i, j])


def _grids(
    shown: Mapping[str, Rule], n: int, columns: int, cell: int, *, pitch: tuple[int, int],
    width: int,
) -> Layout:  # fmt: skip
    rows = -(-len(shown) // columns)
    sheet = Canvas(width, rows * pitch[1] + 4)
    for number, (name, rule) in enumerate(shown.items()):
        mask = rule.mask(n)
        if mask.ndim != 2:
            raise ValueError(f"{name} gives masks of shape {mask.shape}, needs one: (n, n)")
        left = pitch[0] * (number % columns) + (pitch[0] - n * cell) / 2
        top = pitch[1] * (number // columns) + 26
        sheet.text(left + n * cell / 2, top - 13, name, size=12.5)
        sheet.matrix(left, top, n, n, cell=cell, shade=_shade(mask))
    return sheet.layout()
