"""The equations of section 8.3, as they are printed, against the library."""

import math

import numpy as np

from qkv_lib.formula.positions import rope
from qkv_lib.variants.delta import delta_attention
from qkv_lib.variants.rotary import frequencies, interpolated, ntk_aware, yarn
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

rng = np.random.default_rng(83)
N, D, E = 6, 4, 3
QUERY, KEY, VALUE = rng.normal(size=(N, D)), rng.normal(size=(N, D)), rng.normal(size=(N, E))
KEY /= np.linalg.norm(KEY, axis=1, keepdims=True)
STRENGTH, DECAY = rng.uniform(size=(2, N))


@holds(
    r"From one position to the next, pair $i$ turns by the angle $\theta_i = b^{-2i/d}$;",
    "of a pair is the distance, in positions, after which it has made a full turn:",
)
@evaluated("eq-longer-wavelength")
def test_after_a_wavelength_a_pair_has_turned_once() -> Cases:
    d, b = 8, 100.0
    theta = frequencies(d, base=b)
    for i in range(d // 2):
        start, turned = (rope(np.eye(d), positions=np.full(d, t), base=b) for t in (0, 1))
        angle = math.atan2(turned[i, i + d // 2], turned[i, i])  # of one position
        np.testing.assert_allclose([angle, start[i, i]], [theta[i], 1.0], rtol=1e-12)
    yield given({"i": d // 2}, first=0, lam=2 * math.pi / theta, theta=theta, b=b, d=d)


@holds(
    r"decides by how often each pair turns in training: $r_i = N / \lambda_i$ times in a text of "
    r"length $N$.",
)
@evaluated("eq-longer-stretch")
def test_three_ways_to_stretch() -> Cases:
    d, b, s, length, low, high = 16, 10000.0, 4.0, 300, 1.0, 32.0
    theta = frequencies(d, base=b)
    pairs = {"i": d // 2}
    yield given(pairs, part="PI", theta=theta, theta_prime=interpolated(theta, s), s=s)
    found = ntk_aware(d, s, base=b)
    yield given(part="NTK", b=b, b_prime=(found[0] / found[1]) ** (d / 2), s=s, d=d)
    r = length * theta / (2 * math.pi)
    gamma = np.clip((r - low) / (high - low), 0, 1)
    assert {0.0, 1.0} < set(gamma)
    stretched = yarn(theta, s, trained=length, slow=low, fast=high)
    yield given(pairs, part="YaRN", theta=theta, theta_prime=stretched, gamma=gamma, s=s, r=r,
                a=low, c=high)  # fmt: skip


def states() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The error and the state of each step, before the first step too; and what is read then."""
    found = delta_attention(QUERY, KEY, VALUE, STRENGTH, decay=DECAY)
    S, errors = [np.zeros((D, E))], [np.zeros(E)]
    for t in range(N):
        errors.append(VALUE[t] - DECAY[t] * (KEY[t] @ S[-1]))
        S.append(DECAY[t] * S[-1] + STRENGTH[t] * np.outer(KEY[t], errors[-1]))
        np.testing.assert_allclose(found[t], QUERY[t] @ S[-1], rtol=1e-9, atol=1e-12)
    return errors, S


def steps(**symbols: np.ndarray) -> dict[str, np.ndarray]:
    """Numbers of the steps 1, 2, …, counted from 0: before the first step there is nothing."""
    return {name: np.concatenate([0 * each[:1], each]) for name, each in symbols.items()}


SEEN = steps(k=KEY, v=VALUE, alpha=DECAY, beta=STRENGTH)


@holds(
    "The token reads the state after it has written, so it sees itself.",
    "first reads the value that the key has now, and writes only the difference $e_t$ to "
    "the new one.",
    r"$\beta_t$ is how much of the difference is written.",
)
@evaluated("eq-longer-delta")
def test_the_error_is_written() -> Cases:
    e, S = states()
    o = delta_attention(QUERY, KEY, VALUE, STRENGTH, decay=DECAY)
    yield given({"t": range(1, N + 1)}, first=0, e=e, S=S, **SEEN, **steps(q=QUERY, o=o))
