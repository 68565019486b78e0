"""The equations of chapter 1, as they are printed, against the library."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from qkv_lib import attention, attention_steps, scoring, softmax
from qkv_lib.layers import initialise
from qkv_lib.models.seq2seq import EncoderDecoder
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

N, M, D, E = 5, 7, 3, 2
RNG = np.random.default_rng(8)
Q, K, V = RNG.normal(size=(N, D)), RNG.normal(size=(M, D)), RNG.normal(size=(M, E))
UNIT = K / np.linalg.norm(K, axis=1, keepdims=True)
ALL = {"j": M, "l": M}
Floats = np.ndarray


def lookup(q: Floats, scale: float) -> Floats:
    return attention(q[None], K, V, scale=scale)[0]


def soft(tau: float) -> Callable[[Floats], Floats]:
    return lambda q: lookup(q, 1 / tau)


def height(sigma: float) -> Callable[[Floats], float]:
    """The kernel of a distance, through the library's score of a query and a key at 0."""
    at = np.zeros((1, D))
    return lambda r: np.exp(scoring.gaussian(r[None], at, bandwidth=sigma)).item()


class TestEncoderDecoder:
    """What the decoder's context is, with one vector and with attention."""

    def symbols(self, *, attends: bool) -> tuple[EncoderDecoder, dict[str, Any]]:
        model = initialise(EncoderDecoder(5, D, attends=attends), np.random.default_rng(1)).double()
        source = torch.from_numpy(np.random.default_rng(2).integers(5, size=(1, M)))
        with torch.no_grad():
            h, first = model.encoder(model.embed(source))
            s, _ = model.decoder(model.embed(source[:, :N]), first)
            memory, _ = model.encode(source)
            a = model.read(s, memory)[1]
            found = {"h": h, "s": s, "a": a, "c": a @ memory}
        return model, {name: each.numpy()[0] for name, each in found.items()}

    @evaluated("eq-background-fixed")
    def test_one_vector_is_the_last_state_for_every_word(self) -> Cases:
        found = self.symbols(attends=False)[1]
        yield given({"t": N}, c=found["c"], h=found["h"], m=M)

    @evaluated("eq-background-context")
    def test_context_is_the_weighted_sum_of_the_states(self) -> Cases:
        found = self.symbols(attends=True)[1]
        yield given({"t": N, "j": M}, c=found["c"], a=found["a"], h=found["h"], m=M)

    @holds(
        "The query is a state of the decoder, and the $m$ states $h_j$ are both keys and values.",
        "the weights $a_{tj}$ are a softmax of scores.",
        "The score is a different one:",
        "a small network computes it from that state and $h_j$",
    )
    def test_weights_are_the_softmax_of_additive_scores(self) -> None:
        model, found = self.symbols(attends=True)
        W_1, W_2, u = (p.detach().numpy() for p in (model.w_query, model.w_key, model.v))
        s, h = found["s"], found["h"]
        assert (W_1.shape, W_2.shape, u.shape) == ((D, D), (D, D), (D,))
        logits, _ = model.read(torch.from_numpy(s)[None], torch.from_numpy(h)[None])
        handed = torch.from_numpy(np.concatenate([s, found["a"] @ h], axis=1))  # h as values
        torch.testing.assert_close(logits[0], model.answer(handed))
        np.testing.assert_allclose(softmax(scoring.additive(s, h, W_1, W_2, u)), found["a"])


@evaluated("eq-background-hard")
def test_hard_lookup_is_the_cold_limit() -> Cases:
    for q in Q:
        cold = attention(q[None], K, np.eye(M), scale=1e6)[0]
        best = int(cold.argmax()) + 1
        yield given(ALL, q=q, k=K, v=V, j_star=best, hard=lambda q: lookup(q, 1e6))


@evaluated("eq-background-soft")
def test_soft_lookup_is_attention() -> Cases:
    for tau in (0.3, 7.0):
        for q in Q:
            a = attention_steps(q[None], K, V, scale=1 / tau).weights[0]
            yield given(
                ALL,
                q=q,
                k=K,
                v=V,
                a=a,
                n_k=M,
                tau=tau,
                soft=soft,
            )


@holds(
    "the limit of a soft lookup at high temperature",
)
@evaluated("eq-background-mean")
def test_hot_lookup_tends_to_the_mean() -> Cases:
    for q in Q:
        yield given(ALL, q=q, v=V, n_k=M, soft=soft, atol=1e-7)
        errors = [np.abs(soft(tau)(q) - V.mean(axis=0)).max() for tau in (1e2, 1e4, 1e6)]
        assert errors[0] > 50 * errors[1] > 2500 * errors[2]  # as 1/τ


@holds(
    "So kernel regression is a soft lookup.",
    "The query is the new place, the keys are the known places, the values are the measurements.",
    "Kernel regression is a soft lookup by distance.",
)
@evaluated("eq-background-kernel")
def test_kernel_regression() -> Cases:
    for sigma in (0.5, 2.0):
        regressed = lambda q, s=sigma: (softmax(scoring.gaussian(q[None], K, bandwidth=s)) @ V)[0]  # noqa: E731
        yield given(
            ALL, q=Q[0], r=Q[1], k=K, v=V, n_k=M, sigma=sigma, f=regressed, G=height, rtol=1e-8
        )


@holds(
    "The weight of $v_j$ is an exponential divided by a sum of exponentials, which is a softmax:",
    "The score is minus half the squared distance, and the temperature is $\\sigma^2$.",
    "Its square is the temperature of the score $-\\tfrac12\\lVert q - k\\rVert^2$.",
)
@evaluated("eq-background-kernel-softmax")
def test_kernel_shares_are_a_softmax() -> Cases:
    for sigma in (0.5, 2.0):
        yield given(ALL, q=Q[0], k=K, sigma=sigma, G=height)


@evaluated("eq-background-expand")
def test_the_square_expanded() -> Cases:
    for sigma in (0.5, 2.0):
        yield given(ALL, q=Q[0], k=K, sigma=sigma)


SHIFT = "a softmax does not see what all keys share"


@holds(
    "In a softmax, each exponential is divided by the sum of all of them, so the common factor",
)
@evaluated("eq-background-cancel")
def test_the_query_norm_cancels() -> Cases:
    for sigma in (0.5, 2.0):
        bias = -(K**2).sum(axis=1) / 2 / sigma**2
        ours = attention_steps(Q, K, V, scale=1 / sigma**2, bias=bias).weights
        np.testing.assert_allclose(
            ours, softmax(scoring.gaussian(Q, K, bandwidth=sigma)), rtol=0, atol=1e-12
        )
        yield given(ALL, q=Q[0], k=K, sigma=sigma)


@evaluated("eq-background-equal-norms")
def test_equal_key_norms_cancel() -> Cases:
    for sigma in (0.5, 2.0):
        ours = attention_steps(Q, UNIT, V, scale=1 / sigma**2).weights
        kernel = softmax(scoring.gaussian(Q, UNIT, bandwidth=sigma))
        np.testing.assert_allclose(ours, kernel, rtol=0, atol=1e-12)
        yield given(ALL, q=Q[0], k=1.7 * UNIT, sigma=sigma)
    of_others = softmax(scoring.gaussian(Q, K, bandwidth=sigma))
    assert np.abs(attention_steps(Q, K, V, scale=1 / sigma**2).weights - of_others).max() > 1e-2
