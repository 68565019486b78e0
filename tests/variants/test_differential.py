"""Differential attention: two calls = its own weights times V."""

import numpy as np
import pytest

from qkv_lib import attention
from qkv_lib.variants.differential import (
    differential_attention,
    differential_weights,
    first_strength,
)
from tests.arrays import LIBRARIES, normal, operands, plain
from tests.holds import holds
from tests.refusals import says


@pytest.mark.parametrize("lib", LIBRARIES)
def test_the_weights_times_v_are_the_output_and_rows_sum_to_one_less_lambda(lib: str) -> None:
    query, key = normal(lib, 2, 6, 5, 11), normal(lib, 2, 6, 7, 11, seed=1)
    value = normal(lib, 2, 3, 7, 13, seed=2)
    options = {"strength": 0.3, "causal": True, "offset": 2}
    weights = differential_weights(query, key, value, **options)
    np.testing.assert_allclose(plain(weights).sum(axis=-1), 0.7, rtol=1e-10)
    found = plain(differential_attention(query, key, value, **options))
    np.testing.assert_allclose(found, plain(weights @ value), rtol=1e-9, atol=1e-12)
    q, k, v = map(plain, (query, key, value))
    by_hand = attention(q[:, :3], k[:, :3], v, causal=True, offset=2)
    by_hand = by_hand - 0.3 * attention(q[:, 3:], k[:, 3:], v, causal=True, offset=2)
    np.testing.assert_allclose(found, by_hand, rtol=1e-10)


def test_what_both_maps_share_falls_out() -> None:
    query, key, value = operands("numpy")
    twice = (np.concatenate([x, x], axis=1) for x in (query, key))
    assert np.abs(differential_attention(*twice, value, strength=1.0)).max() == 0


@holds("then apply to each head undoes the change of length;")
def test_a_norm_of_each_head_leaves_only_the_direction_of_the_difference() -> None:
    query, key = normal("numpy", 1, 2, 5, 11), normal("numpy", 1, 2, 7, 11, seed=1)
    value = normal("numpy", 1, 1, 7, 13, seed=2)
    found = differential_attention(query, key, value, strength=0.8)
    assert np.ptp(np.linalg.norm(found, axis=-1)) > 0.1
    small, large = (x / np.sqrt((x**2).mean(axis=-1, keepdims=True)) for x in (0.1 * found, found))
    np.testing.assert_allclose(small, large)
    np.testing.assert_allclose(np.linalg.norm(large, axis=-1), 13**0.5)


def test_the_first_strength_grows_with_depth() -> None:
    found = [first_strength(block) for block in (1, 2, 12, 100)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(0.2)
    assert found[-1] == pytest.approx(0.8)


def test_refuses_an_odd_number_of_heads() -> None:
    query, key, value = operands("numpy")
    with says(
        ValueError, "query has shape (2, 3, 5, 11), needs an even number of heads: two maps each"
    ):
        differential_attention(query, key, value, strength=0.5)
