"""The map of one number per head: one scale for all maps, blocks and heads counted from 1."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from qkv_lib.plots.heads import head_grid
from tests.refusals import says

SCORES = {"previous": np.arange(15.0).reshape(3, 5), "next": np.ones((3, 5)), "c": np.eye(3)}


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.mark.parametrize(("largest", "top"), [(None, 14.0), (20.0, 20.0)])
def test_every_map_shows_its_numbers_on_the_scale_of_all(largest, top):
    figure = head_grid(SCORES, label="score", largest=largest)
    shown = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in shown] == list(SCORES)
    for ax, scores in zip(shown, SCORES.values(), strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), scores)
        assert ax.images[0].get_clim() == (0.0, top)
        assert (ax.get_ylabel(), ax.get_xlabel()) == ("block", "head")
        assert [t.get_text() for t in ax.get_yticklabels()] == ["1", "2", "3"]
    assert figure.axes[-1].get_ylabel() == "score"


def test_negative_numbers_are_refused():
    with says(ValueError, "a of shape (2, 2) holds negative numbers"):
        head_grid({"a": -np.eye(2)}, label="score")
