"""A small GPT: a decoder without an encoder, which reads a text and says what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from qkv_lib.exact.cache import KVCache
from qkv_lib.formula.checks import check_count
from qkv_lib.formula.positions import rope
from qkv_lib.layers import EncoderBlock, MultiHeadAttention, initialise

__all__ = ["GPT", "new_gpt", "next_token_loss", "windows"]

BASE = 100.0  # of RoPE: its slowest pair makes a third of a turn in 128 places
QUIET = 0.3  # how large some maps are at first, against the law of `initialise`


class GPT(nn.Module):
    r"""Predict the next token at every place, from that token and those before it.

    .. math::
        \begin{aligned}
        X_0 &= E_t \\
        X_l &= \mathrm{Block}_l(X_{l-1}) \\
        \mathrm{logits} &= \mathrm{norm}(X_L)\, E^\top
        \end{aligned}

    The block is `qkv_lib.layers.EncoderBlock` under a causal mask, with RoPE on its queries and
    keys. One table ``E`` reads the tokens and writes the logits.

    Parameters
    ----------
    n_tokens : int
        How many different tokens there are.
    length : int
        How many tokens a text may have at most.
    d_model, n_heads, d_hidden : int
        As in `qkv_lib.layers.EncoderBlock`.
    n_blocks : int
        How many blocks follow each other.

    References
    ----------
    Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"; the shared table:
    Press and Wolf 2017, "Using the Output Embedding to Improve Language Models".

    Examples
    --------
    >>> import torch
    >>> model = GPT(n_tokens=50, length=16, d_model=8, n_heads=2)
    >>> model(torch.tensor([[3, 1, 4, 1, 5]])).shape
    torch.Size([1, 5, 50])
    """

    def __init__(
        self,
        n_tokens: int = 512,
        length: int = 128,
        *,
        d_model: int = 64,
        n_heads: int = 4,
        d_hidden: int | None = None,
        n_blocks: int = 2,
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(check_count("n_tokens", n_tokens, least=1), d_model)
        self.length = check_count("length", length, least=1)
        self.blocks = nn.ModuleList(
            EncoderBlock(d_model, n_heads, d_hidden, rotate=partial(rope, base=BASE))
            for _ in range(check_count("n_blocks", n_blocks, least=1))
        )
        self.norm = nn.LayerNorm(d_model)

    @property
    def stack(self) -> list[EncoderBlock]:
        """The blocks, first block first."""
        return [each for each in self.blocks if isinstance(each, EncoderBlock)]

    @property
    def layers(self) -> list[MultiHeadAttention]:
        """The attention of each block, first block first."""
        return [block.attention for block in self.stack]

    def caches(self, capacity: int | None = None) -> list[KVCache]:
        """Return an empty cache for each block, with room for ``length`` tokens by default."""
        return [KVCache(self.length if capacity is None else capacity) for _ in self.blocks]

    def forward(
        self,
        ids: Tensor,
        *,
        caches: list[KVCache] | None = None,
        mask: Tensor | None = None,
        positions: Tensor | None = None,
    ) -> Tensor:
        """Return the logits of the token after each, of shape (batch, n, n_tokens).

        Parameters
        ----------
        ids : integer tensor of shape (batch, n)
            The tokens; those after the ones that ``caches`` hold.
        caches : list of KVCache, optional
            As `caches` makes them; they take up the keys and values of ``ids``.
        mask : boolean tensor that broadcasts to (batch, h, n, n_keys), optional
            ``True`` = may attend; hides padding. Later tokens are hidden in any case.
        positions : integer tensor of shape (n,) or (batch, 1, n), optional
            Where each token stands; by default they follow each other, from 0 or after those
            that the caches hold.

        Raises
        ------
        ValueError
            The text is longer than ``length``, or a cache has no room left.
        """
        held = len(caches[0]) if caches else 0
        if held + ids.shape[-1] > self.length:
            raise ValueError(
                f"ids end at token {held + ids.shape[-1]}, needs at most length ({self.length})"
            )
        x = self.tokens(ids)
        for i, block in enumerate(self.stack):
            cache = caches[i] if caches else None
            x = block(x, causal=True, mask=mask, positions=positions, cache=cache)
        logits: Tensor = self.norm(x) @ self.tokens.weight.T
        return logits


@torch.no_grad()
def new_gpt(rng: np.random.Generator, **sizes: int) -> GPT:
    """Return a GPT whose weights are drawn from a generator, and whose blocks begin quietly.

    What each block writes into its residual path is small at first, so that the path carries the
    tokens and not the noise of untrained layers; so are the scores, for weights that begin nearly
    even.

    Parameters
    ----------
    rng : numpy.random.Generator
    **sizes : int
        As in `GPT`.

    Returns
    -------
    GPT

    References
    ----------
    Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3, which
    scales by the number of blocks.

    Examples
    --------
    >>> import numpy as np
    >>> new_gpt(np.random.default_rng(0), n_tokens=50, d_model=8, n_heads=2).length
    128
    """
    model = initialise(GPT(**sizes), rng)
    for block in model.stack:
        layer = block.attention
        for each in (layer.query, layer.key, layer.output, block.feed_forward.contract):
            each.weight.mul_(QUIET)
    return model


def next_token_loss(model: nn.Module, ids: Tensor) -> Tensor:
    r"""Return the mean cross-entropy of each token but the first, given those before it.

    .. math:: -\frac{1}{n} \sum_{i=1}^{n} \ln p(t_{i+1} \mid t_1, \dots, t_i)

    Parameters
    ----------
    model : torch.nn.Module
    ids : integer tensor of shape (batch, n + 1)

    Returns
    -------
    tensor with one number

    Examples
    --------
    >>> model = GPT(n_tokens=50, d_model=8, n_heads=2)
    >>> next_token_loss(model, torch.ones(3, 9, dtype=torch.int64)).shape
    torch.Size([])
    """
    logits = model(ids[:, :-1])
    return cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


def windows(
    tokens: NDArray[np.int64], length: int, rng: np.random.Generator, *, batch_size: int = 16
) -> Iterator[tuple[Tensor]]:
    """Yield batches of windows that begin anywhere in a text, without end.

    Parameters
    ----------
    tokens : integer array of shape (n,)
    length : int
        Of a window, the token to predict last included.
    rng : numpy.random.Generator
    batch_size : int

    Yields
    ------
    tuple of one integer tensor of shape (batch_size, length)

    Raises
    ------
    ValueError
        The text is shorter than a window.

    Examples
    --------
    >>> next(windows(np.arange(20), 5, np.random.default_rng(0), batch_size=2))[0].shape
    torch.Size([2, 5])
    """
    if length > len(tokens):
        raise ValueError(f"length is {length} but there are {len(tokens)} tokens only")
    while True:
        starts = rng.integers(len(tokens) - length + 1, size=batch_size)
        yield (torch.from_numpy(tokens[starts[:, None] + np.arange(length)]),)
