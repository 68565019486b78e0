"""The sentence's matrices and scores said in words: which feature, and how much of it."""

from __future__ import annotations

from collections.abc import Sequence

from qkv_lib.data.lexicon import ASKED, Matrix

__all__ = ["lines", "named", "reason"]


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
    >>> from qkv_lib.data.sentence import ASKED, FEATURES, GUESS
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
    >>> from qkv_lib.data.sentence import FEATURES, rows
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
    >>> from qkv_lib.data.sentence import GUESS, THIRSTY, rows, step
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
