"""The equations of chapter 8, evaluated as they are written, against the library."""

import math

import numpy as np
import torch
from torch.nn.functional import rms_norm
from torch.utils.flop_counter import FlopCounterMode

from qkv_lib import attention, attention_steps
from qkv_lib.exact.backward import tiled_gradients
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.processes import attend_in_processes
from qkv_lib.exact.tiles import Partial, merge
from qkv_lib.layers import EncoderBlock, initialise
from qkv_lib.measures.cost import Block, block_cost, crossover_length, kv_cache_bytes
from qkv_lib.variants.linear import elu_plus_one, linear_attention
from tests.equations.registry import equation

rng = np.random.default_rng(8)
N, D, E = 7, 4, 3
QUERY, KEY, VALUE = rng.normal(size=(N, D)), rng.normal(size=(N, D)), rng.normal(size=(N, E))
SCORES = 3 * attention_steps(QUERY, KEY, VALUE).scaled


def by_definition(scores: np.ndarray) -> np.ndarray:
    """The output of one row of scores."""
    powers = [math.exp(s) for s in scores]
    return sum(power * v for power, v in zip(powers, VALUE, strict=True)) / sum(powers)


def counted(d: int, n: int, d_ff: int) -> int:
    """The multiplications of a block that PyTorch counts, each once (it counts the sums too)."""
    block = EncoderBlock(d, 2, d_ff)
    x, layer = torch.ones(n, d), block.attention
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        attention_steps(*layer.project(x, x, x))
        layer.output(x)
        block.feed_forward(x)
    return counter.get_total_flops() // 2


@equation("eq-outlook-cost")
def test_the_cost_is_what_pytorch_counts() -> None:
    for d, n, d_ff in ((8, 5, 32), (12, 30, 20)):
        c = 4 * n * d**2 + 2 * n**2 * d + 2 * n * d * d_ff
        assert counted(d, n, d_ff) == c
        assert block_cost(Block(d, 2, d_ff=d_ff), n).total.multiplications == c


@equation("eq-outlook-crossover")
def test_at_the_crossover_both_sides_cost_the_same() -> None:
    for d in (8, 48):
        n = 6 * d
        assert crossover_length(Block(d, 2)) == n == 2 * d + 4 * d
        cost = block_cost(Block(d, 2), n)
        maps = cost.projections.multiplications + cost.feed_forward.multiplications
        assert cost.scores.multiplications + cost.weighted_sum.multiplications == maps


@equation("eq-outlook-shift")
def test_any_number_may_be_subtracted() -> None:
    for row, p in zip(SCORES, (-5.0, 0.0, 1.0, 2.0, 30.0, -1.0, 4.0), strict=True):
        powers = [math.exp(s - p) for s in row]
        shifted = sum(a * v for a, v in zip(powers, VALUE, strict=True)) / sum(powers)
        np.testing.assert_allclose(shifted, by_definition(row), rtol=1e-12)


@equation("eq-outlook-invariant")
def test_what_is_left_after_some_keys_is_what_the_library_keeps() -> None:
    for j in range(1, N + 1):
        for row in SCORES:
            p = max(row[:j])
            t = sum(math.exp(s - p) for s in row[:j])
            u = sum(math.exp(s - p) * v for s, v in zip(row[:j], VALUE, strict=False))
            kept = one_by_one(row[:j], VALUE[:j])
            np.testing.assert_allclose([kept.peak[0, 0], kept.total[0, 0]], [p, t], rtol=1e-12)
            np.testing.assert_allclose(kept.output[0], u, rtol=1e-10, atol=1e-14)


def one_by_one(scores: np.ndarray, values: np.ndarray) -> Partial:
    """The library's merge of keys that come one at a time."""
    one = np.ones((1, 1))
    left = Partial(np.zeros((1, E)), 0 * one, -np.inf * one)
    for s, v in zip(scores, values, strict=True):
        left = merge(left, Partial(v[None], one, s * one))
    return left


@equation("eq-outlook-online")
def test_the_recurrence_ends_in_attention() -> None:
    for row in SCORES:
        p, t, u = -math.inf, 0.0, np.zeros(E)
        for s, v in zip(row, VALUE, strict=True):
            new = max(p, s)
            t = t * math.exp(p - new) + math.exp(s - new)
            u = u * math.exp(p - new) + math.exp(s - new) * v
            p = new
        np.testing.assert_allclose(u / t, by_definition(row), rtol=1e-10)
        kept = one_by_one(row, VALUE)
        np.testing.assert_allclose(kept.output[0] / kept.total[0], u / t, rtol=1e-12)


