"""A cache in 8 bits: half a scale of error, a quarter of the bytes, nearly the same output."""

import numpy as np
import pytest

from qkv_lib import attention
from qkv_lib.variants.int8 import Int8Cache, restored, rounded
from tests.arrays import LIBRARIES, array, normal, plain
from tests.refusals import says


@pytest.mark.parametrize("lib", LIBRARIES)
def test_no_number_moves_by_more_than_half_a_scale(lib: str) -> None:
    x = normal(lib, 3, 7, 16) * array(lib, 10.0 ** np.arange(-3, 4)[:, None])
    codes, scales = rounded(x)
    assert str(codes.dtype).endswith("int8")
    assert np.abs(plain(codes)).max(axis=-1).tolist() == [[127] * 7] * 3
    error = np.abs(plain(restored(rounded(x))) - plain(x))
    assert (error <= 0.5 * plain(scales) * (1 + 1e-9)).all()
    assert error.max() > 0


def test_zeros_stay_zeros() -> None:
    assert (restored(rounded(np.zeros((2, 3)))) == 0).all()


@pytest.mark.parametrize("lib", LIBRARIES)
def test_it_decodes_as_attention_to_what_the_codes_stand_for(lib: str) -> None:
    query, key, value = (
        normal(lib, h, 9, d, seed=d, dtype="float32") for h, d in ((4, 16), (2, 16), (2, 8))
    )
    cache = Int8Cache()
    for t in range(9):
        new = (..., slice(t, t + 1), slice(None))
        cache.append(key[new], value[new])
        found = plain(cache.attend(query[new]))
        there = [restored(rounded(x[..., : t + 1, :])) for x in (key, value)]
        np.testing.assert_allclose(found, plain(attention(query[new], *there)), atol=1e-6)
        whole = [x[..., : t + 1, :] for x in (key, value)]
        assert np.abs(found - plain(attention(query[new], *whole))).max() < 0.05
    assert len(cache) == 9
    assert cache.nbytes == 2 * 9 * (16 + 8) + 2 * 2 * 9 * 4


def test_an_outlier_spoils_its_own_row_only() -> None:
    x = normal("numpy", 2, 64)
    x[0, 0] = 1000.0
    error = np.abs(restored(rounded(x)) - x).max(axis=-1)
    assert error[0] > 50 * error[1]


def test_refuses_an_empty_cache() -> None:
    with says(ValueError, "the cache is empty: append keys and values first"):
        Int8Cache().attend(np.ones((1, 1, 2)))
