"""Three tasks and three mixers: the answers follow the rules, and no model sees the future."""

from statistics import median

import numpy as np
import pytest
import torch

from qkv_lib.data.sequences import N_KEYS, N_VALUES, TASKS, Sequences
from qkv_lib.experiments import rivals
from qkv_lib.models.mixers import MIXERS, SequenceTagger
from tests.holds import holds

LOCAL, RECALL, COUNTING = TASKS


def answer(task: str, symbols: list[int], i: int) -> int:
    """The right answer at place i, in plain Python; −1 where nothing is asked."""
    if task == LOCAL:
        return int(median(symbols[i - 2 : i + 1])) if i >= 2 else -1
    if task == COUNTING:
        return sum(symbols[: i + 1]) % 3
    key = symbols[i] - 1 - N_KEYS * N_VALUES
    pairs = [divmod(s - 1, N_VALUES) for s in symbols if 0 < s <= N_KEYS * N_VALUES]
    return dict(pairs)[key] if key >= 0 else -1


@pytest.mark.parametrize("task", TASKS)
@holds(
    "the median of a digit and the two before it",
    "the number of ones so far, modulo 3",
)
def test_answers_follow_the_rule_of_the_task(task: str) -> None:
    draw, n_symbols, n_answers = TASKS[task]
    drawn = draw(50, 17, np.random.default_rng(0))
    assert drawn.symbols.min() >= 0
    assert drawn.symbols.max() < n_symbols
    assert set(np.unique(drawn.answers)) - {-1} == set(range(n_answers))
    expected = [[answer(task, row, i) for i in range(17)] for row in drawn.symbols.tolist()]
    assert drawn.answers.tolist() == expected


@pytest.mark.parametrize("task", TASKS)
def test_places_are_the_earliest_that_matter(task: str) -> None:
    drawn = TASKS[task].draw(30, 17, np.random.default_rng(1))
    for symbols, answers, places in zip(*(part.tolist() for part in drawn), strict=True):
        for i, place in enumerate(places):
            assert (place < 0) == (answers[i] < 0)
            if task == RECALL and place >= 0:
                key = symbols[i] - 1 - N_KEYS * N_VALUES
                assert divmod(symbols[place] - 1, N_VALUES) == (key, answers[i])


@holds(
    "Eight tokens are scattered among blank tokens.",
    "At the end the task asks for four of the answers.",
)
def test_each_key_stands_once_and_no_question_is_asked_twice() -> None:
    drawn = TASKS[RECALL].draw(30, 20, np.random.default_rng(2))
    for row in drawn.symbols.tolist():
        keys = [(s - 1) // N_VALUES for s in row if 0 < s <= N_KEYS * N_VALUES]
        assert sorted(keys) == list(range(N_KEYS))
        assert len(set(row[-4:])) == 4


@pytest.mark.parametrize(("task", "n"), [(LOCAL, 2), (RECALL, 11), (COUNTING, 0)])
def test_too_short_sequences_are_refused(task: str, n: int) -> None:
    with pytest.raises(ValueError, match=f"n is {n}"):
        TASKS[task].draw(1, n, np.random.default_rng(0))


@pytest.mark.parametrize("mixer", MIXERS)
def test_every_mixer_has_four_matrices_of_weights(mixer: str) -> None:
    for d in (6, 24, 48):
        weights = [w.numel() for w in MIXERS[mixer](d).parameters() if w.ndim > 1]
        assert sum(weights) == 4 * d * d


@pytest.mark.parametrize("task", TASKS)
@holds(
    "Three models of nearly equal size, with convolutions (CNN), a recurrence (RNN) and attention, "
    "learned from the same sequences with the same number of updates.",
)
def test_whole_models_differ_by_less_than_a_twentieth(task: str) -> None:
    sizes = [
        sum(w.numel() for w in SequenceTagger(mixer, *TASKS[task][1:]).parameters())
        for mixer in MIXERS
    ]
    assert max(sizes) < 1.05 * min(sizes)


@pytest.mark.parametrize("mixer", MIXERS)
@pytest.mark.parametrize("training", [True, False])
def test_no_mixer_sees_the_future(mixer: str, training: bool) -> None:
    model = SequenceTagger(mixer, 10, 10).train(training)
    symbols = torch.randint(10, (3, 9))
    other = symbols.clone()
    other[:, 5:] = (other[:, 5:] + 1) % 10
    before, after = model(symbols), model(other)
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5:], after[:, 5:])


def test_unknown_mixers_and_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="mixer is 'GRU', needs one of CNN, RNN, attention"):
        SequenceTagger("GRU", 10, 10)
    with pytest.raises(ValueError, match="d_model is 8, needs a multiple of 3"):
        SequenceTagger("RNN", 10, 10, d_model=8)


def test_training_teaches_and_repeats() -> None:
    one, two = (rivals.train("CNN", LOCAL, seed=3, n_updates=60) for _ in range(2))
    fresh = TASKS[LOCAL].draw(100, rivals.LENGTH, np.random.default_rng(4))
    right = rivals.right_answers(one, fresh)
    assert right.shape == (100 * (rivals.LENGTH - 2),)
    assert right.mean() > 0.5
    assert np.array_equal(right, rivals.right_answers(two, fresh))
    untrained = rivals.train("CNN", LOCAL, seed=3, n_updates=1)
    assert rivals.right_answers(untrained, fresh).mean() < 0.3


class Constant(torch.nn.Module):
    """Answer 0 at odd places and 1 at even ones."""

    def forward(self, symbols: torch.Tensor) -> torch.Tensor:
        zero = torch.arange(symbols.shape[1]) % 2
        return torch.stack([zero, 1 - zero], dim=-1).expand(len(symbols), -1, -1).float()


def test_accuracy_is_counted_by_distance() -> None:
    symbols = np.zeros((1, 6), dtype=np.int64)
    answers = np.array([[-1, 0, 0, 0, 0, 1]])  # places 1 and 3 are answered rightly
    places = np.array([[-1, 0, 0, 0, 0, 0]])  # 1 to 5 back
    drawn = Sequences(symbols, answers, places)
    model = Constant()
    assert rivals.right_answers(model, drawn).tolist() == [True, False, True, False, False]  # type: ignore[arg-type]
    shares = rivals.accuracy_by_distance(model, drawn, np.array([1, 3, 4, 6]))  # type: ignore[arg-type]
    assert shares.tolist() == [0.5, 1.0, 0.0]
    with pytest.raises(ValueError, match="no question falls into some"):
        rivals.accuracy_by_distance(model, drawn, np.array([1, 6, 9]))  # type: ignore[arg-type]


def test_no_updates_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match=r"n_updates.*0"):
        rivals.train("CNN", "counting", seed=0, n_updates=0)
