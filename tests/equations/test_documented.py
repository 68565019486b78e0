"""Formulas of the library's docstrings, as they stand there, against what it computes."""

import importlib
import re
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from qkv_lib import attention, attention_steps, scoring, softmax
from qkv_lib.exact.tiles import Partial, merge
from qkv_lib.formula.gradients import attention_gradients, softmax_gradient
from qkv_lib.formula.positions import alibi_bias, alibi_slopes, sinusoidal
from qkv_lib.measures.maps import rollout, weighted_norms
from qkv_lib.measures.pointing import mass_inside
from qkv_lib.measures.relations import spread
from qkv_lib.measures.traffic import cache_traffic, map_traffic
from qkv_lib.models.sampling import next_probabilities
from qkv_lib.variants.convolution import offset_mask, offset_scores
from qkv_lib.variants.differential import first_strength
from qkv_lib.variants.int8 import rounded
from qkv_lib.variants.linear import elu_plus_one, kernel_weights, linear_attention
from qkv_lib.variants.rotary import frequencies, interpolated, ntk_aware, yarn_factor
from qkv_lib.variants.sinks import sink_attention
from tests.equations.claims import Case, given, judged

N, M, D, E = 5, 7, 3, 2
RNG = np.random.default_rng(22)
Q, K, V = RNG.normal(size=(N, D)), RNG.normal(size=(M, D)), RNG.normal(size=(M, E))
DO = RNG.normal(size=(N, E))
STEPS = attention_steps(Q, K, V)
PAIRS = {"i": N, "j": M, "l": M}
GRADIENTS = dict(zip(("dQ", "dK", "dV"), attention_gradients(Q, K, V, DO), strict=False))
DA = DO @ V.T
DS = softmax_gradient(STEPS.weights, DA)
W, R = RNG.dirichlet(np.ones(6), size=6), RNG.random((6, 6)) < 0.5
PLACES = np.array([divmod(i, 3) for i in range(6)])
ROW = RNG.normal(size=16)


def parts() -> dict[str, float | np.ndarray]:
    """Two parts of an attention, and what the library makes of both."""
    one = np.ones((1, 1))
    a, b = (Partial(x[None], t * one, p * one) for x, t, p in ((V[0], 2.0, 0.3), (V[1], 3.0, 1.1)))
    found = merge(a, b)
    return {
        f"{name}{end}": each.output[0] if name == "o" else getattr(each, field).item()
        for end, each in (("", found), ("_A", a), ("_B", b))
        for name, field in (("p", "peak"), ("t", "total"), ("o", "output"))
    }


def rolled_out(share: float) -> Case:
    """Attention through three layers of two heads, of which a share goes around."""
    A = RNG.dirichlet(np.ones(4), size=(3, 2, 4))
    mixed = np.stack([rollout([layer], residual=share) for layer in A])
    return given({"l": 3, "i": 2}, R=rollout(list(A), residual=share), A=A, A_tilde=mixed,
                 rho=share, L=3, h=2, also={"I": np.eye(4)})  # fmt: skip


