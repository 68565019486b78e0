"""Translators: an encoder reads the source, a decoder writes the target, attention between them."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from qkv_lib.formula.masks import padding_mask
from qkv_lib.formula.positions import sinusoidal
from qkv_lib.formula.scoring import additive, scaled_dot
from qkv_lib.formula.steps import mask_scores, softmax
from qkv_lib.layers import DecoderBlock, EncoderBlock, recorded_weights

__all__ = ["PAD", "Memory", "RecurrentTranslator", "TransformerTranslator", "Translator"]

PAD = 0
"""The symbol after the end of a sequence, and no symbol of either alphabet."""
SCORES = ("none", "additive", "dot")


class Memory(NamedTuple):
    """What the encoder hands to the decoder.

    Attributes
    ----------
    states : tensor of shape (batch, m, d)
        Keys and values are made of them.
    mask : boolean tensor of shape (batch, 1, m)
        False at padding.
    first : tensor of shape (1, batch, d)
        Where a recurrent decoder begins; one that is not recurrent makes no use of it.
    """

    states: Tensor
    mask: Tensor
    first: Tensor


class Translator(nn.Module):
    """What decoding and training need of a model; the classes below fill it in.

    Examples
    --------
    >>> isinstance(RecurrentTranslator(20, 15, d=8), Translator)
    True
    """

    def __init__(self) -> None:
        super().__init__()

    def encode(self, source: Tensor) -> Memory:
        """Return the memory of ``source``, integers of shape (batch, m) padded with `PAD`."""
        raise NotImplementedError

    def decode(self, memory: Memory, previous: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits (batch, n, n_target) and the weights (batch, h, n, m).

        ``previous`` holds the symbol before each one that is to be written.
        """
        raise NotImplementedError

    def forward(self, source: Tensor, previous: Tensor) -> Tensor:
        """Return the logits (batch, n, n_target) of the symbol after each one of ``previous``."""
        return self.decode(self.encode(source), previous)[0]


