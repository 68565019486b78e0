"""Each score against plain loops, and by what it must not depend on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import attention, scoring, softmax

BATCH, H, N, M, D, E, HIDDEN = 2, 3, 5, 7, 11, 13, 17
rng = np.random.default_rng(0)
Q = rng.normal(size=(BATCH, H, N, D))
K = rng.normal(size=(BATCH, H, M, D))
K_WIDE = rng.normal(size=(BATCH, H, M, E))
W = rng.normal(size=(D, E))
W_QUERY, W_KEY, V = (
    rng.normal(size=(D, HIDDEN)),
    rng.normal(size=(E, HIDDEN)),
    rng.normal(size=HIDDEN),
)

OPERANDS: dict[str, tuple[Any, ...]] = {
    "dot": (Q, K),
    "scaled_dot": (Q, K),
    "bilinear": (Q, K_WIDE, W),
    "additive": (Q, K_WIDE, W_QUERY, W_KEY, V),
    "gaussian": (Q, K),
}
FORMULAS: dict[str, Callable[[Any, Any], float]] = {
    "dot": lambda q, k: sum(q * k),
    "scaled_dot": lambda q, k: sum(q * k) / np.sqrt(D),
    "bilinear": lambda q, k: sum(q[a] * W[a, b] * k[b] for a in range(D) for b in range(E)),
    "additive": lambda q, k: sum(
        V[c] * np.tanh(q @ W_QUERY[:, c] + k @ W_KEY[:, c]) for c in range(HIDDEN)
    ),
    "gaussian": lambda q, k: -(np.linalg.norm(q - k) ** 2) / 2,
}
every_score = pytest.mark.parametrize("name", OPERANDS)


def score(name: str, *operands: Any) -> Any:
    return getattr(scoring, name)(*operands)


@every_score
def test_each_score_is_its_formula_for_each_pair(name: str) -> None:
    query, key = OPERANDS[name][:2]
    expected = np.empty((BATCH, H, N, M))
    for b, h, i, j in np.ndindex(*expected.shape):
        expected[b, h, i, j] = FORMULAS[name](query[b, h, i], key[b, h, j])
    np.testing.assert_allclose(score(name, *OPERANDS[name]), expected, rtol=1e-12, atol=1e-12)


@every_score
def test_torch_gives_numpys_scores_and_passes_gradients_on(name: str) -> None:
    tensors = [torch.from_numpy(each) for each in OPERANDS[name]]
    expected = torch.from_numpy(score(name, *OPERANDS[name]))
    torch.testing.assert_close(score(name, *tensors), expected, rtol=1e-12, atol=1e-12)
    small = [each[:1, :1, :2] if each.ndim == 4 else each for each in tensors]
    small = [each.clone().requires_grad_() for each in small]
    assert torch.autograd.gradcheck(lambda *operands: score(name, *operands), small)


@every_score
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_accumulated_in_float32(name: str, dtype: torch.dtype) -> None:
    half = [torch.from_numpy(each).to(dtype) for each in OPERANDS[name]]
    result = score(name, *half)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, score(name, *(each.float() for each in half)))


@every_score
def test_no_axes_but_rows_are_needed_and_inputs_stay(name: str) -> None:
    single = [each[0, 0] if each.ndim == 4 else each for each in OPERANDS[name]]
    before = [each.copy() for each in single]
    expected = score(name, *OPERANDS[name])[0, 0]
    np.testing.assert_allclose(score(name, *single), expected, rtol=1e-12, atol=1e-12)
    assert all(np.array_equal(a, b) for a, b in zip(before, single, strict=True))


def test_softmax_of_the_scaled_dot_is_attention() -> None:
    value = rng.normal(size=(BATCH, H, M, E))
    output = softmax(scoring.scaled_dot(Q, K)) @ value
    np.testing.assert_allclose(output, attention(Q, K, value), rtol=1e-12, atol=1e-12)


def test_another_scale_may_be_given() -> None:
    np.testing.assert_allclose(scoring.scaled_dot(Q, K, scale=3.0), 3 * scoring.dot(Q, K))


@pytest.mark.parametrize("name", ["dot", "scaled_dot", "bilinear"])
def test_grouped_keys_serve_consecutive_query_heads(name: str) -> None:
    key, *maps = OPERANDS[name][1:]
    query, key = rng.normal(size=(BATCH, 6, N, D)), key[:, :2]
    copied = np.repeat(key, 3, axis=1)
    np.testing.assert_allclose(score(name, query, key, *maps), score(name, query, copied, *maps))


def test_bilinear_is_the_dot_product_of_projections() -> None:
    w_q, w_k = rng.normal(size=(D, 3)), rng.normal(size=(E, 3))
    expected = scoring.dot(Q @ w_q, K_WIDE @ w_k)
    np.testing.assert_allclose(scoring.bilinear(Q, K_WIDE, w_q @ w_k.T), expected, atol=1e-12)


def test_the_gaussian_weights_are_those_of_nadaraya_and_watson() -> None:
    kernel = np.exp(-np.sum((Q[..., :, None, :] - K[..., None, :, :]) ** 2, axis=-1) / (2 * 1.5**2))
    expected = kernel / kernel.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(softmax(scoring.gaussian(Q, K, bandwidth=1.5)), expected, rtol=1e-12)


def test_keys_of_one_length_make_the_gaussian_a_dot_product() -> None:
    key = K / np.linalg.norm(K, axis=-1, keepdims=True)
    np.testing.assert_allclose(
        softmax(scoring.gaussian(Q, key, bandwidth=2.0)),
        softmax(scoring.scaled_dot(Q, key, scale=1 / 2.0**2)),
        rtol=1e-12,
    )


def test_the_gaussian_keeps_its_digits_far_from_the_origin() -> None:
    near = np.array([[0.0], [1e-3]])
    far = near + 1e6
    np.testing.assert_allclose(scoring.gaussian(far, far), scoring.gaussian(near, near), rtol=1e-6)


def ones(*shape: int) -> Any:
    return np.ones(shape)


def add(w_query: Any, w_key: Any, v: Any) -> Any:
    return scoring.additive(ones(2, 3), ones(2, 4), w_query, w_key, v)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scoring.dot(ones(2, 3), ones(2, 4)), "query has 3 features but key has 4"),
        (lambda: scoring.dot(ones(3), ones(2, 3)), r"query has shape \(3,\), needs"),
        (lambda: scoring.gaussian(ones(2, 3), ones(3)), r"key has shape \(3,\), needs"),
        (lambda: scoring.dot(ones(2, 3) * np.nan, ones(2, 3)), "query holds NaN"),
        (lambda: scoring.dot(ones(4, 2, 3), ones(3, 2, 3)), "query has 4 heads but key has 3"),
        (lambda: scoring.scaled_dot(ones(2, 3), ones(2, 3), scale=np.inf), "scale is inf"),
        (lambda: scoring.bilinear(ones(2, 3), ones(2, 4), ones(4, 3)), r"w has shape \(4, 3\)"),
        (lambda: add(ones(4, 5), ones(4, 5), ones(5)), r"w_query has shape \(4, 5\) beside query"),
        (lambda: add(ones(3, 5), ones(4, 6), ones(5)), r"w_key has shape \(4, 6\) beside key"),
        (lambda: add(ones(3, 5), ones(4, 5), ones(5, 1)), r"v \(5, 1\), needs"),
        (lambda: scoring.gaussian(ones(2, 2, 3), ones(3, 2, 3)), r"axes \(2,\) but key has \(3,\)"),
        (lambda: scoring.gaussian(ones(2, 3), ones(2, 3), bandwidth=0.0), "bandwidth is 0.0"),
    ],
)
def test_errors_name_the_argument(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_integers_and_mixed_libraries_are_refused() -> None:
    with pytest.raises(TypeError, match="query has dtype int64"):
        scoring.dot(np.ones((2, 3), int), ones(2, 3))
    with pytest.raises(TypeError, match="key is a torch array"):
        scoring.dot(ones(2, 3), torch.ones(2, 3))
