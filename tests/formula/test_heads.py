"""Heads: each feature of each position lands where the paper says, and grouped products."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from qkv_lib import merge_heads, split_heads
from qkv_lib.formula.heads import grouped_matmul
from tests.arrays import LIBRARIES, normal, plain


@pytest.mark.parametrize("lib", LIBRARIES)
def test_head_i_holds_its_own_slice_of_the_features(lib: str) -> None:
    x = normal(lib, 2, 5, 21)
    heads = split_heads(x, 3)
    assert tuple(heads.shape) == (2, 3, 5, 7)
    for i in range(3):
        assert (plain(heads)[:, i] == plain(x)[:, :, 7 * i : 7 * (i + 1)]).all()


@given(
    batch=st.lists(st.integers(0, 3), max_size=2),
    h=st.integers(1, 5),
    n=st.integers(0, 5),
    d=st.integers(0, 5),
    lib=st.sampled_from(LIBRARIES),
)
def test_merge_undoes_split(batch: list[int], h: int, n: int, d: int, lib: str) -> None:
    x = normal(lib, *batch, n, h * d)
    assert (plain(merge_heads(split_heads(x, h))) == plain(x)).all()


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize(("h", "g"), [(6, 6), (6, 3), (6, 2), (6, 1), (1, 1)])
@pytest.mark.parametrize("batch", [(), (2,), (2, 1), "left", "right"])
def test_each_right_head_serves_consecutive_left_heads(
    lib: str, h: int, g: int, batch: tuple[int, ...] | str
) -> None:
    left_batch = (2,) if batch == "left" else () if batch == "right" else batch
    right_batch = (2,) if batch == "right" else () if batch == "left" else batch
    left = normal(lib, *left_batch, h, 5, 7)
    right = normal(lib, *right_batch, g, 7, 11)
    product = grouped_matmul(left, right)
    copied = np.repeat(plain(right), h // g, axis=-3)
    np.testing.assert_allclose(plain(product), plain(left) @ copied, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("lib", LIBRARIES)
def test_without_a_head_axis_it_is_the_matrix_product(lib: str) -> None:
    left, right = normal(lib, 2, 3, 5, 7), normal(lib, 7, 11)
    assert (plain(grouped_matmul(left, right)) == plain(left @ right)).all()


def test_no_key_is_copied() -> None:
    right = torch.randn(2, 3, 7, 11, requires_grad=True)
    seen: list[torch.Size] = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            result = function(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor):
                seen.append(result.shape)
            return result

    with Watch():
        grouped_matmul(torch.randn(2, 6, 5, 7), right)
    repeated = (2, 6, 7, 11)
    assert all(tuple(shape) != repeated for shape in seen)
    assert all(np.prod(shape) < np.prod(repeated) for shape in seen)


@pytest.mark.parametrize(("h", "g"), [(0, 0), (0, 1)])
def test_no_heads_give_no_heads(h: int, g: int) -> None:
    assert grouped_matmul(np.ones((h, 5, 7)), np.ones((g, 7, 11))).shape == (0, 5, 11)
