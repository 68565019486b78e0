"""The cost model against counting: every multiplication counted as it happens."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from qkv_lib.formula.heads import grouped_matmul, split_heads
from qkv_lib.layers import MultiHeadAttention
from qkv_lib.measures.cost import Block, block_cost, crossover_length, kv_cache_bytes
from tests.arrays import plain
from tests.refusals import says

BLOCKS = [
    Block(6, 3),
    Block(6, 3, n_kv_heads=1),
    Block(12, 6, n_kv_heads=2, d_ff=5),
    Block(5, 1, d_ff=0),
]


class Counted:
    """A number that counts the products it takes part in."""

    count = 0

    def __mul__(self, _: "Counted") -> "Counted":
        Counted.count += 1
        return self

    def __add__(self, _: "Counted") -> "Counted":
        return self


def numbers(*shape: int) -> Any:
    return np.full(shape, Counted())


def count(left: Any, right: Any) -> tuple[int, Any]:
    Counted.count = 0
    product = grouped_matmul(left, right)
    return Counted.count, product


@pytest.mark.parametrize("block", BLOCKS, ids=str)
@pytest.mark.parametrize(("n", "m"), [(7, 11), (11, 7), (1, 13)])
def test_the_model_counts_what_is_done(block: Block, n: int, m: int) -> None:
    d = block.d_model
    x, y = numbers(n, d), numbers(m, d)
    projected = [
        count(x, numbers(d, d)), count(y, numbers(d, block.d_kv)),
        count(y, numbers(d, block.d_kv)), count(numbers(n, d), numbers(d, d)),
    ]  # fmt: skip
    query = split_heads(projected[0][1], block.n_heads)
    key, value = (split_heads(projected[i][1], block.n_kv_heads) for i in (1, 2))
    scores = count(query, key.mT)
    summed = count(scores[1], value)
    cost = block_cost(block, n, m, bytes_per_number=3)
    assert cost.projections.multiplications == sum(products for products, _ in projected)
    assert cost.projections.bytes == 3 * sum(x.size for _, x in projected)
    assert cost.scores == (scores[0], 3 * scores[1].size)
    assert cost.weighted_sum == (summed[0], 3 * summed[1].size)
    hidden = count(numbers(n, d), numbers(d, block.d_ff))
    if block.d_ff:
        out = count(hidden[1], numbers(block.d_ff, d))
        assert cost.feed_forward == (hidden[0] + out[0], 3 * (hidden[1].size + out[1].size))
    else:
        assert cost.feed_forward == (0, 0)
    assert cost.total.multiplications == sum(part.multiplications for part in cost)
    assert cost.total.bytes == sum(part.bytes for part in cost)


@pytest.mark.parametrize("kv_heads", [1, 3, 6])
def test_the_layer_does_what_the_model_counts(kv_heads: int) -> None:
    layer = MultiHeadAttention(12, 6, n_kv_heads=kv_heads, bias=False)
    x, y = torch.ones(1, 5, 12), torch.ones(1, 7, 12)
    with FlopCounterMode(display=False) as counter:
        layer(x, y, softcap=50.0)  # no fused kernel has a soft cap, so the products show
    cost = block_cost(Block(12, 6, n_kv_heads=kv_heads, d_ff=0), 5, 7)
    assert counter.get_total_flops() == 2 * cost.total.multiplications


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_crossover_is_where_the_square_overtakes_the_rest(block: Block) -> None:
    def square_minus_rest(n: int) -> int:
        cost = block_cost(block, n)
        square = cost.scores.multiplications + cost.weighted_sum.multiplications
        return square - (cost.total.multiplications - square)

    n = int(crossover_length(block))
    assert n == crossover_length(block)
    assert square_minus_rest(n - 1) < 0
    assert square_minus_rest(n) == 0
    assert square_minus_rest(n + 1) > 0


def test_the_usual_block_crosses_at_six_times_its_width() -> None:
    for d in (64, 512, 4096):
        assert crossover_length(Block(d, 8)) == 6 * d
        assert crossover_length(Block(d, 8, d_ff=0)) == 2 * d


@pytest.mark.parametrize("kv_heads", [1, 2, 6])
def test_cache_is_as_big_as_the_arrays_it_holds(kv_heads: int) -> None:
    block = Block(12, 6, n_kv_heads=kv_heads)
    held = [np.zeros((3, kv_heads, 7, 2), "float16") for _ in ("keys", "values") for _ in range(5)]
    total = sum(plain(x).size * 2 for x in held)
    assert kv_cache_bytes(block, 7, n_blocks=5, batch=3) == total
    assert kv_cache_bytes(block, 7, n_blocks=5, batch=3, bytes_per_number=4) == 2 * total


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((0, 1), "d_model is 0, needs an integer of at least 1"),
        ((6, 0), "n_heads is 0, needs an integer of at least 1"),
        ((6, 4), "d_model is 6, needs a multiple of 4 heads"),
        ((6, 3, 2), "n_heads is 3, needs a multiple of 2 heads"),
        ((6, 3, 0), "n_kv_heads is 0, needs an integer of at least 1"),
        ((6, 3, 3, -1), "d_ff is -1, needs an integer of at least 0"),
    ],
)
def test_sizes_must_fit(sizes: Any, message: str) -> None:
    with says(ValueError, message):
        Block(*sizes)


def test_counts_are_checked() -> None:
    block = Block(6, 3)
    with says(ValueError, "n_queries is -1, needs an integer of at least 0"):
        block_cost(block, -1)
    with says(TypeError, "n_keys is 2.0, needs an integer of at least 0"):
        block_cost(block, 1, 2.0)  # type: ignore[arg-type]
    with says(ValueError, "n_blocks is -1, needs an integer of at least 0"):
        kv_cache_bytes(block, 1, n_blocks=-1)
    with says(ValueError, "bytes_per_number is 0, needs an integer of at least 1"):
        kv_cache_bytes(block, 1, bytes_per_number=0)
