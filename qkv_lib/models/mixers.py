r"""One body, three ways to carry information along a sequence: filter, state, attention.

Convolution, recurrence and attention are *mixers*: layers that let a place see others. Here each
has ``4 d²`` weights, so that the body around it is all that a comparison shares, and the mixer all
that differs. Each sees the past only.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import pad

from qkv_lib.formula.positions import rope
from qkv_lib.layers import FeedForward, MultiHeadAttention

__all__ = ["MIXERS", "CausalAttention", "Convolution", "MixerBlock", "Recurrence", "SequenceTagger"]

KERNEL = 4  # taps of the filter: with four, 4 d² weights


class Convolution(nn.Module):
    r"""Filter a sequence: each place is a weighted sum of itself and the three before it.

    .. math:: y_i = \sum_{r=0}^{3} x_{i-r}\, W_r + b

    Parameters
    ----------
    d_model : int

    Notes
    -----
    ``4 d²`` weights, and a bias.

    Examples
    --------
    >>> import torch
    >>> Convolution(6)(torch.ones(2, 5, 6)).shape
    torch.Size([2, 5, 6])
    """

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.filter = nn.Conv1d(d_model, d_model, KERNEL)

    def forward(self, x: Tensor) -> Tensor:
        """Return an output of the shape of ``x``, (batch, n, d_model)."""
        padded = pad(x.mT, (KERNEL - 1, 0))  # (batch, d_model, 3 + n): zeros before the first
        output: Tensor = self.filter(padded).mT
        return output


class Recurrence(nn.Module):
    r"""Carry a state along a sequence: a gated recurrent unit of width ``2 d / 3``, mapped back.

    Parameters
    ----------
    d_model : int
        A multiple of 3.

    Raises
    ------
    ValueError
        3 does not divide ``d_model``.

    Notes
    -----
    With a state of width ``s`` the three gates have ``3 (d s + s²)`` weights and the map back has
    ``s d``; at ``s = 2 d / 3`` that is ``4 d²``. Biases come on top.

    References
    ----------
    Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder for Statistical
    Machine Translation", section 2.3.

    Examples
    --------
    >>> import torch
    >>> Recurrence(6)(torch.ones(2, 5, 6)).shape
    torch.Size([2, 5, 6])
    """

    def __init__(self, d_model: int) -> None:
        super().__init__()
        if d_model % 3:
            raise ValueError(
                f"d_model is {d_model}, needs a multiple of 3: the state has 2/3 of it"
            )
        self.unit = nn.GRU(d_model, 2 * d_model // 3, batch_first=True)
        self.output = nn.Linear(2 * d_model // 3, d_model)

    def forward(self, x: Tensor) -> Tensor:
        """Return an output of the shape of ``x``, (batch, n, d_model)."""
        output: Tensor = self.output(self.unit(x)[0])
        return output


class CausalAttention(nn.Module):
    """Attend to the past in three heads, with rotated queries and keys: ``4 d²`` weights.

    Parameters
    ----------
    d_model : int
        A multiple of 6: three heads of an even width.

    Notes
    -----
    Biases come on top.

    References
    ----------
    Su et al. 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding".

    Examples
    --------
    >>> import torch
    >>> CausalAttention(6)(torch.ones(2, 5, 6)).shape
    torch.Size([2, 5, 6])
    """

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(d_model, n_heads=3, rotate=rope)

    def forward(self, x: Tensor) -> Tensor:
        """Return an output of the shape of ``x``, (batch, n, d_model)."""
        output: Tensor = self.attention(x, causal=True)
        return output


MIXERS: dict[str, Callable[[int], nn.Module]] = {
    "CNN": Convolution,
    "RNN": Recurrence,
    "attention": CausalAttention,
}
"""The three mixers by name; each takes a width.

:meta hide-value:
"""


class MixerBlock(nn.Module):
    r"""Mix along the sequence, then feed forward, each on a residual path.

    .. math::
        \begin{aligned}
        y &= x + \mathrm{mix}(\mathrm{norm}(x)) \\
        z &= y + \mathrm{FeedForward}(\mathrm{norm}(y))
        \end{aligned}

    Parameters
    ----------
    mixer : {"CNN", "RNN", "attention"}
    d_model : int

    Raises
    ------
    ValueError
        ``mixer`` is unknown.

    Examples
    --------
    >>> import torch
    >>> MixerBlock("CNN", 6)(torch.ones(2, 5, 6)).shape
    torch.Size([2, 5, 6])
    """

    def __init__(self, mixer: str, d_model: int) -> None:
        super().__init__()
        if mixer not in MIXERS:
            raise ValueError(f"mixer is {mixer!r}, needs one of {', '.join(MIXERS)}")
        self.mix_norm, self.feed_forward_norm = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.mix = MIXERS[mixer](d_model)
        self.feed_forward = FeedForward(d_model, 2 * d_model)

    def forward(self, x: Tensor) -> Tensor:
        """Return an output of the shape of ``x``, (batch, n, d_model)."""
        x = x + self.mix(self.mix_norm(x))
        output: Tensor = x + self.feed_forward(self.feed_forward_norm(x))
        return output


class SequenceTagger(nn.Module):
    """Answer each place of a sequence of symbols, with a choice of mixer.

    Parameters
    ----------
    mixer : {"CNN", "RNN", "attention"}
        How places see each other; everything else stays the same.
    n_symbols, n_answers : int
    d_model : int
        A multiple of 6.
    n_blocks : int

    Raises
    ------
    ValueError
        ``mixer`` is unknown, or ``d_model`` does not suit it.

    Examples
    --------
    >>> import torch
    >>> SequenceTagger("RNN", 10, 3)(torch.tensor([[3, 1, 4, 1]])).shape
    torch.Size([1, 4, 3])
    """

    def __init__(
        self, mixer: str, n_symbols: int, n_answers: int, *, d_model: int = 24, n_blocks: int = 2
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(n_symbols, d_model)
        self.blocks = nn.Sequential(*(MixerBlock(mixer, d_model) for _ in range(n_blocks)))
        self.norm = nn.LayerNorm(d_model)
        self.answer = nn.Linear(d_model, n_answers)

    def forward(self, symbols: Tensor) -> Tensor:
        """Return the logits of each answer, (batch, n, n_answers), for symbols (batch, n)."""
        logits: Tensor = self.answer(self.norm(self.blocks(self.embed(symbols))))
        return logits
