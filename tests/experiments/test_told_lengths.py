"""What chapter 5 tells of sequences longer than in training, tried on the stored runs."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from qkv_lib.data.digit_tasks import NO_ANSWER, answers, latest_small, reversal, three_back
from qkv_lib.experiments import lengths
from qkv_lib.formula.positions import alibi_bias
from qkv_lib.models.tagger import POSITIONS, DigitTagger, tagging_loss
from tests.holds import holds

RUNS = lengths.TABLE.runs
BUDGETS = (250, 1000, 4000, 16000)
Shares = np.ndarray


def reached(task: str, positions: str, n_updates: int) -> Shares:
    """Return the shares of right answers, (3 seeds, 3 lengths), or nothing if it was not run."""
    case = {"task": task, "positions": positions, "n_updates": n_updates}
    found = [run for run in RUNS if case.items() <= run.items() and run["seed"] < 3]
    assert len(found) in (0, 3)
    return np.array([run["accuracy"] for run in found])


def mean(task: str, positions: str, n_updates: int, n: int = 10) -> float:
    return float(reached(task, positions, n_updates)[:, lengths.LENGTHS.index(n)].mean())


@holds(
    "We compare the three of chapter 4, sinusoidal vectors, RoPE and ALiBi, with none at all.",
    "A model of one block with four heads is trained on three tasks with rows of 10 digits, and "
    "tested on rows of 10, 20 and 40:",
    "one block, ten symbols, one training length",
)
def test_the_model_and_the_rivals() -> None:
    assert set(POSITIONS) == {"none", "sinusoidal", "RoPE", "ALiBi"}
    assert len(lengths.TASKS) == 3
    model = DigitTagger("none")
    assert (len(model.blocks), model.n_heads, model.embed.num_embeddings) == (1, 4, 10)
    assert (lengths.LENGTH, lengths.LENGTHS) == (10, (10, 20, 40))


@holds(
    "| reversal | the digit at $n - 1 - i$ | the place, and the length |",
    "| three_back | the digit at $i - 3$ (causal) | the distance |",
    "| latest_small | the latest digit below 5, up to and including place $i$ (causal) | the "
    "digits, and which is nearest |",
    "Causal tasks are run under the causal mask.",
    "Places that have no answer are not counted.",
    "each place has its mirror at a different distance",
    "In its scores, places count only through their distance, and three_back needs the distance 3 "
    "in a row of any length.",
)
@pytest.mark.parametrize("n", [10, 20])
def test_the_tasks(n: int) -> None:
    digits = np.random.default_rng(n).integers(10, size=(50, n))
    digits[:, 0], digits[0] = 7, 9  # no small digit at the start, or none at all
    places = np.arange(n)
    assert (reversal(digits) == n - 1 - places).all()
    distances = (places - reversal(digits))[0]
    assert len(set(distances)) == n
    assert (places - three_back(digits))[:, 3:].tolist() == np.full((50, n - 3), 3).tolist()
    for row, found in zip(digits, answers(digits, latest_small), strict=True):
        for i in places:
            small = [digit for digit in row[: i + 1] if digit < 5]
            assert found[i] == (small[-1] if small else NO_ANSWER)
    assert [causal for _, causal in lengths.TASKS.values()] == [False, True, True]
    x, target = torch.from_numpy(digits), torch.from_numpy(answers(digits, three_back))
    model = DigitTagger("none").requires_grad_(False)
    counted = cross_entropy(model(x)[:, 3:].flatten(0, 1), target[:, 3:].flatten())
    assert torch.allclose(tagging_loss(model, x, target), counted)


@holds(
    "For each task and each encoding, the learning rate is the best of three in trial runs with "
    "two other seeds.",
    "each is trained three times from the start, for 250, 1,000 and 4,000 updates, each time with "
    "three seeds.",
)
@pytest.mark.parametrize("task", lengths.TASKS)
@pytest.mark.parametrize("positions", POSITIONS)
def test_what_was_run(task: str, positions: str) -> None:
    of = [run for run in RUNS if (run["task"], run["positions"]) == (task, positions)]
    (used,) = {run["lr"] for run in of if run["seed"] < 3}
    trials = [run for run in of if run["seed"] >= 3]
    assert len({run["seed"] for run in trials}) == 2
    rates = {run["lr"] for run in trials}
    assert len(rates) == 3
    losses = {lr: sum(run["loss"] for run in trials if run["lr"] == lr) for lr in rates}
    assert used == min(rates, key=losses.__getitem__)
    assert all(len(reached(task, positions, n)) == 3 for n in BUDGETS[:3])
    gained = mean(task, positions, 4000) - mean(task, positions, 1000)
    assert (gained > 0.05) == (len(reached(task, positions, 16_000)) == 3)


@holds(
    "since its bias favours near keys",
    "at length 10 it does hardly better than none after 250 updates, and gets nine answers in ten "
    "right after 4,000",
    "ALiBi still gets fewer than four in ten right after 4,000 updates.",
    "Three seeds agree. More updates change the number.",
)
def test_at_the_length_of_training() -> None:
    assert 0.8 < mean("reversal", "RoPE", 16_000) < 0.9
    assert reached("latest_small", "ALiBi", 4000)[:, 0].min() > 0.99
    at = {n: mean("three_back", "ALiBi", n) for n in BUDGETS}
    assert at[250] < mean("three_back", "none", 250) + 0.02
    assert 0.88 < at[4000] < at[16_000] < at[4000] + 0.04
    assert np.ptp(reached("three_back", "ALiBi", 250)[:, 0]) < 0.05  # the seeds agree
    assert at[4000] > at[250] + 0.3
    assert 0.3 < mean("reversal", "ALiBi", 4000) < 0.4
    bias = alibi_bias(4, 1, 10, offset=9)[:, 0]
    assert (bias.argmax(axis=1) == 9).all()  # the query's own place, in every head


@holds(
    "The baseline with even weights does better than a guess, since it can tell which digits "
    "occur.",
)
def test_knowing_which_digits_occur_beats_a_guess() -> None:
    assert 0.25 < lengths.without_order("reversal", 10) < 0.3


@holds(
    "say which positional encodings still work on sequences longer than in training",
    "On rows longer than in training, RoPE still found a distance, RoPE and ALiBi the latest "
    "digit below 5; sinusoidal vectors failed.",
)
def test_at_longer_lengths() -> None:
    assert mean("three_back", "ALiBi", 16_000, 40) < 0.6
    assert mean("reversal", "ALiBi", 4000, 20) < 0.5
    assert mean("three_back", "RoPE", 4000, 40) > 0.95
    assert mean("latest_small", "ALiBi", 4000, 40) > 0.95
    for task in lengths.TASKS:
        assert mean(task, "sinusoidal", 4000, 40) < 0.5


@holds(
    "They fail at the places that did not occur in training: in three_back at length 20, a model "
    "trained for 250 updates gets every answer up to place 9 right, and from place 11 on no more "
    "than a guess would.",
)
def test_sinusoids_fail_behind_the_places_of_training() -> None:
    model = lengths.train("three_back", "sinusoidal", seed=0, n_updates=250, lr=0.03)
    digits = np.random.default_rng(7).integers(10, size=(400, 20))
    with torch.no_grad():
        guesses = model(torch.from_numpy(digits)).argmax(dim=-1).numpy()
    right = (guesses == answers(digits, three_back)).mean(axis=0)
    assert right[3:10].min() > 0.995
    assert 0.08 < right[11:].mean() < 0.13
