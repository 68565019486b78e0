"""Figures of chapters 2 and 4: what is drawn is what was given."""

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


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_projections_draws_the_four_matrices_and_frames_one_row_in_each(
    rng: np.random.Generator,
) -> None:
    shapes = [(5, 2), (5, 3), (5, 3), (5, 7)]
    matrices = [rng.normal(size=shape) for shape in shapes]
    axes = plots.projections(*matrices, tokens=list("abcde"), row=3)
    for ax, matrix in zip(axes, matrices, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), matrix)
        assert [patch.get_y() for patch in ax.patches] == [2.5]
    assert [tick.get_text() for tick in axes[0].get_yticklabels()] == list("abcde")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": ["a"]}, "tokens has 1 labels, needs 5: one for each row of x"),
        ({"row": 5}, "row is 5, needs one of the 5 rows"),
        ({"key": np.ones(3)}, "key has shape"),
    ],
)
def test_projections_refuses_what_does_not_fit(change: dict, message: str) -> None:
    arguments = {name: np.ones((5, 2)) for name in ("x", "query", "key", "value")}
    arguments = arguments | {"tokens": list("abcde")} | change
    with pytest.raises(ValueError, match=message):
        plots.projections(**arguments)


def test_side_by_side_draws_each_map_under_its_name(rng: np.random.Generator) -> None:
    maps = {name: rng.dirichlet(np.ones(3), size=5) for name in ("before", "after")}
    axes = plots.side_by_side(maps, queries=list("abcde"), keys=list("xyz"))
    assert [ax.get_title() for ax in axes] == ["before", "after"]
    for ax, weights in zip(axes, maps.values(), strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), weights)


def test_weights_against_draws_one_curve_a_key(rng: np.random.Generator) -> None:
    x, weights = np.arange(1, 8), rng.dirichlet(np.ones(3), size=7)
    ax = plots.weights_against(x, weights, keys=list("abc"), xlabel="step")
    for line, column in zip(ax.lines, weights.T, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), column)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list("abc")


def test_weights_against_catches_transposed_weights(rng: np.random.Generator) -> None:
    weights = rng.dirichlet(np.ones(3), size=3)
    with pytest.raises(ValueError, match="rows that do not sum to 1"):
        plots.weights_against(np.arange(3), weights.T, keys=list("abc"), xlabel="step")


def test_hull_outlines_the_extreme_values_only() -> None:
    values = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [1.0, 1.0]])
    ax = plots.hull(values, np.array([[0.5, 0.5]]))
    outline = {tuple(point) for point in ax.lines[0].get_xydata()}
    assert outline == {(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)}
    with pytest.raises(ValueError, match="two features"):
        plots.hull(np.ones((4, 3)), np.ones((4, 2)))
