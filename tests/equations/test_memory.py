"""The equations of section 8.1, as they are printed, against the library."""

import numpy as np

from qkv_lib import attention_steps
from qkv_lib.formula.positions import rope
from qkv_lib.measures.traffic import cache_traffic, map_traffic
from qkv_lib.variants.int8 import rounded
from qkv_lib.variants.latent import absorbed_attention, latent_attention
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds
from tests.reference import attention_by_loops

rng = np.random.default_rng(81)
H, N, M, D, D_C, D_R = 3, 4, 5, 6, 7, 2
QUERY, LATENT = rng.normal(size=(H, N, D)), rng.normal(size=(1, M, D_C))
W_UK, W_UV = rng.normal(size=(2, H, D_C, D))


@holds(
    "With $b$ sequences, $n_q$ new tokens in each and $B$ bytes per number, the "
    "multiplications per byte, called arithmetic intensity (算术强度), are",
    "A step reads the matrices that its tokens pass through (once, whatever the batch)",
    r"That takes $d\,d'$ multiplications, one for each number of $W$, and $W$ has to be "
    r"read from memory. If several tokens pass through together, $W$ is still read only "
    r"once.",
    "For a matrix the intensity is; batches, prompts and drafts raise it.",
)
@evaluated("eq-memory-maps")
def test_a_matrix_is_read_once_for_all_tokens() -> Cases:
    for b, n, d, d_out, B in ((1, 1, 8, 8, 2), (3, 5, 8, 6, 4)):
        found = map_traffic(d, d_out, n_tokens=n, batch=b, bytes_per_number=B)
        assert found.multiplications == b * n * d * d_out
        assert found.bytes == d * d_out * B
        yield given(b=b, n_q=n, d=d, d_prime=d_out, B=B, equals=found.intensity)


def test_rows_of_tokens_count_where_there_are_many() -> None:
    def share(n: int, d: int) -> float:  # bytes of the rows that come and go, per byte of W
        return 2 * n * d / d**2

    found = map_traffic(4096, 4096, n_tokens=1000)
    assert found.intensity == 500
    assert round(found.intensity / (1 + share(1000, 4096))) == 336
    assert share(1, 4096) < share(40, 4096) < 0.02


@holds(
    "and the whole cache of each sequence. Each number of a matrix is used in one multiplication "
    "per sequence, and each query head attends to all tokens of its own sequence.",
    "Batching does not help with the key-value cache, because each sequence has a cache of its own",
    r"In each query head a new token needs $n_k$ scores of $d_h$ multiplications each, and as many "
    r"again for the weighted sum of $n_k$ values, together $2\,n_k\,d_h$. In each key head $n_k$ "
    r"keys and $n_k$ values are read, $2\,n_k\,d_h$ numbers.",
    "The length $n_k$ and the batch $b$ cancel.",
    "With $h$ given, and with a cache for each sequence, only three things raise the intensity: "
    "more new tokens per step ($n_q$), "
    "fewer key heads ($g$) and fewer bytes per number ($B$).",
    "For the cache it is; neither the batch nor the length changes it, only drafts, fewer key "
    "heads or fewer bytes per number.",
    "only the caches are eight times as much.",
)
@evaluated("eq-memory-cache")
def test_batch_and_length_drop_out() -> Cases:
    for b, n, h, g, m, d, B in ((1, 1, 8, 8, 100, 4, 2), (3, 2, 8, 2, 7, 16, 4)):
        found = cache_traffic(h, g, d, m, n_tokens=n, batch=b, bytes_per_number=B)
        assert found.multiplications == b * n * h * 2 * m * d
        assert found.bytes == b * g * 2 * m * d * B
        yield given(b=b, n_q=n, h=h, g=g, n_k=m, d_h=d, B=B, equals=found.intensity)


@holds(
    "lets every head have keys and values of its own, but stores none of them. It stores "
    "one short row per token, a latent (潜在向量) $c_j$ of width $d_c$:",
    "From it head $m$ builds its key and its value for token $j$:",
)
@evaluated("eq-memory-latent")
def test_each_head_builds_its_keys_and_values_from_the_latent() -> Cases:
    found = latent_attention(QUERY, LATENT, W_UK, W_UV)
    built = [np.einsum("jc,icd->ijd", LATENT[0], W) for W in (W_UK, W_UV)]
    expected = attention_by_loops(*(x[None] for x in (QUERY, *built)))[0][0]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    k, v = built
    yield given({"m": H, "j": M}, k=k, v=v, c=LATENT[0], W_UK=W_UK, W_UV=W_UV)