CASES: dict[str, Callable[[], Case]] = {
    "formula.scoring.dot": lambda: given(PAIRS, s=scoring.dot(Q, K), q=Q, k=K),
    "formula.scoring.scaled_dot": lambda: given(PAIRS, s=scoring.scaled_dot(Q, K), q=Q, k=K, d=D),
    "formula.scoring.bilinear": lambda: given(
        PAIRS, s=scoring.bilinear(Q, K, W[:D, :D]), q=Q, k=K, W=W[:D, :D]
    ),
    "formula.scoring.additive": lambda: given(
        PAIRS, s=scoring.additive(Q, K, W[:D], R[:D] + 0.5, ROW[:6]), q=Q, k=K, W_q=W[:D],
        W_k=R[:D] + 0.5, v=ROW[:6],
    ),
    "formula.scoring.gaussian": lambda: given(
        PAIRS, s=scoring.gaussian(Q, K, bandwidth=1.7), q=Q, k=K, b=1.7
    ),
    "formula.steps.softmax": lambda: given({"j": M, "l": M}, softmax=softmax, s=Q[0, :1] * K[:, 0]),
    "attention": lambda: given(Attention=attention, Q=Q, K=K, V=V, d_k=D),
    "formula.gradients": lambda: given(
        A=STEPS.weights, dO=DO, dA=DA, V=V, dS=DS, Q=Q, K=K, d_k=D, **GRADIENTS
    ),
    "formula.gradients.softmax_gradient": lambda: given(dS=DS, A=STEPS.weights, dA=DA),
    "formula.positions.alibi.alibi_bias": lambda: given(
        {"h": 4, "i": N, "j": M}, B=alibi_bias(4, N, M, offset=2), m=alibi_slopes(4), offset=2
    ),
    "formula.positions.sinusoidal.sinusoidal": lambda: given(
        {"t": N, "i": 3}, first=0, P=sinusoidal(N, 6, base=50.0), b=50.0, d=6
    ),
    "exact.tiles.merge": lambda: given(**parts()),
    "measures.maps.rollout": lambda: rolled_out(0.3),
    "measures.maps.weighted_norms": lambda: given(
        {"i": N, "j": M}, A=STEPS.weights, v=V, W_O=W[:E],
        equals=lambda i, j: weighted_norms(STEPS.weights[None], V[None], W[:E])[0, i - 1, j - 1],
    ),
    "measures.pointing.mass_inside": lambda: given(
        {"j": 6}, a=W[0], c=W[1], equals=mass_inside(W[:1], W[1:2])[0]
    ),
    "measures.relations.spread": lambda: given({"i": 6, "j": 6}, H=spread(W), A=W, n=6),
    "measures.traffic.map_traffic": lambda: given(
        b=3, n=5, d=8, d_prime=6, B=4,
        equals=map_traffic(8, 6, n_tokens=5, batch=3, bytes_per_number=4).intensity,
    ),
    "measures.traffic.cache_traffic": lambda: given(
        b=3, n=2, h=8, g=2, m=7, d_h=16, B=4,
        equals=cache_traffic(8, 2, 16, 7, n_tokens=2, batch=3, bytes_per_number=4).intensity,
    ),
    "models.sampling.next_probabilities": lambda: given(
        {"t": 16}, p=next_probabilities(ROW, temperature=0.3), z=ROW, tau=0.3
    ),
    "variants.convolution.offset_mask": lambda: given(
        {"i": 6, "j": 6}, M=offset_mask(2, 3, (0, 1)), p=PLACES, Delta=np.array([0, 1])
    ),
    "variants.convolution.offset_scores": lambda: given(
        {"i": 6, "j": 6}, S=offset_scores(2, 3, (0, 1), strength=1.7), p=PLACES,
        Delta=np.array([0, 1]), alpha=1.7,
    ),
    "variants.differential.first_strength": lambda: given(
        {"l": 5}, lam=np.array([first_strength(layer) for layer in range(1, 6)])
    ),
    "variants.int8.rounded": lambda: given({"a": 16}, c=rounded(ROW[None])[1].item(), x=ROW),
    "variants.linear.linear_attention": lambda: given(
        PAIRS, o=linear_attention(Q, K, V), phi=elu_plus_one, q=Q, k=K, v=V
    ),
    "variants.linear.kernel_weights": lambda: given(
        PAIRS, a=kernel_weights(Q, K), phi=elu_plus_one, q=Q, k=K
    ),
    "variants.rotary.frequencies": lambda: given(
        {"i": 4}, first=0, theta=frequencies(8, base=50.0), b=50.0, d=8
    ),
    "variants.rotary.interpolated": lambda: given(
        {"i": 4}, theta=frequencies(8), theta_prime=interpolated(frequencies(8), 3.0), s=3.0
    ),
    "variants.rotary.ntk_aware": lambda: given(
        b=50.0, b_prime=(1 / ntk_aware(8, 3.0, base=50.0)[1]) ** 4, s=3.0, d=8
    ),
    "variants.rotary.yarn_factor": lambda: given(s=3.0, equals=yarn_factor(3.0)),
    "variants.sinks": lambda: given(
        PAIRS, a=sink_attention(Q, K, np.eye(M), sink=0.7), s=STEPS.scaled, beta=0.7
    ),
    "variants.sinks.sink_attention": lambda: given(
        PAIRS, o=sink_attention(Q, K, V, sink=0.7), L=STEPS.logsumexp, beta=0.7, s=STEPS.scaled, v=V
    ),
}  # fmt: skip

SAME: Mapping[str, Mapping[str, str]] = {
    "exact.tiles.merge": dict.fromkeys(
        ("e^ → 3^ (2)", "e^ → 3^ (4)"), "the second part has the peak: its exponent is 0"
    )
}


def documented(name: str) -> str:
    """Return the first formula in the docstring of a module, or of a function in it."""
    try:
        found = importlib.import_module(f"qkv_lib.{name}")
    except ModuleNotFoundError:
        module, _, function = name.rpartition(".")
        found = getattr(importlib.import_module(f"qkv_lib.{module}"), function)
    text = re.search(r"\.\. math::(.*\n(?:\s*\n|[ ]+\S.*\n)*?)(?=\n\S|\n    \S|\Z)",
                     f"{found.__doc__}\n")  # fmt: skip
    assert text, f"the docstring of {name} has no formula"
    return text[1]


@pytest.mark.parametrize("name", CASES)
def test_the_formula_of_the_docstring_is_what_is_computed(name: str) -> None:
    judged(f"the docstring of {name}", documented(name), [CASES[name]()], SAME.get(name, {}))
