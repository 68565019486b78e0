"""The equations of chapter 1, evaluated as written."""

import math

import numpy as np
import pytest
import torch

from qkv_lib import attention, attention_steps, scoring, softmax
from qkv_lib.layers import initialise
from qkv_lib.models.seq2seq import EncoderDecoder
from tests.equations.registry import equation

N, M, D, E = 5, 7, 3, 2
Floats = np.ndarray


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(8)


@pytest.fixture
def qkv(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    return rng.normal(size=(N, D)), rng.normal(size=(M, D)), rng.normal(size=(M, E))


def shares(powers: list[float]) -> Floats:
    return np.array([power / sum(powers) for power in powers])


def by_distance(q: Floats, keys: Floats, sigma: float) -> Floats:
    """Return G_σ(q − k_j) over its sum."""
    return shares([math.exp(-sum((q - k) ** 2) / (2 * sigma**2)) for k in keys])


class TestEncoderDecoder:
    """What the decoder's context is, with one vector and with attention."""

    def contexts(self, *, attends: bool) -> tuple[EncoderDecoder, list[Floats], Floats]:
        model = initialise(EncoderDecoder(5, D, attends=attends), np.random.default_rng(1)).double()
        source = torch.from_numpy(np.random.default_rng(2).integers(5, size=(1, M)))
        with torch.no_grad():
            h, first = model.encoder(model.embed(source))
            s, _ = model.decoder(model.embed(source[:, :N]), first)
            memory, _ = model.encode(source)
            found = [each.numpy()[0] for each in (h, s, model.read(s, memory)[1] @ memory)]
        return model, found[:2], found[2]

    @equation("eq-background-fixed")
    def test_one_vector_is_the_last_state_for_every_word(self) -> None:
        _, (h, _), contexts = self.contexts(attends=False)
        assert contexts.shape == (N, D)
        for t in range(N):
            np.testing.assert_allclose(contexts[t], h[M - 1], rtol=0, atol=1e-14)

    @equation("eq-background-context")
    def test_context_is_the_weighted_sum_of_the_states(self) -> None:
        model, (h, s), contexts = self.contexts(attends=True)
        with torch.no_grad():
            a = model.read(torch.tensor(s)[None], torch.tensor(h)[None])[1].numpy()[0]
        for t in range(N):
            np.testing.assert_allclose(
                contexts[t], sum(a[t, j] * h[j] for j in range(M)), rtol=1e-12
            )

    @equation("eq-background-additive")
    def test_weights_are_the_softmax_of_additive_scores(self) -> None:
        model, (h, s), _ = self.contexts(attends=True)
        w_1, w_2, u = (p.detach().numpy() for p in (model.w_query, model.w_key, model.v))
        with torch.no_grad():
            a = model.read(torch.tensor(s)[None], torch.tensor(h)[None])[1].numpy()[0]
        for t in range(N):
            e = [np.tanh(s[t] @ w_1 + h[j] @ w_2) @ u for j in range(M)]
            np.testing.assert_allclose(
                a[t], shares([math.exp(each) for each in e]), rtol=0, atol=1e-12
            )


@equation("eq-background-hard")
def test_hard_lookup_is_the_cold_limit(qkv: tuple[Floats, Floats, Floats]) -> None:
    queries, keys, values = qkv
    for q in queries:
        best = max(range(M), key=lambda j: sum(a * b for a, b in zip(q, keys[j], strict=True)))
        found = attention(q[None], keys, values, scale=1e6)[0]
        np.testing.assert_allclose(found, values[best], rtol=0, atol=1e-12)


@equation("eq-background-soft")
@pytest.mark.parametrize("tau", [0.3, 1.0, 7.0])
def test_soft_lookup_is_attention(qkv: tuple[Floats, Floats, Floats], tau: float) -> None:
    queries, keys, values = qkv
    for q in queries:
        a = shares([math.exp(q @ k / tau) for k in keys])
        found = attention(q[None], keys, values, scale=1 / tau)[0]
        np.testing.assert_allclose(
            found, sum(a[j] * values[j] for j in range(M)), rtol=0, atol=1e-12
        )


@equation("eq-background-mean")
def test_hot_lookup_tends_to_the_mean(qkv: tuple[Floats, Floats, Floats]) -> None:
    mean = sum(qkv[2]) / M
    errors = [np.abs(attention(*qkv, scale=1 / tau) - mean).max() for tau in (1e2, 1e4, 1e6)]
    assert errors[0] > 50 * errors[1] > 2500 * errors[2]  # as 1/τ
    assert errors[2] < 1e-4


@equation("eq-background-kernel")
@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_kernel_regression(qkv: tuple[Floats, Floats, Floats], sigma: float) -> None:
    queries, keys, values = qkv
    found = softmax(scoring.gaussian(queries, keys, bandwidth=sigma)) @ values
    for q, f in zip(queries, found, strict=True):
        heights = [math.exp(-(np.linalg.norm(q - k) ** 2) / (2 * sigma**2)) for k in keys]
        above = sum(height * v for height, v in zip(heights, values, strict=True))
        np.testing.assert_allclose(f, above / sum(heights), rtol=0, atol=1e-12)


@equation("eq-background-kernel-softmax")
@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_kernel_shares_are_a_softmax(qkv: tuple[Floats, Floats, Floats], sigma: float) -> None:
    queries, keys, _ = qkv
    found = softmax(scoring.gaussian(queries, keys, bandwidth=sigma))
    for q, weights in zip(queries, found, strict=True):
        np.testing.assert_allclose(weights, by_distance(q, keys, sigma), rtol=0, atol=1e-13)


@equation("eq-background-expand")
@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_the_square_expanded(qkv: tuple[Floats, Floats, Floats], sigma: float) -> None:
    queries, keys, _ = qkv
    left, dots = scoring.gaussian(queries, keys, bandwidth=sigma), scoring.dot(queries, keys)
    for i, j in np.ndindex(N, M):
        q, k = queries[i], keys[j]
        right = -(q @ q) / (2 * sigma**2) + dots[i, j] / sigma**2 - (k @ k) / (2 * sigma**2)
        assert left[i, j] == pytest.approx(right, abs=1e-12)


@equation("eq-background-cancel")
@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_the_query_norm_cancels(qkv: tuple[Floats, Floats, Floats], sigma: float) -> None:
    queries, keys, values = qkv
    bias = np.array([-(k @ k) / 2 / sigma**2 for k in keys])
    found = attention_steps(queries, keys, values, scale=1 / sigma**2, bias=bias).weights
    for q, weights in zip(queries, found, strict=True):
        np.testing.assert_allclose(weights, by_distance(q, keys, sigma), rtol=0, atol=1e-12)


@equation("eq-background-equal-norms")
@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_equal_key_norms_cancel(qkv: tuple[Floats, Floats, Floats], sigma: float) -> None:
    queries, keys, values = qkv
    equal = np.stack([1.7 * k / math.sqrt(k @ k) for k in keys])
    found = attention_steps(queries, equal, values, scale=1 / sigma**2).weights
    unequal = attention_steps(queries, keys, values, scale=1 / sigma**2).weights
    for i, q in enumerate(queries):
        np.testing.assert_allclose(found[i], by_distance(q, equal, sigma), rtol=0, atol=1e-12)
        assert np.abs(unequal[i] - by_distance(q, keys, sigma)).max() > 1e-2  # the condition counts


@equation("eq-background-scaled")
def test_attention_is_kernel_regression_of_that_width(qkv: tuple[Floats, Floats, Floats]) -> None:
    queries, keys, values = qkv
    equal = np.stack([k / math.sqrt(k @ k) for k in keys])
    found = attention_steps(queries, equal, values).weights
    for q, weights in zip(queries, found, strict=True):
        expected = by_distance(q, equal, math.sqrt(math.sqrt(D)))
        np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-12)
