"""What positions alone allow, as an object: a mask for the formula, ranges of keys for blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array, namespace

FAR = 2**60  # further than any key; differences of positions up to here fit into 64 bits


@dataclass(frozen=True)
class Band:
    """What positions alone allow: the causal rule, a window, both, or neither.

    One object tells the plain path its mask, and the blocked paths which keys they may skip.

    Parameters
    ----------
    causal : bool
        Keys after the query's position are hidden.
    window : int, optional
        Keys ``window`` or more positions away are hidden.
    offset : int or integer array of shape (batch, 1, …, 1)
        How many keys came before the first query; an array holds one for each batch element
        and has the axes of the scores.
    """

    causal: bool = False
    window: int | None = None
    offset: int | Array = 0

    @property
    def hides(self) -> bool:
        """Whether the band hides anything at all."""
        return self.causal or self.window is not None

    @property
    def varies(self) -> bool:
        """Whether batch elements have an offset each."""
        return not isinstance(self.offset, int)

    def moved(self, by: int) -> Band:
        """Return the band of queries that stand ``by`` positions further on among the keys."""
        return replace(self, offset=self.offset + by)

    def keys(self, rows: range, n_keys: int) -> range:
        """Return the keys that some query of ``rows`` may see; the others can be skipped."""
        first, last = rows.start + self.offset, rows.stop - 1 + self.offset
        start = 0 if self.window is None else first - self.window + 1
        stop = n_keys if self.window is None else last + self.window
        if self.causal:
            stop = min(stop, last + 1)
        start = min(max(start, 0), n_keys)
        return range(start, max(start, min(stop, n_keys)))

    def is_idle(self, n: int, m: int) -> bool:
        """Whether the band hides nothing from ``n`` queries over ``m`` keys."""
        if not self.hides or n == 0:
            return True
        ends = range(1), range(n - 1, n)
        return not self.varies and all(len(self.keys(row, m)) == m for row in ends)

    def mask(
        self,
        rows: int | range,
        columns: int | range,
        *,
        like: Array | None = None,
    ) -> Array:
        """Return the boolean mask for these queries and keys.

        Its shape is (rows, columns), or (batch, 1, …, rows, columns) where the offset varies.
        """
        rows = range(rows) if isinstance(rows, int) else rows
        columns = range(columns) if isinstance(columns, int) else columns
        offset = self._within_reach()
        xp: Any = np if like is None else namespace(like)
        device = {} if like is None else {"device": like.device}
        i = xp.arange(rows.start, rows.stop, **device)[:, None] + offset
        j = xp.arange(columns.start, columns.stop, **device)[None, :]
        if self.window is None:
            return j <= i if self.causal else j <= i + 2 * FAR
        near = min(self.window, FAR)
        ahead = j - i
        return (ahead > -near) & (ahead <= 0 if self.causal else ahead < near)

    def _within_reach(self) -> Any:
        """Return the offset, at most so large that adding a position to it cannot overflow."""
        if self.varies:
            return self.offset.clip(-FAR, FAR)  # type: ignore[union-attr]
        return max(-FAR, min(self.offset, FAR))
