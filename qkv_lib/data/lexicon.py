"""The words of the sentence made by hand: what each means, as a row of small whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = [
    "ASKED",
    "CHINESE",
    "CHINESE_COLD",
    "COLD",
    "FEATURES",
    "LEXICON",
    "PAD",
    "THIRSTY",
    "rows",
    "words_of",
]

Matrix = np.ndarray[Any, np.dtype[np.float64]]

THIRSTY: tuple[str, ...] = (
    "the", "cat", "drank", "the", "milk", "because", "it", "was", "thirsty",
)  # fmt: skip
"""The words of the sentence."""

COLD: tuple[str, ...] = (*THIRSTY[:-1], "cold")
"""The same sentence with a different last word, by which *it* is the milk."""

CHINESE: tuple[str, ...] = ("猫", "喝", "了", "牛奶", "因为", "它", "渴", "了")
"""The sentence in Chinese, on the same features."""

CHINESE_COLD: tuple[str, ...] = (*CHINESE[:-2], "凉", "了")
"""The Chinese sentence in which *it* is the milk."""

PAD = "<pad>"
"""The padding of a shorter sentence in a batch, a row of zeros."""

FEATURES: tuple[str, ...] = (
    "thing", "living", "drink", "action", "link", "pronoun",
    "of-living", "of-drink",
    "size", "sweet",
)  # fmt: skip
"""The columns of the rows.

The first six say what kind of word it is, the next two what an adjective describes, the last two
what a noun means.
"""

ASKED: tuple[str, ...] = ("thing", "living", "drink", "description")
"""The columns of queries and keys, which is what a word can ask for and be found by."""

_SORTS: dict[str, dict[str, int]] = {
    "cat 猫": {"thing": 1, "living": 1, "size": 1},
    "dog 狗": {"thing": 1, "living": 1, "size": 2},
    "girl 女孩": {"thing": 1, "living": 1, "size": 3},
    "water 水": {"thing": 1, "drink": 1},
    "milk 牛奶": {"thing": 1, "drink": 1, "sweet": 1},
    "tea 茶": {"thing": 1, "drink": 1, "sweet": 2},
    "juice 果汁": {"thing": 1, "drink": 1, "sweet": 3},
    "drank spilled liked 喝 洒": {"action": 1},
    "the a and because but so was 了 因为 很": {"link": 1},
    "it 它": {"pronoun": 1},
    "he she 他 她": {"pronoun": 1, "of-living": 1},
    "thirsty tired hungry 渴 累 饿": {"of-living": 1},
    "cold warm fresh 凉 热": {"of-drink": 1},
    PAD: {},
}

LEXICON: dict[str, dict[str, int]] = {
    word: dict(features) for words, features in _SORTS.items() for word in words.split()
}
"""The features of every word that is known; what is not named is 0.

:meta hide-value:
"""


def rows(words: Sequence[str]) -> Matrix:
    """Return the rows of the words, ``X``.

    Parameters
    ----------
    words : sequence of str
        Words of the `LEXICON`, or one string with spaces between them.

    Returns
    -------
    array of shape (n, 10)
        One row per word, one column for each of `FEATURES`.

    Raises
    ------
    ValueError
        A word is not in the lexicon, or there is none.

    Examples
    --------
    >>> rows("cat milk it thirsty").astype(int)
    array([[1, 1, 0, 0, 0, 0, 0, 0, 1, 0],
           [1, 0, 1, 0, 0, 0, 0, 0, 0, 1],
           [0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]])
    """
    known = words_of(words)
    return np.array([[LEXICON[word].get(f, 0) for f in FEATURES] for word in known], float)


def words_of(text: Sequence[str]) -> list[str]:
    """Return the words of a text, in small letters and without the stops, if all are known.

    Parameters
    ----------
    text : sequence of str
        The words, or one string with spaces between them.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        A word is not in the `LEXICON`, or there is none.

    Examples
    --------
    >>> words_of("The dog was tired.")
    ['the', 'dog', 'was', 'tired']
    >>> words_of("The fish was tired.")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: fish is not in the lexicon, which has: cat, dog, ...
    """
    written = text.split() if isinstance(text, str) else list(text)
    words = [word.lower().strip(".,，。") for word in written]
    unknown = [word for word in words if word not in LEXICON]
    if unknown:
        known = ", ".join(word for word in LEXICON if word.isascii() and word != PAD)
        raise ValueError(f"{', '.join(unknown)} is not in the lexicon, which has: {known}")
    if not words:
        raise ValueError("words is empty, needs one word at least")
    return words
