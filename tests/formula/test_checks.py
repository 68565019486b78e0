"""Every refusal: its kind and its exact words."""

from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import attention, attention_steps, merge_heads, softmax, split_heads
from qkv_lib.formula._fit import broadcast
from qkv_lib.formula.arrays import library
from qkv_lib.formula.checks import check_count, check_number
from tests.arrays import LIBRARIES, array, normal, operands
from tests.refusals import says

NAN, INF = float("nan"), float("inf")


def ones(*shape: int) -> np.ndarray[Any, Any]:
    return np.ones(shape)


Q, K, V = ones(2, 3, 5, 11), ones(2, 3, 7, 11), ones(2, 3, 7, 13)


@pytest.mark.parametrize("name", ["query", "key", "value"])
def test_operand_must_be_an_array(name: str) -> None:
    operands = {"query": Q, "key": K, "value": V, name: [[1.0, 2.0]]}
    with says(
        TypeError,
        f"{name} is a list, needs a NumPy array or a torch tensor: try numpy.asarray({name})",
    ):
        attention(**operands)


def test_masked_arrays_are_refused_because_their_mask_would_be_lost() -> None:
    with says(
        TypeError,
        "key is a MaskedArray, needs a NumPy array or a torch tensor: try numpy.asarray(key)",
    ):
        attention(Q, np.ma.masked_array(K), V)


def test_operands_must_be_of_one_library() -> None:
    with says(
        TypeError,
        "value is a torch array but query is a numpy array: hand in arrays of one library",
    ):
        attention(Q, K, torch.ones(2, 3, 7, 13))


def test_operands_must_be_on_one_device() -> None:
    with says(ValueError, "key is on meta but query is on cpu: move one of them"):
        attention(torch.ones(5, 11), torch.ones(7, 11, device="meta"), torch.ones(7, 13))


@pytest.mark.parametrize("dtype", ["int64", "bool", "complex128"])
def test_operands_must_be_floating_point(dtype: str) -> None:
    with says(
        TypeError,
        f"key has dtype {dtype}, needs a floating-point dtype: convert it, for example to float32",
    ):
        attention(Q, K.astype(dtype), V)


def test_operands_must_have_one_dtype() -> None:
    with says(TypeError, "value is float32 but query is float64: convert one of them"):
        attention(Q, K, V.astype("float32"))


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("name", ["query", "key", "value"])
def test_operands_must_be_finite(lib: str, bad: float, name: str) -> None:
    arrays = dict(zip(("query", "key", "value"), operands(lib), strict=True))
    arrays[name][1, 2, 3, 4] = bad
    with says(ValueError, f"{name} holds NaN or infinity: every entry must be finite"):
        attention(**arrays)


@pytest.mark.parametrize("name", ["query", "key", "value"])
def test_operands_need_two_axes(name: str) -> None:
    arrays = {"query": Q, "key": K, "value": V, name: ones(11)}
    with says(
        ValueError,
        f"{name} has shape (11,), needs at least two axes (..., length, features)",
    ):
        attention(**arrays)


def test_query_and_key_need_one_width() -> None:
    with says(
        ValueError,
        "query has 11 features but key has 13: shapes (2, 3, 5, 11) and (2, 3, 7, 13); "
        "the last axes must be equal (d_k)",
    ):
        attention(Q, V, V)


def test_width_zero_is_refused() -> None:
    with says(ValueError, "query has no features: shape (5, 0); d_k must be at least 1"):
        attention(ones(5, 0), ones(7, 0), ones(7, 13))
    with says(ValueError, "query has no features: shape (3, 5, 0); d_k must be at least 1"):
        attention(ones(3, 5, 0), ones(3, 7, 0), ones(3, 7, 13))


def test_every_key_needs_one_value() -> None:
    with says(
        ValueError,
        "key has 7 rows but value has 6: shapes (2, 3, 7, 11) and (2, 3, 6, 13); "
        "every key needs exactly one value",
    ):
        attention(Q, K, V[..., :-1, :])


def test_messages_count_axes_from_the_end() -> None:
    query, key, value = Q[0], K[0], V[0]
    with says(
        ValueError,
        "key has 7 rows but value has 6: shapes (3, 7, 11) and (3, 6, 13); "
        "every key needs exactly one value",
    ):
        attention(query, key, value[:, 1:])
    with says(
        ValueError,
        "key has leading axes (3,) but value has (1,): shapes (3, 7, 11) and (1, 7, 13); "
        "they must be equal",
    ):
        attention(query, key, value[:1])
    with says(
        ValueError,
        "query has leading axes (2, 2, 3) but key has (5, 2, 3): shapes (2, 2, 3, 5, 11) and "
        "(5, 2, 3, 7, 11); apart from the heads they must be equal or 1",
    ):
        attention(ones(2, 2, 3, 5, 11), ones(5, 2, 3, 7, 11), ones(5, 2, 3, 7, 13))


