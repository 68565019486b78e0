"""The front door: attention against loops over its definition, stage by stage."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from qkv_lib import attention, attention_steps, softmax
from tests.arrays import BATCH, HEADS, LIBRARIES, M, N, array, in_library, normal, operands, plain
from tests.reference import attention_by_loops

DTYPES = [
    *itertools.product(["numpy"], ["float16", "float32", "float64"]),
    *itertools.product(["torch"], ["float16", "bfloat16", "float32", "float64"]),
]


@st.composite
def problems(draw: st.DrawFn) -> tuple[str, tuple[Any, Any, Any], dict[str, Any]]:
    """Draw a library, sizes, operands and any combination of options."""
    lib = draw(st.sampled_from(LIBRARIES))
    batch, group, g = (draw(st.integers(1, 3)) for _ in range(3))
    n, m = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    d, e = draw(st.integers(1, 4)), draw(st.integers(0, 4))
    h, seed = group * g, draw(st.integers(0, 1000))
    numbers = np.random.default_rng(seed)
    query, key, value = (
        numbers.normal(size=size) * 2
        for size in ((batch, h, n, d), (batch, g, m, d), (batch, g, m, e))
    )
    options: dict[str, Any] = {}
    some = draw(st.sets(st.sampled_from(["mask", "bias", "lengths", "scale", "cap", "window"])))
    if "mask" in some:
        shape = draw(st.sampled_from([(batch, h, n, m), (h, 1, m), (n, m), (1, 1, n, 1)]))
        options["mask"] = numbers.random(shape) < 0.6
    if "bias" in some:
        options["bias"] = numbers.normal(size=draw(st.sampled_from([(h, n, m), (1, m)])))
        options["bias"][options["bias"] > 1] = -math.inf
    if "lengths" in some:
        options["key_lengths"] = numbers.integers(0, m + 1, batch)
    if "scale" in some:
        options["scale"] = draw(st.floats(-2, 2))
    if "cap" in some:
        options["softcap"] = draw(st.floats(0.1, 10))
    options["causal"] = draw(st.booleans())
    if "window" in some:
        options["window"] = draw(st.integers(1, 5))
    if options["causal"] or "window" in some:
        options["offset"] = draw(st.integers(0, 5))
    return lib, (query, key, value), options


@given(problem=problems())
def test_equals_the_loops_for_every_combination_of_options(problem: Any) -> None:
    lib, operands, options = problem
    output, weights = attention_by_loops(*operands, **options)
    arrays = [array(lib, x) for x in operands]
    options = in_library(lib, options)
    steps = attention_steps(*arrays, **options)
    np.testing.assert_allclose(plain(steps.weights), weights, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(plain(steps.output), output, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(plain(attention(*arrays, **options)), output, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lib", LIBRARIES)
def test_each_stage_follows_from_the_one_before(lib: str) -> None:
    query, key, value = operands(lib)
    mask = normal(lib, N, M) > -1
    bias = normal(lib, HEADS, N, M, seed=1)
    steps = attention_steps(query, key, value, mask=mask, bias=bias, scale=0.7, softcap=2.0)
    scores = plain(query) @ plain(key).swapaxes(-1, -2)
    np.testing.assert_allclose(plain(steps.scores), scores, rtol=1e-12)
    np.testing.assert_allclose(plain(steps.scaled), 0.7 * scores, rtol=1e-12)
    capped = 2 * np.tanh(0.7 * scores / 2)
    np.testing.assert_allclose(plain(steps.capped), capped, rtol=1e-12)
    masked = np.where(plain(mask), capped + plain(bias), -np.inf)
    np.testing.assert_allclose(plain(steps.masked), masked, rtol=1e-12)
    exponentials = np.exp(masked)
    weights = exponentials / exponentials.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(plain(steps.weights), weights, rtol=1e-12)
    np.testing.assert_allclose(plain(steps.output), weights @ plain(value), rtol=1e-11)
    np.testing.assert_allclose(
        plain(steps.logsumexp), np.log(exponentials.sum(axis=-1)), rtol=1e-12
    )


def test_without_a_cap_nothing_is_capped() -> None:
    steps = attention_steps(*operands("numpy"))
    assert (steps.capped == steps.scaled).all()
    assert (steps.masked == steps.capped).all()


@pytest.mark.parametrize(("lib", "dtype"), DTYPES)
def test_output_keeps_the_dtype_and_sums_are_kept_in_float32_at_least(lib: str, dtype: str) -> None:
    query, key, value = operands(lib, dtype=dtype)
    steps = attention_steps(query, key, value, bias=normal(lib, N, M), softcap=3.0)
    assert attention(query, key, value).dtype == steps.output.dtype == query.dtype
    wide = "float64" if dtype == "float64" else "float32"
    for stage in (*steps[:5], steps.logsumexp):
        assert str(stage.dtype).endswith(wide)


def test_half_precision_sums_do_not_stall() -> None:
    """Summed in half precision, 4,096 equal weights would add up to 2,048 · 2⁻¹² at most."""
    ones = np.ones((4096, 1), dtype="float16")
    assert attention(ones[:1] * 0, ones, ones) == 1.0


def test_half_precision_scores_may_exceed_its_largest_number() -> None:
    query = np.array([[256.0, 256.0]], "float16")  # the score is 131,072; float16 ends at 65,504
    output = attention(query, query, np.array([[3.0]], "float16"), scale=1.0)
    assert output == 3.0


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize(
    ("query", "key", "value", "output"),
    [
        ((5, 11), (7, 11), (7, 13), (5, 13)),
        ((3, 5, 11), (3, 7, 11), (3, 7, 13), (3, 5, 13)),
        ((2, 3, 5, 11), (1, 3, 7, 11), (1, 3, 7, 13), (2, 3, 5, 13)),
        ((3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13), (2, 3, 5, 13)),
        ((5, 11), (2, 1, 7, 11), (2, 1, 7, 13), (2, 1, 5, 13)),
        ((2, 6, 5, 11), (3, 7, 11), (3, 7, 13), (2, 6, 5, 13)),
        ((17, 2, 3, 5, 11), (17, 2, 3, 7, 11), (17, 2, 3, 7, 13), (17, 2, 3, 5, 13)),
        ((0, 11), (7, 11), (7, 13), (0, 13)),
        ((5, 11), (0, 11), (0, 13), (5, 13)),
        ((0, 5, 11), (1, 7, 11), (1, 7, 13), (0, 5, 13)),
        ((5, 11), (7, 11), (7, 0), (5, 0)),
        ((1, 11), (1, 11), (1, 13), (1, 13)),
    ],
)
def test_shapes(
    lib: str,
    query: tuple[int, ...],
    key: tuple[int, ...],
    value: tuple[int, ...],
    output: tuple[int, ...],
) -> None:
    arrays = [normal(lib, *size) for size in (query, key, value)]
    result = attention(*arrays)
    assert tuple(result.shape) == output
    h, g = (size[-3] if len(size) > 2 else 1 for size in (query, key))
    steps = attention_steps(*arrays)
    assert tuple(steps.weights.shape) == (*output[:-1], key[-2])
    assert (plain(attention(*arrays, mask=steps.weights >= 0)) == plain(result)).all()
    keys, values = (np.repeat(plain(x), h // g, -3) if g > 1 else plain(x) for x in arrays[1:])
    if 0 not in (h, key[-2]):
        exponentials = np.exp(plain(arrays[0]) @ keys.swapaxes(-1, -2) / math.sqrt(11))
        expected = exponentials / exponentials.sum(-1, keepdims=True) @ values
        np.testing.assert_allclose(plain(result), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lib", LIBRARIES)
def test_no_keys_give_zero_and_a_log_sum_of_minus_infinity(lib: str) -> None:
    steps = attention_steps(normal(lib, 5, 11), normal(lib, 0, 11), normal(lib, 0, 13))
    assert (plain(steps.output) == 0).all()
    assert tuple(steps.logsumexp.shape) == (5,)
    assert (plain(steps.logsumexp) == -np.inf).all()


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("axes", [3, 4])
def test_a_mask_and_lengths_hold_together(lib: str, axes: int) -> None:
    query, key, value = (x if axes == 4 else x[:, 0] for x in operands(lib))
    mask = normal(lib, N, M) > 0
    weights = plain(
        attention_steps(
            query, key, value, mask=mask, key_lengths=array(lib, [3, 6], "int64")
        ).weights
    )
    real = np.arange(M) < np.array([3, 6]).reshape(-1, *(1,) * (axes - 1))
    assert ((weights > 0) == (plain(mask) & real)).all()


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_fully_masked_row_has_weights_zero_and_a_log_sum_of_minus_infinity(lib: str) -> None:
    mask = np.ones((N, M), bool)
    mask[3] = False
    steps = attention_steps(*operands(lib), mask=array(lib, mask, "bool"))
    assert (plain(steps.weights)[..., 3, :] == 0).all()
    assert (plain(steps.output)[..., 3, :] == 0).all()
    assert (plain(steps.logsumexp)[..., 3] == -np.inf).all()
    assert np.isfinite(plain(steps.logsumexp)[..., :3]).all()


def test_cost_of_options_nobody_asked_for_is_nil() -> None:
    query, key, value = operands("numpy")
    steps = attention_steps(query, key, value)
    every = np.ones((BATCH, HEADS, N, M), bool)
    same = attention_steps(
        query, key, value, mask=every, bias=every * 0.0, window=99, offset=0,
        key_lengths=np.full(BATCH, M), scale=1 / math.sqrt(11),
    )  # fmt: skip
    for left, right in zip(steps, same, strict=True):
        assert (left == right).all()


def test_the_running_example() -> None:
    """The article's four words: every row ends near the longest vector, not near itself."""
    x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    steps = attention_steps(x, x, x)
    assert (steps.scores == x @ x.T).all()
    assert (steps.weights.argmax(axis=-1) == 3).all()
    output, weights = attention_by_loops(*(x[None, None],) * 3)
    np.testing.assert_allclose(steps.weights, weights[0, 0], rtol=1e-12)
    np.testing.assert_allclose(steps.output, output[0, 0], rtol=1e-12)
    assert steps.output.shape == (4, 2)  # one row per word, no vector of fixed length


