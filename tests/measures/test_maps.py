"""Maps over keys: what must hold whatever the model."""

import numpy as np
import pytest
import torch

from qkv_lib import softmax
from qkv_lib.measures.maps import deletion_curve, rollout, weighted_norms
from tests.arrays import LIBRARIES, array, normal, plain
from tests.refusals import says

LAYERS, BATCH, HEADS, N, M, E, D_MODEL = 3, 2, 5, 7, 11, 13, 17


def layers(library: str, n_layers: int = LAYERS) -> list:
    return [softmax(normal(library, BATCH, HEADS, N, N, seed=i)) for i in range(n_layers)]


@pytest.mark.parametrize("library", LIBRARIES)
def test_rollout_rows_are_weights(library: str) -> None:
    flow = plain(rollout(layers(library)))
    assert flow.shape == (BATCH, N, N)
    assert (flow >= 0).all()
    np.testing.assert_allclose(flow.sum(axis=-1), 1, rtol=1e-12)


@pytest.mark.parametrize("library", LIBRARIES)
def test_rollout_of_tokens_that_attend_to_themselves_is_the_identity(library: str) -> None:
    itself = array(library, np.broadcast_to(np.eye(N), (BATCH, HEADS, N, N)))
    np.testing.assert_array_equal(plain(rollout([itself] * LAYERS)), [np.eye(N)] * BATCH)


def test_rollout_of_uniform_weights_without_residual_is_uniform() -> None:
    uniform = np.full((BATCH, HEADS, N, N), 1 / N)
    flow = rollout([layers("numpy", 1)[0], uniform], residual=0.0)
    means = layers("numpy", 1)[0].mean(axis=(-3, -2))  # a uniform last layer averages the rows
    np.testing.assert_allclose(flow, np.broadcast_to(means[:, None], flow.shape), rtol=1e-12)


def test_rollout_that_all_goes_around_attention_is_the_identity() -> None:
    np.testing.assert_array_equal(rollout(layers("numpy"), residual=1.0), [np.eye(N)] * BATCH)


def test_rollout_multiplies_later_layers_from_the_left() -> None:
    first, second = (layer[:, :1] for layer in layers("numpy", 2))
    expected = second[:, 0] @ first[:, 0]
    np.testing.assert_allclose(rollout([first, second], residual=0.0), expected, rtol=1e-12)


def test_rollout_does_not_depend_on_the_order_of_heads() -> None:
    mixed = [layer[:, ::-1] for layer in layers("numpy")]
    np.testing.assert_allclose(rollout(mixed), rollout(layers("numpy")), rtol=1e-12)


def test_rollout_refuses_what_it_cannot_multiply() -> None:
    with says(ValueError, "weights holds no layer, needs at least one"):
        rollout([])
    with says(ValueError, "residual is 1.5, needs a number from 0 to 1"):
        rollout(layers("numpy"), residual=1.5)
    with pytest.raises(ValueError, match=r"weights\[1\] has shape \(5, 7, 11\), needs"):
        rollout([np.ones((5, 7, 7)), np.ones((5, 7, 11))])
    with pytest.raises(TypeError, match=r"weights\[1\] is a torch array"):
        rollout([np.ones((5, 7, 7)), torch.ones(5, 7, 7)])


@pytest.mark.parametrize("library", LIBRARIES)
def test_weighted_norms_are_the_lengths_of_what_is_added(library: str) -> None:
    weights = softmax(normal(library, BATCH, HEADS, N, M))
    value, w_o = normal(library, BATCH, HEADS, M, E), normal(library, HEADS * E, D_MODEL)
    norms = plain(weighted_norms(weights, value, w_o))
    assert norms.shape == (BATCH, HEADS, N, M)
    for b, h, i, j in np.ndindex(*norms.shape):
        part = plain(w_o)[h * E : (h + 1) * E]
        added = plain(weights)[b, h, i, j] * plain(value)[b, h, j] @ part
        np.testing.assert_allclose(norms[b, h, i, j], np.linalg.norm(added), rtol=1e-10)


def test_weighted_norms_with_values_of_one_length_are_the_weights() -> None:
    weights = softmax(normal("numpy", 1, N, M))
    value = np.eye(M)[None]  # each of length 1, kept by an orthogonal output map
    np.testing.assert_allclose(weighted_norms(weights, value, np.eye(M)), weights, rtol=1e-12)


def test_weighted_norms_refuse_what_does_not_fit() -> None:
    weights, value = np.ones((HEADS, N, M)), np.ones((HEADS, M, E))
    with pytest.raises(ValueError, match=r"w_o has shape \(3, 3\), needs \(5 · 13, d_model\)"):
        weighted_norms(weights, value, np.eye(3))
    with pytest.raises(ValueError, match="weights has shape"):
        weighted_norms(weights, np.ones((HEADS, N, E)), np.eye(HEADS * E))


def linear_score(parts: np.ndarray):
    return lambda visible: (parts * visible).sum(axis=-1)


PARTS = np.random.default_rng(0).uniform(0.1, 1.0, size=(BATCH, N))
COUNTS = list(range(N + 1))


def test_deleting_by_the_true_parts_falls_fastest() -> None:
    best = deletion_curve(linear_score(PARTS), PARTS, COUNTS)
    descending = -np.sort(-PARTS, axis=-1)
    left = PARTS.sum(axis=-1)[:, None] - np.cumsum(descending, axis=-1)
    np.testing.assert_allclose(best[1:].T, left, atol=1e-12)
    for seed in range(20):
        other = np.random.default_rng(seed).random(PARTS.shape)
        assert (deletion_curve(linear_score(PARTS), other, COUNTS) >= best - 1e-12).all()


def test_every_order_starts_with_all_and_ends_with_nothing() -> None:
    curve = deletion_curve(linear_score(PARTS), -PARTS, COUNTS)
    np.testing.assert_allclose(curve[0], PARTS.sum(axis=-1))
    np.testing.assert_array_equal(curve[-1], 0)


def test_only_the_order_of_a_map_counts() -> None:
    curves = [deletion_curve(linear_score(PARTS), m, COUNTS) for m in (PARTS, PARTS**3 + 5)]
    np.testing.assert_array_equal(*curves)


def test_exactly_the_named_number_is_hidden_even_among_ties() -> None:
    seen = deletion_curve(lambda visible: visible.sum(axis=-1), np.zeros((BATCH, N)), COUNTS)
    np.testing.assert_array_equal(seen, N - np.array(COUNTS)[:, None] * np.ones(BATCH))


def test_more_than_all_cannot_be_hidden() -> None:
    with says(ValueError, "counts holds 8, needs at most 7 patches"):
        deletion_curve(linear_score(PARTS), PARTS, [8])
    with says(ValueError, "maps has shape (7,), needs (n, n_patches)"):
        deletion_curve(linear_score(PARTS), PARTS[0], [1])
