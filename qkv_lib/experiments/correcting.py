"""The reader of chapter 8 with a state that corrects what it holds: recall by the delta rule.

Of chapters 5, 6, 8 and 9.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import normalize, pad

from qkv_lib.experiments.recall import PairReader, train
from qkv_lib.variants.delta import delta_attention_by_chunks

__all__ = ["DeltaReader", "train_delta_reader"]


class DeltaReader(PairReader):
    """Read pairs of a key and a value into a state by the delta rule, and answer one question.

    All but the state is that of the linear `PairReader`: queries and keys have length 1, and how
    much of its error a pair writes is learned from its row.

    Parameters
    ----------
    d_k : int
        Width of queries and keys; the state holds ``d_k · d_v`` numbers.
    d_model, d_v : int

    Examples
    --------
    >>> import torch
    >>> keys = torch.tensor([[3, 1, 4]])
    >>> DeltaReader()(keys, torch.tensor([[0, 1, 2]]), torch.tensor([1])).shape
    torch.Size([1, 8])
    """

    def __init__(self, *, d_k: int = 16, d_model: int = 32, d_v: int = 16) -> None:
        super().__init__("linear", d_k=d_k, d_model=d_model, d_v=d_v)
        self.strength = nn.Linear(d_model, 1)

    def forward(self, keys: Tensor, values: Tensor, asked: Tensor) -> Tensor:
        """Return logits of the answer, (batch, 8).

        Parameters
        ----------
        keys, values : integer tensors of shape (batch, n)
        asked : integer tensor of shape (batch,)
            The key that the query asks for.
        """
        x = self.keys(keys) + self.values(values)  # (batch, n, d_model)
        question = self.to_query(self.keys(asked))[:, None]  # (batch, 1, d_k)
        below, above = (0, 0, 0, 1), (0, 0, x.shape[-2], 0)  # rows of zeros
        # The question is one more row, the last: it reads the state and writes nothing.
        output = delta_attention_by_chunks(
            pad(normalize(question, dim=-1), above),
            pad(normalize(self.to_key(x), dim=-1), below),
            pad(self.to_value(x), below),
            pad(self.strength(x).sigmoid(), below)[..., 0],
            chunk=x.shape[-2] + 1,
        )
        logits: Tensor = self.answer(output[:, -1])
        return logits


def train_delta_reader(
    *, seed: int, d_k: int = 16, d_model: int = 32, n_updates: int = 800, lr: float = 0.01
) -> DeltaReader:
    """Return a reader trained on rows of 4 to 64 pairs, as `qkv_lib.experiments.recall` trains.

    Parameters
    ----------
    seed : int
        Of the first weights and of the rows.
    d_k, d_model
        As in `DeltaReader`.
    n_updates : int
    lr : float
        The highest learning rate.

    Returns
    -------
    DeltaReader

    Examples
    --------
    >>> train_delta_reader(seed=0, n_updates=2).training
    False
    """
    model = DeltaReader(d_k=d_k, d_model=d_model)
    train(model, "recall", seed=seed, n_updates=n_updates, lr=lr)
    return model
