"""A convolution by heads equals a convolution, and its scores tend to its masks."""

import numpy as np
import pytest
import torch

from qkv_lib import softmax
from qkv_lib.variants.convolution import convolve, offset_mask, offset_scores


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("sides", [(5, 7), (1, 4), (2, 1)])
def test_it_is_the_convolution_exactly_on_whole_numbers(k: int, sides: tuple[int, int]) -> None:
    rng = np.random.default_rng(k)
    image = rng.integers(-5, 6, size=(*sides, 2)).astype(float)
    kernel = rng.integers(-5, 6, size=(k, k, 2, 3)).astype(float)
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(image).permute(2, 0, 1)[None],
        torch.from_numpy(kernel).permute(3, 2, 0, 1),
        padding=k // 2,
    )[0].permute(1, 2, 0)
    assert np.array_equal(convolve(image, kernel), expected.numpy())
    assert torch.equal(convolve(torch.from_numpy(image), torch.from_numpy(kernel)), expected)


def test_each_row_of_a_mask_holds_the_pixel_at_the_offset_or_nothing() -> None:
    height, width = 3, 5
    for offset in [(0, 0), (-1, 2), (2, -4), (3, 0)]:
        mask = offset_mask(height, width, offset)
        for i in range(height * width):
            row, column = i // width + offset[0], i % width + offset[1]
            inside = 0 <= row < height and 0 <= column < width
            expected = [row * width + column] if inside else []
            assert np.flatnonzero(mask[i]).tolist() == expected


def test_scores_tend_to_the_mask_where_it_has_a_pixel() -> None:
    mask = offset_mask(4, 5, (1, -2))
    inside = mask.any(axis=-1)
    gaps = [
        np.abs(softmax(offset_scores(4, 5, (1, -2), strength=s)) - mask)[inside].max()
        for s in (0.5, 2.0, 8.0, 32.0)
    ]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 0.1
    assert gaps[-1] < 1e-12


@pytest.mark.parametrize(
    ("image", "kernel", "message"),
    [
        ((4, 4), (3, 3, 1, 1), r"image has shape \(4, 4\)"),
        ((4, 4, 2), (3, 3, 1, 1), r"kernel \(3, 3, 1, 1\)"),
        ((4, 4, 1), (2, 2, 1, 1), "k odd"),
        ((4, 4, 1), (3, 1, 1, 1), "k × k taps"),
    ],
)
def test_what_does_not_fit_is_refused(image: tuple, kernel: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        convolve(np.ones(image), np.ones(kernel))
    with pytest.raises(ValueError, match="height is 0"):
        offset_mask(0, 3, (0, 0))