def test_key_and_value_need_equal_leading_axes() -> None:
    with says(
        ValueError,
        "key has leading axes (2, 3) but value has (2, 1): "
        "shapes (2, 3, 7, 11) and (2, 1, 7, 13); they must be equal",
    ):
        attention(Q, K, V[:, :1])


@pytest.mark.parametrize(("h", "g"), [(3, 2), (1, 3), (2, 0), (2, 3)])
def test_query_heads_must_be_a_multiple_of_key_heads(h: int, g: int) -> None:
    with says(
        ValueError,
        f"query has {h} heads but key has {g}: shapes (2, {h}, 5, 11) and (2, {g}, 7, 11); "
        "the heads of query must be a multiple of the heads of key and value",
    ):
        attention(ones(2, h, 5, 11), ones(2, g, 7, 11), ones(2, g, 7, 13))


def test_batch_axes_must_fit() -> None:
    with says(
        ValueError,
        "query has leading axes (2, 3) but key has (5, 3): shapes (2, 3, 5, 11) and "
        "(5, 3, 7, 11); apart from the heads they must be equal or 1",
    ):
        attention(Q, ones(5, 3, 7, 11), ones(5, 3, 7, 13))


@pytest.mark.parametrize(("name", "dtype"), [("mask", "bool"), ("bias", "float64")])
class TestMaskAndBias:
    def test_must_broadcast_to_the_scores(self, name: str, dtype: str) -> None:
        with says(
            ValueError,
            f"{name} has shape (7, 5), needs one that broadcasts to the scores' (2, 3, 5, 7): "
            "(..., n_queries, n_keys)",
        ):
            attention(Q, K, V, **{name: np.ones((7, 5), dtype)})

    def test_must_not_make_the_scores_bigger(self, name: str, dtype: str) -> None:
        with says(
            ValueError,
            f"{name} has shape (4, 2, 3, 5, 7), needs one that broadcasts to the scores' "
            "(2, 3, 5, 7): (..., n_queries, n_keys)",
        ):
            attention(Q, K, V, **{name: np.ones((4, 2, 3, 5, 7), dtype)})

    def test_must_be_an_array(self, name: str, dtype: str) -> None:
        with says(
            TypeError,
            f"{name} is a list, needs a NumPy array or a torch tensor: try numpy.asarray({name})",
        ):
            attention(Q, K, V, **{name: np.ones((5, 7), dtype).tolist()})

    def test_must_be_of_the_library_of_query(self, name: str, dtype: str) -> None:
        with says(
            TypeError,
            f"{name} is a torch array but query is a numpy array: hand in arrays of one library",
        ):
            attention(Q, K, V, **{name: torch.ones(5, 7, dtype=getattr(torch, dtype))})

    def test_must_be_on_the_device_of_query(self, name: str, dtype: str) -> None:
        query, key, value = operands("torch")
        there = torch.ones(5, 7, dtype=getattr(torch, dtype), device="meta")
        with says(ValueError, f"{name} is on meta but query is on cpu: move one of them"):
            attention(query, key, value, **{name: there})


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint8"])
def test_mask_must_be_boolean(dtype: str) -> None:
    with says(
        TypeError,
        f"mask has dtype {dtype}, needs bool, True = may attend; "
        "numbers to add to the scores go in as bias",
    ):
        attention(Q, K, V, mask=np.ones((5, 7), dtype))


@pytest.mark.parametrize("dtype", ["bool", "int64"])
def test_bias_must_be_floating_point(dtype: str) -> None:
    with says(
        TypeError,
        f"bias has dtype {dtype}, needs a floating-point dtype; a boolean array goes in as mask",
    ):
        attention(Q, K, V, bias=np.ones((5, 7), dtype))


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("bad", [NAN, INF])
def test_bias_must_stay_below_infinity(lib: str, bad: float) -> None:
    bias = array(lib, np.zeros((5, 7)))
    bias[2, 3] = bad
    with says(ValueError, "bias holds NaN or +infinity: every entry must be finite or -infinity"):
        attention(*operands(lib), bias=bias)


