"""Figures of chapter 1: curves fitted to points."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from qkv_lib import plots

mpl.use("agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_fits_draws_the_points_and_every_curve() -> None:
    rng = np.random.default_rng(3)
    points, x = rng.normal(size=(2, 11)), np.linspace(-1, 1, 7)
    curves = {"narrow": rng.normal(size=7), "wide": rng.normal(size=7)}
    ax = plots.fits(*points, x, curves, xlabel="day", ylabel="heat")
    known, *drawn = ax.lines
    np.testing.assert_array_equal(known.get_data(), points)
    for line, (label, curve) in zip(drawn, curves.items(), strict=True):
        assert line.get_label() == label
        np.testing.assert_array_equal(line.get_data(), (x, curve))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("day", "heat")


@pytest.mark.parametrize(
    ("known_y", "curve", "message"),
    [
        (np.ones(4), np.ones(7), r"known_x has shape \(3,\) and known_y \(4,\)"),
        (np.ones(3), np.ones(6), r"curve 'a' has shape \(6,\), needs \(7,\)"),
    ],
)
def test_fits_refuses_what_does_not_pair_up(known_y, curve, message) -> None:
    with pytest.raises(ValueError, match=message):
        plots.fits(np.ones(3), known_y, np.arange(7), {"a": curve})
