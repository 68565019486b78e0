"""Three tasks on sequences, made to tell architectures apart: what is near, far, and counted.

Each asks for a symbol at some places of a sequence and for nothing (−1) at the others, so that
one model and one loss serve them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qkv_lib.formula.checks import check_count

__all__ = ["TASKS", "Sequences", "Task", "counting", "local_median", "recall"]

NO_ANSWER = -1
N_KEYS, N_VALUES, N_QUESTIONS = 8, 8, 4


class Sequences(NamedTuple):
    """Sequences and what is asked about them.

    Attributes
    ----------
    symbols : int64 array of shape (n_sequences, n)
    answers : int64 array of shape (n_sequences, n)
        The right answer at each place, −1 where nothing is asked.
    places : int64 array of shape (n_sequences, n)
        The earliest place that the answer depends on, −1 where nothing is asked.
    """

    symbols: NDArray[np.int64]
    answers: NDArray[np.int64]
    places: NDArray[np.int64]


def local_median(n_sequences: int, n: int, rng: np.random.Generator) -> Sequences:
    """Draw digits; each answer is the median of a digit and the two before it.

    Parameters
    ----------
    n_sequences, n : int
        How many sequences, and their length, at least 3.
    rng : numpy.random.Generator

    Returns
    -------
    Sequences
        Nothing is asked at the first two places.

    Raises
    ------
    TypeError, ValueError
        A size is no integer or too small.

    Examples
    --------
    >>> drawn = local_median(1, 6, np.random.default_rng(0))
    >>> drawn.symbols, drawn.answers
    (array([[8, 6, 5, 2, 3, 0]]), array([[-1, -1,  6,  5,  3,  2]]))
    """
    digits = rng.integers(10, size=_shape(n_sequences, n, least=3))
    places = np.broadcast_to(np.arange(n) - 2, digits.shape).copy()
    places[:, :2] = NO_ANSWER
    answers = np.full_like(digits, NO_ANSWER)
    windows = np.lib.stride_tricks.sliding_window_view(digits, 3, axis=-1)
    answers[:, 2:] = np.median(windows, axis=-1).astype(np.int64)
    return Sequences(digits, answers, places)


def recall(n_sequences: int, n: int, rng: np.random.Generator) -> Sequences:
    """Scatter eight key-value pairs among blanks, and ask at the end for the values of four keys.

    Symbol 0 is a blank, ``1 + 8 k + v`` the pair of key ``k`` and value ``v``, and ``65 + k`` the
    question for key ``k``. Each key stands in a sequence once, with a value drawn anew.

    Parameters
    ----------
    n_sequences, n : int
        How many sequences, and their length, at least 12: eight pairs and four questions.
    rng : numpy.random.Generator

    Returns
    -------
    Sequences
        Asked at the last four places; ``places`` tells where the pairs stand.

    Raises
    ------
    TypeError, ValueError
        A size is no integer or too small.

    Examples
    --------
    >>> drawn = recall(1, 12, np.random.default_rng(0))
    >>> drawn.symbols[0]
    array([49, 41, 14, 57, 27, 35,  7, 21, 68, 67, 66, 72])
    >>> drawn.answers[0, -4:]
    array([2, 4, 5, 0])
    """
    shape = _shape(n_sequences, n, least=N_KEYS + N_QUESTIONS)
    pairs, last = (shape[0], N_KEYS), n - N_QUESTIONS
    values = rng.integers(N_VALUES, size=pairs)  # of key 0, 1, …
    where = rng.permuted(np.tile(np.arange(last), (shape[0], 1)), axis=1)[:, :N_KEYS]
    asked = rng.permuted(np.tile(np.arange(N_KEYS), (shape[0], 1)), axis=1)[:, :N_QUESTIONS]
    symbols, answers, places = (np.full(shape, fill) for fill in (0, NO_ANSWER, NO_ANSWER))
    np.put_along_axis(symbols, where, 1 + N_VALUES * np.arange(N_KEYS) + values, axis=1)
    symbols[:, last:] = 1 + N_KEYS * N_VALUES + asked
    answers[:, last:] = np.take_along_axis(values, asked, axis=1)
    places[:, last:] = np.take_along_axis(where, asked, axis=1)
    return Sequences(symbols, answers, places)


def counting(n_sequences: int, n: int, rng: np.random.Generator) -> Sequences:
    """Draw bits; each answer is the number of ones so far, modulo 3.

    Parameters
    ----------
    n_sequences, n : int
        How many sequences, and their length.
    rng : numpy.random.Generator

    Returns
    -------
    Sequences
        Asked everywhere; every answer depends on the first place.

    Raises
    ------
    TypeError, ValueError
        A size is no integer or too small.

    Examples
    --------
    >>> drawn = counting(1, 8, np.random.default_rng(0))
    >>> drawn.symbols, drawn.answers
    (array([[1, 1, 1, 0, 0, 0, 0, 0]]), array([[1, 2, 0, 0, 0, 0, 0, 0]]))
    """
    bits = rng.integers(2, size=_shape(n_sequences, n, least=1))
    return Sequences(bits, bits.cumsum(axis=1) % 3, np.zeros_like(bits))


class Task(NamedTuple):
    """A task with the sizes of its symbols and answers.

    Attributes
    ----------
    draw : callable
        ``draw(n_sequences, n, rng)`` returns `Sequences`.
    n_symbols : int
        How many symbols there are to read.
    n_answers : int
        How many answers there are to choose from.
    """

    draw: Callable[[int, int, np.random.Generator], Sequences]
    n_symbols: int
    n_answers: int


TASKS = {
    "local median": Task(local_median, 10, 10),
    "recall": Task(recall, 1 + N_KEYS * N_VALUES + N_KEYS, N_VALUES),
    "counting": Task(counting, 2, 3),
}
"""The three tasks by name.

:meta hide-value:
"""


def _shape(n_sequences: int, n: int, *, least: int) -> tuple[int, int]:
    return check_count("n_sequences", n_sequences, least=1), check_count("n", n, least=least)
