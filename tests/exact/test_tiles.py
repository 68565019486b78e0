"""Blocks and tiles: the same answer as the formula as written, in memory that does not grow."""

import math
import os
import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from qkv_lib import attention, attention_steps
from qkv_lib.exact.tiles import Partial, blocked_attention, edges, merge, tiled_attention
from qkv_lib.formula._band import Band
from qkv_lib.formula.arrays import namespace
from tests.arrays import LIBRARIES, array, close, in_library, normal, operands, plain
from tests.refusals import says
from tests.test_attention import DTYPES, problems

PATHS = {"blocked": blocked_attention, "tiled": tiled_attention}
SIZES = {"blocked": {"block": 2}, "tiled": {"query_block": 3, "key_block": 2}}
SIZES_OF_600 = {"blocked": {"block": 100}, "tiled": {"query_block": 100, "key_block": 150}}
IMPLEMENTATIONS = [
    pytest.param(lambda *x, **o: blocked_attention(*x, **o), id="blocked, default"),
    pytest.param(lambda *x, **o: blocked_attention(*x, block=2, **o), id="blocked, ragged"),
    pytest.param(lambda *x, **o: blocked_attention(*x, block=97, **o), id="blocked, too large"),
    pytest.param(lambda *x, **o: tiled_attention(*x, **o), id="tiled, default"),
    pytest.param(
        lambda *x, **o: tiled_attention(*x, query_block=2, key_block=3, **o), id="tiled, ragged"
    ),
    pytest.param(
        lambda *x, **o: tiled_attention(*x, query_block=1, key_block=1, **o), id="tiled, singly"
    ),
]


@settings(deadline=None)
@given(problem=problems(), block=st.integers(1, 7), key_block=st.integers(1, 7))
def test_equal_to_the_formula_for_every_combination_of_options(
    problem: Any, block: int, key_block: int
) -> None:
    lib, inputs, options = problem
    arrays = [array(lib, x) for x in inputs]
    options = in_library(lib, options)
    whole = attention_steps(*arrays, **options).output
    close(blocked_attention(*arrays, block=block, **options), whole)
    close(tiled_attention(*arrays, query_block=block, key_block=key_block, **options), whole)


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("path", IMPLEMENTATIONS)
@pytest.mark.parametrize(
    "shapes",
    [
        ((5, 11), (7, 11), (7, 13)),
        ((3, 5, 11), (3, 7, 11), (3, 7, 13)),
        ((3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13)),
        ((1, 3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13)),
        ((2, 1, 3, 5, 11), (2, 17, 1, 7, 11), (2, 17, 1, 7, 13)),
        ((1, 11), (1, 11), (1, 1)),
        ((3, 0, 11), (3, 7, 11), (3, 7, 13)),
        ((3, 5, 11), (3, 0, 11), (3, 0, 13)),
        ((0, 3, 5, 11), (0, 3, 7, 11), (0, 3, 7, 13)),
        ((2, 3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 0)),
    ],
)
def test_any_leading_axes_and_empty_ones(lib: str, path: Any, shapes: Any) -> None:
    query, key, value = (normal(lib, *shape, seed=i) for i, shape in enumerate(shapes))
    whole = attention_steps(query, key, value).output
    output = path(query, key, value)
    assert output.shape == whole.shape
    close(output, whole)


@pytest.mark.parametrize(
    "options",
    [
        {"bias": True},
        {"mask": True, "bias": True, "softcap": 2.0},
        {"window": 1, "offset": 7},
    ],
)
@pytest.mark.parametrize("path", [*IMPLEMENTATIONS, pytest.param(attention, id="attention")])
def test_gradients_are_those_of_the_formula(path: Any, options: dict[str, Any]) -> None:
    """Row 2 is fully masked where there is a mask: its gradient is 0, not NaN."""
    options = dict(options)
    if "mask" in options:
        options["mask"] = (normal("torch", 5, 7) > -0.5) & (torch.arange(5) != 2)[:, None]
    if "bias" in options:
        options["bias"] = normal("torch", 3, 5, 7, seed=3).requires_grad_()
    inputs = [x.requires_grad_() for x in operands("torch")]
    inputs += [options["bias"]] if "bias" in options else []
    direction = normal("torch", 2, 3, 5, 13, seed=4)

    def gradients(output: Any) -> Any:
        return torch.autograd.grad((output * direction).sum(), inputs)

    wanted = gradients(attention_steps(*inputs[:3], **options).output)
    for got, want in zip(gradients(path(*inputs[:3], **options)), wanted, strict=True):
        close(got, want)
    if "mask" in options:
        assert (wanted[0][..., 2, :] == 0).all()