@equation("eq-outlook-merge")
def test_two_sets_merge_as_written_in_either_order() -> None:
    def part(columns: slice) -> Partial:
        scores = SCORES[:, columns]
        peak = scores.max(axis=1, keepdims=True)
        powers = np.exp(scores - peak)
        return Partial(powers @ VALUE[columns], powers.sum(axis=1, keepdims=True), peak)

    for cut in range(1, N):
        a, b = part(slice(cut)), part(slice(cut, N))
        p = np.maximum(a.peak, b.peak)
        t = a.total * np.exp(a.peak - p) + b.total * np.exp(b.peak - p)
        u = a.output * np.exp(a.peak - p) + b.output * np.exp(b.peak - p)
        for merged in (merge(a, b), merge(b, a)):
            for ours, theirs in zip((u, t, p), merged, strict=True):
                np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
        expected = [by_definition(row) for row in SCORES]
        np.testing.assert_allclose(u / t, expected, rtol=1e-10)


@equation("eq-outlook-backward")
def test_the_gradient_at_the_scores_from_the_log_sum_exp() -> None:
    g = rng.normal(size=(N, E))
    S = torch.from_numpy(SCORES).requires_grad_()
    (torch.softmax(S, dim=-1) @ torch.from_numpy(VALUE) * torch.from_numpy(g)).sum().backward()
    for i in range(N):
        L = math.log(sum(math.exp(s) for s in SCORES[i]))
        o = by_definition(SCORES[i])
        D = g[i] @ o
        for j in range(N):
            a = math.exp(SCORES[i, j] - L)
            expected = a * (g[i] @ VALUE[j] - D)
            np.testing.assert_allclose(S.grad[i, j], expected, rtol=1e-9, atol=1e-12)  # type: ignore[index]
    steps = attention_steps(QUERY, KEY, VALUE)
    kept = {"output": steps.output, "logsumexp": steps.logsumexp}
    found = tiled_gradients(QUERY, KEY, VALUE, g, **kept, query_block=2, key_block=3)
    weights = steps.weights
    d_scores = weights * (g @ VALUE.T - (g * steps.output).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(
        found.query, d_scores @ KEY / math.sqrt(KEY.shape[1]), rtol=1e-9, atol=1e-12
    )


@equation("eq-outlook-cache")
def test_a_cache_weighs_what_the_formula_says() -> None:
    for L, b, n, g, d_h in ((1, 1, 5, 1, 3), (3, 2, 11, 2, 4)):
        caches = [KVCache(n) for _ in range(L)]
        for cache in caches:
            cache.append(*np.zeros((2, b, g, n, d_h), np.float16))
        weighed = sum(cache.key.nbytes + cache.value.nbytes for cache in caches)
        assert weighed == 2 * L * b * n * g * d_h * 2
        block = Block(4 * g * d_h, 4 * g, n_kv_heads=g)
        assert weighed == kv_cache_bytes(block, n, n_blocks=L, batch=b, bytes_per_number=2)


@equation("eq-outlook-reach")
def test_a_stack_of_windows_reaches_as_far_as_written() -> None:
    for L, w in ((1, 3), (2, 1), (3, 4)):
        draws = np.random.default_rng(0)
        x = start = torch.from_numpy(draws.normal(size=(20, 8))).requires_grad_()
        for _ in range(L):
            block = initialise(EncoderBlock(8, 2).double(), draws)
            x = block(x, causal=True, window=w)
        x[-1].sum().backward()
        moved = start.grad.abs().sum(dim=1) > 0  # type: ignore[union-attr]
        assert int(moved.sum()) == 1 + L * (w - 1)


@equation("eq-outlook-linear")
def test_linear_attention_averages_under_its_own_kernel() -> None:
    output = linear_attention(QUERY, KEY, VALUE, causal=True)
    for i in range(N):
        kernel = [elu_plus_one(QUERY[i]) @ elu_plus_one(KEY[j]) for j in range(i + 1)]
        above = sum(a * v for a, v in zip(kernel, VALUE, strict=False))
        np.testing.assert_allclose(output[i], above / sum(kernel), rtol=1e-10)


@equation("eq-outlook-state")
def test_the_state_gives_the_same_rows_step_by_step() -> None:
    S, z = np.zeros((D, E)), np.zeros(D)
    output = linear_attention(QUERY, KEY, VALUE, causal=True)
    for i in range(N):
        q, k = elu_plus_one(QUERY[i]), elu_plus_one(KEY[i])
        S = S + np.array([[a * b for b in VALUE[i]] for a in k])
        z = z + k
        np.testing.assert_allclose(q @ S / (q @ z), output[i], rtol=1e-10)


@equation("eq-outlook-sink")
def test_a_sink_is_a_key_with_a_constant_score_and_no_value() -> None:
    beta = 0.7
    value = np.concatenate([np.zeros((1, E)), VALUE])
    for row in SCORES:
        below = math.exp(beta) + sum(math.exp(s) for s in row)
        weights = [math.exp(s) / below for s in row]
        expected = sum(a * v for a, v in zip(weights, VALUE, strict=True))
        scores = np.concatenate([[beta], row])[None]
        found = attention(np.ones((1, 1)), np.ones((N + 1, 1)), value, bias=scores, scale=0.0)
        np.testing.assert_allclose(found[0], expected, rtol=1e-10)
        assert sum(weights) < 1


@equation("eq-outlook-ring")
def test_a_rank_sends_the_bytes_of_the_formula() -> None:
    g, n, d_k, d_v, B = 2, 2048, 8, 16, 8
    query, key, value = (
        torch.from_numpy(rng.normal(size=(h, n, d))) for h, d in ((4, d_k), (g, d_k), (g, d_v))
    )
    P = 2
    b = (P - 1) * n / P * g * (d_k + d_v) * B
    reports = attend_in_processes(query, key, value, n_ranks=P)
    for report in reports:
        assert 0 <= report.sent - b < 0.05 * b


@equation("eq-outlook-overlap")
def test_at_the_least_slice_a_step_takes_as_long_as_its_transfer() -> None:
    F_, W, B = 100e12, 25e9, 2
    for h, g, d_h in ((32, 32, 128), (32, 8, 128)):
        least = F_ * B / W * g / h
        for slice_, hidden in ((0.9 * least, False), (1.1 * least, True)):
            n = round(slice_)
            model = Block(h * d_h, h, n_kv_heads=g)
            cost = block_cost(model, n)
            compute = (cost.scores.multiplications + cost.weighted_sum.multiplications) / F_
            transfer = kv_cache_bytes(model, n, bytes_per_number=B) / W
            assert (compute >= transfer) is hidden


@equation("eq-outlook-norms")
def test_the_two_places_of_the_norm() -> None:
    x = torch.from_numpy(rng.normal(size=(N, 8)))

    def norm(y: torch.Tensor) -> torch.Tensor:
        mean, variance = y.mean(-1, keepdim=True), y.var(-1, correction=0, keepdim=True)
        return (y - mean) / torch.sqrt(variance + 1e-5)

    for first in (True, False):
        block = initialise(EncoderBlock(8, 2, norm_first=first).double(), np.random.default_rng(1))
        expected = x
        for f in (block.attention, block.feed_forward):
            expected = expected + f(norm(expected)) if first else norm(expected + f(expected))
        torch.testing.assert_close(block(x), expected, rtol=1e-10, atol=1e-10)


@equation("eq-outlook-residual")
def test_pre_norm_is_a_sum_and_its_jacobian_starts_with_the_unit_matrix() -> None:
    draws = np.random.default_rng(2)
    blocks = [initialise(EncoderBlock(6, 2).double(), draws) for _ in range(3)]

    def branches(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        total, start = torch.zeros_like(x), x
        for block in blocks:
            for f, norm in ((block.attention, block.attention_norm),
                            (block.feed_forward, block.feed_forward_norm)):  # fmt: skip
                part = f(norm(start))
                total, start = total + part, start + part
        return total, start

    x_0 = torch.from_numpy(draws.normal(size=(2, 6)))
    x_L = x_0
    for block in blocks:
        x_L = block(x_L)
    torch.testing.assert_close(x_L, x_0 + branches(x_0)[0], rtol=1e-10, atol=1e-10)
    whole, of_sum = (
        torch.autograd.functional.jacobian(lambda x, i=i: branches(x)[i], x_0) for i in (1, 0)
    )
    unit = torch.eye(12, dtype=torch.float64).reshape(2, 6, 2, 6)
    torch.testing.assert_close(whole, unit + of_sum, rtol=1e-10, atol=1e-10)


@equation("eq-outlook-logits")
def test_no_score_exceeds_the_bound_and_one_reaches_it() -> None:
    X = rng.normal(size=(N, 5))
    W_Q, W_K = rng.normal(size=(2, 5, D))

    def bound(W_Q: np.ndarray, W_K: np.ndarray) -> float:
        longest = max(float(np.linalg.norm(row)) for row in X)
        sigma = (float(np.linalg.svd(W)[1][0]) for W in (W_Q, W_K))
        return longest**2 * math.prod(sigma) / math.sqrt(D)

    scores = attention_steps(X @ W_Q, X @ W_K, X).scaled
    assert np.abs(scores).max() <= bound(W_Q, W_K)
    longest = X[np.linalg.norm(X, axis=1).argmax()]
    along = np.outer(longest, np.eye(D)[0])  # both maps look along the longest row
    reached = attention_steps(X @ along, X @ along, X).scaled
    np.testing.assert_allclose(np.abs(reached).max(), bound(along, along), rtol=1e-10)


@equation("eq-outlook-qk-norm")
def test_normalised_queries_and_keys_bound_the_scores() -> None:
    query, key = (torch.from_numpy(1e3 * x) for x in (QUERY, KEY))
    same = rms_norm(torch.cat([query, key]), (D,))
    scores = attention_steps(same, same, same).scaled
    assert scores.abs().max() <= math.sqrt(D) * (1 + 1e-9)
    assert scores.diagonal().max() > math.sqrt(D) * (1 - 1e-3)  # a row with itself reaches it
