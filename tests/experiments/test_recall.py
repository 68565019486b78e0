"""The recall task has one right answer, and the two readers differ in the kernel alone."""

import numpy as np
import pytest
import torch

from qkv_lib.experiments.recall import PairReader, pairs, reading_accuracy, train_reader
from tests.refusals import says


@pytest.mark.parametrize("n", [1, 5, 64])
def test_the_answer_of_recall_stands_with_the_key_asked_for(n: int) -> None:
    keys, values, asked, answer = pairs(np.random.default_rng(0), n)
    assert keys.shape == values.shape == (64, n)
    assert all(len(set(row)) == n for row in keys.tolist())  # no key twice: one answer
    found = keys == asked[:, None]
    assert (found.sum(dim=1) == 1).all()
    assert (values[found] == answer).all()


def test_the_answer_of_majority_is_the_most_frequent_value() -> None:
    _, values, _, answer = pairs(np.random.default_rng(0), 9, "majority")
    for row, most in zip(values.tolist(), answer.tolist(), strict=True):
        assert row.count(most) == max(row.count(v) for v in range(8))


def test_readers_have_the_same_weights_and_another_kernel() -> None:
    softmax, linear = PairReader("softmax"), PairReader("linear")
    linear.load_state_dict(softmax.state_dict())
    *question, _ = pairs(np.random.default_rng(1), 6)
    assert not torch.allclose(softmax(*question), linear(*question), atol=1e-3)
    *single, _ = pairs(np.random.default_rng(1), 1)  # one key has all the weight in any kernel
    torch.testing.assert_close(softmax(*single), linear(*single))


def test_the_order_of_the_pairs_does_not_matter() -> None:
    keys, values, asked, _ = pairs(np.random.default_rng(2), 7)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(0))
    for kind in ("softmax", "linear"):
        model = PairReader(kind)  # type: ignore[arg-type]
        torch.testing.assert_close(
            model(keys, values, asked), model(keys[:, order], values[:, order], asked)
        )


def test_training_depends_on_the_seed_alone_and_learns() -> None:
    one, two = (train_reader("softmax", seed=3, n_updates=60) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert reading_accuracy(one, 4) > reading_accuracy(PairReader("softmax"), 4) + 0.1


def test_what_does_not_fit_is_refused() -> None:
    rng = np.random.default_rng(0)
    with says(ValueError, "n is 65, needs at most 64: keys are all different"):
        pairs(rng, 65)
    with says(ValueError, "task is 'sum', needs one of recall, majority"):
        pairs(rng, 5, "sum")  # type: ignore[arg-type]
    with says(ValueError, "kind is 'cubic', needs 'softmax' or 'linear'"):
        PairReader("cubic")  # type: ignore[arg-type]