@pytest.mark.parametrize(("lib", "dtype"), [x for x in DTYPES if x[1] != "float64"])
@pytest.mark.parametrize("path", [*IMPLEMENTATIONS, pytest.param(attention, id="attention")])
def test_error_is_at_most_twice_that_of_the_plain_path(lib: str, dtype: str, path: Any) -> None:
    """Against float64, on inputs that the low precision holds exactly."""
    low = [normal(lib, *shape, dtype=dtype, seed=i) for i, shape in enumerate(
        [(2, 3, 53, 11), (2, 3, 59, 11), (2, 3, 59, 13)]
    )]  # fmt: skip
    exact = attention_steps(*(array(lib, plain(x)) for x in low)).output
    error = abs(plain(attention_steps(*low).output) - plain(exact)).max()
    output = path(*low)
    assert output.dtype == low[0].dtype
    assert abs(plain(output) - plain(exact)).max() <= 2 * error


def partial(lib: str, scores: Any, value: Any) -> Partial:
    peak = scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores - np.where(peak == -np.inf, 0, peak))
    parts = weights @ value, weights.sum(axis=-1, keepdims=True), peak
    return Partial(*(array(lib, x) for x in parts))


@pytest.mark.parametrize("lib", LIBRARIES)
@settings(deadline=None)
@given(seed=st.integers(0, 1000), cuts=st.sets(st.integers(1, 10), min_size=2, max_size=2))
def test_merging_is_attention_to_all_keys_in_any_order(lib: str, seed: int, cuts: set[int]) -> None:
    numbers = np.random.default_rng(seed)
    scores, value = numbers.normal(size=(5, 11)) * 20, numbers.normal(size=(11, 3))
    scores[numbers.random(scores.shape) < 0.3] = -np.inf
    a, b = sorted(cuts)
    x, y, z = (
        partial(lib, scores[:, s], value[s]) for s in (slice(a), slice(a, b), slice(b, None))
    )
    whole = partial(lib, scores, value)
    for merged in (merge(merge(x, y), z), merge(x, merge(y, z)), merge(merge(z, x), y)):
        for got, want in zip(merged, whole, strict=True):
            close(got, want)


@settings(deadline=None)
@given(
    causal=st.booleans(),
    window=st.none() | st.integers(1, 9),
    offset=st.integers(0, 9),
    rows=st.tuples(st.integers(0, 9), st.integers(1, 9)),
    columns=st.tuples(st.integers(0, 9), st.integers(1, 9)),
)
def test_outside_the_edges_a_band_hides_nothing(
    causal: bool, window: int | None, offset: int, rows: Any, columns: Any
) -> None:
    band = Band(causal=causal, window=window, offset=offset)
    rows, columns = (range(start, start + length) for start, length in (rows, columns))
    seen = band.mask(rows, columns)
    inside = np.ones(len(columns), dtype=bool)
    for edge in edges(band, rows, columns):
        inside[edge.start - columns.start : edge.stop - columns.start] = False
    assert seen[:, inside].all()


@pytest.mark.parametrize("path", PATHS)
def test_twenty_thousand_queries_need_little_memory(path: str) -> None:
    """The scores alone would take 20,000² · 4 bytes = 1.6 GB."""
    n = 20_000
    query, key, value = (normal("numpy", n, 2, seed=i, dtype="float32") for i in range(3))
    tracemalloc.start()
    try:
        output = PATHS[path](query, key, value, causal=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - output.nbytes < 40 * 2**20
    rows = [0, 1, 9_973, n - 1]
    for i in rows:
        close32 = attention_steps(query[i : i + 1], key[: i + 1], value[: i + 1]).output[0]
        np.testing.assert_allclose(output[i], close32, rtol=1e-4, atol=1e-5)


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    code = """
import hashlib, numpy as np
from qkv_lib.exact.tiles import blocked_attention, tiled_attention
x = np.random.default_rng(0).standard_normal((3, 3, 701, 64), dtype="float32")
outputs = blocked_attention(*x, block=97, causal=True), tiled_attention(*x, query_block=101)
print(*(hashlib.sha256(y.tobytes()).hexdigest() for y in outputs))
"""
    prints = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2", "3")
    }
    assert len(prints) == 1


