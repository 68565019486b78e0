"""Patches and boxes: images cut without loss, and maps against places that are known."""

import numpy as np
import pytest
import torch

from qkv_lib.data.patches import to_patches
from qkv_lib.measures.pointing import box_coverage, hits, mass_inside

SIZE, PATCH, N = 12, 3, 5
N_PATCHES = (SIZE // PATCH) ** 2


def boxes(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    low, sides = rng.integers(0, 6, size=(N, 2)), rng.integers(1, 7, size=(N, 2))
    return np.concatenate([low, low + sides], axis=1)


def coverage() -> np.ndarray:
    return box_coverage(boxes(), SIZE, PATCH)


def test_patches_hold_every_pixel_once_and_in_place() -> None:
    image = np.arange(6 * 9).reshape(6, 9)  # not square: rows and columns cannot be swapped
    patches = to_patches(image, 3)
    assert patches.shape == (6, 9)
    for i, patch in enumerate(patches):
        top, left = i // 3 * 3, i % 3 * 3
        np.testing.assert_array_equal(patch.reshape(3, 3), image[top : top + 3, left : left + 3])


def test_patches_of_a_batch_are_those_of_its_images_in_both_libraries() -> None:
    images = np.random.default_rng(0).random((2, 7, 6, 9))
    each = np.stack([[to_patches(image, 3) for image in row] for row in images])
    np.testing.assert_array_equal(to_patches(images, 3), each)
    np.testing.assert_array_equal(to_patches(torch.from_numpy(images), 3).numpy(), each)


def test_patches_of_one_pixel_are_the_pixels_and_one_patch_is_the_image() -> None:
    image = np.random.default_rng(0).random((4, 4))
    np.testing.assert_array_equal(to_patches(image, 1).ravel(), image.ravel())
    np.testing.assert_array_equal(to_patches(image, 4).ravel(), image.ravel())


@pytest.mark.parametrize(
    ("images", "size", "kind", "message"),
    [
        (np.ones((28, 28)), 5, ValueError, r"images has shape \(28, 28\), needs"),
        (np.ones(28), 4, ValueError, r"images has shape \(28,\), needs"),
        (np.ones((4, 4)), 0, ValueError, "size is 0, needs an integer of at least 1"),
        ([[1.0]], 1, TypeError, "images is a list, needs a NumPy array or a torch tensor"),
    ],
)
def test_images_that_cannot_be_cut_are_refused(images, size, kind, message) -> None:
    with pytest.raises(kind, match=message):
        to_patches(images, size)


def test_coverage_counts_the_pixels_of_the_box() -> None:
    top, left, bottom, right = boxes().T
    areas = (bottom - top) * (right - left)
    np.testing.assert_allclose(coverage().sum(axis=1) * PATCH**2, areas)
    assert ((coverage() >= 0) & (coverage() <= 1)).all()


def test_a_box_of_whole_patches_covers_them_alone() -> None:
    covered = box_coverage(np.array([[3, 6, 9, 12]]), SIZE, PATCH).reshape(4, 4)
    expected = np.zeros((4, 4))
    expected[1:3, 2:4] = 1
    np.testing.assert_array_equal(covered, expected)


def test_a_uniform_map_has_the_mass_of_the_area() -> None:
    uniform = np.ones((N, N_PATCHES))
    np.testing.assert_allclose(mass_inside(uniform, coverage()), coverage().mean(axis=1))


def test_mass_is_one_inside_zero_outside_and_free_of_scale() -> None:
    whole = (coverage() == 1).astype(float)
    enough = whole.any(axis=1)
    inside = mass_inside(whole[enough], coverage()[enough])
    np.testing.assert_allclose(inside, 1)
    np.testing.assert_allclose(mass_inside((coverage() == 0).astype(float), coverage()), 0)
    maps = np.random.default_rng(0).random((3, N, N_PATCHES))
    np.testing.assert_allclose(mass_inside(7 * maps, coverage()), mass_inside(maps, coverage()))


def test_mass_needs_maps_that_can_be_shared_out() -> None:
    for bad in (np.zeros((N, N_PATCHES)), -np.ones((N, N_PATCHES))):
        with pytest.raises(ValueError, match="negative somewhere, or 0 everywhere"):
            mass_inside(bad, coverage())
    with pytest.raises(ValueError, match=r"maps has shape \(5, 9\) and coverage \(5, 16\)"):
        mass_inside(np.ones((N, 9)), coverage())


def test_a_hit_needs_the_highest_patch_half_inside() -> None:
    covered = np.array([[0.5, 0.49, 1.0]])
    for patch, hit in enumerate([True, False, True]):
        assert hits(np.eye(3)[[patch]], covered).tolist() == [hit]


def test_random_maps_hit_as_often_as_chance_says() -> None:
    maps = np.random.default_rng(0).random((4000, N, N_PATCHES))
    chance = (coverage() >= 0.5).mean(axis=1)
    spread = np.sqrt(chance * (1 - chance) / 4000)
    assert (np.abs(hits(maps, coverage()).mean(axis=0) - chance) <= 5 * spread).all()
