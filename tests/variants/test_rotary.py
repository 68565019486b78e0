"""RoPE stretched, in two layouts and in two dimensions."""

import math

import numpy as np
import pytest

from qkv_lib.formula.positions import rope
from qkv_lib.variants.rotary import (
    frequencies,
    half_from_interleaved,
    interpolated,
    ntk_aware,
    rope_2d,
    turned,
    yarn,
    yarn_factor,
)
from tests.arrays import LIBRARIES, normal, plain
from tests.holds import holds
from tests.refusals import says


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("base", [100.0, 10000.0])
def test_unstretched_it_is_the_librarys_rope(lib: str, base: float) -> None:
    x = normal(lib, 3, 7, 10)
    found = turned(x, frequencies(10, base=base))
    np.testing.assert_allclose(plain(found), plain(rope(x, base=base)), rtol=1e-10, atol=1e-12)
    found = turned(x, frequencies(10, base=base), np.arange(7) + 3)
    expected = rope(x, base=base, offset=3)
    np.testing.assert_allclose(plain(found), plain(expected), rtol=1e-10, atol=1e-12)


def test_interpolation_is_a_division_of_the_positions() -> None:
    x = normal("numpy", 8, 6)
    slow = turned(x, interpolated(frequencies(6), 4.0))
    np.testing.assert_allclose(slow, turned(x, frequencies(6), np.arange(8) / 4), rtol=1e-10)


def test_ntk_keeps_the_fastest_pair_and_slows_the_slowest_by_the_factor() -> None:
    for d, factor in ((8, 4.0), (64, 2.0), (128, 16.0)):
        ratio = ntk_aware(d, factor) / frequencies(d)
        assert ratio[0] == 1
        assert ratio[-1] == pytest.approx(1 / factor)
        assert (np.diff(ratio) < 0).all()


def test_yarn_leaves_fast_pairs_and_interpolates_slow_ones() -> None:
    theta = frequencies(128)
    found = yarn(theta, 8.0, trained=4096)
    turns = 4096 * theta / (2 * math.pi)
    assert (found[turns >= 32] == theta[turns >= 32]).all()
    np.testing.assert_allclose(found[turns <= 1], theta[turns <= 1] / 8, rtol=1e-12)
    between = (turns > 1) & (turns < 32)
    assert between.any()
    assert ((found < theta) & (found > theta / 8))[between].all()
    np.testing.assert_allclose(yarn(theta, 1.0, trained=4096), theta, rtol=1e-12)
    assert yarn_factor(1.0) == 1
    assert yarn_factor(math.e) == pytest.approx(1.21)


def test_the_order_leads_from_one_layout_to_the_other() -> None:
    q, k = normal("numpy", 2, 7, 10)
    order = half_from_interleaved(10)
    for x in (q, k):
        np.testing.assert_allclose(
            rope(x, layout="interleaved")[:, order], rope(x[:, order]), rtol=1e-10
        )
    scores = rope(q, layout="interleaved") @ rope(k, layout="interleaved").T
    np.testing.assert_allclose(scores, rope(q[:, order]) @ rope(k[:, order]).T, rtol=1e-9)
    assert np.abs(scores - rope(q) @ rope(k).T).max() > 0.1  # one without the other


@holds("turns one half of the features by the row and the other half by the column.")
def test_two_dimensions_know_the_offset_in_rows_and_in_columns() -> None:
    height, width = 3, 5
    q, k = (np.broadcast_to(normal("numpy", 1, 8, seed=i), (15, 8)) for i in range(2))
    scores = (
        rope_2d(q, height=height, width=width) @ rope_2d(k, height=height, width=width).T
    ).reshape(height, width, height, width)
    np.testing.assert_allclose(scores[0, 1, 1, 3], scores[1, 2, 2, 4], rtol=1e-10)
    np.testing.assert_allclose(scores[2, 0, 0, 0], scores[2, 3, 0, 3], rtol=1e-10)
    assert abs(scores[0, 0, 0, 1] - scores[0, 0, 1, 0]) > 1e-3
    np.testing.assert_allclose(scores[:2, :4, :2, :4], scores[1:, 1:, 1:, 1:], rtol=1e-10)
    assert abs(scores[1, 1, 2, 3] - scores[1, 3, 2, 1]) > 1e-3  # the sign of the offset counts
    grid = rope_2d(np.ones((15, 8)), height=height, width=width).reshape(height, width, 8)
    for half, same, other in ((np.s_[:4], 1, 0), (np.s_[4:], 0, 1)):
        assert np.ptp(grid[..., half], axis=same).max() < 1e-12
        assert np.ptp(grid[..., half], axis=other).min() > 1e-4


def test_refuses() -> None:
    with says(ValueError, "d is 3, needs an even number: features turn in pairs"):
        frequencies(3)
    with says(ValueError, "factor is 0.5, needs at least 1"):
        interpolated(frequencies(4), 0.5)
    with says(ValueError, "fast is 1.0, needs more than slow, 1.0"):
        yarn(frequencies(4), 2.0, trained=10, fast=1.0)
    with says(ValueError, "theta has shape (3,) but x has (5, 4): needs d / 2"):
        turned(np.ones((5, 4)), np.ones(3))
    with says(ValueError, "positions has shape (4,) but x has (5, 4): needs n"):
        turned(np.ones((5, 4)), np.ones(2), np.arange(4))
    with says(ValueError, "x has shape (6, 6), needs (..., 6, d) with d a multiple of 4"):
        rope_2d(np.ones((6, 6)), height=2, width=3)
    with says(ValueError, "d is 2, needs an integer of at least 4"):
        ntk_aware(2, 2.0)
