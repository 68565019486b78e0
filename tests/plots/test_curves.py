"""Curves with the spread of several runs: what they draw, and what they refuse."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from qkv_lib.plots import curves_with_spread
from tests.refusals import says

mpl.use("agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_curves_are_means_and_bands_reach_from_least_to_most() -> None:
    runs = np.array([[0.1, 0.5], [0.3, 0.9]])
    ax = curves_with_spread([1, 2], {"a": runs}, xlabel="n", ylabel="accuracy", log=True)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.2, 0.7])
    band = ax.collections[0].get_paths()[0].vertices
    for x, run in zip([1, 2], runs.T, strict=True):
        ys = band[band[:, 0] == x, 1]
        assert (ys.min(), ys.max()) == (run.min(), run.max())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a"]


def test_the_legend_stands_above_the_curves_and_inside_the_figure() -> None:
    curves = {f"a rather long label {i}": np.eye(2) for i in range(5)}
    ax = curves_with_spread([1, 2], curves, xlabel="n", ylabel="accuracy")
    ax.figure.canvas.draw()
    legend, whole = ax.get_legend().get_window_extent(), ax.figure.bbox
    assert legend.y0 >= ax.bbox.y1
    assert legend.y1 <= whole.y1
    assert legend.x1 <= whole.x1


def test_seven_curves_look_different() -> None:
    curves = {str(i): np.ones((1, 2)) for i in range(7)}
    ax = curves_with_spread([1, 2], curves, xlabel="n", ylabel="accuracy")
    assert len({line.get_color() for line in ax.lines}) == 7


def test_a_curve_needs_a_number_for_each_point() -> None:
    with says(ValueError, "curve 'a' has 3 points but x has 2"):
        curves_with_spread([1, 2], {"a": np.ones((1, 3))}, xlabel="n", ylabel="accuracy")