@holds(
    "But a score is a product of matrices, and so is a weighted sum of values. In such "
    "products the brackets can be moved. For one head, written without its $(m)$:",
)
@evaluated("eq-memory-absorb")
def test_the_brackets_move() -> Cases:
    found = absorbed_attention(QUERY, LATENT, W_UK, W_UV)
    for i in range(H):
        keys, values = LATENT[0] @ W_UK[i], LATENT[0] @ W_UV[i]
        steps = attention_steps(QUERY[i], keys, values)
        np.testing.assert_allclose(found[i], steps.output, rtol=1e-9)
        for q, a in zip(QUERY[i], steps.weights, strict=True):
            yield given({"j": M}, q=q, c=LATENT[0], a=a, W_UK=W_UK[i], W_UV=W_UV[i])


@holds(
    "To build all keys and values in every step would take $d_c$ times as many multiplications as "
    "the attention of the new token itself.",
)
def test_building_the_keys_costs_more_than_attention() -> None:
    built = 2 * H * map_traffic(D_C, D, n_tokens=M).multiplications
    assert 2 * (LATENT @ W_UK).size == 2 * H * M * D
    assert built == D_C * cache_traffic(H, H, D, M).multiplications


def turn(t: int, d: int = D) -> np.ndarray:
    """The matrix R_t that stands on the right of a row."""
    return rope(np.eye(d), positions=np.full(d, t))


@holds(
    "RoPE turns queries and keys after they have been mapped. The turn at position $i$ is a "
    "matrix $R_i$: the query $q$ becomes $q R_i$.",
    r"In a score the turn comes between $q$ and $W_{UK}^\top$:",
    "With RoPE this does not work: RoPE turns each query and key by its position, so the mapped "
    "query would depend on the distance to the key and could not be computed once.",
    "Turning by $i$ and back by $j$ is turning by $i - j$.",
)
@evaluated("eq-memory-turn")
def test_the_turn_stands_between_the_maps() -> Cases:
    yield given({"i": [5, 7, 9], "j": [2, 5, 1]}, q=QUERY[0, 0], c=LATENT[0], W_UK=W_UK[0], R=turn)
    assert np.abs(turn(3) @ W_UK[0].T - turn(4) @ W_UK[0].T).max() > 0.1  # no one map for all keys


@holds(
    "This again is one head: $r_i$ is the turned part of its query, and $t_j$ the turned part of "
    "the key, the same in all heads;",
    "Therefore the main part of queries and keys is not turned, and $W_{UK}$ is absorbed as "
    "before. RoPE turns only the narrow second part.",
    "All heads share its keys",
    "The scores of the two parts are added:",
)
@evaluated("eq-memory-split")
def test_the_scores_of_both_parts_are_added() -> Cases:
    r, t = rng.normal(size=(H, N, D_R)), rng.normal(size=(1, M, D_R))
    one = np.broadcast_to(np.eye(M), (H, M, M))  # values that show the weights
    found = absorbed_attention(
        QUERY, np.concatenate([LATENT, np.eye(M)[None]], axis=-1),
        np.concatenate([W_UK, np.zeros((H, M, D))], axis=1),
        np.concatenate([np.zeros((H, D_C, M)), one], axis=1), query_turned=r, key_turned=t,
    )  # fmt: skip
    for h in range(H):
        whole = np.concatenate([QUERY[h], r[h]], axis=-1)
        keys = np.concatenate([LATENT[0] @ W_UK[h], t[0]], axis=-1)
        steps = attention_steps(whole, keys, np.eye(M))
        np.testing.assert_allclose(found[h], steps.weights, rtol=1e-9)
        yield given({"i": N, "j": M}, s=steps.scaled, q=QUERY[h], c=LATENT[0], W_UK=W_UK[h],
                    r=r[h], t=t[0], d_h=D, d_r=D_R)  # fmt: skip


@holds(r"Each feature $u$ moves by at most $\delta/2$.")
@evaluated("eq-memory-int8", same={r"\le → <": "no number moves by just half a step"})
def test_no_number_moves_by_more_than_half_a_step() -> Cases:
    for k in rng.normal(size=(20, 16)) * rng.choice([0.1, 1.0, 1000.0], size=(20, 1)):
        codes, scales = rounded(k[None])
        moved, delta = (codes * scales)[0], scales.item()
        yield given({"u": 16}, k=k, k_hat=moved, delta=delta)
