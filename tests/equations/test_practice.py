"""The equations of chapter 5, evaluated as they are written, against the library."""

import math

import numpy as np
import torch

from qkv_lib import attention, attention_steps
from qkv_lib.data.digit_tasks import alignment, reversal
from qkv_lib.layers import EncoderBlock, FeedForward, MultiHeadAttention, initialise
from qkv_lib.multihead import multi_head_attention
from tests.equations.registry import equation

rng = np.random.default_rng(5)
X = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
N_Q, N_K, D_MODEL, H = 5, 7, 12, 3
D = D_MODEL // H
QUERIES, CONTEXT = rng.normal(size=(N_Q, D_MODEL)), rng.normal(size=(N_K, D_MODEL))
W_Q, W_K, W_V, W_O = rng.normal(size=(4, D_MODEL, D_MODEL)) / math.sqrt(D_MODEL)


def row_softmax(scores: np.ndarray) -> np.ndarray:
    """Softmax of each row, by the definition."""
    rows = [[math.exp(s) / sum(math.exp(t) for t in row) for s in row] for row in scores]
    return np.array(rows)


def head(i: int) -> np.ndarray:
    """The output of head i, on its columns of the three maps."""
    columns = slice(i * D, (i + 1) * D)
    query, key = QUERIES @ W_Q[:, columns], CONTEXT @ W_K[:, columns]
    return row_softmax(query @ key.T / math.sqrt(D)) @ (CONTEXT @ W_V[:, columns])


@equation("eq-practice-example")
def test_the_example_is_attention_of_x_with_itself() -> None:
    weights = row_softmax(X @ X.T / math.sqrt(2))
    steps = attention_steps(X, X, X)
    np.testing.assert_allclose(steps.weights, weights, rtol=1e-12)
    np.testing.assert_allclose(steps.output, weights @ X, rtol=1e-12)
    np.testing.assert_allclose(weights[0], [0.0015, 0.0126, 0.1055, 0.8803], rtol=0, atol=5e-5)


@equation("eq-practice-angle")
def test_a_score_is_two_lengths_and_a_cosine() -> None:
    scores = attention_steps(QUERIES, CONTEXT, CONTEXT).scores
    for i, j in np.ndindex(N_Q, N_K):
        q, k = QUERIES[i], CONTEXT[j]
        a, b = (math.sqrt(sum(v * v for v in vector)) for vector in (q, k))
        third_side = sum((v - w) ** 2 for v, w in zip(q, k, strict=True))
        cosine = (a * a + b * b - third_side) / (2 * a * b)  # the law of cosines
        np.testing.assert_allclose(scores[i, j], a * b * cosine, rtol=1e-10, atol=1e-12)


@equation("eq-practice-mean")
def test_a_query_of_zeros_takes_the_mean_of_the_real_words() -> None:
    m = np.array([1, 0, 1, 1, 0, 1, 1])
    p = sum(m[j] * CONTEXT[j] for j in range(N_K)) / sum(m)
    pooled = attention(np.zeros((1, D_MODEL)), CONTEXT, CONTEXT, mask=m[None, :] == 1)
    np.testing.assert_allclose(pooled[0], p, rtol=1e-12, atol=1e-14)


@equation("eq-practice-pooling")
def test_pooling_is_attention_with_one_query() -> None:
    u, value = rng.normal(size=(1, D_MODEL)), rng.normal(size=(N_K, 3))
    p = row_softmax(u @ CONTEXT.T / math.sqrt(D_MODEL)) @ value
    np.testing.assert_allclose(attention(u, CONTEXT, value), p, rtol=1e-12)


@equation("eq-practice-head")
def test_each_head_works_on_its_own_columns() -> None:
    for i in range(H):
        chooses = np.zeros((D_MODEL, D))  # an output map that lets only head i through
        chooses[i * D : (i + 1) * D] = np.eye(D)
        output = multi_head_attention(QUERIES, CONTEXT, W_Q, W_K, W_V, chooses, n_heads=H)
        np.testing.assert_allclose(output, head(i), rtol=1e-10, atol=1e-12)


