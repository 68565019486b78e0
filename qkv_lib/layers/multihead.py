"""Multi-head attention as a layer that trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from qkv_lib.exact._choose import cheapest
from qkv_lib.exact.cache import KVCache
from qkv_lib.formula._door import check_call
from qkv_lib.formula.arrays import shape
from qkv_lib.formula.checks import check_count, check_flag
from qkv_lib.formula.heads import merge_heads, split_heads
from qkv_lib.formula.steps import averages, plain


class MultiHeadAttention(nn.Module):
    r"""Attend in several heads at once, each with learned projections of its own.

    .. math::
        \begin{aligned}
        O &= \mathrm{concat}(O_1, \dots, O_h)\, W_O + b_O \\
        O_i &= \mathrm{Attention}(X W_Q^{(i)}, Y W_K^{(i)}, Y W_V^{(i)})
        \end{aligned}

    Parameters
    ----------
    d_model : int
        Width of the queries' input and of the output.
    n_heads : int
        The number of query heads ``h``; it must divide ``d_model``.
    n_kv_heads : int, optional
        The number of key and value heads ``g``, which must divide ``h``; ``h`` by default.
    kdim, vdim : int, optional
        Widths of the keys' and the values' input; ``d_model`` by default.
    bias : bool
        Whether the four maps have biases.
    dropout : float
        Share of the weights set to 0 while training.
    fused : bool
        One matrix for queries, keys and values; for self-attention only.
    rotate : callable, optional
        ``rotate(x)`` or ``rotate(x, positions=...)``, applied to the queries and the keys of
        all heads, for example `qkv_lib.formula.positions.rope`.

    Notes
    -----
    The weights are torch's: ``layer.query.weight`` is ``W_Q`` transposed.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", section 3.2.2; grouped queries: Ainslie
    et al. 2023, "GQA".

    Examples
    --------
    >>> import torch
    >>> layer = MultiHeadAttention(d_model=12, n_heads=3)
    >>> layer(torch.ones(2, 5, 12), causal=True).shape
    torch.Size([2, 5, 12])
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        *,
        n_kv_heads: int | None = None,
        kdim: int | None = None,
        vdim: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        fused: bool = False,
        rotate: Callable[..., Tensor] | None = None,
    ) -> None:
        super().__init__()
        check_flag("bias", bias)
        check_flag("fused", fused)
        self.d_model = check_count("d_model", d_model, least=1)
        self.n_heads = check_count("n_heads", n_heads, least=1)
        self.n_kv_heads = _count("n_kv_heads", n_kv_heads, self.n_heads)
        _check_heads(self.d_model, self.n_heads, self.n_kv_heads)
        d_kv = d_model // n_heads * self.n_kv_heads
        kdim, vdim = _count("kdim", kdim, d_model), _count("vdim", vdim, d_model)
        widths = {"x_query": d_model, "x_key": kdim, "x_value": vdim}
        if fused and len(set(widths.values())) > 1:
            raise ValueError(f"fused needs one input width, got kdim {kdim} and vdim {vdim}")
        if fused:
            self.query_key_value = nn.Linear(d_model, d_model + 2 * d_kv, bias=bias)
        else:
            self.query = nn.Linear(d_model, d_model, bias=bias)
            self.key = nn.Linear(widths["x_key"], d_kv, bias=bias)
            self.value = nn.Linear(widths["x_value"], d_kv, bias=bias)
        self.output = nn.Linear(d_model, d_model, bias=bias)
        self.dropout = nn.Dropout(dropout)
        self.widths, self.fused, self.rotate = widths, fused, rotate
        self.recorder: Callable[[Tensor], None] | None = None

    def forward(
        self,
        x_query: Tensor,
        x_key: Tensor | None = None,
        x_value: Tensor | None = None,
        *,
        positions: Tensor | None = None,
        cache: KVCache | None = None,
        **options: Any,
    ) -> Tensor:
        """Return the output of shape (..., n_queries, d_model).

        Parameters
        ----------
        x_query : tensor of shape (..., n_queries, d_model)
        x_key : tensor of shape (..., n_keys, kdim), optional
            ``x_query`` by default: self-attention.
        x_value : tensor of shape (..., n_keys, vdim), optional
            ``x_key`` by default.
        positions : integer tensor, optional
            Handed to ``rotate``.
        cache : qkv_lib.exact.KVCache, optional
            Takes up the new keys and values; the queries, of its newest tokens, attend to all
            that it holds.
        **options
            Options of `qkv_lib.attention`; masks broadcast to (..., h, n_queries, n_keys).

        Raises
        ------
        TypeError, ValueError
            An input has the wrong width, an option is not what `qkv_lib.attention` needs,
            ``positions`` are given without ``rotate``, or the projections are fused and the
            inputs differ.
        """
        x_key = x_query if x_key is None else x_key
        x_value = x_key if x_value is None else x_value
        query, key, value = self.project(x_query, x_key, x_value)
        if self.rotate is not None:
            if positions is None and cache is not None:
                start = len(cache)
                positions = torch.arange(start, start + query.shape[-2], device=query.device)
            where = {} if positions is None else {"positions": positions}
            query, key = self.rotate(query, **where), self.rotate(key, **where)
        elif positions is not None:
            raise ValueError("positions are given but the layer has no rotate to use them")
        if cache is not None:
            cache.append(key, value)
            key, value = cache.key, cache.value
            options = {"offset": len(cache) - query.shape[-2], **options}
        output: Tensor = self.output(merge_heads(self._attend(query, key, value, options)))
        return output

    def project(self, x_query: Tensor, x_key: Tensor, x_value: Tensor) -> tuple[Tensor, ...]:
        """Return the queries (..., h, n, d) and the keys and values (..., g, m, d) of all heads."""
        inputs = {"x_query": x_query, "x_key": x_key, "x_value": x_value}
        for name, x in inputs.items():
            if x.ndim < 2 or x.shape[-1] != self.widths[name]:
                raise ValueError(
                    f"{name} has shape {shape(x)}, needs (..., length, {self.widths[name]})"
                )
        if not self.fused:
            maps = (self.query(x_query), self.key(x_key), self.value(x_value))
        elif x_query is x_key is x_value:
            d_kv = self.d_model // self.n_heads * self.n_kv_heads
            maps = self.query_key_value(x_query).split([self.d_model, d_kv, d_kv], dim=-1)
        else:
            raise ValueError("x_key and x_value must be x_query where the projections are fused")
        heads = (self.n_heads, self.n_kv_heads, self.n_kv_heads)
        return tuple(split_heads(x, n) for x, n in zip(maps, heads, strict=True))

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, options: Any) -> Tensor:
        call = check_call(query, key, value, **options)
        drops = self.training and self.dropout.p > 0
        if not drops and self.recorder is None:
            output: Tensor = cheapest(call)
            return output
        weights = self.dropout(plain(call).weights)
        if self.recorder is not None:
            self.recorder(weights)  # the tensor that multiplies the values in the next line
        used: Tensor = averages(weights, call)
        return used

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy takes over: all but who records the weights of this one."""
        return {**vars(self), "recorder": None}

    @classmethod
    def from_torch(cls, source: nn.MultiheadAttention) -> MultiHeadAttention:
        """Return a layer with a copy of the weights of PyTorch's own.

        PyTorch's layer takes masks with ``True`` = hidden, and ``(length, batch, features)``
        unless it was made with ``batch_first``; this one keeps to its own conventions.

        Raises
        ------
        ValueError
            ``source`` was made with ``add_bias_kv`` or ``add_zero_attn``.
        """
        if source.bias_k is not None or source.add_zero_attn:
            raise ValueError("source has add_bias_kv or add_zero_attn: this layer has neither")
        layer = cls(
            source.embed_dim, source.num_heads, kdim=source.kdim, vdim=source.vdim,
            bias=source.in_proj_bias is not None, dropout=source.dropout,
        )  # fmt: skip
        layer.to(source.out_proj.weight)
        layer.train(source.training)
        layer.load_state_dict(_torch_weights(source))
        return layer


def _count(name: str, value: int | None, default: int) -> int:
    return default if value is None else check_count(name, value, least=1)


def _check_heads(d_model: int, n_heads: int, n_kv_heads: int) -> None:
    if d_model % n_heads:
        raise ValueError(f"d_model is {d_model}, which {n_heads} heads cannot share: "
                         "n_heads must divide it")  # fmt: skip
    if n_heads % n_kv_heads:
        raise ValueError(f"n_kv_heads is {n_kv_heads}, needs a divisor of n_heads ({n_heads})")


def _torch_weights(source: nn.MultiheadAttention) -> dict[str, Tensor]:
    separate = (source.q_proj_weight, source.k_proj_weight, source.v_proj_weight)
    matrices = separate if source.in_proj_weight is None else source.in_proj_weight.chunk(3)
    names = ("query", "key", "value")
    state = {f"{name}.weight": matrix for name, matrix in zip(names, matrices, strict=True)}
    state["output.weight"] = source.out_proj.weight
    if source.in_proj_bias is not None:
        biases = source.in_proj_bias.chunk(3)
        state |= {f"{name}.bias": bias for name, bias in zip(names, biases, strict=True)}
        state["output.bias"] = source.out_proj.bias
    return state
