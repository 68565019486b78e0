"""What chapter 5 tells of sequences longer than in training, tried on the stored runs."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from qkv_lib.data.digit_tasks import NO_ANSWER, answers, latest_small, reversal, three_back
from qkv_lib.experiments import lengths, longer
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
    "We compare four models: three with the encodings of chapter 4, sinusoidal vectors, RoPE and "
    "ALiBi, and one with none.",
    "Each has one block with four heads, is trained anew for each of three tasks, with sequences "
    "of 10 digits, and is tested on sequences of 10, 20 and 40:",
)
def test_the_model_and_the_rivals() -> None:
    assert set(POSITIONS) == {"none", "sinusoidal", "RoPE", "ALiBi"}
    assert len(lengths.TASKS) == 3
    model = DigitTagger("none")
    assert (len(model.blocks), model.n_heads, model.embed.num_embeddings) == (1, 4, 10)
    assert (lengths.LENGTH, lengths.LENGTHS) == (10, (10, 20, 40))


@holds(
    "| reversal | the digit at $n - 1 - i$ | the position and the length |",
    "| three_back | the digit at $i - 3$ | the distance |",
    "| latest_small | the latest digit below 5, up to and including position $i$ | which small "
    "digit is nearest |",
    "Reversal needs later positions; the other two tasks are run under the causal mask.",
    "Positions without an answer, at the beginning, are not counted.",
    "each position has its mirror at a different distance",
    "In its scores, positions count only through their distance, and three_back needs the distance "
    "3 at any length.",
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
    assert (answers(digits, three_back) == NO_ANSWER).any(axis=0).tolist() == [True] * 3 + (
        [False] * (n - 3)
    )
    x, target = torch.from_numpy(digits), torch.from_numpy(answers(digits, three_back))
    model = DigitTagger("none").requires_grad_(False)
    counted = cross_entropy(model(x)[:, 3:].flatten(0, 1), target[:, 3:].flatten())
    assert torch.allclose(tagging_loss(model, x, target), counted)


@holds(
    "Each point is a training of its own, at the best of three learning rates.",
    "So we train each model with 250, 1,000 and 4,000 updates, from three seeds",
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
    if positions == "RoPE":  # its longest runs are at the same rate
        case = {"task": task, "model": "RoPE", "updates": 32_000, "rate": used}
        found = [run["seed"] for run in longer.TABLE.runs if case.items() <= run.items()]
        assert sorted(found) == ([0, 1, 2] if task == "reversal" else [])


@holds(
    "whose bias favours near keys",
    "It learns three_back slowly.",
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
    bias = alibi_bias(4, 1, 10, offset=9)[:, 0]
    assert (bias.argmax(axis=1) == 9).all()  # the query's own place, in every head


@holds(
    "The baseline with even weights does better than chance: the mean tells it how often "
    "each digit occurs, so it can name the most frequent one.",
)
def test_knowing_how_often_each_digit_occurs_beats_a_guess() -> None:
    assert 0.25 < lengths.without_order("reversal", 10) < 0.3
    digits = np.random.default_rng(3).integers(10, size=(4000, 10))
    others = (digits[:, 1:, None] == np.arange(10)).sum(axis=1)  # those that place 0 may answer
    others[np.arange(4000), digits[:, 0]] = 0  # its own digit may not be among them
    which = others.sum(axis=1) / (others > 0).sum(axis=1) / 9
    assert which.mean() < 0.2  # to know only which digits occur explains less


@holds(
    "say which positional encoding still solves which task on sequences longer than in training",
    "A model solves a task if, after its longest training, at least 95 % of its answers are right "
    "with each of the three seeds.",
    "On sequences up to four times as long as in training, RoPE still solved three_back; RoPE and "
    "ALiBi still solved latest_small; sinusoidal vectors solved nothing.",
)
def test_at_longer_lengths() -> None:
    assert mean("three_back", "ALiBi", 16_000, 40) < 0.6
    assert mean("reversal", "ALiBi", 4000, 20) < 0.5
    assert mean("three_back", "RoPE", 4000, 40) > 0.95
    assert mean("latest_small", "ALiBi", 4000, 40) > 0.95
    assert mean("latest_small", "RoPE", 4000, 40) > 0.95
    for task in lengths.TASKS:
        assert mean(task, "sinusoidal", 4000, 40) < 0.5
        assert mean(task, "sinusoidal", 4000, 20) < 0.75


@pytest.mark.parametrize("task", lengths.TASKS)
def test_where_sinusoids_fail(task: str) -> None:
    model = lengths.train(task, "sinusoidal", seed=0, n_updates=250, lr=0.03)
    digits = np.random.default_rng(7).integers(10, size=(400, 20))
    source, causal = lengths.TASKS[task]
    wanted = answers(digits, source)
    counted = (wanted != NO_ANSWER).sum(axis=0)
    with torch.no_grad():
        guesses = model(torch.from_numpy(digits)).argmax(dim=-1).numpy()
    right = (guesses == wanted).sum(axis=0) / np.maximum(counted, 1)
    if causal:  # no place sees a later one, so these are the first ten of any length
        assert (reached(task, "sinusoidal", 4000)[:, 0] == 1).all()
        assert right[:10][counted[:10] > 0].min() > 0.995
        assert right[12:].max() < 0.7
    else:
        assert right.max() < 0.2
