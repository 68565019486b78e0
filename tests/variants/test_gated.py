"""Gated attention: the sigmoid of the gate, times attention."""

import numpy as np
import pytest

from qkv_lib import attention
from qkv_lib.variants.gated import gated_attention
from tests.arrays import LIBRARIES, normal, operands, plain
from tests.refusals import says


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("width", [1, 13])
def test_it_is_attention_times_the_sigmoid(lib: str, width: int) -> None:
    given = operands(lib)
    gate = normal(lib, 2, 3, 5, width, seed=4)
    expected = plain(attention(*given, causal=True)) / (1 + np.exp(-plain(gate)))
    found = gated_attention(*given, gate, causal=True)
    np.testing.assert_allclose(plain(found), expected, rtol=1e-10)


def test_far_gates_do_not_overflow() -> None:
    given = operands("numpy", dtype="float32")
    gate = np.full((2, 3, 5, 1), -1e30, "float32")
    assert (gated_attention(*given, gate) == 0).all()
    np.testing.assert_array_equal(gated_attention(*given, -gate), attention(*given))


def test_refuses_a_gate_that_does_not_fit() -> None:
    given = operands("numpy")
    with says(ValueError, "gate has shape (2, 3, 5, 2), needs (2, 3, 5, 13) or (2, 3, 5, 1)"):
        gated_attention(*given, np.zeros((2, 3, 5, 2)))
