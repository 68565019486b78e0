"""The equations of section 8.2, as they are printed, against the library."""

import numpy as np

from qkv_lib import attention, attention_steps
from qkv_lib.formula.rules import causal, prefix, within
from qkv_lib.variants.differential import differential_attention
from qkv_lib.variants.flex import flex_attention
from qkv_lib.variants.gated import gated_attention
from qkv_lib.variants.sinks import sink_attention
from qkv_lib.variants.sparse import chosen_blocks, sparse_attention
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

rng = np.random.default_rng(82)
N, D, E = 7, 4, 3
QUERY, KEY, VALUE = rng.normal(size=(N, D)), rng.normal(size=(N, D)), rng.normal(size=(N, E))
STEPS = attention_steps(QUERY, KEY, VALUE)
ALL = {"i": N, "j": N, "l": N}


def seen(mask: np.ndarray) -> list[list[int]]:
    """The keys that each query sees, counted from 1."""
    return [[int(j) + 1 for j in np.flatnonzero(row)] for row in mask]


@holds(
    "Let $J_i$ be the set of keys that the rule allows to query $i$. Then the output is",
)
@evaluated("eq-choice-flex")
def test_a_rule_and_a_change_of_the_scores() -> Cases:
    rule = causal & (within(3) | prefix(1))
    change = lambda s, i, j: s - 0.3 * (i - j)  # noqa: E731
    found = flex_attention(QUERY, KEY, VALUE, rule=rule, change=change, block=2)
    i, j = np.indices((N, N))
    visible = (j <= i) & ((i - j < 3) | (j < 1))
    yield given(ALL, o=found, J=seen(visible), f=change, s=STEPS.scaled, v=VALUE)


@holds(
    "One way is to cut the keys into blocks $T$ and to represent each block by the mean "
    "of its keys.",
    "each query then reads only the few blocks $T$ with the highest scores $r_{iT}$:",
    "Let $J_i$ now be the keys in the chosen blocks; all other keys are ignored.",
)
@evaluated("eq-choice-sparse")
def test_the_blocks_with_the_largest_mean_scores_are_chosen() -> Cases:
    size, c = 2, 2
    blocks = [list(range(start, min(start + size, N + 1))) for start in range(1, N + 1, size)]
    means = np.array([KEY[np.array(block) - 1].mean(axis=0) for block in blocks])
    r = QUERY @ means.T
    best = [set(row.argsort()[-c:]) for row in r]
    chosen = chosen_blocks(QUERY, KEY, block=size, n_chosen=c)
    assert [set(np.flatnonzero(row)) for row in chosen] == best
    for place, block in enumerate(blocks):
        yield given({"i": N}, r=lambda i, _, at=place: r[i - 1, at], q=QUERY, k=KEY, T=block)


@evaluated("eq-choice-lost", same={r"\le → <": "no output moves by all that the bound allows"})
def test_the_output_moves_by_no_more_than_the_weight_left_out_allows() -> Cases:
    full = attention(QUERY, KEY, VALUE)
    for n in (1, 2, 3):
        few = sparse_attention(QUERY, KEY, VALUE, block=2, n_chosen=n)
        mask = np.repeat(chosen_blocks(QUERY, KEY, block=2, n_chosen=n), 2, axis=-1)[:, :N]
        lost = np.where(mask, 0.0, STEPS.weights).sum(axis=1)
        missed = np.where(mask, 0.0, STEPS.weights) @ VALUE / lost[:, None]
        yield given({**ALL, "u": E}, rho=lost, J=seen(mask), a=STEPS.weights, o=full,
                    o_hat=few, m=missed, v=VALUE)  # fmt: skip
        bound = lost[:, None] * (VALUE.max(axis=0) - VALUE.min(axis=0))
        assert n > 1 or (abs(full - few) / bound).max() > 0.5  # it is not far off everywhere


@evaluated("eq-choice-share")
def test_a_sink_is_a_factor_on_the_softmax_output() -> Cases:
    beta = 0.7
    found = sink_attention(QUERY, KEY, VALUE, sink=beta)
    yield given(ALL, s=STEPS.scaled, a=STEPS.weights, v=VALUE, beta=beta, L=STEPS.logsumexp,
                equals=lambda i, *_: found[i - 1])  # fmt: skip


@holds(
    "The factors are computed from $x_i$, the row from which the query is computed too, with a "
    r"learned $d_\text{model} \times d_v$ matrix $W_G$ per head.",
    "A gate does not see the scores;",
)
@evaluated("eq-choice-gate")
def test_a_gate_lets_a_part_of_the_output_through() -> Cases:
    x, W_G = rng.normal(size=(N, 5)), rng.normal(size=(5, E))
    found = gated_attention(QUERY, KEY, VALUE, x @ W_G)
    yield given(ALL, o=found, x=x, W_G=W_G, a=STEPS.weights, v=VALUE)


@holds(
    r"Attention whose weights are one map minus $\lambda$ times another, "
    "so that the keys that the second favours lose most.",
    "A difference computes two maps of weights $A_1$ and $A_2$ from two sets of scores, and "
    r"subtracts the second, times a learned $\lambda$, from the first:",
    "So a key to which both maps give the same weight keeps only the part "
    r"$1 - \lambda$ of it, and a key that only the first map favours stands out.",
)
@evaluated("eq-choice-differential")
def test_one_map_is_subtracted_from_another() -> Cases:
    other = rng.normal(size=(2, N, D))
    lam = 0.4
    A_2 = attention_steps(*other, VALUE).weights
    found = differential_attention(
        np.stack([QUERY, other[0]]), np.stack([KEY, other[1]]), VALUE[None], strength=lam
    )
    fall = STEPS.weights - (STEPS.weights - lam * A_2)
    assert (fall.argmin(axis=1) == A_2.argmin(axis=1)).all()
    assert (fall.argmax(axis=1) == A_2.argmax(axis=1)).all()
    same = np.stack([QUERY, QUERY]), np.stack([KEY, KEY]), VALUE[None]
    shared = differential_attention(*same, strength=lam)[0]
    np.testing.assert_allclose(shared, (1 - lam) * attention(QUERY, KEY, VALUE), atol=1e-12)
    yield given(O=found[0], A_1=STEPS.weights, A_2=A_2, lam=lam, V=VALUE)
