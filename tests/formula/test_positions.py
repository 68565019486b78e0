"""Positions by their defining properties, for NumPy and torch, offsets and ids."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from qkv_lib import attention
from qkv_lib.formula.positions import alibi_bias, alibi_slopes, rope, sinusoidal

BATCH, H, N, M, D = 2, 3, 5, 7, 22
rng = np.random.default_rng(0)
X = rng.normal(size=(BATCH, H, N, D))
LAYOUTS = ["half", "interleaved"]
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def close(actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(
        np.asarray(actual), np.asarray(expected), rtol=tolerance, atol=tolerance
    )


# Sinusoidal


def test_sinusoidal_is_the_papers_formula() -> None:
    table = sinusoidal(N, D)
    for t, i in np.ndindex(N, D // 2):
        close(table[t, 2 * i], np.sin(t / 10000 ** (2 * i / D)))
        close(table[t, 2 * i + 1], np.cos(t / 10000 ** (2 * i / D)))


@pytest.mark.parametrize("k", [1, 13, 1000])
def test_the_vector_k_places_on_is_one_fixed_rotation(k: int) -> None:
    here, there = sinusoidal(N, D), sinusoidal(N, D, offset=k)
    turn = np.zeros((D, D))
    for i in range(0, D, 2):
        a = k / 10000 ** (i / D)
        turn[i : i + 2, i : i + 2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    close(here @ turn, there, 1e-9)
    close(turn @ turn.T, np.eye(D))


def test_dot_products_of_the_vectors_depend_on_distance_only() -> None:
    table = sinusoidal(N + 9, D)
    products = table @ table.T
    for distance in range(N):
        assert np.ptp(np.diagonal(products, distance)) < 1e-12
    close(np.diagonal(products), D / 2)


def test_position_ids_pick_rows_and_the_base_counts() -> None:
    ids = np.array([[3, 0, 3], [11, 2, 7]])
    close(sinusoidal(ids, D), sinusoidal(12, D)[ids])
    close(sinusoidal(2, 4, base=7.0)[1, 2], np.sin(7.0**-0.5))


# RoPE


@every_layout
@pytest.mark.parametrize("base", [10000.0, 37.0])
def test_scores_of_turned_queries_and_keys_depend_on_distance_only(
    layout: str, base: float
) -> None:
    query, key = rng.normal(size=(2, 1, D))
    start, places = np.arange(4), np.array([0, 1, 19, 4711])

    def score(i: int, j: int) -> float:
        options: Any = {"layout": layout, "base": base}
        turned = (rope(x, offset=at, **options) for x, at in ((query, i), (key, j)))
        return (next(turned) @ next(turned).T).item()

    for distance in start:
        scores = [score(int(place) + distance, int(place)) for place in places]
        close(scores, scores[0], 1e-9)
    assert abs(score(1, 0) - score(0, 1)) > 1e-3  # direction is kept
    assert abs(score(1, 0) - score(0, 0)) > 1e-3


@every_layout
def test_turning_keeps_every_norm_and_leaves_position_zero(layout: str) -> None:
    turned = rope(X, layout=layout)
    close(np.linalg.norm(turned, axis=-1), np.linalg.norm(X, axis=-1))
    close(turned[..., 0, :], X[..., 0, :])
    assert not np.allclose(turned[..., 1, :], X[..., 1, :])


@every_layout
def test_turning_twice_adds_the_positions(layout: str) -> None:
    there = rope(rope(X, offset=3, layout=layout), positions=np.full(N, 8), layout=layout)
    close(there, rope(X, offset=11, layout=layout))


def test_interleaved_is_half_split_in_another_order_of_features() -> None:
    order = np.concatenate([np.arange(0, D, 2), np.arange(1, D, 2)])
    close(rope(X, layout="interleaved")[..., order], rope(X[..., order], layout="half"))


def test_each_pair_turns_as_a_complex_number() -> None:
    turned = rope(X, layout="interleaved", offset=2)
    for t, i in np.ndindex(N, D // 2):
        pair = X[..., t, 2 * i] + 1j * X[..., t, 2 * i + 1]
        result = pair * np.exp(1j * (t + 2) * 10000 ** (-2 * i / D))
        close(turned[..., t, 2 * i], result.real)
        close(turned[..., t, 2 * i + 1], result.imag)


@every_layout
def test_partial_rope_turns_the_first_features_as_if_alone(layout: str) -> None:
    turned = rope(X, n_rotated=6, layout=layout)
    close(turned[..., :6], rope(X[..., :6], layout=layout))
    assert np.array_equal(turned[..., 6:], X[..., 6:])


def test_position_ids_are_offsets_row_by_row() -> None:
    ids = np.array([[4, 0, 9, 1, 1], [2, 3, 5, 7, 11]])
    turned = rope(X, positions=ids[:, None, :])
    for b, t in np.ndindex(BATCH, N):
        close(turned[b, :, t], rope(X[b, :, t : t + 1], offset=int(ids[b, t]))[:, 0])
    close(rope(X, positions=np.arange(N) + 6), rope(X, offset=6))


def test_a_cache_needs_no_turning_again() -> None:
    close(np.concatenate([rope(X[..., :3, :]), rope(X[..., 3:, :], offset=3)], axis=-2), rope(X))


# ALiBi


def test_slopes_of_8_and_12_heads_are_the_papers() -> None:
    eight = [2.0**-i for i in range(1, 9)]
    close(alibi_slopes(8), eight)
    close(alibi_slopes(12), eight + [2.0 ** -(i + 0.5) for i in range(4)])
    close(alibi_slopes(1), [2.0**-8])


@pytest.mark.parametrize("n_heads", range(1, 40))
def test_slopes_are_positive_different_and_as_many_as_heads(n_heads: int) -> None:
    slopes = alibi_slopes(n_heads)
    assert slopes.shape == (n_heads,) == np.unique(slopes).shape
    assert slopes.min() > 0
    assert slopes.max() < 1


def test_the_bias_is_minus_slope_times_distance() -> None:
    bias, slopes = alibi_bias(H, N, M, offset=2), alibi_slopes(H)
    for h, i, j in np.ndindex(H, N, M):
        close(bias[h, i, j], -slopes[h] * abs(i + 2 - j))
    assert alibi_bias(H, N, offset=4).shape == (H, N, N + 4)


def test_under_the_causal_mask_distance_from_the_end_says_the_same() -> None:
    query, key, value = rng.normal(size=(3, BATCH, H, N, D))
    paper = alibi_slopes(H)[:, None, None] * np.arange(N)  # the paper's code: a constant a row off
    ours = attention(query, key, value, bias=alibi_bias(H, N), causal=True)
    close(ours, attention(query, key, value, bias=paper, causal=True))


# Both libraries, every dtype


MAKERS: list[Any] = [
    pytest.param(lambda like: sinusoidal(N, D, offset=99_999, like=like), id="sinusoidal"),
    pytest.param(lambda like: rope(like, offset=99_999), id="rope half"),
    pytest.param(
        lambda like: rope(like, offset=99_999, layout="interleaved"), id="rope interleaved"
    ),
    pytest.param(lambda like: alibi_bias(H, N, M, offset=99_999, like=like), id="alibi"),
    pytest.param(lambda like: alibi_slopes(12, like=like), id="slopes"),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_each_dtype_is_kept_and_exact_to_its_last_digit_or_two(
    make: Callable[[Any], Any], dtype: str
) -> None:
    kind = getattr(torch, dtype)
    x = torch.from_numpy(X).to(kind)
    result, exact = make(x), make(x.double())
    assert result.dtype == kind
    error = (result.double() - exact).abs() / exact.abs().clamp(min=1)
    assert error.max() <= 2 * torch.finfo(kind).eps
    if dtype != "bfloat16":
        same = make(X.astype(dtype))
        assert same.dtype == dtype
        close(same, result, 4 * torch.finfo(kind).eps)


@every_layout
def test_gradients_flow_through_the_rotation(layout: str) -> None:
    x = torch.from_numpy(X[0]).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: rope(x, layout=layout, n_rotated=6), x)


def test_inputs_are_left_alone_and_may_be_read_only_or_empty() -> None:
    x = X.copy()
    x.flags.writeable = False
    rope(x)
    assert np.array_equal(x, X)
    assert rope(X[..., :0, :]).shape == (BATCH, H, 0, D)
    assert sinusoidal(0, D).shape == (0, D)
    assert alibi_bias(H, 0, M).shape == (H, 0, M)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sinusoidal(N, 7), ValueError, "d is 7, needs an even number"),
        (lambda: sinusoidal(-1, 4), ValueError, "positions is -1, needs"),
        (lambda: sinusoidal(2.5, 4), TypeError, "positions is 2.5, needs an integer"),
        (lambda: sinusoidal(np.ones(3), 4), TypeError, "positions has dtype float64"),
        (lambda: sinusoidal(np.arange(3), 4, offset=1), ValueError, "offset is 1 beside"),
        (
            lambda: sinusoidal(np.arange(3), 4, like=torch.ones(1)),
            TypeError,
            "a numpy array, needs",
        ),
        (lambda: sinusoidal(np.array(-3), 4), ValueError, "positions is .*-3.*, needs an integer"),
        (lambda: sinusoidal(3, 4, base=0.0), ValueError, "base is 0.0, needs"),
        (lambda: rope(X[0, 0, 0]), ValueError, r"x has shape \(22,\), needs at least two axes"),
        (lambda: rope(X[..., :7]), ValueError, "the width of x is 7, needs an even number"),
        (lambda: rope(X, n_rotated=24), ValueError, "n_rotated is 24 but x has 22 features"),
        (lambda: rope(X, n_rotated=0), ValueError, "n_rotated is 0, needs"),
        (lambda: rope(X, layout="neox"), ValueError, "layout is 'neox', needs"),
        (lambda: rope(X, offset=-1), ValueError, "offset is -1, needs"),
        (lambda: rope(X, positions=np.arange(N), offset=1), ValueError, "offset is 1 beside"),
        (lambda: rope(X, positions=np.arange(N + 1)), ValueError, r"shape \(6,\) but x has"),
        (lambda: rope(X, positions=np.zeros((BATCH, N), int)), ValueError, "a batch element"),
        (lambda: rope(X, positions=np.zeros((H, N), int)), ValueError, "a batch element"),
        (lambda: rope(X * np.inf), ValueError, "x holds NaN or infinity"),
        (lambda: alibi_slopes(0), ValueError, "n_heads is 0, needs"),
        (lambda: alibi_bias(2, -3), ValueError, "n_queries is -3, needs"),
        (lambda: alibi_bias(2, 3, offset=True), TypeError, "offset is True, needs"),
    ],
)
def test_errors_name_the_argument(
    call: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


class NoFloat64(TorchDispatchMode):
    """Stands for Apple's GPU: on the meta device no tensor may be float64."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for x in result if isinstance(result, tuple) else (result,):
            assert not (isinstance(x, torch.Tensor) and x.is_meta and x.dtype == torch.float64)
        return result


def test_a_device_without_float64_is_spared_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qkv_lib.formula.positions._angles.NO_FLOAT64", ("meta",))
    x = torch.ones(2, 3, 5, 8, device="meta")
    with NoFloat64():
        made = [
            rope(x),
            rope(x, positions=torch.zeros(5, dtype=torch.int64)),
            sinusoidal(5, 8, like=x),
            alibi_bias(3, 5, like=x),
            alibi_slopes(3, like=x),
        ]
    assert all(y.is_meta and y.dtype == torch.float32 for y in made)
    assert [tuple(y.shape) for y in made] == [(2, 3, 5, 8)] * 2 + [(5, 8), (3, 5, 5), (3,)]
