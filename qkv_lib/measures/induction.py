"""Induction heads: found by a score, and read from the weights that make them.

An induction head continues what has begun to repeat. After ``… A B … A`` it looks at ``B`` and
hands it on. It takes two steps, in two blocks: a head of the first marks ``B`` with the token
before it, ``A``; a head of the second asks with ``A`` for such a mark, and copies.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from qkv_lib.formula.checks import check_count
from qkv_lib.formula.positions import rope
from qkv_lib.layers import recorded_weights
from qkv_lib.models.gpt import BASE, GPT

__all__ = [
    "PairScores", "copying_matrix", "head_scores", "matching_matrix", "repeated",
    "second_half_loss", "share_on_diagonal",
]  # fmt: skip


def repeated(n_tokens: int, period: int, n: int, rng: np.random.Generator) -> Tensor:
    """Return random sequences that occur twice: nothing but the repetition can be predicted.

    Parameters
    ----------
    n_tokens : int
        How many different tokens to draw from.
    period : int
        Length of what is repeated.
    n : int
        How many sequences.
    rng : numpy.random.Generator

    Returns
    -------
    integer tensor of shape (n, 2 · period)

    Raises
    ------
    TypeError, ValueError
        ``period`` is no integer of at least 2.

    Examples
    --------
    >>> repeated(9, 3, 1, np.random.default_rng(0))
    tensor([[7, 5, 4, 7, 5, 4]])
    """
    check_count("period", period, least=2)
    return torch.from_numpy(np.tile(rng.integers(n_tokens, size=(n, period)), 2))


class PairScores(NamedTuple):
    """The mean weight of each head, over the second half of sequences that repeat.

    The last query does not count: the token that follows it is not in the text.

    Attributes
    ----------
    induction : array of shape (n_blocks, h)
        On the token after the earlier occurrence of the query's own token.
    previous : array of shape (n_blocks, h)
        On the token before the query.
    first : array of shape (n_blocks, h)
        On the first token of the text.
    """

    induction: NDArray[np.float64]
    previous: NDArray[np.float64]
    first: NDArray[np.float64]


@torch.no_grad()
def head_scores(model: GPT, ids: Tensor) -> PairScores:
    r"""Score each head of a model on sequences whose second half repeats the first.

    .. math::
        \mathrm{induction} = \frac{1}{p - 1} \sum_{i=p}^{2p-2} A_{i,\, i-p+1}

    Parameters
    ----------
    model : GPT
    ids : integer tensor of shape (batch, 2 · period)
        As from `repeated`.

    Returns
    -------
    PairScores

    References
    ----------
    Olsson et al. 2022, "In-context Learning and Induction Heads", definition and appendix.

    Examples
    --------
    >>> model = GPT(n_tokens=9, d_model=8, n_heads=2, n_blocks=3)
    >>> head_scores(model, repeated(9, 5, 2, np.random.default_rng(0))).induction.shape
    (3, 2)
    """
    period = ids.shape[-1] // 2
    queries = torch.arange(period, 2 * period - 1)  # the last one's answer is not in the text
    with recorded_weights(model) as maps:
        model(ids)
    weights = torch.stack(
        [calls[0] for calls in maps.values()]
    ).double()  # (blocks, batch, h, n, n)

    def mean(keys: Tensor) -> NDArray[np.float64]:
        return np.asarray(weights[..., queries, keys].mean(dim=(1, 3)).numpy())

    return PairScores(mean(queries - period + 1), mean(queries - 1), mean(0 * queries))


@torch.no_grad()
def second_half_loss(model: GPT, ids: Tensor) -> float:
    """Return the mean loss in the second half of sequences that repeat, where all can be known.

    Parameters
    ----------
    model : GPT
    ids : integer tensor of shape (batch, 2 · period)

    Returns
    -------
    float
        In nats; ``ln n_tokens`` for a model that knows nothing.

    Examples
    --------
    >>> model = GPT(n_tokens=9, d_model=8, n_heads=2)
    >>> second_half_loss(model, repeated(9, 5, 2, np.random.default_rng(0))) > 0
    True
    """
    period = ids.shape[-1] // 2
    logits = model(ids)[:, period:-1]
    return cross_entropy(logits.flatten(0, 1), ids[:, period + 1 :].flatten()).item()


@torch.no_grad()
def matching_matrix(
    model: GPT, previous: tuple[int, int], induction: tuple[int, int], *, distance: int
) -> NDArray[np.float64]:
    r"""Return how well each token, as a query, matches a mark left by each token.

    .. math::
        \begin{aligned}
        M &= \operatorname{norm}(E) W_Q \, R_\Delta \, K^\top / \sqrt{d} \\
        K &= \operatorname{norm}(\operatorname{norm}(E) W_V W_O) W_K
        \end{aligned}

    The matrices ``W_V W_O`` are those of the head that looks back by one, ``W_Q`` and ``W_K`` those
    of the induction head, ``R`` the turn of RoPE between places at a distance. All else that is
    in the residual path is left out.

    Parameters
    ----------
    model : GPT
    previous, induction : (block, head)
        The two heads, counted from 0.
    distance : int
        From the query back to the key.

    Returns
    -------
    array of shape (n_tokens, n_tokens)
        Rows are the tokens that ask, columns the tokens that left their mark.

    References
    ----------
    Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", "Two-layer
    attention-only transformers".

    Examples
    --------
    >>> model = GPT(n_tokens=9, d_model=8, n_heads=2)
    >>> matching_matrix(model, (0, 0), (1, 1), distance=3).shape
    (9, 9)
    """
    marks = _handed_on(model, *previous, model.tokens.weight)
    block, head = model.stack[induction[0]], induction[1]
    layer, turn = block.attention, partial(rope, base=BASE)
    query = _of_head(layer.query(block.attention_norm(model.tokens.weight)), layer.n_heads, head)
    key = _of_head(layer.key(block.attention_norm(marks)), layer.n_heads, head)
    where = torch.full((len(query),), distance)
    query = turn(query, positions=where)
    key = turn(key, positions=0 * where)
    return np.asarray((query @ key.T).double().numpy() / query.shape[-1] ** 0.5)


@torch.no_grad()
def copying_matrix(model: GPT, head: tuple[int, int]) -> NDArray[np.float64]:
    r"""Return by how much a head raises the logit of each token when it looks at each token.

    .. math:: C = \operatorname{norm}(E) W_V W_O\, E^\top

    Parameters
    ----------
    model : GPT
    head : (block, head)
        Counted from 0.

    Returns
    -------
    array of shape (n_tokens, n_tokens)
        Rows are the tokens looked at, columns the logits.

    References
    ----------
    Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", "Copying".

    Examples
    --------
    >>> copying_matrix(GPT(n_tokens=9, d_model=8, n_heads=2), (1, 0)).shape
    (9, 9)
    """
    handed = _handed_on(model, *head, model.tokens.weight)
    logits = (handed * model.norm.weight) @ model.tokens.weight.T
    return np.asarray(logits.double().numpy())


def share_on_diagonal(matrix: NDArray[Any]) -> float:
    """Return the share of rows whose largest entry stands on the diagonal.

    Parameters
    ----------
    matrix : array of shape (n, n)

    Returns
    -------
    float
        By chance, ``1 / n``.

    Examples
    --------
    >>> share_on_diagonal(np.array([[2.0, 1.0], [3.0, 0.0]]))
    0.5
    """
    return float((matrix.argmax(axis=1) == np.arange(len(matrix))).mean())


def _handed_on(model: GPT, block: int, head: int, x: Tensor) -> Tensor:
    """Return what one head writes when it looks at a single row of ``x``, (n, d_model)."""
    layer = model.stack[block].attention
    value = _of_head(layer.value(model.stack[block].attention_norm(x)), layer.n_heads, head)
    d = value.shape[-1]
    return value @ layer.output.weight[:, head * d : (head + 1) * d].T


def _of_head(x: Tensor, n_heads: int, head: int) -> Tensor:
    """Return the features of one head."""
    return x.chunk(n_heads, dim=-1)[head]
