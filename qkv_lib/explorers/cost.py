"""A calculator: what a model's attention costs, and what its cache holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from qkv_lib.explorers._page import BYTES, Explorer, spoken, table
from qkv_lib.formula.checks import check_count
from qkv_lib.measures.cost import Block, block_cost, crossover_length, kv_cache_bytes

__all__ = ["cost"]

PARTS = ("projections", "scores", "weighted sum", "feed-forward")
MEMORY = ("scores of one block", "cache, multi-head", "cache, these heads", "cache, multi-query")
LARGEST = 16_777_216  # of any size; products of these still fit the numbers of a browser


class Bill(NamedTuple):
    """What the figure shows, for all blocks and the whole batch."""

    multiplications: tuple[int, ...]
    score_bytes: int
    caches: tuple[int, ...]
    crossover: float


def cost(
    block: Block,
    n_tokens: int,
    *,
    n_blocks: int = 1,
    batch: int = 1,
    bytes_per_number: int = 2,
    window: int | None = None,
    name: str | None = None,
) -> Explorer:
    """Calculate cost and cache of a model: every size can be changed, the formulas are shown.

    The figure gives the multiplications of projections, scores, weighted sum and feed-forward
    part with their shares, the length at which scores and sum overtake the rest, the memory of
    the scores where they are kept, and the key-value cache with ``h``, ``g`` and one head.

    Parameters
    ----------
    block : Block
        The sizes to start from: ``Block(d_model, n_heads, n_kv_heads, d_ff)``.
    n_tokens : int
        Length of a sequence.
    n_blocks : int
        Blocks of the model.
    batch : int
        Sequences at a time.
    bytes_per_number : {1, 2, 4}
        Bytes of a number: 4 for float32, 2 for half precision, 1 for 8 bits.
    window : int, optional
        Keys that a query may see, its own and those before it; all of them by default. The
        cache then keeps no more.
    name : str, optional
        Makes the ``id`` of the figure; derived from the numbers by default.

    Returns
    -------
    Explorer
        A notebook shows it when a cell ends in it.

    Raises
    ------
    TypeError
        ``block`` is no `qkv_lib.measures.cost.Block`, or a size is no integer.
    ValueError
        A size is below 1 or beyond 16,777,216, ``bytes_per_number`` is not 1, 2 or 4, or
        ``name`` is no word.

    Notes
    -----
    Counted as in `qkv_lib.measures.cost.block_cost`: no softmax, and no saving by a causal mask.

    Examples
    --------
    >>> from qkv_lib.measures.cost import Block
    >>> cost(Block(d_model=4096, n_heads=32, n_kv_heads=8), 8192, n_blocks=32, name="model")
    <explorer cost-model>
    """
    if not isinstance(block, Block):
        raise TypeError(f"block is a {type(block).__name__}, needs a qkv_lib.measures.cost.Block")
    if bytes_per_number not in (1, 2, 4):
        raise ValueError(f"bytes_per_number is {bytes_per_number!r}, needs 1, 2 or 4")
    sizes = {
        "n_tokens": n_tokens, "d_model": block.d_model, "n_heads": block.n_heads,
        "n_kv_heads": block.n_kv_heads, "d_ff": block.d_ff, "n_blocks": n_blocks,
        "batch": batch, "window": n_tokens if window is None else window,
    }  # fmt: skip
    for size, value in sizes.items():
        if check_count(size, value, least=int(size != "d_ff")) > LARGEST:
            raise ValueError(f"{size} is {value}, needs at most {LARGEST:,}")
    data = sizes | {"window": window or 0, "bytes": int(bytes_per_number)}
    return Explorer("cost", "Cost", data, _fallback(data), name)


def bill(data: dict[str, Any]) -> Bill:
    """Return what sizes cost, by the formulas of `qkv_lib.measures.cost`."""
    n, blocks, batch, size = (data[key] for key in ("n_tokens", "n_blocks", "batch", "bytes"))
    n_seen = min(n, data["window"] or n)
    block = Block(data["d_model"], data["n_heads"], data["n_kv_heads"], data["d_ff"])
    whole = block_cost(block, n, bytes_per_number=size)
    seen = block_cost(block, n, n_seen, bytes_per_number=size)
    parts = whole._replace(scores=seen.scores, weighted_sum=seen.weighted_sum)
    held = {"n_blocks": blocks, "batch": batch, "bytes_per_number": size}
    return Bill(
        multiplications=tuple(blocks * batch * part.multiplications for part in parts),
        score_bytes=batch * seen.scores.bytes,
        caches=tuple(
            kv_cache_bytes(replace(block, n_kv_heads=g), n_seen, **held)
            for g in (data["n_heads"], data["n_kv_heads"], 1)
        ),
        crossover=crossover_length(block),
    )


def _fallback(data: dict[str, Any]) -> str:
    due = bill(data)
    shares = [f"{100 * x / sum(due.multiplications):.1f} %" for x in due.multiplications]
    sizes = [f"{value:,}" for value in data.values()]
    if not data["window"]:
        sizes[list(data).index("window")] = "none"
    return "\n".join([
        table(
            "sizes", [[size] for size in sizes],
            row_names=[size.replace("_", " ") for size in data], column_names=["value"],
        ),
        table(
            "multiplications",
            [[spoken(x), share] for x, share in zip(due.multiplications, shares, strict=True)],
            row_names=PARTS, column_names=["number", "share"],
        ),
        table(
            "memory",
            [[spoken(x, 1024, BYTES)] for x in (due.score_bytes, *due.caches)],
            row_names=MEMORY, column_names=["size"],
        ),
        f"<p>Without a window, scores and weighted sum cost more than the rest from "
        f"{due.crossover:,.0f} tokens on.</p>",
    ])  # fmt: skip
