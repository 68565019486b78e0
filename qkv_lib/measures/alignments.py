"""Where a translator looks, against the places where the pieces of the source stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from qkv_lib.data.dates import DatePair
from qkv_lib.models.decoding import shifted_right
from qkv_lib.models.translation import Alphabets
from qkv_lib.models.translator import Translator

__all__ = ["Aligned", "align", "attended", "pieces_right", "rival_maps"]


class Aligned(NamedTuple):
    """The weights of every target token that translates a piece, and the truth about it.

    `qkv_lib.measures.pointing.hits` and `qkv_lib.measures.pointing.mass_inside` compare the two.

    Attributes
    ----------
    weights : array of shape (h, n_rows, m)
        Of each head; a row is a token of a pair.
    truth : float array of shape (n_rows, m)
        1 where the piece stands that the token is a part of, otherwise 0.
    kinds : string array of shape (n_rows,)
        ``year``, ``month``, ``day`` or ``weekday``.
    """

    weights: NDArray[np.float64]
    truth: NDArray[np.float64]
    kinds: NDArray[np.str_]


@torch.no_grad()
def attended(
    model: Translator, symbols: Alphabets, pairs: Sequence[DatePair]
) -> NDArray[np.float64]:
    """Return the weights with which a model writes the right translations.

    Parameters
    ----------
    model : Translator
        With attention.
    symbols : Alphabets
    pairs : sequence of DatePair

    Returns
    -------
    array of shape (n_pairs, h, n, m)
        ``n`` target tokens and the end, ``m`` source characters, padded to the longest.

    Examples
    --------
    >>> from datetime import date
    >>> from qkv_lib.data.dates import date_pair
    >>> from qkv_lib.models.translation import alphabets, load_translator
    >>> pair = date_pair(date(1987, 3, 5), "zh", "long")     # 1987年3月5日
    >>> attended(load_translator("dot"), alphabets(), [pair]).shape
    (1, 1, 9, 9)
    """
    source, target = map(torch.from_numpy, symbols.encode(pairs))
    _, weights = model.decode(model.encode(source), shifted_right(target))
    return weights.double().numpy()


def align(model: Translator, symbols: Alphabets, pairs: Sequence[DatePair]) -> Aligned:
    """Return the weights of a model beside the truth, for all tokens that translate a piece.

    Parameters
    ----------
    model, symbols, pairs
        As in `attended`.

    Returns
    -------
    Aligned

    Raises
    ------
    ValueError
        The model has no attention: its weights are all on one vector.

    Examples
    --------
    >>> from datetime import date
    >>> from qkv_lib.data.dates import date_pair
    >>> from qkv_lib.models.translation import alphabets, load_translator
    >>> pair = date_pair(date(1987, 3, 5), "zh", "long")
    >>> weights, truth, kinds = align(load_translator("dot"), alphabets(), [pair])
    >>> weights.shape, kinds.tolist()
    ((1, 6, 9), ['month', 'day', 'year', 'year', 'year', 'year'])
    """
    weights = attended(model, symbols, pairs)
    truth, chosen = _truth(pairs, weights.shape[-1])
    kinds = np.array([kind for pair in pairs for kind in pair.kinds if kind])
    rows = [each[:, :n][:, keep] for each, (n, keep) in zip(weights, chosen, strict=True)]
    return Aligned(np.concatenate(rows, axis=1), truth, kinds)


def rival_maps(pairs: Sequence[DatePair]) -> dict[str, NDArray[np.float64]]:
    """Return two maps that know nothing of a model, in the rows of `align`.

    Parameters
    ----------
    pairs : sequence of DatePair

    Returns
    -------
    dict from str to array of shape (n_rows, m)
        ``even``: all characters alike; its mass in a piece is the chance to hit it.
        ``diagonal``: the character as far into the source as the symbol is into the target.

    Examples
    --------
    >>> from datetime import date
    >>> from qkv_lib.data.dates import date_pair
    >>> maps = rival_maps([date_pair(date(1987, 3, 5), "zh", "long")])
    >>> maps["diagonal"].argmax(axis=1)
    array([0, 2, 4, 5, 6, 8])
    """
    longest = max(len(pair.source.text) for pair in pairs)
    even, diagonal = [], []
    for pair in pairs:
        m, n = len(pair.source.text), len(pair.target)
        rows = np.flatnonzero([bool(kind) for kind in pair.kinds])
        even.append(np.tile((np.arange(longest) < m) / m, (len(rows), 1)))
        diagonal.append(np.eye(longest)[(rows * (m - 1)) // (n - 1)])
    return {"even": np.concatenate(even), "diagonal": np.concatenate(diagonal)}


def _truth(
    pairs: Sequence[DatePair], m: int
) -> tuple[NDArray[np.float64], list[tuple[int, NDArray[np.bool_]]]]:
    longest = max(len(pair.source.text) for pair in pairs)
    if m != longest:
        raise ValueError(f"model gives weights for {m} keys, not {longest} characters: it has "
                         "no attention to them")  # fmt: skip
    truth, chosen = [], []
    for pair in pairs:
        inside = pair.truth()
        keep: NDArray[np.bool_] = np.asarray(inside.any(axis=1))
        chosen.append((len(inside), keep))
        truth.append(np.pad(inside[keep], ((0, 0), (0, m - inside.shape[1]))))
    return np.concatenate(truth).astype(np.float64), chosen


@torch.no_grad()
def pieces_right(
    model: Translator, symbols: Alphabets, pairs: Sequence[DatePair], *, hide: str | None = None
) -> dict[str, float]:
    """Return how often each piece is written rightly, while the decoder may not look at one.

    The encoder reads the whole source; only the attention of the decoder to the states at the
    characters of the hidden piece is masked. Each token follows the right ones before it.

    Parameters
    ----------
    model, symbols, pairs
        As in `attended`; every pair has all four pieces.
    hide : {"year", "month", "day", "weekday"}, optional

    Returns
    -------
    dict from str to float
        For each piece the share of pairs in which all its tokens are the likeliest.

    Examples
    --------
    >>> from datetime import date
    >>> from qkv_lib.data.dates import date_pair
    >>> from qkv_lib.models.translation import alphabets, load_translator
    >>> pairs = [date_pair(date(1987, 3, day), "zh", "long") for day in range(1, 9)]
    >>> pieces_right(load_translator("additive"), alphabets(), pairs)["year"]
    1.0
    """
    source, target = map(torch.from_numpy, symbols.encode(pairs))
    memory = model.encode(source)
    if hide is not None:
        places = torch.arange(source.shape[1])
        spans = torch.tensor([pair.source.spans[hide] for pair in pairs])
        inside = (spans[:, :1] <= places) & (places < spans[:, 1:])
        memory = memory._replace(mask=memory.mask & ~inside[:, None])
    logits, _ = model.decode(memory, shifted_right(target))
    right = (logits.argmax(dim=-1) == target).numpy()
    found: dict[str, list[bool]] = {}
    for row, pair in zip(right, pairs, strict=True):
        for kind in pair.source.spans:
            its_own = np.flatnonzero([each == kind for each in pair.kinds])
            found.setdefault(kind, []).append(bool(row[its_own].all()))
    return {kind: float(np.mean(each)) for kind, each in found.items()}
