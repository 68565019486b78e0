"""Gradients by hand against finite differences and against autograd."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import attention, attention_steps, softmax
from qkv_lib.formula.gradients import attention_gradients, softmax_gradient, softmax_jacobian
from tests.arrays import (
    BATCH,
    HEADS,
    LIBRARIES,
    E,
    M,
    N,
    array,
    in_library,
    normal,
    operands,
    plain,
)
from tests.refusals import says

HIDDEN = np.zeros((N, M), bool)
HIDDEN[1:4, 2:] = True
HIDDEN[2] = True  # a query that may attend to nothing

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "mask": {"mask": ~HIDDEN},
    "bias": {"bias": normal("numpy", HEADS, 1, M, seed=7)},
    "masking bias": {"bias": np.where(HIDDEN, -math.inf, 0.3)},
    "causal": {"causal": True, "offset": 1},
    "window": {"window": 2},
    "lengths": {"key_lengths": np.array([0, 3])},
    "scale": {"scale": -0.7},
    "soft cap": {"softcap": 1.5, "scale": 2.0},
    "all": {
        "mask": ~HIDDEN, "bias": normal("numpy", N, M), "causal": True, "offset": 2,
        "window": 4, "key_lengths": np.array([6, 3]), "scale": 0.4, "softcap": 0.8,
    },
}  # fmt: skip


def finite_difference(loss: Any, x: np.ndarray[Any, Any], step: float = 1e-5) -> Any:
    """Return the central differences of ``loss`` in every entry of ``x``."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        above, below = x.copy(), x.copy()
        above[index] += step
        below[index] -= step
        gradient[index] = (loss(above) - loss(below)) / (2 * step)
    return gradient


