"""The map of a translation: labels in every script, right places outlined."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from qkv_lib.data.dates import LOCALES
from qkv_lib.models.translation import alphabets
from qkv_lib.plots.alignments import alignment_map
from qkv_lib.plots.fonts import drawable
from qkv_lib.plots.numbers import numbers_of
from qkv_lib.plots.saved import as_svg
from tests.refusals import says

TRUTH = np.array([[True, True, False, True], [False, False, True, False]])
WEIGHTS = TRUTH / TRUTH.sum(axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_each_run_of_true_gets_one_outline():
    ax = alignment_map(WEIGHTS, truth=TRUTH, target=["a", "b"], source=list("wxyz"))
    boxes = [(p.get_x() + 0.5, p.get_width(), p.get_y() + 0.5) for p in ax.patches]
    assert boxes == [(0, 2, 0), (3, 1, 0), (2, 1, 1)]
    np.testing.assert_allclose(ax.images[0].get_array(), WEIGHTS)


def test_tokens_stand_on_the_axes_and_spaces_are_seen():
    ax = alignment_map(WEIGHTS, target=["May", " "], source=["5", " ", "\u200f", "x"])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["May", "␣"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["5", "␣", "¶", "x"]
    assert ax.get_ylabel() == "target (queries)"
    assert not ax.patches


def test_the_picture_carries_the_language_of_the_source():
    ax = alignment_map(WEIGHTS, target=["a", "b"], source=list("5月6日"), lang="ja")
    (table,) = numbers_of(ax.figure)
    assert table["languages"] == ["", "ja"]
    plain = alignment_map(WEIGHTS, target=["a", "b"], source=list("5月6日"))
    assert "languages" not in numbers_of(plain.figure)[0]


def test_arabic_needs_no_font_beside_the_one_that_is_always_there():
    assert "ar" in LOCALES
    letters = [c for c in alphabets().source if "\u0600" <= c <= "\u06ff"]
    assert len(letters) > 30
    assert drawable(letters).get_family() == ["sans-serif"]


def test_each_letter_of_the_source_says_its_language():
    ax = alignment_map(WEIGHTS, target=["a", "b"], source=list("5月x日"), lang="ja")
    letters = dict(re.findall(r'<text lang="ja" [^>]*>(.)()</text>', as_svg(ax.figure)))
    assert set(letters) == set("5月x日")


def test_a_truth_that_is_not_boolean_is_refused():
    message = "truth has dtype float64 and shape (2, 4), needs bool and the shape of "
    message += "weights, (2, 4)"
    with says(ValueError, message):
        alignment_map(WEIGHTS, truth=WEIGHTS, target=["a", "b"], source=list("wxyz"))
