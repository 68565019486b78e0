"""The planted mark tells the label, touches nothing else, and is what models are asked about."""

import numpy as np
import pytest

from qkv_lib.data import Digits, load_digits
from qkv_lib.data.planted import DOTS, PATCH, marked, other_labels
from qkv_lib.experiments import shortcut
from qkv_lib.models import accuracy

TEST = load_digits().test
FEW = Digits(*(part[:40] for part in TEST))


def test_a_mark_tells_its_label_and_touches_nothing_else() -> None:
    images = marked(*TEST)
    corner = images[:, :PATCH, :PATCH]
    bits = np.stack([corner[:, row, column] for row, column in DOTS], axis=1)
    assert np.array_equal(bits @ [1, 2, 4, 8] - 1, TEST.labels)
    assert set(np.unique(corner)) == {0.0, 1.0}
    outside = np.ones((28, 28), dtype=bool)
    outside[:PATCH, :PATCH] = False
    assert np.array_equal(images[:, outside], TEST.images[:, outside])
    assert images.dtype == np.float32


def test_marks_of_one_label_are_alike_and_of_two_differ() -> None:
    paper = np.zeros((15, 9, 8), dtype=np.float32)
    seen = {each.tobytes() for each in marked(paper, np.arange(15))}
    assert len(seen) == 15
    assert not paper.any()  # a copy was marked


def test_other_labels_are_other_labels() -> None:
    labels = np.repeat(np.arange(10), 300)
    others = other_labels(labels, np.random.default_rng(0))
    assert not (labels == others).any()
    counts = np.histogram2d(labels, others, bins=10)[0] + 100 / 3 * np.eye(10)
    assert counts.min() > 15
    assert others.min() == 0
    assert others.max() == 9


@pytest.mark.parametrize(
    ("shape", "labels", "message"),
    [((2, 6, 9), [0, 1], "7 pixels or more"), ((2, 9, 9), [0], "one per image"),
     ((2, 9, 9), [0, 15], "needs 0 to 14")],
)  # fmt: skip
def test_what_cannot_be_marked_is_refused(shape: tuple, labels: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        marked(np.zeros(shape, dtype=np.float32), np.array(labels))


def test_models_are_of_equal_size() -> None:
    sizes = [sum(w.numel() for w in make().parameters()) for make, _ in shortcut.MODELS.values()]
    assert max(sizes) < 1.1 * min(sizes)


def test_a_model_trained_with_the_mark_follows_it() -> None:
    model = shortcut.train("CNN", load_digits().train, with_mark=True, seed=0, n_updates=120)
    relied = shortcut.relied_on(model, TEST, np.random.default_rng(0))
    assert relied["right mark"] > 0.9
    assert relied["follows the mark"] > 0.9
    assert relied["wrong mark"] < 0.1
    assert relied["no mark"] == accuracy(model, *TEST)


def test_shares_are_of_the_first_patch() -> None:
    model = shortcut.small_vit()
    shares = shortcut.share_on_mark(model, FEW)
    for name, share in shares.items():
        assert share.shape == (40,), name
        assert share.min() >= 0, name
        assert share.max() <= 1, name
    untouched = shares["weights"].mean()  # an untrained model looks everywhere alike
    assert untouched == pytest.approx(1 / 16, abs=0.03)
