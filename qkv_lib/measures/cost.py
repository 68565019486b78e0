r"""What attention costs: multiplications, bytes, and the length at which ``n²`` begins to hurt.

A block of a Transformer costs, for ``n`` positions of width ``d = h · d_k``,

.. math:: \underbrace{4 n d^2}_{\text{projections}} + \underbrace{2 n^2 d}_{\text{scores, sum}} +
          \underbrace{2 n d\, d_{ff}}_{\text{feed-forward}}

multiplications. With the usual ``d_ff = 4 d`` the middle term overtakes the others at ``n = 6 d``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from qkv_lib.formula.checks import check_count

__all__ = ["Block", "Cost", "Part", "block_cost", "crossover_length", "kv_cache_bytes"]


@dataclass(frozen=True)
class Block:
    """The sizes of a Transformer block.

    Parameters
    ----------
    d_model : int
        Width of input and output.
    n_heads : int
        Query heads ``h``, each of width ``d_model / h``; it must divide ``d_model``.
    n_kv_heads : int, optional
        Key and value heads ``g``, a divisor of ``h``: ``h`` (the default) is multi-head
        attention, 1 multi-query attention, between them grouped-query attention.
    d_ff : int, optional
        Hidden width of the feed-forward part, ``4 · d_model`` by default; 0 leaves it out.

    Raises
    ------
    TypeError, ValueError
        A size is no integer, too small, or does not divide what it must.

    Examples
    --------
    >>> Block(d_model=512, n_heads=8).d_ff
    2048
    """

    d_model: int
    n_heads: int
    n_kv_heads: int | None = None
    d_ff: int | None = None

    def __post_init__(self) -> None:
        """Check the sizes and fill in the defaults."""
        h = check_count("n_heads", self.n_heads, least=1)
        d = check_count("d_model", self.d_model, least=1)
        g = check_count("n_kv_heads", h if self.n_kv_heads is None else self.n_kv_heads, least=1)
        d_ff = check_count("d_ff", 4 * d if self.d_ff is None else self.d_ff, least=0)
        for name, whole, part in (("d_model", d, h), ("n_heads", h, g)):
            if whole % part:
                raise ValueError(f"{name} is {whole}, needs a multiple of {part} heads")
        for name, value in (("d_model", d), ("n_heads", h), ("n_kv_heads", g), ("d_ff", d_ff)):
            object.__setattr__(self, name, value)

    @property
    def d_head(self) -> int:
        """Width of one head."""
        return self.d_model // self.n_heads

    @property
    def d_kv(self) -> int:
        """Width of all keys together, and of all values."""
        return self.d_head * (self.n_kv_heads or self.n_heads)


class Part(NamedTuple):
    """One part of the cost.

    Attributes
    ----------
    multiplications : int
        Products of two numbers; each comes with one addition.
    bytes : int
        Memory of what the part computes.
    """

    multiplications: int
    bytes: int


class Cost(NamedTuple):
    """The cost of a block, part by part.

    Attributes
    ----------
    projections : Part
        Queries, keys, values and the output: ``X W_Q``, ``Y W_K``, ``Y W_V``, ``O W_O``.
    scores : Part
        ``Q Kᵀ``.
    weighted_sum : Part
        ``A V``.
    feed_forward : Part
        The two layers after attention.
    """

    projections: Part
    scores: Part
    weighted_sum: Part
    feed_forward: Part

    @property
    def total(self) -> Part:
        """Sum of all parts."""
        return Part(sum(part.multiplications for part in self), sum(part.bytes for part in self))


def block_cost(
    block: Block, n_queries: int, n_keys: int | None = None, *, bytes_per_number: int = 4
) -> Cost:
    """Return what one block costs for one sequence.

    Parameters
    ----------
    block : Block
    n_queries : int
    n_keys : int, optional
        ``n_queries`` by default: self-attention. All keys and values are projected anew; a
        cache saves that.
    bytes_per_number : int
        4 for float32, 2 for half precision.

    Returns
    -------
    Cost
        Scale, softmax, masks and biases are left out: they multiply ``h · n · m`` numbers, a
        share of ``1 / d_head`` of the scores.

    Raises
    ------
    TypeError, ValueError
        A size is no integer or is too small.

    Examples
    --------
    >>> cost = block_cost(Block(d_model=512, n_heads=8), n_queries=1024)
    >>> cost.scores.multiplications, cost.scores.bytes
    (536870912, 33554432)
    """
    n = check_count("n_queries", n_queries, least=0)
    m = n if n_keys is None else check_count("n_keys", n_keys, least=0)
    size = check_count("bytes_per_number", bytes_per_number, least=1)
    d, h, d_kv, d_ff = block.d_model, block.n_heads, block.d_kv, block.d_ff or 0
    return Cost(
        projections=Part(2 * n * d * d + 2 * m * d * d_kv, size * (2 * n * d + 2 * m * d_kv)),
        scores=Part(n * m * d, size * h * n * m),
        weighted_sum=Part(n * m * d, size * n * d),
        feed_forward=Part(2 * n * d * d_ff, size * n * (d_ff + d if d_ff else 0)),
    )


def crossover_length(block: Block) -> float:
    r"""Return the length from which scores and weighted sum cost more than all the rest.

    .. math::
        \begin{aligned}
        2 n^2 d &= 2 n d\,(d + d_{kv} + d_{ff}) \\
        \Rightarrow\quad n &= d + d_{kv} + d_{ff}
        \end{aligned}

    Parameters
    ----------
    block : Block

    Returns
    -------
    float
        ``6 · d_model`` for the usual block (``g = h``, ``d_ff = 4 · d_model``);
        ``2 · d_model`` for attention alone (``d_ff = 0``).

    Notes
    -----
    Counted in multiplications. Measured time crosses elsewhere: a softmax moves more memory
    than a projection for each multiplication.

    Examples
    --------
    >>> crossover_length(Block(d_model=512, n_heads=8)) / 512
    6.0
    """
    return float(block.d_model + block.d_kv + (block.d_ff or 0))


def kv_cache_bytes(
    block: Block, n_tokens: int, *, n_blocks: int = 1, batch: int = 1, bytes_per_number: int = 2
) -> int:
    """Return the memory of a key-value cache: one key and one value per token, head and block.

    Parameters
    ----------
    block : Block
        ``n_kv_heads`` decides: a cache of ``g`` heads is ``h / g`` times smaller than of ``h``.
    n_tokens : int
        Tokens held for each sequence.
    n_blocks : int
        Blocks of the model; each has a cache of its own.
    batch : int
        Sequences held.
    bytes_per_number : int
        2 for half precision, 4 for float32.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        A size is no integer or is too small.

    References
    ----------
    Shazeer 2019, "Fast Transformer Decoding", section 2.4.

    Examples
    --------
    >>> for n_kv_heads in (32, 8, 1):              # multi-head, grouped, multi-query
    ...     block = Block(d_model=4096, n_heads=32, n_kv_heads=n_kv_heads)
    ...     print(kv_cache_bytes(block, 8192, n_blocks=32) / 2**20, "MiB")
    4096.0 MiB
    1024.0 MiB
    128.0 MiB
    """
    sizes = {"n_tokens": n_tokens, "n_blocks": n_blocks, "batch": batch}
    numbers = 2 * block.d_kv
    for name, size in sizes.items():
        numbers *= check_count(name, size, least=0)
    return numbers * check_count("bytes_per_number", bytes_per_number, least=1)
