"""Writing with a language model: which tokens may come next, and one of them drawn at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from qkv_lib.formula.checks import check_count, check_number
from qkv_lib.models.gpt import GPT

__all__ = ["next_probabilities", "write"]


def next_probabilities(
    logits: NDArray[np.floating], *, temperature: float = 1.0, top_p: float = 1.0
) -> NDArray[np.float64]:
    r"""Return the probabilities that the next token is drawn with.

    .. math:: p_t = \operatorname{softmax}(z / \tau)_t

    and 0 for every token that the likeliest ones, together at least ``top_p``, do without.

    Parameters
    ----------
    logits : array of shape (..., n_tokens)
    temperature : float
        ``τ``: below 1 the likely become likelier, towards 0 the likeliest alone is left.
    top_p : float
        Above 0, and 1 at most: the share of the probability that is kept.

    Returns
    -------
    array of shape (..., n_tokens)
        Rows sum to 1.

    Raises
    ------
    TypeError, ValueError
        ``temperature`` is not a number above 0, or ``top_p`` not one above 0 and at most 1.

    References
    ----------
    Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", section 3.1.

    Examples
    --------
    >>> next_probabilities(np.log([0.5, 0.3, 0.2]), top_p=0.6).round(3)
    array([0.625, 0.375, 0.   ])
    """
    temperature = check_number("temperature", temperature, positive=True)
    if not check_number("top_p", top_p, positive=True) <= 1:
        raise ValueError(f"top_p is {top_p}, needs at most 1: it is a share")
    z = np.asarray(logits, dtype=np.float64)
    z = (z - z.max(axis=-1, keepdims=True)) / temperature
    p = np.exp(z)
    p /= p.sum(axis=-1, keepdims=True)
    order = np.argsort(-p, axis=-1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=-1)
    before = ranked.cumsum(axis=-1) - ranked  # what the likelier ones have together
    kept = np.where(before < top_p, ranked, 0.0)
    np.put_along_axis(p, order, kept, axis=-1)
    return np.asarray(p / p.sum(axis=-1, keepdims=True))


@torch.no_grad()
def write(
    model: GPT,
    ids: Sequence[int] | NDArray[np.int64],
    n: int,
    rng: np.random.Generator,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
) -> list[int]:
    """Return a beginning and the tokens that a model writes after it, one at a time, with a cache.

    Parameters
    ----------
    model : GPT
    ids : integers
        The beginning, at least one token.
    n : int
        How many tokens to write; with the beginning no more than the model has positions.
    rng : numpy.random.Generator
    temperature, top_p : float
        As in `next_probabilities`.

    Returns
    -------
    list of int

    Raises
    ------
    TypeError, ValueError
        ``n`` is no integer of at least 0, or `next_probabilities` refuses; the text gets longer
        than the model has positions.

    Examples
    --------
    >>> model = GPT(n_tokens=50, length=16, d_model=8, n_heads=2)
    >>> len(write(model, [3, 1, 4], 5, np.random.default_rng(0)))
    8
    """
    check_count("n", n, least=0)
    written = [int(each) for each in ids]
    caches, new = model.caches(), written  # first the beginning as a whole: prefill
    for _ in range(n):
        logits = model(torch.tensor([new]), caches=caches)[0, -1].numpy()
        p = next_probabilities(logits, temperature=temperature, top_p=top_p)
        token = int(np.searchsorted(p.cumsum(), rng.random(), side="right"))
        new = [min(token, len(p) - 1)]  # rounding may leave the sum a little below 1
        written += new
    return written
