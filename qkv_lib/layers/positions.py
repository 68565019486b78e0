"""Positions that are learned: one vector per position, added to the input."""

from __future__ import annotations

import torch
from torch import nn

from qkv_lib.formula.arrays import shape
from qkv_lib.formula.checks import check_count


class LearnedPositions(nn.Module):
    """Add a learned vector to each position: ``x_i + P_{i + offset}``.

    Parameters
    ----------
    n_positions : int
        The longest sequence there is a vector for.
    d_model : int
        Width of the vectors.

    References
    ----------
    Gehring et al. 2017, "Convolutional Sequence to Sequence Learning", section 3.1.

    Examples
    --------
    >>> import torch
    >>> add_positions = LearnedPositions(n_positions=16, d_model=8)
    >>> add_positions(torch.zeros(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, n_positions: int, d_model: int) -> None:
        super().__init__()
        self.n_positions = check_count("n_positions", n_positions, least=1)
        self.table = nn.Embedding(self.n_positions, check_count("d_model", d_model, least=1))
        nn.init.normal_(self.table.weight, std=0.02)

    def forward(self, x: torch.Tensor, *, offset: int = 0) -> torch.Tensor:
        """Return ``x`` of shape (..., n, d_model), its row ``i`` moved by vector ``i + offset``.

        Raises
        ------
        ValueError
            ``x`` has another width, or reaches past the last learned position.
        """
        offset = check_count("offset", offset, least=0)
        d_model = self.table.embedding_dim
        if x.ndim < 2 or x.shape[-1] != d_model:
            raise ValueError(f"x has shape {shape(x)}, needs (..., length, {d_model})")
        end = offset + x.shape[-2]
        if end > self.n_positions:
            raise ValueError(
                f"x reaches position {end - 1} (offset {offset}, length {x.shape[-2]}) but only "
                f"0 to {self.n_positions - 1} were learned: make n_positions at least {end}"
            )
        return x + self.table.weight[offset:end]
