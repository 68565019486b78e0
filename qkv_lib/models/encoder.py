"""A pretrained sentence encoder, all-MiniLM-L6-v2, run by this book's own attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from qkv_lib.data.pretrained import read_pretrained, read_weights
from qkv_lib.formula.checks import check_count
from qkv_lib.layers import EncoderBlock, LearnedPositions, MultiHeadAttention

__all__ = ["SentenceEncoder", "Tokens", "WordPieces", "load_encoder", "unit_mean"]

LONGEST = 256  # the pieces of a text the model was made for; what comes after is cut off
EPSILON = 1e-12  # in the norms of this model


class Tokens(NamedTuple):
    """Texts as numbers.

    Attributes
    ----------
    ids : int64 tensor of shape (batch, n)
        Filled up with 0, which is [PAD].
    lengths : int64 tensor of shape (batch,)
        How many of them are real.
    """

    ids: Tensor
    lengths: Tensor


class WordPieces:
    """The tokeniser of the encoder: text to pieces of words, between [CLS] and [SEP].

    Raises
    ------
    FileNotFoundError, ValueError
        The shipped file is missing or not the known one.

    References
    ----------
    Wu et al. 2016, "Google's Neural Machine Translation System", section 4.1.

    Examples
    --------
    >>> WordPieces().pieces("A tokeniser.")
    ['[CLS]', 'a', 'token', '##iser', '.', '[SEP]']
    """

    def __init__(self) -> None:
        self._tokenizer: Any = Tokenizer.from_str(read_pretrained("tokenizer.json").decode())
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)

    def pieces(self, text: str) -> list[str]:
        """Return the pieces of one text."""
        pieces: list[str] = self._tokenizer.encode(text).tokens
        return pieces

    def __call__(self, texts: Sequence[str]) -> Tokens:
        """Return the ids of a batch of texts, padded to the longest of them.

        Raises
        ------
        TypeError
            ``texts`` is one string: a batch of letters is never meant.
        """
        if isinstance(texts, str):
            raise TypeError(f"texts is the string {texts!r}, needs a list of strings")
        rows = [torch.tensor(each.ids) for each in self._tokenizer.encode_batch(list(texts))]
        lengths = torch.tensor([len(row) for row in rows], dtype=torch.int64)
        return Tokens(nn.utils.rnn.pad_sequence(rows, batch_first=True), lengths)


class SentenceEncoder(nn.Module):
    """A BERT encoder: word, position and segment vectors, then post-norm encoder blocks.

    The defaults are the sizes of all-MiniLM-L6-v2: 6 blocks of 12 heads of width 32.

    Parameters
    ----------
    n_words, n_positions : int
        Sizes of the tables of word and position vectors.
    d_model, n_heads, d_hidden : int
        As in `qkv_lib.layers.EncoderBlock`.
    n_blocks : int
        How many encoder blocks follow each other.

    References
    ----------
    Devlin et al. 2019, "BERT"; Wang et al. 2020, "MiniLM"; Reimers and Gurevych 2019,
    "Sentence-BERT" (mean pooling).

    Examples
    --------
    >>> import torch
    >>> model = SentenceEncoder(100, 16, d_model=8, n_heads=2, d_hidden=16, n_blocks=1)
    >>> model(torch.tensor([[5, 6, 0]]), torch.tensor([2])).shape
    torch.Size([1, 3, 8])
    """

    def __init__(
        self,
        n_words: int = 30522,
        n_positions: int = 512,
        *,
        d_model: int = 384,
        n_heads: int = 12,
        d_hidden: int = 1536,
        n_blocks: int = 6,
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(check_count("n_words", n_words, least=1), d_model)
        self.add_positions = LearnedPositions(n_positions, d_model)
        self.segment = nn.Parameter(torch.zeros(d_model))
        self.norm = nn.LayerNorm(d_model)
        self.blocks = nn.ModuleList(
            EncoderBlock(d_model, n_heads, d_hidden, norm_first=False)
            for _ in range(check_count("n_blocks", n_blocks, least=1))
        )
        for module in self.modules():
            if isinstance(module, nn.LayerNorm):
                module.eps = EPSILON

    @property
    def layers(self) -> list[MultiHeadAttention]:
        """The attention of each block, first block first."""
        return [each for each in self.modules() if isinstance(each, MultiHeadAttention)]

    def hidden_states(self, ids: Tensor, lengths: Tensor) -> list[Tensor]:
        """Return what enters the first block and what leaves each, all (batch, n, d_model)."""
        first = self.norm(self.add_positions(self.words(ids)) + self.segment)
        return self.continued(first, lengths)

    def continued(self, state: Tensor, lengths: Tensor, *, start: int = 0) -> list[Tensor]:
        """Return ``state``, which enters block ``start``, and what leaves each block from there."""
        states = [state]
        padded = {} if bool((lengths == state.shape[1]).all()) else {"key_lengths": lengths}
        for block in self.blocks[start:]:
            states.append(block(states[-1], **padded))
        return states

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the last hidden states, of shape (batch, n, d_model)."""
        return self.hidden_states(ids, lengths)[-1]

    @torch.no_grad()
    def embed(
        self, texts: Sequence[str], tokenise: WordPieces, *, batch_size: int = 32
    ) -> NDArray[np.float32]:
        """Return one unit vector per text, of shape (n_texts, d_model).

        Texts of similar length share a batch, so that little is computed on padding.
        """
        batch_size = check_count("batch_size", batch_size, least=1)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.empty((len(texts), self.norm.normalized_shape[0]), dtype=np.float32)
        for start in range(0, len(texts), batch_size):
            batch = order[start : start + batch_size]
            tokens = tokenise([texts[i] for i in batch])
            vectors[batch] = unit_mean(self(*tokens), tokens.lengths).numpy()
        return vectors


