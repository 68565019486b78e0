"""Masks against their definition, pair by pair."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qkv_lib import causal_mask, padding_mask, window_mask
from qkv_lib.formula._band import Band
from tests.arrays import LIBRARIES, array, plain
from tests.refusals import says

SIZES = st.integers(0, 7)


@given(n=SIZES, m=SIZES, offset=SIZES)
def test_causal_mask_is_its_definition(n: int, m: int, offset: int) -> None:
    mask = causal_mask(n, m, offset=offset)
    assert mask.shape == (n, m)
    assert mask.dtype == bool
    assert all(mask[i, j] == (j <= i + offset) for i, j in np.ndindex(n, m))


@given(n=SIZES, m=SIZES, offset=SIZES, window=st.integers(1, 9))
def test_window_mask_is_its_definition(n: int, m: int, offset: int, window: int) -> None:
    mask = window_mask(n, m, window=window, offset=offset)
    assert mask.shape == (n, m)
    assert mask.dtype == bool
    assert all(mask[i, j] == (abs(i + offset - j) < window) for i, j in np.ndindex(n, m))


@pytest.mark.parametrize("make", [causal_mask, lambda n, **o: window_mask(n, window=3, **o)])
def test_keys_default_to_those_before_and_the_queries_own(make: Any) -> None:
    assert make(5).shape == (5, 5)
    assert make(5, offset=2).shape == (5, 7)
    assert make(5, offset=2).diagonal(2).all()


@pytest.mark.parametrize("lib", LIBRARIES)
def test_masks_are_made_in_the_library_of_like(lib: str) -> None:
    like = array(lib, [1.0])
    for mask in (causal_mask(5, like=like), window_mask(5, window=2, like=like)):
        assert type(mask) is type(like)
        assert mask.dtype == (like > 0).dtype


@pytest.mark.parametrize("make", [causal_mask, lambda n, **o: window_mask(n, window=3, **o)])
def test_like_must_be_an_array(make: Any) -> None:
    with says(
        TypeError,
        "like is a str, needs a NumPy array or a torch tensor: try numpy.asarray(like)",
    ):
        make(3, like="torch")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1,), "n_queries is -1, needs an integer of at least 0"),
        ((3, -2), "n_keys is -2, needs an integer of at least 0"),
    ],
)
@pytest.mark.parametrize("make", [causal_mask, lambda *n, **o: window_mask(*n, window=3, **o)])
def test_sizes_must_be_counts(make: Any, arguments: Any, message: str) -> None:
    with says(ValueError, message):
        make(*arguments)
    with says(ValueError, "n_keys is -2, needs an integer of at least 0"):
        make(3, offset=-5)


def test_window_must_be_at_least_one() -> None:
    with says(ValueError, "window is 0, needs an integer of at least 1"):
        window_mask(3, window=0)


class TestPadding:
    @pytest.mark.parametrize("lib", LIBRARIES)
    @pytest.mark.parametrize("n_axes", [3, 4, 5])
    def test_hides_what_lies_beyond_each_length(self, lib: str, n_axes: int) -> None:
        lengths = [0, 3, 7]
        mask = plain(padding_mask(array(lib, lengths, "int64"), 7, n_axes=n_axes))
        assert mask.shape == (3, *(1,) * (n_axes - 2), 7)
        assert mask.dtype == bool
        for row, length in zip(mask.reshape(3, 7), lengths, strict=True):
            assert row.tolist() == [True] * length + [False] * (7 - length)

    def test_has_four_axes_by_default(self) -> None:
        assert padding_mask(np.array([1, 2]), 3).shape == (2, 1, 1, 3)

    def test_takes_a_length_a_head(self) -> None:
        mask = padding_mask(np.array([[1, 2, 3], [4, 5, 6]]), 7)
        assert mask.shape == (2, 3, 1, 7)
        assert mask.sum(axis=-1)[..., 0].tolist() == [[1, 2, 3], [4, 5, 6]]

    @pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
    def test_takes_any_integer_dtype(self, dtype: str) -> None:
        assert padding_mask(np.array([2], dtype), 3).ravel().tolist() == [True, True, False]

    @pytest.mark.parametrize(
        ("lengths", "n_keys", "n_axes", "kind", "message"),
        [
            (
                [1, 2], 3, 4, TypeError,
                "lengths is a list, needs a NumPy array or a torch tensor: "
                "try numpy.asarray(lengths)",
            ),
            (np.array([1.0]), 3, 4, TypeError,
             "lengths has dtype float64, needs an integer dtype"),
            (np.array([2, 4, 5]), 3, 4, ValueError,
             "lengths holds 4, needs numbers from 0 to n_keys (3)"),
            (np.array([2, -1]), 3, 4, ValueError,
             "lengths holds -1, needs numbers from 0 to n_keys (3)"),
            (np.array([1]), -3, 4, ValueError, "n_keys is -3, needs an integer of at least 0"),
            (np.array([1]), 3, "4", TypeError, "n_axes is '4', needs an integer of at least 2"),
            (np.array([1]), 3, 1, ValueError, "n_axes is 1, needs an integer of at least 2"),
            (
                np.array([1, 2]), 3, 2, ValueError,
                "lengths has shape (2,), which leaves no query axis in scores of 2 axes: "
                "n_axes must be at least 3",
            ),
        ],
    )  # fmt: skip
    def test_refuses(
        self, lengths: Any, n_keys: Any, n_axes: Any, kind: type[Exception], message: str
    ) -> None:
        with says(kind, message):
            padding_mask(lengths, n_keys, n_axes=n_axes)


BANDS = st.builds(
    Band,
    causal=st.booleans(),
    window=st.none() | st.integers(1, 9),
    offset=st.integers(0, 9),
)


class TestBand:
    @given(band=BANDS, n=SIZES, m=SIZES)
    def test_mask_is_its_definition(self, band: Band, n: int, m: int) -> None:
        mask = band.mask(n, m)
        for i, j in np.ndindex(n, m):
            later = j > i + band.offset
            far = band.window is not None and abs(i + band.offset - j) >= band.window
            assert mask[i, j] == (not (band.causal and later) and not far)

    @given(band=BANDS)
    def test_hides_exactly_when_some_key_is_hidden(self, band: Band) -> None:
        assert band.hides == (not band.mask(20, 40).all())

    @given(band=BANDS, start=SIZES, length=st.integers(1, 7), m=SIZES)
    @example(band=Band(window=2), start=0, length=1, m=7)
    @example(band=Band(causal=True), start=1, length=2, m=7)
    def test_keys_are_those_that_some_row_sees(
        self, band: Band, start: int, length: int, m: int
    ) -> None:
        rows = range(start, start + length)
        keys = band.keys(rows, m)
        seen = band.mask(start + length, m)[start:].any(axis=0)
        assert list(keys) == np.flatnonzero(seen).tolist()
        assert 0 <= keys.start <= keys.stop <= m

    @given(band=BANDS, row=SIZES, column=SIZES)
    def test_a_tile_is_a_piece_of_the_whole(self, band: Band, row: int, column: int) -> None:
        rows, columns = range(row, 9), range(column, 11)
        whole = band.mask(9, 11)
        assert (band.mask(rows, columns) == whole[row:, column:]).all()

    @pytest.mark.parametrize("lib", LIBRARIES)
    @pytest.mark.parametrize(
        ("causal", "window"), list(itertools.product([True, False], [None, 2]))
    )
    def test_is_alike_in_both_libraries(self, lib: str, causal: bool, window: int | None) -> None:
        band = Band(causal=causal, window=window, offset=1)
        mask = band.mask(5, 7, like=array(lib, [1.0]))
        assert (plain(mask) == band.mask(5, 7)).all()