def test_large_inputs_take_no_plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = []
    for lib in LIBRARIES:
        for options in (
            {"causal": True, "offset": 2, "softcap": 1.5},
            {"window": 2, "key_lengths": array(lib, [7, 3], "int64")},
            {"mask": normal(lib, 5, 7) > 0, "bias": normal(lib, 6, 1, 7), "causal": True},
        ):
            inputs = operands(lib, heads=6, kv_heads=2)
            problems.append((inputs, options, attention_steps(*inputs, **options).output))  # type: ignore[arg-type]
    monkeypatch.setattr("qkv_lib.exact._choose.FEW_SCORES", -1)
    monkeypatch.setattr("qkv_lib.exact._choose.plain_output", None)
    for inputs, options, whole in problems:
        close(attention(*inputs, **options), whole)  # type: ignore[arg-type]


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("path", IMPLEMENTATIONS)
def test_fresh_memory_is_written_before_it_is_read(
    lib: str, path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory that is set aside holds NaN here; in life it holds whatever was there before."""
    query, key, value = operands(lib, heads=6, kv_heads=2)
    mask = normal(lib, 5, 7) > 0
    cases = [{}, {"causal": True}, {"window": 1, "offset": 7}, {"mask": mask}, {"softcap": 2.0}]
    wanted = [attention_steps(query, key, value, **case).output for case in cases]  # type: ignore[arg-type]
    xp, poisoned = namespace(query), []

    def empty(*sizes: Any, **options: Any) -> Any:
        poisoned.append(sizes)
        return xp.full(*sizes, math.nan, **options)

    monkeypatch.setattr(xp, "empty", empty)
    for case, want in zip(cases, wanted, strict=True):
        close(path(query, key, value, **case), want)
    assert len(poisoned) == len(cases)


@pytest.mark.parametrize("options", [{}, {"softcap": 2.0}, {"causal": True}, {"bias": True}])
@pytest.mark.parametrize("path", PATHS)
def test_no_scores_are_kept_for_the_backward_pass(path: str, options: dict[str, Any]) -> None:
    """Each block is computed once more instead: what is kept grows with n, and not with n²."""
    n, d = 600, 4
    inputs = [normal("torch", n, d, seed=i, dtype="float32").requires_grad_() for i in range(3)]
    if "bias" in options:
        options = {"bias": normal("torch", 1, n, dtype="float32").requires_grad_()}
        inputs.append(options["bias"])
    kept: dict[int, int] = {}

    def pack(x: torch.Tensor) -> torch.Tensor:
        kept[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        output = PATHS[path](*inputs[:3], **SIZES_OF_600[path], **options)
    assert sum(kept.values()) <= 20 * n * d * 4
    found = torch.autograd.grad(output.square().sum(), inputs)
    wanted = attention_steps(*inputs[:3], **options).output
    for got, want in zip(found, torch.autograd.grad(wanted.square().sum(), inputs), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)


def test_refusals_name_the_block() -> None:
    x = np.ones((2, 3))
    with says(ValueError, "block is 0, needs an integer of at least 1"):
        blocked_attention(x, x, x, block=0)
    with says(TypeError, "key_block is 1.5, needs an integer of at least 1"):
        tiled_attention(x, x, x, key_block=1.5)  # type: ignore[arg-type]
    with says(ValueError, "query_block is -1, needs an integer of at least 1"):
        tiled_attention(x, x, x, query_block=-1)


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(path: Any, bad: float) -> None:
    x = np.ones((2, 3))
    with says(ValueError, "query holds NaN or infinity: every entry must be finite"):
        path(np.where(np.eye(2, 3) > 0, bad, x), x, x)