class TestKeyLengths:
    def test_must_be_an_array(self) -> None:
        with says(
            TypeError,
            "key_lengths is a list, needs a NumPy array or a torch tensor: "
            "try numpy.asarray(key_lengths)",
        ):
            attention(Q, K, V, key_lengths=[1, 2])

    def test_must_be_of_the_library_of_query(self) -> None:
        with says(
            TypeError,
            "key_lengths is a torch array but query is a numpy array: "
            "hand in arrays of one library",
        ):
            attention(Q, K, V, key_lengths=torch.tensor([1, 2]))

    def test_must_be_integers(self) -> None:
        with says(TypeError, "key_lengths has dtype float64, needs an integer dtype"):
            attention(Q, K, V, key_lengths=np.array([1.0, 2.0]))

    @pytest.mark.parametrize("lib", LIBRARIES)
    @pytest.mark.parametrize("wrong", [-1, 8])
    def test_must_lie_in_range(self, lib: str, wrong: int) -> None:
        lengths = array(lib, [3, wrong], "int64")
        with says(ValueError, f"key_lengths holds {wrong}, needs numbers from 0 to n_keys (7)"):
            attention(*operands(lib), key_lengths=lengths)

    @pytest.mark.parametrize("lengths", [[1], [1, 2, 3], [[1, 2]], 3])
    def test_must_be_one_a_batch_element(self, lengths: Any) -> None:
        lengths = np.array(lengths)
        batch = (2,) if lengths.ndim < 2 else (2, 3)
        with says(
            ValueError,
            f"key_lengths has shape {lengths.shape}, needs {batch} for scores of shape "
            "(2, 3, 5, 7): one length a batch element",
        ):
            attention(Q, K, V, key_lengths=lengths)

    def test_need_a_batch_axis(self) -> None:
        with says(
            ValueError,
            "key_lengths has shape (5,), needs a batch axis for scores of shape (5, 7): "
            "one length a batch element",
        ):
            attention(Q[0, 0], K[0, 0], V[0, 0], key_lengths=np.full(5, 7))


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize(("sign", "other"), [(1, -1), (-1, 1)])
def test_scores_that_could_overflow_are_refused(lib: str, sign: int, other: int) -> None:
    query, key, value = operands(lib, dtype="float32")
    with says(
        ValueError,
        "scores may reach ±1.1e+39, more than float32 holds: "
        "query, key, scale or bias is too large; scale it down",
    ):
        attention(query * 0 + sign * 1e19, key * 0 + other * 1e19, value)


@pytest.mark.parametrize(
    ("scale", "bias"),
    [(1e38, 0.0), (-1e38, 0.0), (1.0, 3.5e38), (1e37, 3e38), (1.0, -3.5e38)],
)
def test_scale_and_bias_count_towards_overflow(scale: float, bias: float) -> None:
    query, key, value = (x.astype("float32") for x in (Q, K, V))
    with pytest.raises(ValueError, match=r"^scores may reach ±.*, more than float32 holds"):
        attention(query, key, value, scale=scale, bias=np.full((5, 7), bias))


@pytest.mark.parametrize(
    ("dtype", "largest"), [("float16", 6e4), ("float32", 5e18), ("float64", 1e153)]
)
def test_scores_just_below_overflow_are_computed(dtype: str, largest: float) -> None:
    query, key, value = (np.full(x.shape, largest, dtype) for x in (Q, K, V))
    lowest = np.full((5, 7), np.finfo(max("float32", dtype)).min)
    for bias in (None, lowest, np.full((5, 7), -INF)):
        output = attention(query, key, value, bias=bias)
        assert np.isfinite(output).all()


@pytest.mark.parametrize("value", [0, -1, NAN, INF])
def test_softcap_must_be_above_zero(value: float) -> None:
    with says(ValueError, f"softcap is {value!r}, needs a finite number above 0"):
        attention(Q, K, V, softcap=value)


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_scale_must_be_finite(value: float) -> None:
    with says(ValueError, f"scale is {value!r}, needs a finite number"):
        attention(Q, K, V, scale=value)


@pytest.mark.parametrize("value", [True, "1", 1j, np.array(1.0)])
def test_scale_must_be_a_number(value: Any) -> None:
    with says(TypeError, f"scale is {value!r}, needs a finite number"):
        attention(Q, K, V, scale=value)


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.float64(2), np.int32(2)])
def test_any_real_number_is_a_number(value: Any) -> None:
    number = check_number("scale", value)
    assert number == 2.0
    assert type(number) is float


