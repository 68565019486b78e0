"""Linear attention: the quadratic form of the same kernel, and no softmax."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import attention
from qkv_lib.variants.linear import elu_plus_one, kernel_weights, linear_attention
from tests.arrays import HEADS, LIBRARIES, N, array, normal, operands, plain
from tests.refusals import says


def by_loops(query: Any, key: Any, value: Any, *, causal: bool) -> Any:
    """The definition for one head: every pair of query and key is visited."""

    def phi(x: Any) -> list[float]:
        return [c + 1 if c > 0 else math.exp(c) for c in x]

    output = np.zeros((len(query), value.shape[1]))
    for i, q in enumerate(query):
        seen = range(i + 1) if causal else range(len(key))
        kernel = [sum(a * b for a, b in zip(phi(q), phi(key[j]), strict=True)) for j in seen]
        for j in seen:
            output[i] += kernel[j] / sum(kernel) * value[j]
    return output


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kv_heads", [HEADS, 1])
def test_equals_the_loops_and_the_quadratic_form(lib: str, causal: bool, kv_heads: int) -> None:
    query, key, value = operands(lib, kv_heads=kv_heads)
    if causal:
        key, value = key[..., :N, :], value[..., :N, :]
    output = linear_attention(query, key, value, causal=causal)
    weights = kernel_weights(query, key, causal=causal)
    np.testing.assert_allclose(plain(weights).sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_allclose(plain(output), plain(weights @ value), rtol=1e-10, atol=1e-12)
    for b, head in np.ndindex(*output.shape[:2]):
        one = (plain(x)[b, min(head, x.shape[1] - 1)] for x in (query, key, value))
        np.testing.assert_allclose(
            plain(output)[b, head], by_loops(*one, causal=causal), rtol=1e-10, atol=1e-12
        )


@pytest.mark.parametrize("lib", LIBRARIES)
def test_is_not_softmax_attention(lib: str) -> None:
    query, key, value = operands(lib)
    difference = plain(linear_attention(query, key, value) - attention(query, key, value))
    assert np.abs(difference).max() > 0.1


@pytest.mark.parametrize("lib", LIBRARIES)
def test_later_tokens_change_no_earlier_output(lib: str) -> None:
    x = normal("numpy", 7, 11)
    changed = x.copy()
    changed[4:] = 9.0
    before, after = (
        plain(linear_attention(*(array(lib, y),) * 3, causal=True)) for y in (x, changed)
    )
    assert (before[:4] == after[:4]).all()
    assert not (before[4:] == after[4:]).any()


def test_another_feature_map() -> None:
    query, key, value = operands("numpy")
    ones = linear_attention(query, key, value, feature_map=np.ones_like)
    np.testing.assert_allclose(ones, np.repeat(value.mean(-2, keepdims=True), N, -2), rtol=1e-12)


def test_a_kernel_of_zero_gives_zero() -> None:
    query, key, value = operands("numpy")
    assert (linear_attention(query, key, value, feature_map=np.zeros_like) == 0).all()
    assert (linear_attention(query, key[..., :0, :], value[..., :0, :]) == 0).all()


@pytest.mark.parametrize("lib", LIBRARIES)
def test_elu_plus_one_is_torchs_elu_plus_one(lib: str) -> None:
    x = array(lib, [-1e3, -2.0, -0.0, 0.0, 1e-9, 3.0, 1e3])
    expected = torch.nn.functional.elu(torch.tensor(plain(x))) + 1
    np.testing.assert_allclose(plain(elu_plus_one(x)), plain(expected), rtol=1e-12, atol=1e-12)


def test_half_precision_is_summed_in_float32() -> None:
    x = np.ones((4096, 1), "float16")
    output = linear_attention(x, x, x, causal=True)
    assert output.dtype == x.dtype
    assert (output == 1).all()


def test_gradients_are_finite_where_the_exponential_would_overflow() -> None:
    x = torch.tensor([[1e4], [-1e4]], requires_grad=True)
    elu_plus_one(x).sum().backward()
    assert x.grad is not None
    assert x.grad.flatten().tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        (
            ((6, 5, 11), (3, 5, 11)),
            {},
            "query has 6 heads but key has 3: shapes (6, 5, 11) and (3, 5, 11); "
            "linear attention needs as many key heads as query heads, or one",
        ),
        (
            ((5, 11), (7, 11)),
            {"causal": True},
            "query has 5 rows but key has 7: shapes (5, 11) and (7, 11); "
            "causal linear attention needs as many queries as keys",
        ),
        (
            ((5, 11), (7, 11)),
            {"feature_map": lambda x: x},
            "feature_map returned a negative number, so weights could be negative",
        ),
    ],
)
def test_refuses(sizes: Any, options: Any, message: str) -> None:
    query, key = (normal("numpy", *size) for size in sizes)
    with says(ValueError, message):
        linear_attention(query, key, key, **options)
    with says(ValueError, message):
        kernel_weights(query, key, **options)
