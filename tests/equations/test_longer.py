"""The equations of section 8.3, evaluated as they are written, against the library."""

import math

import numpy as np

from qkv_lib.formula.positions import rope
from qkv_lib.variants.delta import delta_attention
from qkv_lib.variants.rotary import frequencies, interpolated, ntk_aware, yarn
from tests.equations.registry import equation

rng = np.random.default_rng(83)
N, D, E = 6, 4, 3
QUERY, KEY, VALUE = rng.normal(size=(N, D)), rng.normal(size=(N, D)), rng.normal(size=(N, E))
KEY /= np.linalg.norm(KEY, axis=1, keepdims=True)
STRENGTH, DECAY = rng.uniform(size=(2, N))


@equation("eq-longer-wavelength")
def test_after_a_wavelength_a_pair_has_turned_once() -> None:
    d, b = 8, 100.0
    theta = frequencies(d, base=b)
    for i in range(d // 2):
        wavelength = 2 * math.pi / theta[i]
        np.testing.assert_allclose(wavelength, 2 * math.pi * b ** (2 * i / d), rtol=1e-12)
        turned = rope(np.ones((1, d)), offset=round(wavelength * 1000), base=b)[0]
        whole = rope(np.ones((1, d)), offset=0, base=b)[0]
        off = abs(round(wavelength * 1000) - wavelength * 1000) * theta[i]  # whole positions only
        assert abs(turned[i] - whole[i]) <= 1.5 * off + 1e-6


@equation("eq-longer-stretch")
def test_three_ways_to_stretch() -> None:
    d, b, s, length, low, high = 16, 10000.0, 4.0, 200, 1.0, 32.0
    theta = frequencies(d, base=b)
    np.testing.assert_allclose(interpolated(theta, s), [t / s for t in theta], rtol=1e-12)
    b_new = b * s ** (d / (d - 2))
    np.testing.assert_allclose(
        ntk_aware(d, s, base=b), [b_new ** (-2 * i / d) for i in range(d // 2)], rtol=1e-12
    )
    found = yarn(theta, s, trained=length, slow=low, fast=high)
    for t, new in zip(theta, found, strict=True):
        r = length / (2 * math.pi / t)
        gamma = min(1, max(0, (r - low) / (high - low)))
        np.testing.assert_allclose(new, gamma * t + (1 - gamma) * t / s, rtol=1e-12)


@equation("eq-longer-delta")
def test_the_error_is_written() -> None:
    S = np.zeros((D, E))
    found = delta_attention(QUERY, KEY, VALUE, STRENGTH, decay=DECAY)
    for t in range(N):
        e = VALUE[t] - KEY[t] @ (DECAY[t] * S)
        S = DECAY[t] * S + STRENGTH[t] * np.outer(KEY[t], e)
        np.testing.assert_allclose(found[t], QUERY[t] @ S, rtol=1e-9, atol=1e-12)


@equation("eq-longer-gated")
def test_a_step_multiplies_the_state_by_a_matrix() -> None:
    S = np.zeros((D, E))
    found = delta_attention(QUERY, KEY, VALUE, STRENGTH, decay=DECAY)
    for t in range(N):
        k, v = KEY[t][None], VALUE[t][None]  # rows
        S = DECAY[t] * (np.eye(D) - STRENGTH[t] * k.T @ k) @ S + STRENGTH[t] * k.T @ v
        np.testing.assert_allclose(found[t], QUERY[t] @ S, rtol=1e-9, atol=1e-12)