@pytest.mark.parametrize("value", [-3, 0])
def test_a_number_may_be_negative_or_zero_unless_it_must_be_positive(value: float) -> None:
    assert check_number("scale", value) == value


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"offset": 1.0}, TypeError, "offset is 1.0, needs an integer"),
        ({"offset": True}, TypeError, "offset is True, needs an integer"),
        ({"window": 0}, ValueError, "window is 0, needs an integer of at least 1"),
        ({"window": "4"}, TypeError, "window is '4', needs an integer of at least 1"),
        *(
            (
                {"offset": offset},
                ValueError,
                f"offset is {offset} but neither causal nor window is given to use it",
            )
            for offset in (3, -1)
        ),
    ],
)
def test_counts(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    for door in (attention, attention_steps):
        with says(kind, message):
            door(Q, K, V, **options)


@pytest.mark.parametrize("value", [4, np.int16(4), np.array(4), torch.tensor(4)])
def test_any_integer_is_a_count(value: Any) -> None:
    count = check_count("n", value, least=4)
    assert count == 4
    assert type(count) is int


@pytest.mark.parametrize("value", [np.array([1, 2]), np.array(1.0), torch.tensor(1.5), None])
def test_what_is_no_integer_is_no_count(value: Any) -> None:
    with says(TypeError, f"n is {value!r}, needs an integer of at least 0"):
        check_count("n", value, least=0)


class TestSoftmax:
    def test_needs_an_array(self) -> None:
        with says(
            TypeError,
            "scores is a list, needs a NumPy array or a torch tensor: try numpy.asarray(scores)",
        ):
            softmax([1.0, 2.0])

    def test_needs_floating_point(self) -> None:
        with says(TypeError, "scores has dtype int64, needs a floating-point dtype"):
            softmax(np.array([1, 2]))

    def test_needs_an_axis(self) -> None:
        with says(ValueError, "scores is a single number, needs at least one axis"):
            softmax(np.array(1.0))

    @pytest.mark.parametrize("axis", [2, -3])
    def test_needs_an_axis_that_exists(self, axis: int) -> None:
        with says(ValueError, f"axis is {axis} but scores has 2 axes: (5, 7)"):
            softmax(ones(5, 7), axis=axis)

    @pytest.mark.parametrize("lib", LIBRARIES)
    @pytest.mark.parametrize("bad", [NAN, INF])
    def test_needs_scores_below_infinity(self, lib: str, bad: float) -> None:
        with says(
            ValueError, "scores holds NaN or +infinity: every entry must be finite or -infinity"
        ):
            softmax(array(lib, [[0.0, bad]]))


class TestHeads:
    @pytest.mark.parametrize("function", [merge_heads, lambda x: split_heads(x, 2)])
    def test_needs_an_array(self, function: Any) -> None:
        with says(
            TypeError, "x is a list, needs a NumPy array or a torch tensor: try numpy.asarray(x)"
        ):
            function([[1.0, 2.0]])

    def test_split_needs_two_axes(self) -> None:
        with says(ValueError, "x has shape (6,), needs at least two axes (..., length, features)"):
            split_heads(ones(6), 3)

    def test_merge_needs_three_axes(self) -> None:
        with says(
            ValueError,
            "x has shape (5, 6), needs at least three axes (..., heads, length, features)",
        ):
            merge_heads(ones(5, 6))

    def test_heads_must_divide_the_features(self) -> None:
        with says(
            ValueError,
            "x has 11 features, which 3 heads cannot share equally: shape (2, 5, 11); "
            "n_heads must divide the last axis",
        ):
            split_heads(ones(2, 5, 11), 3)

    @pytest.mark.parametrize(("n_heads", "kind"), [(0, ValueError), (1.5, TypeError)])
    def test_n_heads_must_be_a_count(self, n_heads: Any, kind: type[Exception]) -> None:
        with says(kind, f"n_heads is {n_heads}, needs an integer of at least 1"):
            split_heads(ones(5, 6), n_heads)


def test_library_names_the_library() -> None:
    assert [library(normal(name, 2)) for name in LIBRARIES] == list(LIBRARIES)


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        ((2, 3), (2, 3), (2, 3)),
        ((1, 3), (2, 1), (2, 3)),
        ((3,), (2, 3), (2, 3)),
        ((2, 3), (3,), (2, 3)),
        ((), (2,), (2,)),
        ((0,), (1,), (0,)),
        ((2,), (3,), None),
        ((0,), (3,), None),
        ((2, 3), (3, 2), None),
    ],
)
def test_broadcast_agrees_with_numpy(left: Any, right: Any, result: Any) -> None:
    assert broadcast(left, right) == result
    if result is None:
        with pytest.raises(ValueError, match="mismatch"):
            np.broadcast_shapes(left, right)
    else:
        assert np.broadcast_shapes(left, right) == result
