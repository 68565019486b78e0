"""The models of chapter 6 and the loop that trains them."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from qkv_lib.data import load_digits, shifted
from qkv_lib.experiments.images import RECIPES, train
from qkv_lib.layers import initialise, recorded_weights
from qkv_lib.measures.explain import ablation_map, attended, gradient_map, ink_map, log_probability
from qkv_lib.models import ConvNet, VisionTransformer, accuracy, fit, minibatches, predict
from qkv_lib.models.training import warm_cosine
from tests.refusals import says

SMALL = {"image_size": 6, "patch_size": 2, "d_model": 8, "n_heads": 2, "d_hidden": 16}
N, PATCHES = 5, 9


@pytest.fixture
def model() -> VisionTransformer:
    model = VisionTransformer(**SMALL)
    return initialise(model, np.random.default_rng(0)).eval()


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).random((N, 6, 6)).astype(np.float32)


LABELS = np.array([0, 3, 9, 9, 1])
ALL = np.ones((N, PATCHES), dtype=bool)


def n_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_rivals_have_the_same_number_of_parameters_within_a_tenth() -> None:
    vit, cnn = n_parameters(VisionTransformer()), n_parameters(ConvNet())
    assert 90_000 < vit < 110_000
    assert abs(cnn - vit) <= vit / 10


def test_images_of_a_batch_do_not_touch(model: VisionTransformer, images: np.ndarray) -> None:
    alone = np.concatenate([predict(model, images[i : i + 1]) for i in range(N)])
    np.testing.assert_allclose(predict(model, images), alone, atol=1e-5)


def test_a_hidden_patch_cannot_be_seen(model: VisionTransformer, images: np.ndarray) -> None:
    visible = ALL.copy()
    visible[:, 4] = False
    changed = images.copy()
    changed[:, 2:4, 2:4] = 1 - changed[:, 2:4, 2:4]  # patch 4, the middle one
    before = log_probability(model, images, LABELS, visible)
    np.testing.assert_allclose(log_probability(model, changed, LABELS, visible), before, atol=1e-6)
    seen = log_probability(model, images, LABELS, ALL)
    assert np.abs(log_probability(model, changed, LABELS, ALL) - seen).min() > 1e-4


def test_with_everything_hidden_all_images_look_alike(
    model: VisionTransformer, images: np.ndarray
) -> None:
    with torch.no_grad():
        logits = model(torch.from_numpy(images), visible=torch.zeros(N, PATCHES, dtype=torch.bool))
    torch.testing.assert_close(logits, logits[:1].expand_as(logits))


def test_patches_must_fill_the_image() -> None:
    with says(ValueError, "patch_size 5 does not divide image_size 28"):
        VisionTransformer(28, 5)


def test_a_convolutional_network_sees_a_digit_at_any_place() -> None:
    model = initialise(ConvNet(), np.random.default_rng(0)).eval()
    canvas = np.zeros((2, 64, 64), dtype=np.float32)
    canvas[0, 16:44, 16:44] = canvas[1, 20:48, 12:40] = np.random.default_rng(0).random((28, 28))
    np.testing.assert_allclose(*predict(model, canvas), atol=1e-5)


def test_the_maps_are_those_of_the_run(model: VisionTransformer, images: np.ndarray) -> None:
    with torch.no_grad(), recorded_weights(model) as recorded:
        model(torch.from_numpy(images))
    found = attended(model, images)
    assert found.weights.shape == found.norms.shape == (2, N, 2, 1 + PATCHES, 1 + PATCHES)
    for block, calls in zip(found.weights, recorded.values(), strict=True):
        np.testing.assert_allclose(block, calls[0].numpy(), atol=1e-7)


def test_no_output_is_longer_than_its_parts_together(
    model: VisionTransformer, images: np.ndarray
) -> None:
    layer, outputs = model.blocks[0].attention, []
    keep = layer.register_forward_hook(lambda _, __, output: outputs.append(output))
    norms = attended(model, images).norms[0]
    keep.remove()
    lengths = (outputs[0] - layer.output.bias).norm(dim=-1).detach().numpy()
    assert (lengths <= norms.sum(axis=(1, 3)) + 1e-5).all()  # the triangle inequality


def test_every_reading_gives_one_number_a_patch(
    model: VisionTransformer, images: np.ndarray
) -> None:
    maps = attended(model, images).maps()
    maps["gradient"] = gradient_map(model, images, LABELS)
    maps["ablation"] = ablation_map(model, images, LABELS)
    maps["ink"] = ink_map(images, 2)
    for name, each in maps.items():
        assert each.shape == (N, PATCHES), name
        assert np.isfinite(each).all(), name


def test_the_gradient_map_is_the_slope_of_the_logit(
    model: VisionTransformer, images: np.ndarray
) -> None:
    steps = np.zeros((PATCHES, 4))
    model, h = model.double(), 1e-5
    for patch, pixel in itertools.product(range(PATCHES), range(4)):
        row, column = patch // 3 * 2 + pixel // 2, patch % 3 * 2 + pixel % 2
        moved = np.repeat(images[:1].astype(np.float64), 2, axis=0)
        moved[:, row, column] += (h, -h)
        logits = predict(model, moved)[:, LABELS[0]]
        steps[patch, pixel] = (logits[0] - logits[1]) / (2 * h)
    found = gradient_map(model, images[:1].astype(np.float64), LABELS[:1])[0]
    np.testing.assert_allclose(found, np.linalg.norm(steps, axis=-1), rtol=1e-6)


def test_the_ablation_map_is_what_hiding_one_patch_costs(
    model: VisionTransformer, images: np.ndarray
) -> None:
    visible = ALL.copy()
    visible[:, 7] = False
    lost = log_probability(model, images, LABELS, ALL)
    lost = lost - log_probability(model, images, LABELS, visible)
    found = ablation_map(model, images, LABELS)[:, 7]
    np.testing.assert_allclose(found, lost, atol=1e-6)


def test_training_learns_and_repeats_itself(images: np.ndarray) -> None:
    runs = []
    for _ in range(2):
        rng = np.random.default_rng(0)
        model = initialise(VisionTransformer(**SMALL), rng)
        batches = minibatches(images, LABELS, rng, batch_size=5)
        runs.append(fit(model, batches, n_updates=80, lr=0.01))
        assert not model.training
        assert accuracy(model, images, LABELS) == 1.0
    assert runs[0] == runs[1]
    assert runs[0][-1] < 0.1 < runs[0][0]


def test_a_recipe_can_be_cut_short() -> None:
    recipe, digits = RECIPES["linear"]._replace(n_updates=20), load_digits().train
    full, short, same = (
        next(train(each, digits, seed=0, n_updates=n).parameters()).detach().numpy()
        for each, n in ((recipe, None), (recipe, 5), (recipe._replace(n_updates=5), None))
    )
    np.testing.assert_array_equal(short, same)
    assert np.abs(full).max() > 1.5 * np.abs(short).max()
    with says(ValueError, "n_updates is 0, needs an integer of at least 1"):
        train(recipe, digits, seed=0, n_updates=0)


def test_a_diverging_run_stops() -> None:
    bad = [(torch.ones(1, 2), torch.tensor([float("nan")]))]
    with pytest.raises(FloatingPointError, match="the loss is nan: try a smaller lr"):
        fit(nn.Linear(2, 1), bad, n_updates=1, lr=0.1, loss=lambda m, x, y: (m(x) - y).sum())


def test_too_few_batches_are_an_error() -> None:
    batches = [(torch.ones(3, 2), torch.tensor([0, 1, 0]))] * 2
    with says(ValueError, "batches ended after 2, needs n_updates (3)"):
        fit(nn.Linear(2, 2), batches, n_updates=3, lr=0.1)


def test_the_learning_rate_rises_to_one_and_falls_to_nothing() -> None:
    rates = [warm_cosine(step / 1000, 0.2) for step in range(1001)]
    assert np.argmax(rates) == 200
    assert max(rates) == 1
    assert 0 < rates[0] < 0.1
    assert rates[-1] == pytest.approx(0, abs=1e-12)


def test_every_example_comes_once_before_any_comes_again() -> None:
    inputs = np.arange(12, dtype=np.float32)[:, None]
    batches = minibatches(inputs, np.arange(12), np.random.default_rng(0), batch_size=4)
    for _ in range(3):
        labels = [int(x) for _, batch in itertools.islice(batches, 3) for x in batch]
        assert sorted(labels) == list(range(12))


def test_augmentation_changes_inputs_and_not_labels(images: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    inputs, labels = next(minibatches(images, LABELS, rng, batch_size=5, augment=shifted))
    assert sorted(labels.tolist()) == sorted(LABELS.tolist())
    assert not any(np.array_equal(x, image) for x in inputs.numpy() for image in images)


@pytest.mark.parametrize("size", [0, 6])
def test_a_batch_must_fit(images: np.ndarray, size: int) -> None:
    with says(ValueError, f"batch_size is {size}, needs 1 to the number of rows 5"):
        next(minibatches(images, LABELS, np.random.default_rng(0), batch_size=size))
