"""Yours beside the expected: one scale, the first difference framed in both."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from qkv_lib.plots.versus import versus
from qkv_lib.practice import check
from qkv_lib.practice.exercises import EXERCISES


def test_both_maps_have_one_scale_and_the_first_difference_is_framed():
    expected = np.arange(24.0).reshape(2, 3, 4)
    yours = expected.copy()
    yours[1, 2, 3] += 1
    left, right = versus(yours, expected)
    for ax, matrix in ((left, yours[1]), (right, expected[1])):
        np.testing.assert_array_equal(ax.images[0].get_array(), matrix)
        assert ax.images[0].get_clim() == left.images[0].get_clim()
        (box,) = ax.patches
        assert (round(box.get_x() + 0.5), round(box.get_y() + 0.5)) == (3, 2)


def test_what_is_no_number_stays_blank_and_equal_maps_have_no_frame():
    matrix = np.array([[np.nan, -1.0], [-np.inf, 2.0]])
    left, _ = versus(matrix, matrix)
    np.testing.assert_array_equal(left.images[0].get_array().mask, [[True, False], [True, False]])
    assert not left.patches


def test_one_axis_is_one_row_and_other_shapes_are_refused():
    left, _ = versus(np.zeros(3), np.ones(3))
    assert left.images[0].get_array().shape == (1, 3)
    with pytest.raises(ValueError, match=r"yours has shape \(3,\), expected \(4,\)"):
        versus(np.zeros(3), np.zeros(4))


def test_check_draws_only_when_asked_and_only_what_differs(capsys):
    right = EXERCISES["scale-by-width"].reference
    plt.close("all")
    check("scale-by-width", lambda q, k: 2 * right(q, k))
    check("scale-by-width", right, picture=True)
    assert not plt.get_fignums()
    check("scale-by-width", lambda q, k: 2 * right(q, k), picture=True)
    assert len(plt.get_fignums()) == 1
    plt.close("all")
    assert "first difference in scores is at" in capsys.readouterr().out.replace("\n", " ")
