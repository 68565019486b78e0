"""Numbers at the edges: of a dtype, of an integer's width, of what a flag may be."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import attention, attention_steps, causal_mask, padding_mask, window_mask
from qkv_lib.exact.fused import fused_attention
from qkv_lib.exact.tiles import blocked_attention, tiled_attention
from qkv_lib.formula._numbers import bound
from qkv_lib.formula.positions import alibi_bias, alibi_slopes, sinusoidal
from qkv_lib.layers import MultiHeadAttention
from qkv_lib.variants.linear import linear_attention
from tests.arrays import LIBRARIES, array, normal, operands, plain
from tests.refusals import says

PATHS: dict[str, Callable[..., Any]] = {
    "attention": attention,
    "steps": lambda *x, **o: attention_steps(*x, **o).output,
    "blocked": lambda *x, **o: blocked_attention(*x, block=97, **o),
    "tiled": lambda *x, **o: tiled_attention(*x, query_block=100, key_block=70, **o),
}
every_library = pytest.mark.parametrize("lib", LIBRARIES)
every_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)


@every_library
@every_path
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("share", [1e-2, 0.5, 1.0])
def test_an_average_of_huge_values_is_no_larger_than_they_are(
    lib: str, path: Any, dtype: str, share: float
) -> None:
    """The sum of 600 values would overflow on the way."""
    largest = float(np.finfo(dtype).max) * share
    zeros, huge = np.zeros((1, 600, 1)), np.full((1, 600, 3), largest)
    huge[..., 1], huge[..., 2] = -largest, largest * np.linspace(-1, 1, 600)
    output = plain(path(*(array(lib, x, dtype) for x in (zeros, zeros, huge))))
    np.testing.assert_allclose(output[..., 0], largest, rtol=1e-5)
    np.testing.assert_allclose(output[..., 1], -largest, rtol=1e-5)
    assert (abs(output[..., 2]) <= 1e-5 * largest).all()


def test_the_kernel_of_torch_too() -> None:
    zeros, huge = torch.zeros(1, 1, 600, 16), torch.full((1, 1, 600, 16), 1e36)
    for output in (fused_attention(zeros, zeros, huge), attention(zeros, zeros, huge)):
        torch.testing.assert_close(output, huge, rtol=1e-5, atol=0)


def test_gradients_flow_through_huge_values() -> None:
    zeros, huge = torch.zeros(1, 600, 1), torch.full((1, 600, 1), 1e36, requires_grad=True)
    attention(zeros, zeros, huge).sum().backward()
    assert huge.grad is not None
    torch.testing.assert_close(huge.grad, torch.ones_like(huge), rtol=1e-5, atol=0)


@every_library
@pytest.mark.parametrize(("dtype", "number"), [("float32", 1e39), ("float32", 1e-46)])
def test_a_soft_cap_that_the_dtype_does_not_hold_is_refused(
    lib: str, dtype: str, number: float
) -> None:
    x = array(lib, np.ones((2, 2)), dtype)
    with pytest.raises(ValueError, match=r"^softcap is .*, needs a number from 1\.2e-38 to 3\.4e"):
        attention(x, x, x, softcap=number)
    wide = array(lib, np.ones((2, 2)))
    assert (attention(wide, wide, wide, softcap=number) == 1.0).all()


@every_library
@pytest.mark.parametrize("number", [1.2e-38, 1e-30, 1e30, 3.4e38])
@every_path
def test_a_soft_cap_that_the_dtype_just_holds_is_computed(
    lib: str, number: float, path: Any
) -> None:
    x = array(lib, np.ones((2, 2)), "float32")
    assert (path(x, x, x, softcap=number) == 1.0).all()


@every_library
@pytest.mark.parametrize("values", [0.0, 1.0])
def test_a_scale_that_the_dtype_does_not_hold_is_refused(lib: str, values: float) -> None:
    x = array(lib, np.full((2, 2), values), "float32")
    with pytest.raises(ValueError, match=r"^scores may reach ±"):
        attention(x, x, x, scale=1e39)
    assert (attention(x, x, x, scale=1e-46) == values).all()


@every_library
@every_path
def test_a_large_scale_on_large_queries_and_small_keys(lib: str, path: Any) -> None:
    """The scores are 1 and 2; query times scale alone would overflow."""
    query = array(lib, [[1e30]], "float32")
    key = array(lib, [[1e-38], [2e-38]], "float32")
    value = array(lib, [[0.0], [1.0]], "float32")
    output = plain(path(query, key, value, scale=1e8))
    np.testing.assert_allclose(output, 1 / (1 + np.exp(-1.0)), rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.longdouble, ">f8", ">f4", ">f2"])
@every_path
def test_floats_of_other_widths_and_orders(dtype: Any, path: Any) -> None:
    x = normal("numpy", 3, 5, 4).astype(dtype)
    output = path(x, x, x, causal=True)
    assert output.dtype == np.dtype(dtype)
    wanted = attention(*[x.astype(np.float64)] * 3, causal=True)
    np.testing.assert_allclose(output.astype(np.float64), wanted, rtol=2e-3, atol=2e-3)
    with says(ValueError, "query holds NaN or infinity: every entry must be finite"):
        path(np.full_like(x, np.nan), x, x)


@every_library
@pytest.mark.parametrize("share", [0.9, 1.0])
def test_numbers_at_the_end_of_the_range_cause_no_warning(lib: str, share: float) -> None:
    zeros = array(lib, np.zeros((3, 2)))
    ends = array(lib, np.array([[-1.0, 1.0]] * 3) * np.finfo("float64").max * share)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        output = plain(attention(zeros, zeros, ends))
        refused = pytest.raises(ValueError, match="scores may reach ±inf")
        with refused:
            attention(ends, ends, zeros)
    np.testing.assert_allclose(output, plain(ends), rtol=1e-12)


@pytest.mark.parametrize("layout", ["whole", "strided", "transposed", "empty"])
@every_library
def test_the_bound_of_an_array_bounds_every_row(lib: str, layout: str) -> None:
    x = normal(lib, 6, 10)
    x = {"whole": x, "strided": x[::2, ::3], "transposed": x.T, "empty": x[:0]}[layout]
    found = bound("x", x)
    assert found is not None
    assert found >= np.sqrt((plain(x) ** 2).sum(-1)).max(initial=0.0) * (1 - 1e-12)


@every_library
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("layout", ["strided", "transposed", "half", "beside 1e300"])
def test_what_is_not_finite_is_found_in_every_layout(lib: str, bad: float, layout: str) -> None:
    numbers = np.ones((6, 10))
    numbers[4, 6] = bad
    if layout == "beside 1e300":
        numbers[0, 0] = 1e300
    x = array(lib, numbers, "float16" if layout == "half" else "float64")
    x = {"strided": x[::2, ::3], "transposed": x.T}.get(layout, x)
    with says(ValueError, "x holds NaN or infinity: every entry must be finite"):
        bound("x", x)


# Integers


NUMPY_WIDTHS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


@every_library
@pytest.mark.parametrize("dtype", NUMPY_WIDTHS)
def test_lengths_of_any_integer_width(lib: str, dtype: str) -> None:
    query, key, value = (normal(lib, 2, 3, 300, 4, seed=i) for i in range(3))
    lengths = array(lib, [100, 127], dtype)
    wanted = attention(query, key, value, key_lengths=array(lib, [100, 127], "int64"))
    assert (attention(query, key, value, key_lengths=lengths) == wanted).all()
    assert (padding_mask(lengths, 300) == padding_mask(array(lib, [100, 127], "int64"), 300)).all()
    with says(ValueError, "key_lengths holds 127, needs numbers from 0 to n_keys (120)"):
        attention(query, key[..., :120, :], value[..., :120, :], key_lengths=lengths)


@every_library
def test_lengths_need_a_batch_axis_where_there_are_heads(lib: str) -> None:
    query, key, value = (normal(lib, h, 5, 4) for h in (6, 2, 2))
    lengths = array(lib, [1, 2, 3, 4, 5, 5], "int64")
    with pytest.raises(
        ValueError, match=r"^key_lengths has shape \(6,\) but query \(6, 5, 4\) and"
    ):
        attention(query, key, value, key_lengths=lengths)


@every_library
@pytest.mark.parametrize("offset", [2**62, 2**63 - 2, 2**63, 2**70])
def test_a_far_offset_hides_nothing_from_causal_queries(lib: str, offset: int) -> None:
    query, key, value = operands(lib)
    assert (
        attention(query, key, value, causal=True, offset=offset) == attention(query, key, value)
    ).all()
    assert plain(causal_mask(5, 7, offset=offset, like=query)).all()
    assert not plain(window_mask(5, 7, window=3, offset=offset, like=query)).any()
    assert plain(window_mask(5, 7, window=offset + 10, offset=2, like=query)).all()
    assert (attention(query, key, value, window=3, offset=offset) == 0).all()


@every_library
@every_path
def test_a_negative_offset_hides_all_from_the_first_queries(lib: str, path: Any) -> None:
    query, key, value = operands(lib)
    output = plain(path(query, key, value, causal=True, offset=-2))
    assert (output[:, :, :2] == 0).all()
    wanted = plain(attention(query[:, :, 2:], key, value, causal=True))
    np.testing.assert_allclose(output[:, :, 2:], wanted, rtol=1e-9, atol=1e-12)
    assert (path(query, key, value, causal=True, offset=-(2**70)) == 0).all()


@every_library
@every_path
@pytest.mark.parametrize(
    "options", [{"causal": True}, {"window": 2}, {"causal": True, "window": 2}]
)
@pytest.mark.parametrize("dtype", ["int64", "int8"])
@pytest.mark.parametrize("shared", [False, True])
def test_each_batch_element_has_its_offset(
    lib: str, path: Any, options: Any, dtype: str, shared: bool
) -> None:
    query, key, value = operands(lib, heads=6, kv_heads=2)
    if shared:
        key, value = key[:1], value[:1]
    mask, bias = normal(lib, 2, 1, 5, 7) > -1, normal(lib, 6, 5, 7)
    offsets = [4, -1]
    output = path(
        query, key, value, mask=mask, bias=bias, offset=array(lib, offsets, dtype), **options
    )
    for b, offset in enumerate(offsets):
        k = slice(0, 1) if shared else slice(b, b + 1)
        alone = path(
            query[b : b + 1], key[k], value[k], mask=mask[b : b + 1], bias=bias, offset=offset,
            **options,
        )  # fmt: skip
        np.testing.assert_allclose(plain(output[b : b + 1]), plain(alone), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n", [700])
@every_library
def test_offsets_of_batch_elements_where_scores_are_many(lib: str, n: int) -> None:
    x = normal(lib, 3, 2, n, 4)
    offsets = [0, 5, -3]
    output = attention(x, x, x, causal=True, offset=array(lib, offsets, "int64"))
    for b, offset in enumerate(offsets):
        alone = attention_steps(*[x[b : b + 1]] * 3, causal=True, offset=offset).output
        np.testing.assert_allclose(plain(output[b : b + 1]), plain(alone), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("offset", "kind", "message"),
    [
        (np.array([1.0, 2.0]), TypeError, "offset has dtype float64, needs an integer dtype"),
        (np.array([1, 2, 3]), ValueError, r"offset has shape \(3,\), needs \(2,\) for scores"),
        (torch.tensor([1, 2]), TypeError, "offset is a torch array but query is a numpy array"),
    ],
)
def test_offsets_that_do_not_fit(offset: Any, kind: type[Exception], message: str) -> None:
    query, key, value = operands("numpy")
    with pytest.raises(kind, match=message):
        attention(query, key, value, causal=True, offset=offset)
    with pytest.raises(ValueError, match="neither causal nor window"):
        attention(query, key, value, offset=np.array([1, 2]))


# Flags, and arrays that only lend their dtype


@pytest.mark.parametrize("word", ["False", "no", 0, 1, None, np.array([True, False])])
def test_what_is_no_flag_is_refused(word: Any) -> None:
    x = normal("numpy", 3, 5, 4)
    message = f"causal is {word!r}, needs True or False"
    for call in (attention, attention_steps, blocked_attention, linear_attention):
        with says(TypeError, message):
            call(x, x, x, causal=word)  # type: ignore[operator]
    with says(TypeError, f"bias is {word!r}, needs True or False"):
        MultiHeadAttention(12, 3, bias=word)
    with says(TypeError, f"fused is {word!r}, needs True or False"):
        MultiHeadAttention(12, 3, fused=word)


@pytest.mark.parametrize("flag", [np.True_, np.False_])
def test_a_flag_may_be_numpys(flag: Any) -> None:
    x = normal("numpy", 3, 5, 4)
    assert (attention(x, x, x, causal=flag) == attention(x, x, x, causal=bool(flag))).all()


@every_library
@pytest.mark.parametrize("dtype", ["int64", "bool"])
@pytest.mark.parametrize(
    "make",
    [
        lambda like: alibi_slopes(4, like=like),
        lambda like: alibi_bias(4, 3, like=like),
        lambda like: sinusoidal(2, 4, like=like),
    ],
)
def test_a_dtype_that_holds_no_fractions_is_not_lent(lib: str, dtype: str, make: Any) -> None:
    with pytest.raises(TypeError, match=r"^like has dtype .*, needs a floating-point dtype"):
        make(array(lib, np.zeros(1), dtype))


@pytest.mark.parametrize("count", [3, np.int64(3), np.array(3), torch.tensor(3)])
def test_how_many_positions_may_be_any_integer(count: Any) -> None:
    assert (plain(sinusoidal(count, 4)) == sinusoidal(3, 4)).all()


class Strange:
    """An array of a library that this one does not know."""

    shape, ndim, dtype = (5, 4), 2, "float32"

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return np


def test_arrays_of_other_libraries_are_refused_whatever_their_size() -> None:
    with says(
        TypeError,
        "query is a Strange, needs a NumPy array or a torch tensor: try numpy.asarray(query)",
    ):
        attention(Strange(), Strange(), Strange())
