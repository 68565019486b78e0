"""The equations of section 6.1, evaluated as written, against the library."""

import numpy as np
import torch

from qkv_lib.data.patches import to_patches
from qkv_lib.layers import initialise
from qkv_lib.measures.maps import rollout, weighted_norms
from qkv_lib.measures.pointing import mass_inside
from qkv_lib.models import VisionTransformer
from tests.equations.registry import equation

RNG = np.random.default_rng(6)


@equation("eq-images-patches")
def test_patches_are_as_written() -> None:
    image, s, w = RNG.random((6, 15)), 3, 5
    patches = to_patches(image, s)
    assert patches.shape == (10, 9)
    for i in range(10):
        for r in range(s):
            for c in range(s):
                u, v = i // w * s + r, i % w * s + c
                assert patches[i, r * s + c] == image[u, v]


@equation("eq-images-tokens")
def test_tokens_are_as_written() -> None:
    model = initialise(VisionTransformer(6, 2, d_model=8, n_heads=2), np.random.default_rng(0))
    with torch.no_grad():
        for vector in (model.class_token, model.embed.bias):  # zero at first: nothing to see
            vector.copy_(torch.from_numpy(RNG.normal(size=8)))
    images, seen = RNG.random((4, 6, 6)).astype(np.float32), []
    model.blocks[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(torch.from_numpy(images))
    t, p = model.class_token.detach().numpy(), model.add_positions.table.weight.detach().numpy()
    w_e, b_e = model.embed.weight.detach().numpy().T, model.embed.bias.detach().numpy()
    for image, tokens in zip(images, seen[0].detach().numpy(), strict=True):
        rows = [t] + [x @ w_e + b_e for x in to_patches(image, 2)]
        for i, row in enumerate(rows):
            np.testing.assert_allclose(tokens[i], row + p[i], rtol=0, atol=1e-5)


@equation("eq-images-mass")
def test_mass_is_as_written() -> None:
    a, c = RNG.random(9), RNG.random(9)
    expected = sum(a[j] * c[j] for j in range(9)) / sum(a)
    np.testing.assert_allclose(mass_inside(a[None], c[None]), [expected], rtol=1e-12)


@equation("eq-images-norm")
def test_weighted_norm_is_as_written() -> None:
    h, n, m, e, d = 3, 2, 5, 4, 7
    a, v, w_o = RNG.random((h, n, m)), RNG.normal(size=(h, m, e)), RNG.normal(size=(h * e, d))
    norms = weighted_norms(a, v, w_o)
    for k in range(h):
        own = w_o[k * e : (k + 1) * e]
        for i in range(n):
            for j in range(m):
                added = [
                    a[k, i, j] * sum(v[k, j, x] * own[x, y] for x in range(e)) for y in range(d)
                ]
                np.testing.assert_allclose(
                    norms[k, i, j], np.sqrt(np.sum(np.square(added))), rtol=1e-12
                )


@equation("eq-images-rollout")
def test_rollout_is_as_written() -> None:
    n_layers, h, n = 3, 2, 4
    a = RNG.dirichlet(np.ones(n), size=(n_layers, h, n))
    mixed = [
        np.eye(n) / 2 + sum(a[layer, i] for i in range(h)) / h / 2 for layer in range(n_layers)
    ]
    np.testing.assert_allclose(rollout(list(a)), mixed[2] @ mixed[1] @ mixed[0], rtol=1e-12)


@equation("eq-images-rollout-example")
def test_the_rollout_of_three_tokens_is_as_written() -> None:
    first, last = np.eye(3), np.eye(3)
    first[1], last[0] = np.eye(3)[2], np.eye(3)[1]  # who looks at whom
    mixed = [(np.eye(3) + block) / 2 for block in (first, last)]
    np.testing.assert_array_equal(mixed[0], [[1, 0, 0], [0, 1 / 2, 1 / 2], [0, 0, 1]])
    np.testing.assert_array_equal(mixed[1][0], [1 / 2, 1 / 2, 0])
    by_hand = np.array([1, 0, 0]) / 2 + np.array([0, 1 / 2, 1 / 2]) / 2
    np.testing.assert_array_equal(rollout([first[None], last[None]])[0], by_hand)