class RecurrentTranslator(Translator):
    r"""Two recurrent networks, and between them one vector or attention.

    .. math::
        \begin{aligned}
        y_t &= [s_t, c_t]\, W_O + b_O \\
        c_t &= \sum_j a_{tj} h_j \\
        a_t &= \mathrm{softmax}_j\, \mathrm{score}(s_t, h_j)
        \end{aligned}

    ``h_j`` are the states of the encoder, which reads in both directions; ``s_t`` those of the
    decoder, which starts from the encoder's two last ones.

    Parameters
    ----------
    n_source, n_target : int
        Sizes of the alphabets, `PAD` included.
    d : int
        Width of embeddings and states, an even number.
    score : {"additive", "dot", "none"}
        ``additive``: ``tanh(s W_q + h W_k) · v``; ``dot``: ``(s W_q) · (h W_k) / √d``; ``none``:
        ``c`` is the vector that the decoder starts from, for all ``t``.

    Raises
    ------
    ValueError
        ``score`` is unknown.

    Notes
    -----
    All three have the same parameters. ``v`` is idle with ``dot``, and all those of the score
    (``2 d² + d``) with ``none``.

    References
    ----------
    The encoder and the additive score: Bahdanau et al. 2014, appendix A; scoring the decoder's
    new state: Luong et al. 2015, section 3.1; without attention: Cho et al. 2014, section 2.2.

    Examples
    --------
    >>> import torch
    >>> model = RecurrentTranslator(20, 15, d=8, score="dot")
    >>> model(torch.ones(2, 5, dtype=torch.int64), torch.ones(2, 3, dtype=torch.int64)).shape
    torch.Size([2, 3, 15])
    """

    def __init__(
        self,
        n_source: int,
        n_target: int,
        *,
        d: int = 64,
        score: Literal["none", "additive", "dot"] = "additive",
    ) -> None:
        super().__init__()
        if score not in SCORES:
            raise ValueError(f"score is {score!r}, needs one of {', '.join(SCORES)}")
        self.score = score
        self.embed_source = nn.Embedding(n_source, d)
        self.embed_target = nn.Embedding(n_target, d)
        self.encoder = nn.GRU(d, d // 2, batch_first=True, bidirectional=True)
        self.decoder = nn.GRU(d, d, batch_first=True)
        self.w_query = nn.Parameter(torch.empty(d, d).uniform_(-1, 1) / d**0.5)
        self.w_key = nn.Parameter(torch.empty(d, d).uniform_(-1, 1) / d**0.5)
        self.v = nn.Parameter(torch.full((d,), d**-0.5))
        self.answer = nn.Linear(2 * d, n_target)

    def encode(self, source: Tensor) -> Memory:
        """Return the memory of ``source``, an integer tensor of shape (batch, m)."""
        lengths = source_lengths(source)
        packed = pack_padded_sequence(
            self.embed_source(source), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        packed_states, last = self.encoder(packed)
        states, _ = pad_packed_sequence(packed_states, batch_first=True)  # (batch, m, d)
        first = torch.cat([*last], dim=-1)[None]  # (1, batch, d): both directions side by side
        if self.score == "none":
            states, lengths = first.transpose(0, 1), torch.ones_like(lengths)  # one key
        return Memory(states, padding_mask(lengths, states.shape[1], n_axes=3), first)

    def decode(self, memory: Memory, previous: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits and the weights (batch, 1, n, m), a row for each symbol written."""
        states, _ = self.decoder(self.embed_target(previous), memory.first)  # (batch, n, d)
        weights = softmax(mask_scores(self.scores(states, memory.states), memory.mask))
        context = weights @ memory.states  # (batch, n, d)
        return self.answer(torch.cat([states, context], dim=-1)), weights[:, None]

    def scores(self, states: Tensor, memory: Tensor) -> Tensor:
        """Return the scores (batch, n, m) of the decoder's states against the encoder's."""
        scores: Tensor
        if self.score == "dot":
            scores = scaled_dot(states @ self.w_query, memory @ self.w_key)
        else:
            scores = additive(states, memory, self.w_query, self.w_key, self.v)
        return scores


class TransformerTranslator(Translator):
    """An encoder and a decoder of this library's own blocks.

    Parameters
    ----------
    n_source, n_target : int
        Sizes of the alphabets, `PAD` included.
    d : int
        Width of the model.
    n_heads, n_blocks : int
        Heads of each attention, and blocks on either side.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", section 3; norms first, as Xiong et al.
    2020, "On Layer Normalization in the Transformer Architecture".

    Examples
    --------
    >>> import torch
    >>> model = TransformerTranslator(20, 15, d=8, n_heads=2)
    >>> model(torch.ones(2, 5, dtype=torch.int64), torch.ones(2, 3, dtype=torch.int64)).shape
    torch.Size([2, 3, 15])
    """

    def __init__(
        self, n_source: int, n_target: int, *, d: int = 64, n_heads: int = 4, n_blocks: int = 1
    ) -> None:
        super().__init__()
        self.embed_source = nn.Embedding(n_source, d)
        self.embed_target = nn.Embedding(n_target, d)
        self.encoder = nn.ModuleList(EncoderBlock(d, n_heads, d) for _ in range(n_blocks))
        self.decoder = nn.ModuleList(DecoderBlock(d, n_heads, d) for _ in range(n_blocks))
        self.encoder_norm = nn.LayerNorm(d)
        self.decoder_norm = nn.LayerNorm(d)
        self.answer = nn.Linear(d, n_target)

    def forward(self, source: Tensor, previous: Tensor) -> Tensor:
        """Return the logits (batch, n, n_target) of the symbol after each one of ``previous``."""
        return self._logits(self.encode(source), previous)

    def encode(self, source: Tensor) -> Memory:
        """Return the memory of ``source``, an integer tensor of shape (batch, m)."""
        lengths = source_lengths(source)
        mask = padding_mask(lengths, source.shape[1], n_axes=3)
        x = placed(self.embed_source(source))
        for block in self.encoder:
            x = block(x, mask=mask[:, None])
        x = self.encoder_norm(x)
        return Memory(x, mask, x[None, :, 0])

    def decode(self, memory: Memory, previous: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits and the weights of all blocks' heads, (batch, n_blocks · h, n, m)."""
        with recorded_weights(self.decoder) as recorded:
            logits = self._logits(memory, previous)
        across = [calls[0] for name, calls in recorded.items() if "memory" in name]
        return logits, torch.cat(across, dim=1)

    def _logits(self, memory: Memory, previous: Tensor) -> Tensor:
        x = placed(self.embed_target(previous))
        for block in self.decoder:
            x = block(x, memory.states, memory_mask=memory.mask[:, None])
        logits: Tensor = self.answer(self.decoder_norm(x))
        return logits


def placed(x: Tensor) -> Tensor:
    """Return embeddings of variance 1 / d, (batch, n, d), scaled to 1, with positions added."""
    n, d = x.shape[-2:]
    moved: Tensor = x * d**0.5 + sinusoidal(n, d, like=x)
    return moved


def source_lengths(source: Tensor) -> Tensor:
    """Return the lengths of padded sources, and refuse padding in their midst or nothing else."""
    real = source != PAD
    lengths = real.sum(dim=-1)
    if source.ndim != 2 or not (lengths > 0).all() or not (real[:, 1:] <= real[:, :-1]).all():
        raise ValueError(
            f"source has shape {tuple(source.shape)}, needs (batch, m) with one symbol or more "
            f"in each row, then padding ({PAD}) only"
        )
    return lengths
