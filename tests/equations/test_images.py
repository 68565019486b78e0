"""The equations of section 6.1, as they are printed, against the library."""

import numpy as np
import torch

from qkv_lib.data.patches import to_patches
from qkv_lib.layers import initialise
from qkv_lib.measures.maps import rollout
from qkv_lib.measures.pointing import mass_inside
from qkv_lib.models import VisionTransformer
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

RNG = np.random.default_rng(6)


@evaluated("eq-images-patches", same={"< → \\le": "the range of the rows, which its test gives"})
def test_patches_are_as_written() -> Cases:
    image, s, w = RNG.random((6, 15)), 3, 5
    found = to_patches(image, s)
    assert found.shape == (10, 9)
    yield given({"j": 10, "r": s, "c": s}, first=0, X=found, image=image, s=s, w=w)


@evaluated("eq-images-tokens")
def test_tokens_are_as_written() -> Cases:
    model = initialise(VisionTransformer(6, 2, d_model=8, n_heads=2), np.random.default_rng(0))
    model = model.double()
    with torch.no_grad():
        for vector in (model.class_token, model.embed.bias):  # zero at first: nothing to see
            vector.copy_(torch.from_numpy(RNG.normal(size=8)))
    images, seen = RNG.random((4, 6, 6)), []
    model.blocks[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(torch.from_numpy(images))
    given_to_the_model = {
        "t": model.class_token, "W_E": model.embed.weight.T, "b_E": model.embed.bias,
        "P": model.add_positions.table.weight,
    }  # fmt: skip
    named = {name: each.detach().numpy() for name, each in given_to_the_model.items()}
    for image, tokens in zip(images, seen[0].detach().numpy(), strict=True):
        yield given(Z={0: tokens}, X=to_patches(image, 2), **named)


@evaluated("eq-images-mass")
@holds(
    "Let $a_j$ be the number that a map gives to patch $j$, "
    "and $f_j$ the share of that patch which lies inside the box."
)
def test_mass_is_as_written() -> Cases:
    a, f = RNG.random(9), RNG.random(9)
    yield given({"j": 9}, a=a, f=f, mass=mass_inside(a[None], f[None])[0])


@evaluated("eq-images-rollout")
def test_rollout_is_as_written() -> Cases:
    n_layers, h, n = 3, 2, 4
    A = RNG.dirichlet(np.ones(n), size=(n_layers, h, n))
    mixed = (np.eye(n) + A.mean(axis=1)) / 2
    yield given({"l": n_layers}, R=rollout(list(A)), A=A, A_tilde=mixed, L=n_layers, h=h,
                also={"I": np.eye(n)})  # fmt: skip


@evaluated("eq-images-rollout-example")
def test_the_rollout_of_three_tokens_is_as_written() -> Cases:
    first, last = np.eye(3), np.eye(3)
    first[1], last[0] = np.eye(3)[2], np.eye(3)[1]  # who looks at whom
    mixed = [rollout([block[None]]) for block in (first, last)]
    yield given(A_tilde=np.stack(mixed), also={"class": 1})
    by_hand = np.array([1, 0, 0]) / 2 + np.array([0, 1 / 2, 1 / 2]) / 2
    np.testing.assert_array_equal(rollout([first[None], last[None]])[0], by_hand)
