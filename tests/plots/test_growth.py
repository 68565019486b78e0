"""What the figures of chapter 8 draw, and what they refuse."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from qkv_lib.plots.growth import growth
from tests.refusals import says

mpl.use("agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_a_power_is_a_straight_line_with_its_exponent_as_slope() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0])
    ax = growth(x, {"square": x**2, "root": x**0.5}, xlabel="n", ylabel="cost")
    for line, power in zip(ax.lines, (2, 0.5), strict=True):
        drawn = ax.transData.transform(np.column_stack(line.get_data()))
        steps = np.diff(drawn, axis=0)
        assert np.allclose(steps, steps[0])
        np.testing.assert_allclose(line.get_ydata(), x**power)


def test_of_several_runs_the_geometric_mean_and_the_range_are_drawn() -> None:
    ax = growth([1, 2], {"a": np.array([[1.0, 10.0], [4.0, 1000.0]])}, xlabel="n", ylabel="y")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [2, 100])
    band = ax.collections[0].get_paths()[0].vertices
    assert {(x, y) for x, y in band} >= {(1, 1), (1, 4), (2, 10), (2, 1000)}


def test_places_are_marked_and_named() -> None:
    ax = growth([1, 10], {"a": [1, 2]}, xlabel="n", ylabel="y", at={"6 d": 6.0})
    assert set(ax.lines[-1].get_xdata()) == {6.0}
    assert [text.get_text().strip() for text in ax.texts] == ["6 d"]


def test_the_axis_below_can_be_linear() -> None:
    ax = growth([0, 1], {"a": [1, 2]}, xlabel="update", ylabel="y", log_x=False)
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("update", "y")


def test_what_does_not_fit_is_refused() -> None:
    with says(ValueError, "curve 'a' has 3 points but x has 2"):
        growth([1, 2], {"a": [1, 2, 3]}, xlabel="n", ylabel="y")
    with says(ValueError, "curve 'a' holds numbers that are not positive"):
        growth([1, 2], {"a": [1, 0]}, xlabel="n", ylabel="y")
