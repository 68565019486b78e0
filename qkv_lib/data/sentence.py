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
from typing import Any, NamedTuple

import numpy as np

from qkv_lib.attention import attention_steps

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

Matrix = np.ndarray[Any, np.dtype[np.float64]]
Rules = Mapping[str, Mapping[str, int]]

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

A pronoun asks for a thing that lives, an adjective for its noun.
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


def lines(W: Matrix, rows: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Read a matrix aloud: one line for each row that is not 0.

    Parameters
    ----------
    W : array of shape (r, c)
    rows, columns : sequence of str
        Their names.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        The numbers of names are not those of rows and columns.

    Examples
    --------
    >>> print(*lines(GUESS.W_Q, FEATURES, ASKED), sep=chr(10))
    pronoun → thing 2, living 2
    of-living → thing 2, living 2
    of-drink → thing 2, drink 2
    """
    if W.shape != (len(rows), len(columns)):
        raise ValueError(f"W has shape {W.shape}, needs {(len(rows), len(columns))}: one name each")
    return [
        f"{name} → {named(row, columns)}" for name, row in zip(rows, W, strict=True) if row.any()
    ]


def named(row: Matrix, columns: Sequence[str]) -> str:
    """Say what is in a row: the name and the number of each column that is not 0.

    Parameters
    ----------
    row : array of shape (c,)
    columns : sequence of str
        Their names.

    Returns
    -------
    str
        Empty where all is 0. A number that is not whole has two decimals.

    Examples
    --------
    >>> named(rows("cat")[0], FEATURES)
    'thing 1, living 1, size 1'
    """
    return ", ".join(f"{name} {_short(x)}" for name, x in zip(columns, row, strict=True) if x)


def _short(x: float) -> str:
    return f"{x:.2f}".removesuffix("0").removesuffix(".0")


def reason(q: Matrix, k: Matrix) -> str:
    """Say why a score is what it is: the product in each column, and the sum.

    Parameters
    ----------
    q, k : array of shape (4,)
        A row of queries and a row of keys, with the columns `ASKED`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        A row has not 4 numbers.

    Examples
    --------
    >>> found = step(rows(THIRSTY), GUESS)
    >>> it, cat, the = (THIRSTY.index(word) for word in ("it", "cat", "the"))
    >>> reason(found.Q[it], found.K[cat])
    'thing 4 + living 4 = 8'
    >>> reason(found.Q[it], found.K[the])
    '0'
    """
    if not len(q) == len(k) == len(ASKED):
        raise ValueError(f"q has {len(q)} numbers and k has {len(k)}, each needs {len(ASKED)}")
    told = named(q * k, ASKED).replace(", ", " + ")
    return f"{told} = {_short(float(q @ k))}" if told else "0"
