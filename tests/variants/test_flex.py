"""Rules and changes of scores: tile by tile = whole = a mask and a bias."""

from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import attention
from qkv_lib.formula.rules import Rule, causal, documents, everything, prefix, tree, within
from qkv_lib.variants.flex import flex_attention, flex_attention_whole, tiles_computed
from tests.arrays import BATCH, HEADS, LIBRARIES, array, normal, operands, plain

N = 7
RULES = {
    "everything": everything,
    "causal": causal,
    "window and sinks": causal & (within(2) | prefix(1)),
    "prefix": causal | prefix(3),
    "documents": documents(np.array([[0, 0, 1, 1, 1, 2, 2], [0, 1, 1, 1, 1, 1, 2]])),
    "tree": tree(np.array([-1, 0, 0, 1, -1, 4, 2])),
    "nothing": ~everything,
}


def square(lib: str, kv_heads: int = HEADS) -> Any:
    _, key, value = operands(lib, kv_heads=kv_heads)
    return normal(lib, BATCH, HEADS, N, 11, seed=7), key, value


def for_library(rule: Rule, lib: str) -> Rule:
    if lib == "numpy":
        return rule
    return Rule(lambda i, j: torch.tensor(rule(i.numpy(), j.numpy())))


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("block", [1, 2, 3, 64])
def test_tiles_are_the_whole_and_the_whole_is_a_mask(lib: str, name: str, block: int) -> None:
    query, key, value = square(lib)
    rule = for_library(RULES[name], lib)
    whole = plain(flex_attention_whole(query, key, value, rule=rule))
    tiles = plain(flex_attention(query, key, value, rule=rule, block=block))
    mask = array(lib, RULES[name].mask(N, N), "bool")
    np.testing.assert_allclose(tiles, whole, rtol=1e-9, atol=1e-12)
    masked = plain(attention(query, key, value, mask=mask))
    np.testing.assert_allclose(whole, masked, rtol=1e-9, atol=1e-12)


def test_alibi_and_a_soft_cap_as_changes() -> None:
    query, key, value = square("numpy", kv_heads=1)
    slopes = 2.0 ** (-8 * np.arange(1, HEADS + 1) / HEADS)[:, None, None]
    found = flex_attention(
        query, key, value, rule=causal, block=3,
        change=lambda scores, i, j: 2 * np.tanh(scores / 2) - slopes * (i - j),
    )  # fmt: skip
    bias = -slopes * (np.arange(N)[:, None] - np.arange(N))
    expected = attention(query, key, value, causal=True, bias=bias, softcap=2.0)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_the_offset_moves_the_queries() -> None:
    query, key, value = square("numpy")
    whole = flex_attention(query, key, value, rule=causal & within(3), block=2)
    last = flex_attention(query[:, :, 5:], key, value, rule=causal & within(3), offset=5, block=2)
    np.testing.assert_allclose(last, whole[:, :, 5:], rtol=1e-10)


def test_hidden_tiles_are_not_asked_for() -> None:
    asked = []

    def change(scores: Any, i: Any, j: Any) -> Any:
        asked.append((int(i[0, 0]), int(j[0, 0])))
        return scores

    x = normal("numpy", 8, 3)
    flex_attention(x, x, x, rule=causal, change=change, block=4)
    assert asked == [(0, 0), (4, 0), (4, 4)]
    assert tiles_computed(causal, 8, block=4) == (3, 4)
    assert tiles_computed(causal & within(2), 40, block=4) == (10 + 9, 100)


def test_a_mask_without_an_axis_for_heads_is_wrong_where_batch_and_heads_are_equal() -> None:
    """(batch, n, n) broadcasts as (heads, n, n): no error, and another answer."""
    ids = np.array([[0, 0, 1, 1], [0, 1, 1, 1]])
    x = normal("numpy", 2, 2, 4, 3)
    right = documents(ids).mask(4)
    wrong = right[:, 0]
    assert wrong.shape == (2, 4, 4)
    assert np.abs(attention(x, x, x, mask=right) - attention(x, x, x, mask=wrong)).max() > 0.1
