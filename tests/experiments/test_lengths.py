"""Longer than in training: the tasks, the guess without order."""

import itertools

import numpy as np
import pytest
import torch

from qkv_lib.data.digit_tasks import NO_ANSWER, answers
from qkv_lib.experiments import lengths
from qkv_lib.models.tagger import POSITIONS, DigitTagger
from tests.holds import holds

RIVALS = list(itertools.product(lengths.TASKS, POSITIONS))


@holds(
    "It knows the digit at position $i$ and how often each digit occurs among those that the model "
    "sees there, but not where.",
    "That guess is the most frequent of the other digits seen; in latest_small it is the digit at "
    "the position itself if that is small, otherwise the most frequent small digit so far.",
)
@pytest.mark.parametrize("task", lengths.TASKS)
def test_the_best_guess_without_order_is_counted_over_all_orders(task: str) -> None:
    source, causal = lengths.TASKS[task]
    rng, n, shares = np.random.default_rng(1), 4, []
    for digits in rng.integers(3, 8, size=(60, n)):  # few digits, so that some repeat
        for i in range(n):
            seen = i + 1 if causal else n
            others = [j for j in range(seen) if j != i]
            found = []
            for order in itertools.permutations(others):
                mixed = digits.copy()
                mixed[others] = digits[list(order)]
                found.append(answers(mixed[None], source)[0, i])
            found = [each for each in found if each != NO_ANSWER]
            if answers(digits[None], source)[0, i] != NO_ANSWER:
                shares.append(max(found.count(each) for each in found) / len(found))
    drawn = lengths.without_order(task, n, seed=1, n_sequences=60)
    assert 0.2 < drawn <= 1
    again = np.random.default_rng(1)

    class Same:
        def integers(self, *_args: object, **_options: object) -> np.ndarray:
            return again.integers(3, 8, size=(60, n))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lengths.np.random, "default_rng", lambda _seed: Same())
        counted = lengths.without_order(task, n)
    np.testing.assert_allclose(counted, np.mean(shares), rtol=1e-12)


@pytest.mark.parametrize("task", lengths.TASKS)
def test_without_positions_one_block_does_not_know_the_order(task: str) -> None:
    torch.manual_seed(0)
    causal = lengths.TASKS[task][1]
    model = DigitTagger("none", causal=causal).double().eval()
    digits = torch.tensor([[3, 1, 4, 1, 5, 9]])
    mixed = digits[:, [4, 2, 0, 3, 1, 5]]
    torch.testing.assert_close(model(digits)[:, -1], model(mixed)[:, -1], rtol=0, atol=1e-12)


def test_training_teaches_and_repeats() -> None:
    one, two = (
        lengths.train("three_back", "RoPE", seed=0, n_updates=120, lr=0.03) for _ in range(2)
    )
    reached = lengths.reached(one, "three_back")
    assert reached[0] > 0.9
    assert reached == lengths.reached(two, "three_back")
    assert lengths.reached(one, "three_back", seed=5) != reached


@pytest.mark.parametrize(("task", "positions"), RIVALS)
def test_every_rival_was_run_at_its_own_rate(task: str, positions: str) -> None:
    runs = [r for r in lengths.TABLE.runs if (r["task"], r["positions"]) == (task, positions)]
    own = {r["lr"] for r in runs if r["seed"] in lengths.SEEDS}
    assert own == {lengths.best_rate(runs, task, positions)}


def test_a_rival_goes_on_while_it_gains() -> None:
    def run(n_updates: int, accuracy: float) -> dict[str, object]:
        return {"task": "t", "positions": "p", "seed": 0, "n_updates": n_updates,
                "accuracy": [accuracy]}  # fmt: skip

    runs = [run(250, 0.3), run(1000, 0.5), run(4000, 0.509)]
    assert lengths.still_rises(runs, "t", "p", 1000)
    assert not lengths.still_rises(runs, "t", "p", 4000)
