"""Figures of chapter 1: the timeline, and curves fitted to points."""

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


def test_events_stand_at_their_years_from_top_to_bottom() -> None:
    ax = plots.timeline([2017, 1964, 2014, 2014], ["d", "a", "b", "c"])
    (points,) = ax.lines
    assert list(points.get_xdata()) == [1964, 2014, 2014, 2017]
    assert list(points.get_ydata()) == [0, 1, 2, 3]
    bottom, top = ax.get_ylim()
    assert bottom > top  # the earliest is at the top
    assert [text.get_text() for text in ax.texts] == ["1964  a", "b  2014", "c  2014", "d  2017"]
    assert [text.xy for text in ax.texts] == list(zip(*points.get_data(), strict=True))


def test_no_label_leaves_the_figure() -> None:
    ax = plots.timeline([1964, 2023], ["kernel regression, a rather long label", "grouped queries"])
    ax.figure.draw_without_rendering()
    edge = ax.figure.bbox
    for text in ax.texts:
        box = text.get_window_extent()
        assert edge.x0 <= box.x0
        assert box.x1 <= edge.x1


def test_a_given_axes_is_drawn_on() -> None:
    ax = plt.subplots()[1]
    assert plots.timeline([2017], ["Transformer"], ax=ax) is ax


@pytest.mark.parametrize(
    ("years", "labels", "error", "message"),
    [
        ([], [], ValueError, "years is empty"),
        ([2014, 2017], ["one"], ValueError, "labels has 1 labels, needs 2: one for each year"),
        ([2014.5], ["one"], TypeError, "years is 2014.5, needs an integer"),
        ([2014, 2015], "ab", TypeError, "labels is the string 'ab'"),
    ],
)
def test_what_is_no_list_of_events_is_refused(years, labels, error, message) -> None:
    with pytest.raises(error, match=message):
        plots.timeline(years, labels)


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
