"""Tasks on digits in which each answer is copied from a known place: the right map is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qkv_lib.formula.checks import check_count

__all__ = ["alignment", "answers", "examples", "latest_small", "reversal", "three_back"]

Digits = NDArray[np.int64]
Source = Callable[[Digits], Digits]
NO_ANSWER = -1


def reversal(digits: Digits) -> Digits:
    """Return where each answer stands when a sequence is reversed: ``n − 1 − i`` for place ``i``.

    Parameters
    ----------
    digits : integer array of shape (batch, n)

    Returns
    -------
    integer array of shape (batch, n)

    Examples
    --------
    >>> reversal(np.array([[7, 1, 4]]))
    array([[2, 1, 0]])
    """
    return np.broadcast_to(np.arange(digits.shape[-1])[::-1], digits.shape)


def three_back(digits: Digits) -> Digits:
    """Return where the digit three places before stands, or −1 where there is none.

    Parameters
    ----------
    digits : integer array of shape (batch, n)

    Returns
    -------
    integer array of shape (batch, n)

    Examples
    --------
    >>> three_back(np.array([[7, 1, 4, 0, 9]]))
    array([[-1, -1, -1,  0,  1]])
    """
    places = np.arange(digits.shape[-1])
    return np.broadcast_to(np.where(places >= 3, places - 3, NO_ANSWER), digits.shape)


def latest_small(digits: Digits) -> Digits:
    """Return where the latest digit below 5 stands, up to each place, or −1 where there is none.

    Parameters
    ----------
    digits : integer array of shape (batch, n)

    Returns
    -------
    integer array of shape (batch, n)

    Examples
    --------
    >>> latest_small(np.array([[7, 1, 9, 9, 4]]))
    array([[-1,  1,  1,  1,  4]])
    """
    places = np.where(digits < 5, np.arange(digits.shape[-1]), NO_ANSWER)
    return np.maximum.accumulate(places, axis=-1)


def answers(digits: Digits, source: Source) -> Digits:
    """Return the digit at each place's source, and −1 where there is no answer.

    Parameters
    ----------
    digits : integer array of shape (batch, n)
    source : callable
        From digits to places: `reversal`, `three_back`, `latest_small`, or your own.

    Returns
    -------
    integer array of shape (batch, n)

    Examples
    --------
    >>> answers(np.array([[7, 1, 4]]), reversal)
    array([[4, 1, 7]])
    """
    places = source(digits)
    copied = np.take_along_axis(digits, np.maximum(places, 0), axis=-1)
    return np.where(places == NO_ANSWER, NO_ANSWER, copied)


def examples(
    source: Source, n: int, rng: np.random.Generator, *, batch_size: int = 64
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches of random digits and their answers, without end.

    Parameters
    ----------
    source : callable
        `reversal`, `three_back`, `latest_small`, or another rule from digits to places.
    n : int
        The length of every sequence.
    rng : numpy.random.Generator
    batch_size : int

    Yields
    ------
    digits, answers : integer tensors of shape (batch_size, n)

    Raises
    ------
    TypeError, ValueError
        A size is no integer of at least 1.

    Examples
    --------
    >>> digits, targets = next(examples(reversal, 3, np.random.default_rng(0), batch_size=1))
    >>> digits.tolist(), targets.tolist()
    ([[8, 6, 5]], [[5, 6, 8]])
    """
    shape = (check_count("batch_size", batch_size, least=1), check_count("n", n, least=1))
    while True:
        digits = rng.integers(10, size=shape)
        yield torch.from_numpy(digits), torch.from_numpy(answers(digits, source))


def alignment(weights: Any, places: Digits) -> float:
    """Return the share of queries whose largest weight stands at the place of the answer.

    Parameters
    ----------
    weights : tensor or array of shape (batch, n_queries, n_keys)
    places : integer array of shape (batch, n_queries)
        The place of each answer; queries with −1 do not count.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        The shapes do not fit.

    Examples
    --------
    >>> alignment(np.array([[[0.2, 0.8], [0.4, 0.6]]]), np.array([[1, 0]]))
    0.5
    """
    matrix = np.asarray(weights)
    if matrix.shape[:-1] != places.shape:
        raise ValueError(
            f"weights has shape {matrix.shape} but places {places.shape}: needs one place a "
            "query, (batch, n_queries)"
        )
    asked = places != NO_ANSWER
    return float((matrix.argmax(axis=-1) == places)[asked].mean())
