"""What chapter 8 and its sections say where none of their cells asserts it."""

import tracemalloc

import numpy as np
import torch
from torch.nn.functional import rms_norm

from qkv_lib import attention, causal_mask, window_mask
from qkv_lib.exact.backward import tiled_gradients
from qkv_lib.formula.gradients import attention_gradients
from qkv_lib.formula.positions import rope
from qkv_lib.formula.rules import tree
from qkv_lib.layers import MultiHeadAttention
from tests.holds import holds

rng = np.random.default_rng(8)


@holds("but it never stores an $n \\times n$ array.")
def test_the_backward_pass_in_tiles_stores_no_square() -> None:
    n = 1024
    q, k, v, g = rng.normal(size=(4, n, 8))
    kept = {"output": attention(q, k, v), "logsumexp": np.log(np.exp(q @ k.T / 8**0.5).sum(1))}

    def most(run) -> int:
        tracemalloc.start()
        run()
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    tiles = most(lambda: tiled_gradients(q, k, v, g, **kept, query_block=64, key_block=64))
    assert tiles < n * n * 8 / 4 < n * n * 8 < most(lambda: attention_gradients(q, k, v, g))


@holds(
    "The first queries have fewer keys behind them, and a window may be longer than the sequence."
)
def test_the_first_queries_of_a_window_have_fewer_keys() -> None:
    seen = (window_mask(30, window=7) & causal_mask(30)).sum(axis=1)
    assert seen.tolist() == [min(i + 1, 7) for i in range(30)]
    longer = window_mask(30, window=50) & causal_mask(30)
    assert (longer == causal_mask(30)).all()


@holds(
    "In multi-head attention (MHA) each of the $h$ query heads has its own key-value head: "
    "$g = h$.",
    "In multi-query attention (MQA) all query heads share one: $g = 1$.",
    "the keys and values are then $g$ heads of width $d_\\text{model} / h$.",
)
def test_a_layer_has_as_many_key_heads_as_it_is_told() -> None:
    x = torch.ones(5, 32)
    for g in (8, 2, 1):
        query, key, value = MultiHeadAttention(32, n_heads=8, n_kv_heads=g).project(x, x, x)
        assert query.shape == (8, 5, 4)
        assert key.shape == value.shape == (g, 5, 4)


@holds("A learned factor (gain) allows larger scores, and then the bound grows with it.")
def test_a_gain_raises_the_bound_of_qk_norm() -> None:
    x = torch.from_numpy(rng.normal(size=(6, 8)))
    for gain in (1.0, 3.0):
        rows = gain * rms_norm(x, (8,))
        largest = float((rows @ rows.mT / 8**0.5).max())
        np.testing.assert_allclose(largest, gain**2 * 8**0.5, rtol=1e-6)


def test_the_norm_of_queries_and_keys_comes_before_the_turn() -> None:
    def norm(x: np.ndarray, gain: np.ndarray) -> np.ndarray:
        return gain * x / np.sqrt((x**2).mean(axis=-1, keepdims=True))

    x, even, gain = 50 * rng.normal(size=(2, 40, 16)), np.ones(16), np.linspace(0.5, 2.0, 16)
    q, k = rope(norm(x, even))
    assert np.abs(q @ k.T / 4).max() <= 4 + 1e-9
    np.testing.assert_allclose(np.linalg.norm(rope(x), axis=-1), np.linalg.norm(x, axis=-1))
    np.testing.assert_allclose(rope(norm(x, even)), norm(rope(x), even))
    assert not np.allclose(rope(norm(x, gain)), norm(rope(x), gain))


def test_a_branch_of_a_tree_counts_its_own_positions() -> None:
    parents = np.array([-1, 0, 1, 0, -1, 4])
    depth = np.array([0, 1, 2, 2, 0, 1])
    depth[3] = depth[parents[3]] + 1
    rows = rng.normal(size=(2 + 6, 8))
    mask = tree(parents, start=2).mask(6, offset=2)

    def at_once(places: np.ndarray) -> np.ndarray:
        turned = rope(rows, positions=places)
        return attention(turned[2:], turned, rows, mask=mask)

    branch = [0, 1, 2 + 4, 2 + 5]
    alone = rope(rows[branch])
    expected = attention(alone, alone, rows[branch], causal=True)[-1]
    np.testing.assert_allclose(at_once(np.array([0, 1, *(2 + depth)]))[5], expected, atol=1e-12)
    assert np.abs(at_once(np.arange(8))[5] - expected).max() > 1e-3


@holds("a causal model can still tell positions apart, because later queries see more keys.")
def test_a_causal_mask_alone_tells_positions_apart() -> None:
    first, others = np.array([[2.0, 0.0, 1.0]]), np.ones((4, 3))
    same = np.concatenate([first, others])
    seen = attention(same, same, same, causal=True)[1:]
    everywhere = attention(same, same, same)[1:]
    assert np.abs(np.diff(seen, axis=0)).max(axis=1).min() > 1e-3
    np.testing.assert_allclose(np.diff(everywhere, axis=0), 0, atol=1e-12)