@equation("eq-practice-multihead")
def test_heads_side_by_side_and_mapped_once_more() -> None:
    expected = np.concatenate([head(i) for i in range(H)], axis=1) @ W_O
    layer = initialise(MultiHeadAttention(D_MODEL, H).double(), np.random.default_rng(0))
    with torch.no_grad():
        maps = zip(
            (layer.query, layer.key, layer.value, layer.output), (W_Q, W_K, W_V, W_O), strict=True
        )
        for part, w in maps:
            part.weight.copy_(torch.from_numpy(w.T))
        output = layer(torch.from_numpy(QUERIES), torch.from_numpy(CONTEXT))
    np.testing.assert_allclose(output, expected, rtol=1e-10, atol=1e-12)


@equation("eq-practice-alignment")
def test_alignment_counts_the_largest_weights_on_the_antidiagonal() -> None:
    n = 6
    maps = rng.random((4, n, n))
    shares = [
        sum(max(range(n), key=lambda j: a[i, j]) == n - 1 - i for i in range(n)) / n for a in maps
    ]
    found = alignment(maps, reversal(np.zeros((4, n), dtype=np.int64)))
    assert 0 < found < 1
    np.testing.assert_allclose(found, sum(shares) / len(shares), rtol=1e-12)


def normal(row: np.ndarray, norm: torch.nn.LayerNorm) -> np.ndarray:
    """A row minus its mean, divided by its spread, times and plus what the norm has learned."""
    spread = math.sqrt(sum((v - row.mean()) ** 2 for v in row) / len(row) + norm.eps)
    scale, shift = norm.weight.detach().numpy(), norm.bias.detach().numpy()
    return (row - row.mean()) / spread * scale + shift


def ffn(y: np.ndarray, layer: FeedForward) -> np.ndarray:
    """The feed-forward layer of one row; GELU is v times the share of a bell curve below v."""
    W_1, b_1 = layer.expand.weight.detach().numpy().T, layer.expand.bias.detach().numpy()
    W_2, b_2 = layer.contract.weight.detach().numpy().T, layer.contract.bias.detach().numpy()
    inner = [v * (1 + math.erf(v / math.sqrt(2))) / 2 for v in y @ W_1 + b_1]
    return np.array(inner) @ W_2 + b_2


def trained_like(module: torch.nn.Module) -> None:
    """Give every vector of a module, too, numbers that are not 0 and 1."""
    with torch.no_grad():
        for each in module.parameters():
            if each.ndim == 1:
                each.copy_(torch.from_numpy(1 + 0.3 * rng.normal(size=each.shape)))


@equation("eq-practice-feed-forward")
def test_feed_forward_is_two_maps_and_a_bend() -> None:
    layer = initialise(FeedForward(D_MODEL, 4 * D_MODEL).double(), np.random.default_rng(1))
    trained_like(layer)
    found = layer(torch.from_numpy(QUERIES)).detach().numpy()
    np.testing.assert_allclose(found, [ffn(y, layer) for y in QUERIES], rtol=1e-10, atol=1e-12)


@equation("eq-practice-block")
def test_a_block_adds_attention_and_then_feed_forward() -> None:
    block = initialise(EncoderBlock(D_MODEL, H).double(), np.random.default_rng(2))
    trained_like(block)
    normed = np.array([normal(row, block.attention_norm) for row in QUERIES])
    y = QUERIES + block.attention(torch.from_numpy(normed)).detach().numpy()
    z = np.array([row + ffn(normal(row, block.feed_forward_norm), block.feed_forward) for row in y])
    found = block(torch.from_numpy(QUERIES)).detach().numpy()
    np.testing.assert_allclose(found, z, rtol=1e-10, atol=1e-12)
