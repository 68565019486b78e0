"""The backward pass from the log-sum-exp: the gradients by hand, tile by tile."""

from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import attention, attention_steps
from qkv_lib.exact.backward import tiled_gradients
from qkv_lib.formula.gradients import attention_gradients
from tests.arrays import LIBRARIES, N, array, normal, operands, plain
from tests.refusals import says

MASK = np.random.default_rng(3).random((2, 1, 5, 7)) < 0.6
MASK[0, 0, 2] = False  # a query that may attend to nothing
OPTIONS: list[dict[str, Any]] = [
    {}, {"causal": True, "offset": 1}, {"mask": MASK}, {"softcap": 1.5, "scale": 0.7},
    {"causal": True, "offset": 2, "window": 2}, {"key_lengths": np.array([3, 7])},
    {"bias": np.random.default_rng(4).normal(size=(3, 5, 7))},
]  # fmt: skip


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("kv_heads", [3, 1])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_it_is_the_gradient_by_hand(lib: str, kv_heads: int, options: dict[str, Any]) -> None:
    given = operands(lib, kv_heads=kv_heads)
    options = {k: array(lib, v, str(v.dtype)) if isinstance(v, np.ndarray) else v
               for k, v in options.items()}  # fmt: skip
    steps = attention_steps(*given, **options)
    d_output = normal(lib, *steps.output.shape, seed=5)
    hand = attention_gradients(*given, d_output, **options)
    for blocks in ((2, 3), (1, 1), (64, 64)):
        found = tiled_gradients(
            *given, d_output, output=steps.output, logsumexp=steps.logsumexp,
            query_block=blocks[0], key_block=blocks[1], **options,
        )  # fmt: skip
        for one, other, operand in zip(found, hand[:3], given, strict=True):
            assert one.shape == operand.shape
            np.testing.assert_allclose(plain(one), plain(other), rtol=1e-9, atol=1e-11)


def test_operands_that_a_batch_shares_get_the_sum() -> None:
    query, key, value = operands("numpy")
    steps = attention_steps(query, key[:1], value[:1])
    d_output = normal("numpy", *steps.output.shape)
    kept = {"output": steps.output, "logsumexp": steps.logsumexp}
    found = tiled_gradients(query, key[:1], value[:1], d_output, **kept, key_block=2)
    hand = attention_gradients(query, key[:1], value[:1], d_output)
    for one, other in zip(found, hand[:3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


def test_it_is_autograd_without_heads_too() -> None:
    given = [normal("torch", n, d, seed=n).requires_grad_() for n, d in ((5, 3), (7, 3), (7, 2))]
    output = attention(*given)
    d_output = torch.ones_like(output)
    expected = torch.autograd.grad(output, given, d_output)
    plain_ones = [x.detach() for x in given]
    steps = attention_steps(*plain_ones)
    kept = {"output": steps.output, "logsumexp": steps.logsumexp}
    found = tiled_gradients(*plain_ones, d_output, **kept, query_block=2, key_block=2)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


def test_scores_in_the_thousands_do_not_overflow() -> None:
    query, key, value = operands("numpy")
    steps = attention_steps(1000 * query, key, value)
    d_output = np.ones_like(steps.output)
    kept = {"output": steps.output, "logsumexp": steps.logsumexp}
    found = tiled_gradients(1000 * query, key, value, d_output, **kept)
    assert all(np.isfinite(x).all() for x in found)


def test_half_precision_is_summed_in_float32() -> None:
    given = operands("numpy", dtype="float16")
    steps = attention_steps(*given)
    d_output = np.ones_like(steps.output)
    kept = {"output": steps.output, "logsumexp": steps.logsumexp}
    found = tiled_gradients(*given, d_output, **kept, key_block=2)
    exact = attention_gradients(*(x.astype("float64") for x in given), d_output.astype("float64"))
    for one, other in zip(found, exact[:3], strict=True):
        assert one.dtype == np.float16
        assert np.abs(one - other).max() < 5e-3 * max(1.0, np.abs(other).max())


def test_refuses() -> None:
    given = operands("numpy")
    steps = attention_steps(*given)
    right = {"output": steps.output, "logsumexp": steps.logsumexp}
    d_output = np.ones_like(steps.output)
    with says(ValueError, "logsumexp has shape (2, 3, 5, 1), needs (2, 3, 5)"):
        tiled_gradients(*given, d_output, **right | {"logsumexp": steps.logsumexp[..., None]})
    with says(ValueError, "output has shape (2, 3, 4, 13), needs (2, 3, 5, 13)"):
        tiled_gradients(*given, d_output, **right | {"output": steps.output[..., 1:, :]})
    with says(
        ValueError, "offset has one number per batch element: hand the elements in one by one"
    ):
        tiled_gradients(*given, d_output, **right, causal=True, offset=np.array([0, 1]))
    assert steps.output.shape[-2] == N
