"""An encoder and a decoder, and between them one vector or attention: what chapter 1 measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from qkv_lib.formula.checks import check_count
from qkv_lib.formula.scoring import additive
from qkv_lib.formula.steps import softmax
from qkv_lib.models.training import Batch

__all__ = ["EncoderDecoder", "copy_accuracy", "copy_batches", "symbol_loss"]


class EncoderDecoder(nn.Module):
    r"""Read a sequence with one recurrent network and write another with a second one.

    .. math::
        \begin{aligned}
        y_t &= [s_t, c_t]\, W_O + b_O \\
        c_t &= \sum_j a_{tj} h_j
        \end{aligned}

    ``h_j`` are the encoder's states, ``s_t`` the decoder's, ``a_t`` the weights. With
    attention they come from additive scores of ``s_t`` against all ``h_j``; without it ``c_t``
    is the encoder's last state, for all ``t``. The decoder starts from that state in both.

    Parameters
    ----------
    n_symbols : int
        Size of the alphabet; both sequences share it.
    d : int
        Width of embeddings, states and the hidden layer of the score.
    attends : bool
        Whether the decoder may look at every state of the encoder, or at the last one alone.

    Notes
    -----
    Both kinds have the same parameters. One key gets weight 1 whatever its score, so without
    attention those of the score, ``2 d² + d``, are idle.

    References
    ----------
    Without attention: Cho et al. 2014, "Learning Phrase Representations using RNN
    Encoder-Decoder", section 2.2. With it: the score of Bahdanau et al. 2014, appendix A.1.2,
    on the decoder's new state as in Luong et al. 2015, section 3.1, so that training needs no
    loop over ``t``.

    Examples
    --------
    >>> import torch
    >>> model = EncoderDecoder(10, 8, attends=True)
    >>> symbols, weights = model.generate(torch.zeros(2, 5, dtype=torch.int64))
    >>> symbols.shape, weights.shape
    (torch.Size([2, 5]), torch.Size([2, 5, 5]))
    """

    def __init__(self, n_symbols: int, d: int, *, attends: bool) -> None:
        super().__init__()
        self.start = check_count("n_symbols", n_symbols, least=1)  # stands before the first symbol
        check_count("d", d, least=1)
        self.embed = nn.Embedding(n_symbols + 1, d)
        self.encoder = nn.GRU(d, d, batch_first=True, bias=False)
        self.decoder = nn.GRU(d, d, batch_first=True, bias=False)
        self.w_query = nn.Parameter(torch.empty(d, d).uniform_(-1, 1) / d**0.5)
        self.w_key = nn.Parameter(torch.empty(d, d).uniform_(-1, 1) / d**0.5)
        self.v = nn.Parameter(torch.full((d,), d**-0.5))
        self.answer = nn.Linear(2 * d, n_symbols)
        self.attends = attends

    def forward(self, source: Tensor, previous: Tensor) -> Tensor:
        """Return the logits, of shape (batch, n, n_symbols).

        Parameters
        ----------
        source : integer tensor of shape (batch, m)
        previous : integer tensor of shape (batch, n)
            The symbol before each one to be written; the first is ``start``.
        """
        memory, state = self.encode(source)
        states, _ = self.decoder(self.embed(previous), state)
        return self.read(states, memory)[0]

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the decoder may look at, (batch, m or 1, d), and its first state."""
        states, last = self.encoder(self.embed(source))
        return (states if self.attends else states[:, -1:]), last

    def read(self, states: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits and the weights (batch, n, m or 1) of the decoder's states."""
        scores = additive(states, memory, self.w_query, self.w_key, self.v)
        weights = softmax(scores)
        return self.answer(torch.cat([states, weights @ memory], dim=-1)), weights

    @torch.no_grad()
    def generate(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Write as many symbols as ``source`` has, each the likeliest after those before it.

        Returns
        -------
        integer tensor of shape (batch, n)
        tensor of shape (batch, n, m or 1)
            The weights, a row for each symbol written.
        """
        memory, state = self.encode(source)
        symbol = torch.full((len(source), 1), self.start, device=source.device)
        symbols, rows = [], []
        for _ in range(source.shape[1]):
            states, state = self.decoder(self.embed(symbol), state)
            logits, weights = self.read(states, memory)
            symbol = logits.argmax(dim=-1)
            symbols.append(symbol)
            rows.append(weights)
        return torch.cat(symbols, dim=1), torch.cat(rows, dim=1)


def symbol_loss(model: EncoderDecoder, source: Tensor, target: Tensor) -> Tensor:
    """Return the mean cross-entropy of each symbol of ``target`` after the right ones before it.

    Parameters
    ----------
    model : EncoderDecoder
    source : integer tensor of shape (batch, m)
    target : integer tensor of shape (batch, n)

    Returns
    -------
    tensor of one number

    Examples
    --------
    >>> import torch
    >>> digits = torch.zeros(2, 5, dtype=torch.int64)
    >>> symbol_loss(EncoderDecoder(10, 8, attends=True), digits, digits).shape
    torch.Size([])
    """
    first = torch.full_like(target[:, :1], model.start)
    logits = model(source, torch.cat([first, target[:, :-1]], dim=1))
    return cross_entropy(logits.flatten(0, 1), target.flatten())


def copy_batches(
    rng: np.random.Generator, *, longest: int, n_symbols: int = 10, batch_size: int = 32
) -> Iterator[Batch]:
    """Yield random sequences to be repeated, without end; a batch has one length, 1 to longest.

    Parameters
    ----------
    rng : numpy.random.Generator
    longest, n_symbols, batch_size : int

    Yields
    ------
    tuple of two equal integer tensors of shape (batch_size, n)

    Examples
    --------
    >>> import numpy as np
    >>> source, target = next(copy_batches(np.random.default_rng(0), longest=4, batch_size=2))
    >>> bool((source == target).all())
    True
    """
    while True:
        length = rng.integers(1, longest + 1)
        source = torch.from_numpy(rng.integers(n_symbols, size=(batch_size, length)))
        yield source, source


def copy_accuracy(
    model: EncoderDecoder,
    lengths: Sequence[int],
    rng: np.random.Generator,
    *,
    n_sequences: int = 200,
) -> NDArray[np.float64]:
    """Return the share of symbols that a model repeats rightly, for each length.

    Parameters
    ----------
    model : EncoderDecoder
    lengths : sequence of int
    rng : numpy.random.Generator
        Draws ``n_sequences`` sequences of each length.
    n_sequences : int

    Returns
    -------
    array of shape (n_lengths,)

    Examples
    --------
    >>> import numpy as np
    >>> model = EncoderDecoder(10, 8, attends=False)
    >>> copy_accuracy(model, [2, 5], np.random.default_rng(0)).shape
    (2,)
    """
    found = []
    for length in lengths:
        source = torch.from_numpy(rng.integers(model.start, size=(n_sequences, length)))
        found.append(float((model.generate(source)[0] == source).double().mean()))
    return np.array(found)