SCORES = st.lists(st.floats(-1e4, 1e4) | st.just(-math.inf), min_size=1, max_size=7)


class TestSoftmax:
    @given(scores=SCORES, lib=st.sampled_from(LIBRARIES))
    def test_is_its_definition(self, scores: list[float], lib: str) -> None:
        weights = plain(softmax(array(lib, scores)))
        if max(scores) == -math.inf:
            assert (weights == 0).all()
            return
        for weight, score in zip(weights, scores, strict=True):
            others = math.fsum(math.exp(min(s - score, 700)) for s in scores)
            expected = 0.0 if score == -math.inf else 1 / others
            assert weight == pytest.approx(expected, rel=1e-9, abs=1e-300)

    @pytest.mark.parametrize("lib", LIBRARIES)
    @pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
    def test_sums_to_one_along_the_axis_asked_for(self, lib: str, axis: int) -> None:
        weights = softmax(normal(lib, 5, 7, 11), axis=axis)
        assert tuple(weights.shape) == (5, 7, 11)
        np.testing.assert_allclose(plain(weights).sum(axis=axis), 1, rtol=1e-12)
        expected = torch.softmax(normal("torch", 5, 7, 11), dim=axis)
        np.testing.assert_allclose(plain(weights), plain(expected), rtol=1e-12)

    @pytest.mark.parametrize(("lib", "dtype"), DTYPES)
    def test_keeps_the_dtype(self, lib: str, dtype: str) -> None:
        scores = normal(lib, 5, 7, dtype=dtype)
        assert softmax(scores).dtype == scores.dtype

    def test_half_precision_is_summed_in_float32(self) -> None:
        assert softmax(np.zeros(4096, "float16")).sum(dtype="float64") == 1.0

    def test_an_empty_axis_stays_empty(self) -> None:
        assert softmax(np.zeros((5, 0))).shape == (5, 0)