@pytest.mark.parametrize("name", OPTIONS)
def test_hand_gradient_is_the_finite_difference(name: str) -> None:
    query, key, value = operands("numpy", heads=2, kv_heads=1)
    options = dict(OPTIONS[name])
    if "bias" in options:
        options["bias"] = np.broadcast_to(options["bias"], (HEADS, N, M))[:1]
    d_output = normal("numpy", BATCH, 2, N, E, seed=9)
    gradients = attention_gradients(query, key, value, d_output, **options)._asdict()
    arrays = {"query": query, "key": key, "value": value}
    if "bias" in options and np.isfinite(options["bias"]).all():
        arrays["bias"] = options["bias"]
    for operand, x in arrays.items():

        def loss(changed: Any, operand: str = operand) -> float:
            output = attention(**{**options, **arrays, operand: changed})
            return float((output * d_output).sum())

        expected = finite_difference(loss, x)
        np.testing.assert_allclose(gradients[operand], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("kv_heads", [1, 3, 6])
@pytest.mark.parametrize("name", OPTIONS)
def test_hand_gradient_is_what_autograd_finds(lib: str, kv_heads: int, name: str) -> None:
    options = dict(OPTIONS[name])
    if "bias" in options and options["bias"].shape[0] == HEADS:
        options["bias"] = np.repeat(options["bias"], 2, axis=0)
    leaves = dict(
        zip(("query", "key", "value"), operands("torch", heads=6, kv_heads=kv_heads), strict=True)
    )
    torch_options = in_library("torch", options)
    if "bias" in options:
        leaves["bias"] = torch_options.pop("bias")
    for leaf in leaves.values():
        leaf.requires_grad_()
    output = attention_steps(**leaves, **torch_options).output
    d_output = normal("torch", *output.shape, seed=9)
    output.backward(d_output)
    arrays = {name: array(lib, plain(leaf)) for name, leaf in leaves.items()}
    gradients = attention_gradients(
        **{**in_library(lib, options), **arrays}, output_gradient=array(lib, plain(d_output))
    )._asdict()
    for name, leaf in leaves.items():
        np.testing.assert_allclose(
            plain(gradients[name]), plain(leaf.grad), rtol=1e-9, atol=1e-12, err_msg=name
        )


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize(
    ("query", "key"),
    [
        ((5, 11), (7, 11)),
        ((5, 11), (2, 1, 7, 11)),
        ((3, 5, 11), (7, 11)),
        ((3, 5, 11), (2, 3, 7, 11)),
        ((2, 6, 5, 11), (1, 3, 7, 11)),
        ((2, 6, 5, 11), (3, 7, 11)),
        ((0, 11), (7, 11)),
        ((5, 11), (0, 11)),
    ],
)
def test_shared_operands_gather_all_their_uses(
    lib: str, query: tuple[int, ...], key: tuple[int, ...]
) -> None:
    leaves = [normal("torch", *size).requires_grad_() for size in (query, key, (*key[:-1], E))]
    output = attention_steps(*leaves).output
    d_output = normal("torch", *output.shape, seed=9)
    output.backward(d_output)
    gradients = attention_gradients(*(array(lib, plain(x)) for x in (*leaves, d_output)))
    assert gradients.bias is None
    for leaf, gradient in zip(leaves, gradients, strict=False):
        assert tuple(gradient.shape) == tuple(leaf.shape)
        np.testing.assert_allclose(plain(gradient), plain(leaf.grad), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_query_that_sees_nothing_moves_nothing(lib: str) -> None:
    mask = array(lib, ~HIDDEN, "bool")
    d_output = normal(lib, BATCH, HEADS, N, E)
    gradients = attention_gradients(*operands(lib), d_output, mask=mask)
    assert (plain(gradients.query)[..., 2, :] == 0).all()
    only = plain(d_output) * HIDDEN.all(axis=1)[:, None]  # a loss that looks at this query alone
    nothing = attention_gradients(*operands(lib), array(lib, only), mask=mask)
    assert all((plain(x) == 0).all() for x in nothing[:3])


@pytest.mark.parametrize(
    ("lib", "dtype"), [("numpy", "float16"), ("torch", "bfloat16"), ("torch", "float32")]
)
def test_gradients_keep_the_dtype_of_their_operand(lib: str, dtype: str) -> None:
    arrays = operands(lib, dtype=dtype)
    d_output = normal(lib, BATCH, HEADS, N, E, dtype=dtype)
    bias = normal(lib, N, M)
    gradients = attention_gradients(*arrays, d_output, bias=bias)
    assert all(x.dtype == arrays[0].dtype for x in gradients[:3])
    assert gradients.bias.dtype == bias.dtype
    exact = attention_gradients(*(array("numpy", plain(x)) for x in (*arrays, d_output)),
                                bias=plain(bias))  # fmt: skip
    epsilon = float(torch.finfo(getattr(torch, dtype)).eps)
    for rough, fine in zip(gradients, exact, strict=True):
        error = np.abs(plain(rough) - fine).max()
        assert error <= max(epsilon, 1e-5) * np.abs(fine).max()


@pytest.mark.parametrize("lib", LIBRARIES)
def test_softmax_jacobian_is_the_finite_difference(lib: str) -> None:
    scores = normal("numpy", M)
    jacobian = plain(softmax_jacobian(array(lib, softmax(scores))))
    for i in range(M):
        row = finite_difference(lambda s, i=i: softmax(s)[i], scores)
        np.testing.assert_allclose(jacobian[i], row, rtol=1e-7, atol=1e-10)


def test_softmax_jacobian_keeps_what_is_left_of_a_hard_weight() -> None:
    """Of two keys a gap apart: J = pq [[1, -1], [-1, 1]], also where p is 1 in floating point."""
    for gap in (5.0, 40.0, 300.0):
        product = math.exp(-gap) / (1 + math.exp(-gap)) ** 2
        jacobian = softmax_jacobian(softmax(np.array([gap, 0.0])))
        np.testing.assert_allclose(jacobian, product * np.array([[1, -1], [-1, 1]]), rtol=1e-12)


@pytest.mark.parametrize("lib", LIBRARIES)
def test_softmax_gradient_is_a_product_with_the_jacobian(lib: str) -> None:
    weights, d_weights = softmax(normal(lib, 3, N, M)), normal(lib, 3, N, M, seed=1)
    jacobian = plain(softmax_jacobian(weights))
    assert jacobian.shape == (3, N, M, M)
    product = np.einsum("hnij,hnj->hni", jacobian, plain(d_weights))
    np.testing.assert_allclose(
        plain(softmax_gradient(weights, d_weights)), product, rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(product.sum(axis=-1), 0, atol=1e-12)


def test_output_gradient_must_fit_the_output() -> None:
    query, key, value = operands("numpy")
    with says(
        ValueError,
        "output_gradient has shape (2, 3, 5, 11), needs that of the output: (2, 3, 5, 13)",
    ):
        attention_gradients(query, key, value, query)
    with says(TypeError, "output_gradient is float32 but query is float64: convert one of them"):
        attention_gradients(query, key, value, query.astype("float32"))
