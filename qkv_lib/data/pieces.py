"""Byte-pair encoding: from a text to pieces, frequent ones long, and back without loss."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["ALPHABET", "Pieces", "load_pieces"]

ALPHABET = ("\n", *map(chr, range(32, 127)))
"""All characters of which a text may consist, a new line and what ASCII prints.

:meta hide-value:
"""
WORDS = re.compile(r" ?[A-Za-z]+| ?[0-9]| ?[^\sA-Za-z0-9]|\s")  # no piece reaches beyond one
FILE = "python_pieces.txt"

Pair = tuple[str, str]


class Pieces:
    """Text to numbers and back: characters, joined by merges in the order they were learned.

    Parameters
    ----------
    merges : sequence of pairs of str
        The pairs of pieces to join, the most frequent first.

    Attributes
    ----------
    pieces : tuple of str
        The piece of each number.

    References
    ----------
    Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units",
    section 3.2.

    Examples
    --------
    >>> pieces = Pieces([("t", "h"), ("th", "e")])
    >>> pieces.split("the thing")
    ['the', ' ', 'th', 'i', 'n', 'g']
    >>> pieces.decode(pieces.encode("the thing"))
    'the thing'
    """

    def __init__(self, merges: Sequence[Pair]) -> None:
        self.merges = [(left, right) for left, right in merges]
        self.pieces = (*ALPHABET, *(left + right for left, right in self.merges))
        self._rank = {pair: i for i, pair in enumerate(self.merges)}
        self._number = {piece: i for i, piece in enumerate(self.pieces)}
        self._split_word = lru_cache(maxsize=100_000)(self._joined)

    def __len__(self) -> int:
        """Return the number of pieces."""
        return len(self.pieces)

    @classmethod
    def learn(cls, text: str, n_pieces: int) -> Pieces:
        """Return the pieces of a text: join its most frequent pair, until there are enough.

        Parameters
        ----------
        text : str
        n_pieces : int
            Characters and merges together.
        """
        counts = Counter(WORDS.findall(text))
        words = {word: tuple(word) for word in counts}
        totals: Counter[Pair] = Counter()
        where: defaultdict[Pair, set[str]] = defaultdict(set)

        def tally(word: str, sign: int) -> None:
            for pair in pairwise(words[word]):
                totals[pair] += sign * counts[word]
                where[pair].add(word)

        for word in words:
            tally(word, 1)
        merges: list[Pair] = []
        while len(ALPHABET) + len(merges) < n_pieces:
            best = max(totals, key=lambda pair: (totals[pair], pair))
            merges.append(best)
            for word in sorted(where[best]):
                tally(word, -1)
                words[word] = tuple(_join(words[word], best))
                tally(word, 1)
        return cls(merges)

    def split(self, text: str) -> list[str]:
        """Return the pieces of a text; together they are the text.

        Raises
        ------
        ValueError
            A character is not in `ALPHABET`.
        """
        unknown = sorted(set(text) - set(ALPHABET))
        if unknown:
            raise ValueError(f"text has {unknown!r}, needs a new line and printable ASCII only")
        return [piece for word in WORDS.findall(text) for piece in self._split_word(word)]

    def encode(self, text: str) -> NDArray[np.int64]:
        """Return the numbers of the pieces of a text, of shape (n,).

        Raises
        ------
        ValueError
            As `split`.
        """
        return np.array([self._number[piece] for piece in self.split(text)], dtype=np.int64)

    def decode(self, numbers: Iterable[int]) -> str:
        """Return the text of some numbers."""
        return "".join(self.pieces[i] for i in numbers)

    def _joined(self, word: str) -> tuple[str, ...]:
        parts: tuple[str, ...] = tuple(word)
        while len(parts) > 1:
            pairs = pairwise(parts)
            best = min(pairs, key=lambda pair: self._rank.get(pair, len(self._rank)))
            if best not in self._rank:
                break
            parts = tuple(_join(parts, best))
        return parts


def _join(parts: Sequence[str], pair: Pair) -> Iterator[str]:
    """Yield the parts, with the two of a pair made one wherever they follow each other."""
    i = 0
    while i < len(parts):
        joins = tuple(parts[i : i + 2]) == pair
        yield parts[i] + parts[i + 1] if joins else parts[i]
        i += 2 if joins else 1


def load_pieces() -> Pieces:
    """Return the 512 pieces that were learned from the training part of `load_prose`.

    Returns
    -------
    Pieces

    Examples
    --------
    >>> pieces = load_pieces()
    >>> len(pieces), pieces.split("The function returns a string.")
    (512, ['The', ' function', ' return', 's', ' a', ' string', '.'])
    """
    lines = files("qkv_lib.data").joinpath(FILE).read_text(encoding="utf-8").splitlines()
    return Pieces([_pair(line) for line in lines])


def _pair(line: str) -> Pair:
    left, right = line.split("\t")
    return left, right
