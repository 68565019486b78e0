"""A finer truth than the piece: which digit of the year a translator looks at for each digit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from qkv_lib.data.dates import DatePair
from qkv_lib.measures.alignments import attended
from qkv_lib.models.decoding import shifted_right
from qkv_lib.models.translation import Alphabets
from qkv_lib.models.translator import Memory, Translator

__all__ = ["YearDigits", "year_digits"]

N_DIGITS = 4


class YearDigits(NamedTuple):
    """Where a model looks while it writes each digit of a year, and whether it writes it correctly.

    Attributes
    ----------
    looks_at : integer array of shape (n_pairs, 4)
        Of each written digit: the place of the largest weight, the heads averaged; 0 to 3 are the
        digits of the year in the source, all else lies outside it.
    right : boolean array of shape (n_pairs, 4)
        Whether the likeliest symbol is the right one, after the right ones before it.
    """

    looks_at: NDArray[np.int64]
    right: NDArray[np.bool_]

    @property
    def own(self) -> NDArray[np.bool_]:
        """Whether each written digit looks at the digit that it translates."""
        return np.asarray(self.looks_at == np.arange(N_DIGITS))


@torch.no_grad()
def year_digits(
    model: Translator,
    symbols: Alphabets,
    pairs: Sequence[DatePair],
    *,
    only_own: bool = False,
) -> YearDigits:
    """Return where a model looks for each digit of the year, and which digits it writes correctly.

    Parameters
    ----------
    model : Translator
        With attention.
    symbols : Alphabets
    pairs : sequence of DatePair
        Every source has a year of four digits.
    only_own : bool
        Whether the decoder is shown where to look: while it writes a digit of the year, it may
        attend to that digit of the source alone. All its other rows are free.

    Returns
    -------
    YearDigits

    Examples
    --------
    >>> from datetime import date
    >>> from qkv_lib.data.dates import date_pair
    >>> from qkv_lib.models.translation import alphabets, load_translator
    >>> pair = date_pair(date(1987, 3, 5), "fr", "full")
    >>> year_digits(load_translator("dot"), alphabets(), [pair]).looks_at
    array([[0, 1, 2, 3]])
    """
    source, target = map(torch.from_numpy, symbols.encode(pairs))
    each = np.arange(len(pairs))[:, None]
    rows = np.array([[i for i, kind in enumerate(p.kinds) if kind == "year"] for p in pairs])
    first = np.array([[pair.source.spans["year"][0]] for pair in pairs])
    memory = model.encode(source)
    if only_own:
        memory = _narrowed(memory, target.shape[1], each, rows, first + np.arange(N_DIGITS))
    logits, _ = model.decode(memory, shifted_right(target))
    right = (logits.argmax(dim=-1) == target).numpy()[each, rows]
    weights = attended(model, symbols, pairs).mean(axis=1)  # (n_pairs, n, m), heads averaged
    return YearDigits(weights[each, rows].argmax(axis=-1) - first, right)


def _narrowed(
    memory: Memory,
    n: int,
    each: NDArray[np.int64],
    rows: NDArray[np.int64],
    places: NDArray[np.int64],
) -> Memory:
    """Return a memory of which the rows named may see one place each."""
    mask = memory.mask.expand(-1, n, -1).clone()  # (n_pairs, n, m)
    mask[each, rows] = False
    mask[each, rows, places] = True
    return memory._replace(mask=mask)
