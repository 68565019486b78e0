"""A small Transformer that answers one digit a position, with a choice of positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from qkv_lib.data.digit_tasks import NO_ANSWER, Source, answers, examples
from qkv_lib.formula.positions import alibi_bias, rope, sinusoidal
from qkv_lib.layers import EncoderBlock, initialise
from qkv_lib.models.training import fit

__all__ = ["POSITIONS", "DigitTagger", "tagging_accuracy", "tagging_loss", "train_tagger"]

Positions = Literal["none", "sinusoidal", "RoPE", "ALiBi"]
POSITIONS: tuple[Positions, ...] = ("none", "sinusoidal", "RoPE", "ALiBi")
"""How a model may learn where a digit stands."""


class DigitTagger(nn.Module):
    """Answer each position of a sequence of digits with a digit.

    Parameters
    ----------
    positions : {"none", "sinusoidal", "RoPE", "ALiBi"}
        How the model learns where a digit stands; everything else stays the same.
    d_model, n_heads, n_blocks : int
        Width, heads of a block, and number of blocks.
    norm_first : bool
        Where the norms of the blocks stand; see `qkv_lib.layers.EncoderBlock`.
    rotate : callable, optional
        Applied to the queries and keys of each head, in place of RoPE; a norm, for example.
    **options
        Options of `qkv_lib.attention` for every call: ``causal``, ``mask``, ``scale``, …

    Raises
    ------
    ValueError
        ``positions`` is unknown, ``n_heads`` does not divide ``d_model``, or ``rotate`` is given
        beside RoPE.

    Examples
    --------
    >>> DigitTagger("RoPE", causal=True)(torch.tensor([[3, 1, 4]])).shape
    torch.Size([1, 3, 10])
    """

    def __init__(
        self,
        positions: Positions = "sinusoidal",
        *,
        d_model: int = 32,
        n_heads: int = 4,
        n_blocks: int = 1,
        norm_first: bool = True,
        rotate: Callable[..., Tensor] | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        if positions not in POSITIONS:
            raise ValueError(f"positions is {positions!r}, needs one of {', '.join(POSITIONS)}")
        if positions == "RoPE" and rotate is not None:
            raise ValueError("rotate is given beside RoPE, which takes its place: leave one out")
        self.positions, self.n_heads, self.options = positions, n_heads, options
        self.embed = nn.Embedding(10, d_model)
        rotate = rope if positions == "RoPE" else rotate
        self.blocks = nn.ModuleList(
            EncoderBlock(d_model, n_heads, 2 * d_model, norm_first=norm_first, rotate=rotate)
            for _ in range(n_blocks)
        )
        self.norm = nn.LayerNorm(d_model)
        self.answer = nn.Linear(d_model, 10)

    def forward(self, digits: Tensor) -> Tensor:
        """Return the logits of each answer, (batch, n, 10), for digits of shape (batch, n)."""
        x = self.embed(digits)  # (batch, n, d_model)
        n, options = digits.shape[-1], self.options
        if self.positions == "sinusoidal":
            x = x + sinusoidal(n, x.shape[-1], like=x)
        elif self.positions == "ALiBi":
            options = options | {"bias": alibi_bias(self.n_heads, n, like=x)}
        for block in self.blocks:
            x = block(x, **options)
        logits: Tensor = self.answer(self.norm(x))
        return logits


def tagging_loss(model: nn.Module, digits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy over the positions that have an answer.

    Parameters
    ----------
    model : torch.nn.Module
    digits, targets : integer tensors of shape (batch, n)

    Returns
    -------
    tensor with one number

    Examples
    --------
    >>> digits = torch.tensor([[3, 1, 4]])
    >>> tagging_loss(DigitTagger(), digits, digits.flip(1)).ndim
    0
    """
    logits = model(digits)
    return cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=NO_ANSWER)


def train_tagger(
    model: DigitTagger, source: Source, n: int, *, seed: int, n_updates: int = 300
) -> DigitTagger:
    """Draw the model's first weights and train it on sequences of ``n`` digits; return it.

    Parameters
    ----------
    model : DigitTagger
    source : callable
        The task: a rule from digits to the places of the answers.
    n : int
        The length in training.
    seed : int
        Of the first weights and of the digits.
    n_updates : int
        Batches of 64 sequences.

    Returns
    -------
    DigitTagger
        ``model`` itself.

    Examples
    --------
    >>> from qkv_lib.data.digit_tasks import reversal
    >>> model = train_tagger(DigitTagger(n_heads=1), reversal, 3, seed=0, n_updates=150)
    >>> model(torch.tensor([[3, 1, 4]])).argmax(dim=-1)
    tensor([[4, 1, 3]])
    """
    rng = np.random.default_rng(seed)
    initialise(model, rng)
    fit(model, examples(source, n, rng), n_updates=n_updates, lr=1e-2, loss=tagging_loss)
    return model


@torch.no_grad()
def tagging_accuracy(
    model: DigitTagger, source: Source, n: int, *, seed: int = 99, n_sequences: int = 200
) -> float:
    """Return the share of right answers on fresh sequences of ``n`` digits.

    Parameters
    ----------
    model : DigitTagger
    source : callable
        The task.
    n : int
        The length of the sequences.
    seed : int
        Of the sequences.
    n_sequences : int

    Returns
    -------
    float

    Examples
    --------
    >>> from qkv_lib.data.digit_tasks import reversal
    >>> 0 <= tagging_accuracy(DigitTagger(), reversal, 5) < 0.5     # untrained
    True
    """
    digits = np.random.default_rng(seed).integers(10, size=(n_sequences, n))
    targets = answers(digits, source)
    guesses = model(torch.from_numpy(digits)).argmax(dim=-1).numpy()
    asked = targets != NO_ANSWER
    return float((guesses == targets)[asked].mean())