def unit_mean(states: Tensor, lengths: Tensor) -> Tensor:
    r"""Return the mean of the real rows, scaled to length 1: the embedding of a text.

    Parameters
    ----------
    states : tensor of shape (batch, n, d)
    lengths : integer tensor of shape (batch,)
        The real rows of each; the rest is padding.

    Returns
    -------
    tensor of shape (batch, d)

    References
    ----------
    Reimers and Gurevych 2019, "Sentence-BERT", section 3.

    Examples
    --------
    >>> import torch
    >>> unit_mean(torch.tensor([[[3.0, 4.0], [9.0, 9.0]]]), torch.tensor([1]))
    tensor([[0.6000, 0.8000]])
    """
    real = torch.arange(states.shape[1], device=states.device) < lengths[:, None]  # (batch, n)
    total = (states * real[..., None]).sum(dim=1)
    return nn.functional.normalize(total / lengths[:, None], dim=-1)


def load_encoder() -> SentenceEncoder:
    """Return all-MiniLM-L6-v2 with its published weights, in evaluation mode.

    Returns
    -------
    SentenceEncoder

    Raises
    ------
    FileNotFoundError, ValueError
        The shipped file is missing or not the known one; see `qkv_lib.data.pretrained`.

    Examples
    --------
    >>> load_encoder().embed(["One sentence.", "Two."], WordPieces()).shape
    (2, 384)
    """
    model = SentenceEncoder()
    weights = {name: torch.from_numpy(each.copy()) for name, each in read_weights().items()}
    model.load_state_dict(dict(_renamed(weights)))
    return model.eval().requires_grad_(False)


PARTS = {
    "attention.self.query": "attention.query",
    "attention.self.key": "attention.key",
    "attention.self.value": "attention.value",
    "attention.output.dense": "attention.output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "feed_forward.expand",
    "output.dense": "feed_forward.contract",
    "output.LayerNorm": "feed_forward_norm",
}


def _renamed(weights: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield the published weights under the names of `SentenceEncoder`."""
    yield "words.weight", weights["embeddings.word_embeddings.weight"]
    yield "add_positions.table.weight", weights["embeddings.position_embeddings.weight"]
    yield "segment", weights["embeddings.token_type_embeddings.weight"][0]  # one segment only
    for kind in ("weight", "bias"):
        yield f"norm.{kind}", weights[f"embeddings.LayerNorm.{kind}"]
        for i in range(6):
            for theirs, ours in PARTS.items():
                yield f"blocks.{i}.{ours}.{kind}", weights[f"encoder.layer.{i}.{theirs}.{kind}"]
