"""The equations of section 8.2, evaluated as they are written, against the library."""

import math

import numpy as np

from qkv_lib import attention, attention_steps
from qkv_lib.formula.rules import causal, prefix, within
from qkv_lib.variants.differential import differential_attention
from qkv_lib.variants.flex import flex_attention
from qkv_lib.variants.gated import gated_attention
from qkv_lib.variants.sinks import sink_attention
from qkv_lib.variants.sparse import chosen_blocks, sparse_attention
from tests.equations.registry import equation

rng = np.random.default_rng(82)
N, D, E = 7, 4, 3
QUERY, KEY, VALUE = rng.normal(size=(N, D)), rng.normal(size=(N, D)), rng.normal(size=(N, E))
SCORES = attention_steps(QUERY, KEY, VALUE).scaled


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.array([math.exp(s) for s in scores])
    return powers / sum(powers)


@equation("eq-choice-flex")
def test_a_rule_and_a_change_of_the_scores() -> None:
    rule = causal & (within(3) | prefix(1))
    found = flex_attention(
        QUERY, KEY, VALUE, rule=rule, change=lambda s, i, j: s - 0.3 * (i - j), block=2
    )
    for i in range(N):
        R = [j for j in range(N) if j <= i and (i - j < 3 or j < 1)]
        powers = {j: math.exp(SCORES[i, j] - 0.3 * (i - j)) for j in R}
        above = sum(powers[j] * VALUE[j] for j in R)
        np.testing.assert_allclose(found[i], above / sum(powers.values()), rtol=1e-9)


@equation("eq-choice-sparse")
def test_the_blocks_with_the_largest_mean_scores_are_chosen() -> None:
    size, c = 2, 2
    chosen = chosen_blocks(QUERY, KEY, block=size, n_chosen=c)
    blocks = [KEY[start : start + size] for start in range(0, N, size)]
    for i in range(N):
        r = [QUERY[i] @ (sum(block) / len(block)) for block in blocks]
        best = sorted(range(len(blocks)), key=lambda b: -r[b])[:c]
        assert set(np.flatnonzero(chosen[i])) == set(best)


@equation("eq-choice-lost")
def test_the_output_moves_by_no_more_than_the_weight_left_out_allows() -> None:
    full = attention(QUERY, KEY, VALUE)
    tight = 0.0
    for c in (1, 2, 3):
        few = sparse_attention(QUERY, KEY, VALUE, block=2, n_chosen=c)
        seen = np.repeat(chosen_blocks(QUERY, KEY, block=2, n_chosen=c), 2, axis=-1)[:, :N]
        for i in range(N):
            a = softmax(SCORES[i])
            lost = sum(a[j] for j in range(N) if not seen[i, j])
            for f in range(E):
                bound = lost * (max(VALUE[:, f]) - min(VALUE[:, f]))
                assert abs(full[i, f] - few[i, f]) <= bound + 1e-12
                tight = max(tight, abs(full[i, f] - few[i, f]) / bound)
    assert tight > 0.5  # the bound is not far off everywhere


@equation("eq-choice-share")
def test_a_sink_is_a_factor_on_the_softmax_output() -> None:
    beta = 0.7
    found = sink_attention(QUERY, KEY, VALUE, sink=beta)
    for i in range(N):
        powers = [math.exp(s) for s in SCORES[i]]
        left = sum(p * v for p, v in zip(powers, VALUE, strict=True))
        left = left / (math.exp(beta) + sum(powers))
        L = math.log(sum(powers))
        right = 1 / (1 + math.exp(beta - L)) * (softmax(SCORES[i]) @ VALUE)
        np.testing.assert_allclose(left, right, rtol=1e-10)
        np.testing.assert_allclose(found[i], left, rtol=1e-10)


@equation("eq-choice-gate")
def test_a_gate_lets_a_part_of_the_output_through() -> None:
    x, W_G = rng.normal(size=(N, 5)), rng.normal(size=(5, E))
    found = gated_attention(QUERY, KEY, VALUE, x @ W_G)
    for i in range(N):
        gate = [1 / (1 + math.exp(-g)) for g in x[i] @ W_G]
        np.testing.assert_allclose(found[i], gate * (softmax(SCORES[i]) @ VALUE), rtol=1e-10)


@equation("eq-choice-differential")
def test_one_map_is_subtracted_from_another() -> None:
    other = rng.normal(size=(2, N, D))
    lam = 0.4
    S_2 = attention_steps(*other, VALUE).scaled
    A = np.array([softmax(a) - lam * softmax(b) for a, b in zip(SCORES, S_2, strict=True)])
    found = differential_attention(
        np.stack([QUERY, other[0]]), np.stack([KEY, other[1]]), VALUE[None], strength=lam
    )
    np.testing.assert_allclose(found[0], A @ VALUE, rtol=1e-9)
