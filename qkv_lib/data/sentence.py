"""One sentence made by hand, in which every score can be worked out in the head.

*The cat drank the milk because it was thirsty.* A word is a row of small whole numbers on named
features; the matrices of the heads are set by hand, so that a word attends to a word for a reason.

- `GUESS`, the one head of a first reading: *it* asks for a thing that lives, and finds the cat.
- `LIKE` and `WHO`, one after the other: *it* first asks what describes it, then for whatever that
  describes. With *thirsty* this is the cat, with *cold* the milk.

Words can be swapped for others of the small `LEXICON`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from qkv_lib.attention import attention_steps
from qkv_lib.data.aloud import lines, named, reason
from qkv_lib.data.lexicon import (
    ASKED,
    CHINESE,
    CHINESE_COLD,
    COLD,
    FEATURES,
    LEXICON,
    PAD,
    THIRSTY,
    Matrix,
    rows,
    words_of,
)

__all__ = [
    "ASKED",
    "CHINESE",
    "CHINESE_COLD",
    "COLD",
    "FEATURES",
    "GUESS",
    "LEXICON",
    "LIKE",
    "PAD",
    "THIRSTY",
    "WHO",
    "Head",
    "Step",
    "layers",
    "lines",
    "named",
    "reason",
    "rows",
    "step",
    "words_of",
]

Rules = Mapping[str, Mapping[str, int]]


class Head(NamedTuple):
    """The matrices of one head, and the names of what it hands over.

    Attributes
    ----------
    name : str
        What the head asks.
    W_Q : array of shape (10, 4)
        From `FEATURES` to `ASKED`, what a word asks for.
    W_K : array of shape (10, 4)
        From `FEATURES` to `ASKED`, what a word is found by.
    W_V : array of shape (10, 2)
        From `FEATURES` to ``handed``, what a word hands over.
    W_O : array of shape (2, 10)
        Back from ``handed`` to the features of the same names.
    handed : tuple of 2 str
        The columns of the values.
    """

    name: str
    W_Q: Matrix
    W_K: Matrix
    W_V: Matrix
    W_O: Matrix
    handed: tuple[str, ...]


class Step(NamedTuple):
    """One head at work on a sentence of ``n`` words.

    Attributes
    ----------
    Q : array of shape (n, 4)
        ``X W_Q``.
    K : array of shape (n, 4)
        ``X W_K``.
    V : array of shape (n, 2)
        ``X W_V``.
    scores : array of shape (n, n)
        ``Q Kᵀ``.
    scaled : array of shape (n, n)
        ``scores / 2``, as ``√4 = 2``.
    weights : array of shape (n, n)
        ``softmax(scaled)``, each row over the keys it may see.
    output : array of shape (n, 2)
        ``weights @ V``.
    added : array of shape (n, 10)
        The rows after the head: the old ones ``+ output @ W_O``.
    """

    Q: Matrix
    K: Matrix
    V: Matrix
    scores: Matrix
    scaled: Matrix
    weights: Matrix
    output: Matrix
    added: Matrix


def _matrix(rules: Rules, columns: Sequence[str]) -> Matrix:
    """Return the matrix of the rules: row, column and number; all else is 0."""
    W = np.zeros((len(FEATURES), len(columns)))
    for feature, row in rules.items():
        for column, number in row.items():
            W[FEATURES.index(feature), columns.index(column)] = number
    return W


def _head(name: str, asks: Rules, handed: tuple[str, ...]) -> Head:
    W_V = _matrix({column: {column: 1} for column in handed}, handed)
    return Head(name, _matrix(asks, ASKED), _matrix(_OFFERS, ASKED), W_V, W_V.T, handed)


_OFFERS: Rules = {
    "thing": {"thing": 2},
    "living": {"living": 2},
    "drink": {"drink": 2},
    "of-living": {"description": 2},
    "of-drink": {"description": 2},
}
_OF_WHICH: Rules = {
    "of-living": {"thing": 2, "living": 2},
    "of-drink": {"thing": 2, "drink": 2},
}

GUESS: Head = _head(
    "who?", {"pronoun": {"thing": 2, "living": 2}, **_OF_WHICH}, ("size", "sweet")
)  # fmt: skip
"""The head of one attention.

A pronoun asks for a thing that lives, an adjective for the kind of thing that it describes.
"""

LIKE: Head = _head(
    "what is it like?", {"pronoun": {"description": 4}}, ("of-living", "of-drink")
)  # fmt: skip
"""The head of a first layer.

A pronoun asks for a description, and is handed what that describes.
"""

WHO: Head = _head("who is like that?", _OF_WHICH, ("size", "sweet"))
"""The head of a second layer, `GUESS` without its guess.

A word asks for what the description in its row describes.
"""


def step(X: Matrix, head: Head, *, causal: bool = False, mask: Matrix | None = None) -> Step:
    """Run one head on the rows of a sentence.

    Parameters
    ----------
    X : array of shape (n, 10)
    head : Head
    causal : bool
        Whether a word sees only itself and the words before it.
    mask : boolean array, optional
        True where a query may attend to a key, for instance a mask of padding.

    Returns
    -------
    Step

    Raises
    ------
    ValueError
        Shapes do not fit.

    Examples
    --------
    *It* finds the cat: thing 4 + living 4 = 8. The milk is a thing too, which is worth 4.

    >>> it, cat, milk = (THIRSTY.index(word) for word in ("it", "cat", "milk"))
    >>> found = step(rows(THIRSTY), GUESS)
    >>> found.scores[it].astype(int)
    array([0, 8, 0, 0, 4, 0, 0, 0, 0])
    >>> found.weights[it, [cat, milk]].round(2)
    array([0.79, 0.11])
    """
    Q, K, V = X @ head.W_Q, X @ head.W_K, X @ head.W_V
    found = attention_steps(Q, K, V, causal=causal, mask=mask)
    added = X + found.output @ head.W_O
    return Step(Q, K, V, found.scores, found.scaled, found.weights, found.output, added)


def layers(words: Sequence[str], *, depth: int = 2, causal: bool = False) -> list[Step]:
    """Read a sentence with one attention or with two, the second on what the first has added.

    Parameters
    ----------
    words : sequence of str
        Words of the `LEXICON`, or one string with spaces between them.
    depth : {1, 2}
        1 is `GUESS`; 2 is `LIKE`, then `WHO`.
    causal : bool
        Whether a word sees only itself and the words before it.

    Returns
    -------
    list of Step
        One for each layer.

    Raises
    ------
    ValueError
        A word is not in the lexicon, there is none, or ``depth`` is neither 1 nor 2.

    Examples
    --------
    One attention says *cat* whatever the last word. Two layers let *it* ask *cold* first:

    >>> for words in (THIRSTY, COLD):
    ...     for depth in (1, 2):
    ...         last = layers(words, depth=depth)[-1]
    ...         print(words[-1], depth, words[last.weights[words.index("it")].argmax()])
    thirsty 1 cat
    thirsty 2 cat
    cold 1 cat
    cold 2 milk
    """
    if depth not in (1, 2):
        raise ValueError(f"depth is {depth!r}, needs 1 or 2")
    X = rows(words)
    if depth == 1:
        return [step(X, GUESS, causal=causal)]
    like = step(X, LIKE, causal=causal)
    return [like, step(like.added, WHO, causal=causal)]
