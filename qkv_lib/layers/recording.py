"""See the weights that a model used, without a second pass that could differ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from qkv_lib.layers.multihead import MultiHeadAttention


@contextmanager
def recorded_weights(model: nn.Module) -> Iterator[dict[str, list[Tensor]]]:
    """Collect the weights that the attention layers of a model use inside the ``with`` block.

    They are the tensors that multiply the values, after masks and dropout; there is no second
    pass that could differ.

    Parameters
    ----------
    model : torch.nn.Module
        Any module with `MultiHeadAttention` somewhere inside (or one itself).

    Yields
    ------
    dict
        From the name of each layer in ``model`` (``""`` for ``model`` itself) to one tensor of
        shape (..., h, n_queries, n_keys) a call.

    Raises
    ------
    ValueError
        There is no `MultiHeadAttention` in ``model``.

    Examples
    --------
    >>> import torch
    >>> layer = MultiHeadAttention(d_model=12, n_heads=3)
    >>> with recorded_weights(layer) as maps:
    ...     output = layer(torch.ones(2, 5, 12))
    >>> maps[""][0].shape
    torch.Size([2, 3, 5, 5])
    """
    layers = {n: m for n, m in model.named_modules() if isinstance(m, MultiHeadAttention)}
    if not layers:
        raise ValueError(f"model is a {type(model).__name__} without any MultiHeadAttention")
    maps: dict[str, list[Tensor]] = {name: [] for name in layers}
    before = {name: layer.recorder for name, layer in layers.items()}
    try:
        for name, layer in layers.items():
            layer.recorder = maps[name].append
        yield maps
    finally:
        for name, layer in layers.items():
            layer.recorder = before[name]
