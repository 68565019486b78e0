"""The equations of chapter 3, as they are printed, against the library."""

from typing import Any

import numpy as np

from qkv_lib import attention, attention_steps, causal_mask, softmax, window_mask
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

N_Q, N_K, D_K, D_V = 5, 7, 3, 2  # pairwise different primes
SIZES = {"i": N_Q, "j": N_K, "l": N_K}

RNG = np.random.default_rng(31)
Q, K, V = RNG.normal(size=(N_Q, D_K)), RNG.normal(size=(N_K, D_K)), RNG.normal(size=(N_K, D_V))
STEPS: Any = attention_steps(Q, K, V)


@holds(
    "The score of query $i$ and key $j$ is their dot product (点积), a sum over the $d_k$ features "
    "that they share:",
)
@evaluated("eq-algorithm-scores")
def test_a_score_is_the_sum_of_products_over_features() -> Cases:
    assert np.array_equal(STEPS.scores, Q @ K.T)
    yield given(SIZES, Q=Q, K=K, d_k=D_K)


@evaluated("eq-algorithm-scaled")
def test_scores_are_divided_by_the_root_of_the_width_of_the_keys() -> Cases:
    yield given(SIZES, S=STEPS.scaled, Q=Q, K=K, d_k=D_K)


@evaluated("eq-algorithm-softmax")
def test_weights_are_exponentials_over_their_sum_along_the_keys() -> Cases:
    for A in (STEPS.weights, softmax(STEPS.scaled)):
        yield given(SIZES, A=A, S=STEPS.scaled, n_k=N_K)


@holds(
    "Weights times values: one row per query, as wide as a value",
)
@evaluated("eq-algorithm-output")
def test_the_output_sums_the_values_times_their_weights() -> Cases:
    yield given({"i": N_Q, "c": D_V}, O=STEPS.output, A=STEPS.weights, V=V, n_k=N_K)


@evaluated("eq-algorithm-shift")
def test_a_constant_subtracted_from_a_row_cancels() -> Cases:
    p = RNG.normal(scale=5.0, size=N_Q)
    yield given(SIZES, S=STEPS.scaled, p=p)
    np.testing.assert_allclose(softmax(STEPS.scaled - p[:, None]), STEPS.weights, atol=1e-12)


@holds(
    "The library can keep the logarithm of the denominator of, one number per query:",
    "$p_i$ is the largest score of row $i$, and $L$ holds $n_q$ numbers.",
)
@evaluated("eq-algorithm-logsumexp")
def test_weights_are_exponentials_of_the_distance_to_the_log_sum_exp() -> Cases:
    peaks = STEPS.scaled.max(axis=1)
    yield given(SIZES, L=STEPS.logsumexp, A=STEPS.weights, S=STEPS.scaled, p=peaks, n_k=N_K)


@evaluated("eq-algorithm-matrices")
def test_the_matrix_formula_is_all_steps_together() -> Cases:
    yield given(O=attention(Q, K, V), Q=Q, K=K, V=V, d_k=D_K)


@evaluated("eq-algorithm-mask")
def test_a_masked_score_is_minus_infinity() -> Cases:
    M = RNG.random((N_Q, N_K)) < 0.5
    masked = attention_steps(Q, K, V, mask=M).masked
    yield given(SIZES, S_tilde=masked, S=STEPS.scaled, M=M)


@evaluated("eq-algorithm-masked-softmax")
def test_masked_weights_leave_the_masked_out_of_both_sums() -> Cases:
    M = RNG.random((N_Q, N_K)) < 0.5
    M[:, 0], M[2] = True, True  # each row has something to attend to
    yield given(SIZES, A=attention_steps(Q, K, V, mask=M).weights, S=STEPS.scaled, M=M, n_k=N_K)
    nothing = np.zeros_like(M)  # and where there is nothing to see, nothing is handed on
    assert not attention_steps(Q, K, V, mask=nothing).weights.any()


@holds(
    "The mask that lets query $i$ see the keys up to its own position: $j \\le i + o$ "
    "with the offset $o$.",
)
@evaluated("eq-algorithm-causal")
def test_the_causal_rule() -> Cases:
    for o in (0, 1, 3, 13):
        M = causal_mask(N_Q, N_K, offset=o)
        yield given(SIZES, M=M, o=o)
        found = attention(Q, K, V, causal=True, offset=o)
        np.testing.assert_allclose(found, attention(Q, K, V, mask=M), rtol=0, atol=1e-12)


@holds(
    "The mask that hides every key that is $w$ or more positions away from the query.",
)
@evaluated("eq-algorithm-window")
def test_the_window_rule() -> Cases:
    for o in (0, 1, 3, 13):
        for w in (1, 2, 5):
            M = window_mask(N_Q, N_K, window=w, offset=o)
            yield given(SIZES, M=M, o=o, w=w)
            found = attention(Q, K, V, window=w, offset=o)
            np.testing.assert_allclose(found, attention(Q, K, V, mask=M), rtol=0, atol=1e-12)
