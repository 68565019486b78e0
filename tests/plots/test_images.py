"""What the pictures of section 6.1 draw: the data behind them, and what they refuse."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from qkv_lib.plots.images import map_grid, picture, picture_row
from tests.refusals import says

mpl.use("agg")
IMAGE = np.eye(6)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_the_map_lies_on_the_patches_it_belongs_to() -> None:
    heat = np.arange(9.0)
    ax = picture(IMAGE, patch=2, heat=heat)
    drawn, colours = ax.images
    np.testing.assert_array_equal(drawn.get_array(), IMAGE)
    np.testing.assert_array_equal(colours.get_array(), heat.reshape(3, 3))
    assert tuple(drawn.get_extent()) == tuple(colours.get_extent())
    assert colours.get_clim() == (0, 8)


def test_the_grid_runs_between_the_patches() -> None:
    lines = picture(IMAGE, patch=2).lines
    places = sorted({x for line in lines for x in line.get_xdata() + line.get_ydata()} - {0, 1})
    assert places == [2, 4]


def test_the_box_is_where_it_is_said_to_be() -> None:
    (box,) = picture(IMAGE, box=(1, 2, 4, 6)).patches
    assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (2, 1, 4, 3)


def test_a_row_has_a_picture_for_each_image_and_its_title() -> None:
    figure = picture_row(np.stack([IMAGE, 1 - IMAGE]), ["a", "b"], columns=3)
    shown = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in shown] == ["a", "b"]
    np.testing.assert_array_equal(shown[1].images[0].get_array(), 1 - IMAGE)


def test_a_grid_has_a_picture_for_each_map() -> None:
    maps = {"a": np.ones(9), "b": np.arange(9.0), "c": np.zeros(9)}
    figure = map_grid(IMAGE, maps, patch=2, columns=2)
    shown = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in shown] == list(maps)
    np.testing.assert_array_equal(shown[1].images[1].get_array().ravel(), maps["b"])


def test_what_does_not_fit_is_refused() -> None:
    with says(ValueError, "image has shape (6, 4), needs a square (size, size)"):
        picture(IMAGE[:, :4])
    with says(ValueError, "patch is None, needs a divisor of the image's side (6)"):
        picture(IMAGE, heat=np.ones(9))
    with says(ValueError, "heat has shape (4,), needs (9,): one number per patch"):
        picture(IMAGE, patch=2, heat=np.ones(4))
    with says(ValueError, "heat holds negative numbers, needs 0 or more"):
        picture(IMAGE, patch=2, heat=-np.ones(9))
    with says(ValueError, "titles has 1 texts but images has 2 images"):
        picture_row(np.stack([IMAGE, IMAGE]), ["a"])
