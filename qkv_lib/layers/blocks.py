"""Blocks of a Transformer: attention and feed-forward, each with a residual path and a norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import gelu

from qkv_lib.formula.checks import check_count, check_flag
from qkv_lib.layers.multihead import MultiHeadAttention


class FeedForward(nn.Module):
    r"""Two linear maps with a bend between, the same at every position.

    .. math:: \phi(x W_1 + b_1)\, W_2 + b_2

    Parameters
    ----------
    d_model, d_hidden : int
        Widths outside and inside.
    activation : callable
        The bend ``φ``.
    dropout : float
        Share of the hidden features set to 0 while training.
    bias : bool
        Whether the two maps have ``b_1`` and ``b_2``.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", equation 2.

    Examples
    --------
    >>> import torch
    >>> FeedForward(8, 32)(torch.ones(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(
        self,
        d_model: int,
        d_hidden: int,
        *,
        activation: Callable[[Tensor], Tensor] = gelu,
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        d_model = check_count("d_model", d_model, least=1)
        d_hidden = check_count("d_hidden", d_hidden, least=1)
        bias = check_flag("bias", bias)
        self.expand = nn.Linear(d_model, d_hidden, bias=bias)
        self.contract = nn.Linear(d_hidden, d_model, bias=bias)
        self.activation = activation
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return an output of the shape of ``x``, (..., d_model)."""
        output: Tensor = self.contract(self.dropout(self.activation(self.expand(x))))
        return output


class _Block(nn.Module):
    """What both blocks share: self-attention, feed-forward, and where the norms stand."""

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_hidden: int | None = None,
        *,
        norm_first: bool = True,
        activation: Callable[[Tensor], Tensor] = gelu,
        dropout: float = 0.0,
        bias: bool = True,
        **attention_options: Any,
    ) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(
            d_model, n_heads, dropout=dropout, bias=bias, **attention_options
        )
        self.feed_forward = FeedForward(
            d_model, 4 * d_model if d_hidden is None else d_hidden,
            activation=activation, dropout=dropout, bias=bias,
        )  # fmt: skip
        self.attention_norm = nn.LayerNorm(d_model, bias=bias)
        self.feed_forward_norm = nn.LayerNorm(d_model, bias=bias)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = check_flag("norm_first", norm_first)

    def residual(self, x: Tensor, norm: nn.Module, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        """Return ``x + sublayer(norm(x))``, or ``norm(x + sublayer(x))`` where norms come last."""
        if self.norm_first:
            output: Tensor = x + self.dropout(sublayer(norm(x)))
        else:
            output = norm(x + self.dropout(sublayer(x)))
        return output


class EncoderBlock(_Block):
    r"""Self-attention, then feed-forward.

    .. math::
        \begin{aligned}
        y &= x + \mathrm{Attention}(\mathrm{norm}(x)) \\
        z &= y + \mathrm{FeedForward}(\mathrm{norm}(y))
        \end{aligned}

    Parameters
    ----------
    d_model, n_heads : int
        As in `MultiHeadAttention`.
    d_hidden : int, optional
        Inner width of the feed-forward, ``4 · d_model`` by default.
    norm_first : bool
        Pre-norm as above (the default), or post-norm as in the first paper.
    activation : callable
        The bend of the feed-forward.
    dropout : float
        While training: on the weights, the hidden features and both residual branches.
    bias : bool
        Whether maps and norms have biases.
    **attention_options
        Further options of `MultiHeadAttention`, for example ``rotate``.

    References
    ----------
    Vaswani et al. 2017, section 3.1 (post-norm); Xiong et al. 2020, "On Layer Normalization in
    the Transformer Architecture" (pre-norm).

    Examples
    --------
    >>> import torch
    >>> EncoderBlock(d_model=8, n_heads=2)(torch.ones(3, 5, 8), causal=True).shape
    torch.Size([3, 5, 8])
    """

    def forward(self, x: Tensor, **options: Any) -> Tensor:
        """Return an output of the shape of ``x``; ``options`` are those of the attention layer."""
        x = self.residual(x, self.attention_norm, lambda y: self.attention(y, **options))
        return self.residual(x, self.feed_forward_norm, self.feed_forward)

    @classmethod
    def from_torch(cls, source: nn.TransformerEncoderLayer) -> EncoderBlock:
        """Return a block with a copy of the weights of PyTorch's own.

        As in `MultiHeadAttention.from_torch`, the batch comes first here.
        """
        block = cls(**_torch_options(source))
        _copy_shared(source, block)
        _copy_norm(source.norm2, block.feed_forward_norm)
        return block.train(source.training)


class DecoderBlock(_Block):
    r"""Causal self-attention, then attention to a memory, then feed-forward.

    .. math::
        \begin{aligned}
        y &= x + \mathrm{Attention}(\mathrm{norm}(x)) \\
        z &= y + \mathrm{Attention}(\mathrm{norm}(y), M) \\
        u &= z + \mathrm{FeedForward}(\mathrm{norm}(z))
        \end{aligned}

    Parameters
    ----------
    d_model, n_heads, d_hidden, dropout
        As in `EncoderBlock`.
    **options
        Its further options. Those of attention serve the self-attention; the attention to the
        memory takes ``bias`` and ``n_kv_heads`` of them, its norm ``bias``.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", section 3.1.

    Examples
    --------
    >>> import torch
    >>> block = DecoderBlock(d_model=8, n_heads=2)
    >>> block(torch.ones(3, 5, 8), torch.ones(3, 7, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_hidden: int | None = None,
        *,
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(d_model, n_heads, d_hidden, dropout=dropout, **options)
        shared = {name: options[name] for name in ("bias", "n_kv_heads") if name in options}
        self.memory_attention = MultiHeadAttention(d_model, n_heads, dropout=dropout, **shared)
        self.memory_norm = nn.LayerNorm(d_model, bias=options.get("bias", True))

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        *,
        memory_mask: Tensor | None = None,
        causal: bool = True,
        **options: Any,
    ) -> Tensor:
        """Return an output of the shape of ``x``.

        Parameters
        ----------
        x : tensor of shape (..., n, d_model)
        memory : tensor of shape (..., m, d_model)
            The encoder's output.
        memory_mask : boolean tensor that broadcasts to (..., h, n, m), optional
            ``True`` = may attend; hides the padding of the memory.
        causal : bool
            Whether self-attention hides later positions.
        **options
            Further options of the self-attention.
        """
        x = self.residual(
            x, self.attention_norm, lambda y: self.attention(y, causal=causal, **options)
        )
        x = self.residual(
            x, self.memory_norm, lambda y: self.memory_attention(y, memory, mask=memory_mask)
        )
        return self.residual(x, self.feed_forward_norm, self.feed_forward)

    @classmethod
    def from_torch(cls, source: nn.TransformerDecoderLayer) -> DecoderBlock:
        """Return a block with a copy of the weights of PyTorch's own."""
        block = cls(**_torch_options(source))
        _copy_shared(source, block)
        block.memory_attention = MultiHeadAttention.from_torch(source.multihead_attn)
        _copy_norm(source.norm2, block.memory_norm)
        _copy_norm(source.norm3, block.feed_forward_norm)
        return block.train(source.training)


def _torch_options(source: Any) -> dict[str, Any]:
    return {
        "d_model": source.linear1.in_features,
        "n_heads": source.self_attn.num_heads,
        "d_hidden": source.linear1.out_features,
        "norm_first": source.norm_first,
        "activation": source.activation,
        "dropout": source.dropout.p,
        "bias": source.linear1.bias is not None,
    }


def _copy_shared(source: Any, block: _Block) -> None:
    block.to(source.linear1.weight)
    block.attention = MultiHeadAttention.from_torch(source.self_attn)
    block.feed_forward.expand.load_state_dict(source.linear1.state_dict())
    block.feed_forward.contract.load_state_dict(source.linear2.state_dict())
    _copy_norm(source.norm1, block.attention_norm)


def _copy_norm(source: nn.LayerNorm, target: nn.LayerNorm) -> None:
    target.load_state_dict(source.state_dict())
    target.eps = source.eps
