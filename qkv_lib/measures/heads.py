"""What each head of the encoder attends to, over many sentences, in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from qkv_lib.layers import recorded_weights
from qkv_lib.measures.relations import relation_mass, spread, token_relations
from qkv_lib.models.ablation import silenced
from qkv_lib.models.encoder import SentenceEncoder, Tokens, WordPieces, unit_mean
from qkv_lib.models.gpt import GPT

__all__ = [
    "CLS", "SEP", "HeadScores", "even_attention", "score_heads", "shifts_without", "weights_of",
]  # fmt: skip

CLS, SEP = 101, 102
"""The token ``CLS`` stands before every text, ``SEP`` after it."""


class HeadScores(NamedTuple):
    """One number per kind and head.

    Attributes
    ----------
    scores : dict from str to array of shape (n_blocks, h)
        ``previous``, ``next``, ``same word``, ``special``: the mean weight on such keys.
        ``broad``: the mean spread, from 0 (one key) to 1 (all alike).
    even : dict from str to float
        What a head would score that spreads its weights evenly.
    """

    scores: dict[str, NDArray[np.float64]]
    even: dict[str, float]


@torch.no_grad()
def weights_of(model: SentenceEncoder, tokens: Tokens) -> NDArray[np.floating[Any]]:
    """Return the weights of all heads, in the run that used them.

    Parameters
    ----------
    model : SentenceEncoder
    tokens : Tokens

    Returns
    -------
    array of shape (n_blocks, batch, h, n, n)
        In the dtype of the model.

    Examples
    --------
    >>> model = SentenceEncoder(100, 16, d_model=8, n_heads=2, d_hidden=16, n_blocks=3)
    >>> weights_of(model, Tokens(torch.tensor([[5, 6, 7]]), torch.tensor([3]))).shape
    (3, 1, 2, 3, 3)
    """
    with recorded_weights(model) as recorded:
        model(*tokens)
    return np.stack([calls[0].numpy() for calls in recorded.values()])


def score_heads(
    model: SentenceEncoder, tokenise: WordPieces, sentences: Sequence[str]
) -> HeadScores:
    """Score every head for five kinds of attention, over all words of all sentences.

    Parameters
    ----------
    model : SentenceEncoder
    tokenise : WordPieces
    sentences : sequence of str
        Each is run alone, so that nothing is padded.

    Returns
    -------
    HeadScores

    Raises
    ------
    ValueError
        In none of the sentences some relation occurs at all.

    References
    ----------
    Clark et al. 2019, "What Does BERT Look At?", section 3.

    Examples
    --------
    >>> from qkv_lib.models.encoder import load_encoder
    >>> scores, even = score_heads(load_encoder(), WordPieces(), ["Dogs bark at dogs."])
    >>> scores["previous"].shape, f"{even['broad']:.1f}"
    ((6, 12), '1.0')
    """
    found: dict[str, list[NDArray[np.float64]]] = {}
    for sentence in sentences:
        tokens = tokenise([sentence])
        weights = weights_of(model, tokens)[:, 0]  # (n_blocks, h, n, n)
        even = np.full_like(weights[:1, :1], 1 / weights.shape[-1])
        both = np.concatenate([weights.reshape(-1, *even.shape[2:]), even[0]])
        for name, each in _per_query(both, tokens.ids[0].numpy()):
            found.setdefault(name, []).append(each)
    means = {name: _mean(name, each) for name, each in found.items()}
    sizes = weights.shape[:2]
    return HeadScores(
        {name: mean[:-1].reshape(sizes) for name, mean in means.items()},
        {name: float(mean[-1]) for name, mean in means.items()},
    )


def _per_query(
    weights: NDArray[Any], ids: NDArray[np.int64]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield each kind with the numbers of the queries it is about, (heads, queries)."""
    relations = token_relations(ids, special=(CLS, SEP))
    for name, relation in relations.items():
        yield name, relation_mass(weights, relation)
    yield "broad", spread(weights)[:, ~np.isin(ids, (CLS, SEP))]


def _mean(name: str, parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    everything = np.concatenate(parts, axis=1)
    if not everything.shape[1]:
        raise ValueError(f"sentences has no query at all with a key in the relation {name!r}")
    return np.asarray(everything.mean(axis=1))


@torch.no_grad()
def shifts_without(model: SentenceEncoder, tokens: Tokens) -> NDArray[np.float64]:
    """Return 1 minus the cosine of the embeddings with all heads and with one head silenced.

    Parameters
    ----------
    model : SentenceEncoder
    tokens : Tokens

    Returns
    -------
    array of shape (n_blocks, h)
        The mean over the batch.

    Examples
    --------
    >>> model = SentenceEncoder(100, 16, d_model=8, n_heads=2, d_hidden=16, n_blocks=3)
    >>> shifts_without(model, Tokens(torch.tensor([[5, 6, 7]]), torch.tensor([3]))).shape
    (3, 2)
    """
    shifts = np.zeros((len(model.layers), model.layers[0].n_heads))
    for part in _of_one_length(tokens):
        states = model.hidden_states(*part)
        whole = unit_mean(states[-1], part.lengths)
        for block, head in np.ndindex(shifts.shape):
            with silenced(model, [(block, head)]):  # the blocks before it are not touched
                last = model.continued(states[block], part.lengths, start=block)[-1]
            cosine = (unit_mean(last, part.lengths) * whole).sum(dim=-1)
            shifts[block, head] += float((1 - cosine).sum())
    return shifts / len(tokens.lengths)


def _of_one_length(tokens: Tokens, n: int = 8) -> Iterator[Tokens]:
    """Yield a batch in parts of about one length, so that little is computed on padding."""
    order = tokens.lengths.argsort(stable=True)
    for start in range(0, len(order), n):
        rows = order[start : start + n]
        lengths = tokens.lengths[rows]
        yield Tokens(tokens.ids[rows, : int(lengths.max())], lengths)


@contextmanager
def even_attention(model: SentenceEncoder | GPT) -> Iterator[None]:
    """Make every head average over all words alike, inside the ``with`` block.

    The queries become 0, so every score is 0 and every weight ``1 / n``; under a causal mask ``n``
    are the words so far. Values, feed-forward and positions that are added to the words stay: what
    is lost is the choice of what to look at.

    Parameters
    ----------
    model : SentenceEncoder or GPT

    Yields
    ------
    None

    Examples
    --------
    >>> model = SentenceEncoder(100, 16, d_model=8, n_heads=2, d_hidden=16, n_blocks=1)
    >>> with even_attention(model):
    ...     weights = weights_of(model, Tokens(torch.tensor([[5, 6]]), torch.tensor([2])))
    >>> weights[0, 0, 0, 0]
    array([0.5, 0.5], dtype=float32)
    """
    hooks = [
        layer.query.register_forward_hook(lambda _, __, output: 0 * output)
        for layer in model.layers
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
