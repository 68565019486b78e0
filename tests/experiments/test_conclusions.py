"""What the book concludes from stored tables where no cell asserts it."""

from collections.abc import Iterator
from math import log
from statistics import mean

import numpy as np
import torch
from torch.nn.functional import elu

from qkv_lib.data.dates import LOCALES, date_pair, sample_pairs, split_dates
from qkv_lib.experiments import (
    longer,
    recall,
    repeats,
    rivals,
    shortcut,
    writing,
)  # fmt: skip
from qkv_lib.experiments.correcting import DeltaReader
from qkv_lib.measures.alignments import pieces_right
from qkv_lib.measures.induction import repeated
from qkv_lib.models.translation import alphabets, load_translator
from qkv_lib.models.translator import Memory, Translator
from tests.holds import holds


def of(runs: list[dict], **wanted: object) -> Iterator[dict]:
    """Yield the runs that are of this kind."""
    found = [run for run in runs if wanted.items() <= run.items()]
    assert found, f"no run is {wanted}"
    yield from found


@holds("weights × ‖v‖ and rollout 20 % and 24 % (chance: 6 %).")
def test_other_maps_put_little_more_on_the_mark() -> None:
    runs = list(of(shortcut.TABLE.runs, model="ViT", with_mark=True))
    for name, share in {"weights × ‖v‖": 20, "rollout": 24}.items():
        assert round(100 * mean(run["on the mark"][name] for run in runs)) == share


@holds(
    "Without any mark the model with attention loses more:",
    "it is right in 17 % of cases, the other in 44 % (guessing: 10 %).",
)
def test_the_model_with_attention_lost_more_without_the_mark() -> None:
    right = {
        model: mean(run["no mark"] for run in of(shortcut.TABLE.runs, model=model, with_mark=True))
        for model in ("ViT", "CNN")
    }
    assert {model: round(100 * share) for model, share in right.items()} == {"ViT": 17, "CNN": 44}
    for asked in ("follows the mark", "wrong mark"):
        one, other = (
            mean(run[asked] for run in of(shortcut.TABLE.runs, model=model, with_mark=True))
            for model in ("ViT", "CNN")
        )
        assert abs(one - other) < 0.005


@holds(
    "The recurrence can learn to manage with one state;",
    "it takes many more updates.",
    "It must learn to write all pairs into one state so that any of them can be read later.",
    "the recurrence becomes nearly perfect at recall: it can learn the task, but slowly;",
)
def test_the_recurrence_learns_recall_slowly() -> None:
    usual = of(rivals.TABLE.runs, task="recall", model="RNN", rate=0.01, longer=1)
    assert 0.25 < mean(run["accuracy"] for run in usual) < 0.4
    longer = [run["accuracy"] for run in of(rivals.TABLE.runs, task="recall", longer=16)]
    assert len(longer) == 3
    assert min(longer) > 0.95


@holds("attention counts almost perfectly at $n$ but not at $2n$: it has not learned the rule;")
def test_attention_has_not_learned_to_count() -> None:
    case = {"task": "counting", "model": "attention", "updates": 8000}
    once, twice = (longer.reached(each, **case) for each in ("accuracy", "twice"))
    assert (round(100 * mean(once)), round(100 * mean(twice))) == (98, 72)
    assert max(twice) < 0.75


@holds(
    "The winners keep most of their accuracy at $2n$.",
    "its worst run has 0.753, the best of attention 0.819.",
)
def test_the_winners_of_chapter_9_at_twice_the_length() -> None:
    def each(task: str, model: str, what: str) -> list[float]:
        runs = of(rivals.TABLE.runs, task=task, model=model, rate=0.01, longer=1)
        return [run[what] for run in runs if what in run]

    winners = {"local median": "CNN", "recall": "attention", "counting": "RNN"}
    twice = [round(mean(each(*winner, "twice")), 3) for winner in winners.items()]
    assert twice == [0.865, 0.942, 0.849]
    worst = min(each("counting", "RNN", "accuracy"))
    best = max(each("counting", "attention", "accuracy"))
    assert (round(worst, 3), round(best, 3)) == (0.753, 0.819)


@holds(
    "the convolution hardly gains at recall and counting, and on the local median the other two "
    "get worse"
)
def test_more_updates_help_neither_the_convolution_nor_those_with_few_examples() -> None:
    for task, model in (
        ("recall", "CNN"), ("counting", "CNN"),
        ("local median", "attention"), ("local median", "RNN"),
    ):  # fmt: skip
        usual = of(rivals.TABLE.runs, task=task, model=model, rate=0.01, longer=1)
        later = longer.reached("accuracy", task=task, model=model)
        gain = mean(later) - mean(run["accuracy"] for run in usual)
        if model == "CNN":
            assert -0.01 < gain < 0.03, task
        else:
            assert gain < -0.03, model


@holds(
    "Compared with even weights, attention, which here also brings the places, lowered the loss by "
    "half a nat per token, and by two thirds of a nat after longer training."
)
def test_choosing_is_worth_half_a_nat() -> None:
    loss = {
        kind: mean(run["test"] for run in of(writing.TABLE.runs, kind=kind, updates=600))
        for kind in ("choosing", "even")
    }
    assert 0.45 < loss["even"] - loss["choosing"] < 0.55


@holds("and by two thirds of a nat after longer training.")
def test_longer_training_leaves_choosing_its_lead() -> None:
    for updates in (2400, 4800):
        even, choosing = (
            mean(longer.reached("test", task="writing", model=model, updates=updates))
            for model in ("even", "choosing")
        )
        assert 0.65 < even - choosing < 0.69


def guessing_by_counts() -> float:
    """Return the loss of guessing each token as often as it stood in the period."""
    test = repeated(32, 12, 100, np.random.default_rng(99)).tolist()
    shares = [row[:12].count(token) / 12 for row in test for token in row[13:]]
    return -mean(map(log, shares))


@holds(
    "It needs a head in an earlier layer that marks B with the token before it.",
    "Two layers of the same width do it;",
)
def test_one_layer_finds_no_repetition() -> None:
    two = [run["loss"] for run in of(repeats.TABLE.runs, n_blocks=2, updates=800)]
    (longest,) = of(repeats.TABLE.runs, n_blocks=1, updates=16 * 800)
    assert max(two) < 0.4
    assert longest["loss"] > 2.4 > guessing_by_counts() + 0.1


@holds(
    "With 16 features it named 0.45 to 0.47 of them (means of three seeds), from 800 to "
    "12,800 updates."
)
def test_sixteen_features_stay_where_they_are() -> None:
    of_16 = {"model": "linear, d_k 16", "updates": 12_800, "rate": 0.03}
    later = [longer.reached("accuracy", task="pairs", seed=seed, **of_16)[0][-1]
             for seed in range(3)]  # fmt: skip
    usual = of(recall.TABLE.runs, task="recall", reader="linear, d_k 16", n_updates=800)
    before = [run["accuracy"][-1] for run in usual]
    assert len(before) == 3
    assert 16 < recall.LENGTHS[-1] == 64
    assert 0 < mean(later) - mean(before) < 0.03


def test_the_delta_rule_recalls_more_from_wider_rows() -> None:
    narrow, wide = (
        [longer.reached("accuracy", task="pairs", seed=seed, model=model, updates=3200, rate=0.01)
         [0][-1] for seed in range(3)]
        for model in ("delta, d_k 64", "delta, d_k 64, d_model 128")
    )  # fmt: skip
    assert round(mean(narrow), 2) == 0.76
    assert round(mean(wide), 2) == 0.98
    lines = DeltaReader(d_k=64).double()
    lifted = recall.PairReader("linear", d_k=64).double()
    with torch.no_grad():
        keys = lines.to_key(lines.keys.weight)
        features = elu(lifted.to_key(lifted.keys.weight)) + 1
    assert torch.linalg.matrix_rank(keys) == 32 + 1  # of 64; 1 more by the bias
    assert torch.linalg.matrix_rank(features) == 64


@holds(
    "After 600 updates the network with attention, which also knows places, has a loss lower by "
    "half a nat per token:",
    "after 2,400 updates it is larger, 0.68 nat.",
    "After 4,800 (one seed) it is still two thirds of a nat, and both losses hardly fall any more.",
)
def test_the_lead_of_choosing_grows_and_stays() -> None:
    loss = {
        (kind, updates): [run["test"] for run in of(writing.TABLE.runs, kind=kind, updates=updates)
                          if run["seed"] != 9]
        for kind in ("even", "choosing") for updates in (600,)
    } | {
        (kind, updates): longer.reached("test", task="writing", model=kind, updates=updates)
        for kind in ("even", "choosing") for updates in (2400, 4800)
    }  # fmt: skip
    assert [len(each) for each in loss.values()] == [3, 3, 3, 1, 3, 1]
    assert max(max(each) - min(each) for each in loss.values()) < 0.03
    lead = {n: mean(loss["even", n]) - mean(loss["choosing", n]) for n in (600, 2400, 4800)}
    assert [round(each, 2) for each in lead.values()] == [0.5, 0.68, 0.66]
    for kind in ("even", "choosing"):
        assert 0 < mean(loss[kind, 2400]) - mean(loss[kind, 4800]) < 0.03


@holds(
    "(In trials of 300 updates with one seed, half or twice this rate was not clearly better for "
    "either network.)",
)
def test_the_rate_of_the_two_writers() -> None:
    tried = {
        kind: {each["rate"]: each["curve"][-1][1]
               for each in of(writing.TABLE.runs, kind=kind, seed=9)}
        for kind in ("choosing", "even")
    }  # fmt: skip
    assert {each["updates"] for each in of(writing.TABLE.runs, seed=9)} == {300}
    assert writing.RATES == {"choosing": 0.012, "even": 0.012}
    assert min(tried["choosing"], key=lambda rate: tried["choosing"][rate]) == 0.012
    assert len(tried["choosing"]) == len(tried["even"]) == 3
    assert min(tried["even"], key=lambda rate: tried["even"][rate]) == 0.024
    assert 0 < tried["even"][0.012] - tried["even"][0.024] < 0.02


def runs_of(n_blocks: int) -> list[dict]:
    """Return the runs of the small model with the usual budget and rate."""
    found = list(of(repeats.TABLE.runs, n_blocks=n_blocks, updates=800, rate=0.01))
    assert len(found) == 3
    return found


@holds(
    "In all three the loss of two layers soon falls to that of blind guessing, which is 1 in the "
    "figure.",
    "After 160 to 360 updates it suddenly drops from above 0.6 to below 0.2.",
    "With two layers the loss falls steeply when both scores rise.",
    "With one layer the induction score stays near 0.1, the previous score falls to 0, and the "
    "loss stays near three quarters of that of blind guessing (1 on the axis).",
)
def test_an_induction_head_appears_suddenly() -> None:
    one = [step for run in runs_of(1) for step in run["curve"]]
    assert max(max(step[2:]) for step in one) < 0.2
    assert all(0.74 < run["loss"] / log(32) < 0.78 for run in runs_of(1))
    assert all(abs(run["curve"][-1][2] - 0.1) < 0.02 for run in runs_of(1))
    assert all(run["curve"][-1][3] < 0.01 for run in runs_of(1))
    for run in runs_of(2):
        losses = [step[1] / log(32) for step in run["curve"]]
        assert run["curve"][1][0] == 40
        assert 0.98 < losses[1] < 1
        high = max(i for i, loss in enumerate(losses) if loss > 0.6)
        low = min(i for i, loss in enumerate(losses) if loss < 0.2)
        assert 160 <= run["curve"][high][0] <= 360
        assert 0 < run["curve"][low][0] - run["curve"][high][0] <= 120
        for score in (2, 3):
            assert run["curve"][high][score] < 0.3 < 0.4 < run["curve"][low][score]


@holds(
    "One layer seems not to be enough, with any seed or learning rate in the table.",
    "Four times as many updates lower its loss by only about 0.06.",
    "After 12,800 updates the loss is 2.47.",
    "Someone who knew the period, and guessed each token as often as it stands there, would reach "
    "2.26.",
    "With 16 times the updates its loss falls only from 2.59 to 2.47.",
)
def test_patience_does_little_for_one_layer() -> None:
    loss = {
        run["updates"]: run["loss"] for run in of(repeats.TABLE.runs, n_blocks=1, seed=0, rate=0.01)
    }
    assert round(loss[800] - loss[3200], 2) == round(loss[3200] - loss[12_800], 2) == 0.06
    rates = {
        run["rate"]: run["loss"] for run in of(repeats.TABLE.runs, n_blocks=1, seed=0, updates=800)
    }
    assert len(rates) == 3
    assert all(abs(each - rates[0.01]) < 0.05 for each in rates.values())
    assert round(guessing_by_counts(), 2) == 2.26 < round(loss[12_800], 2) == 2.47
    assert all(abs(run["loss"] - loss[800]) < 0.1 for run in runs_of(1))
    assert round(loss[800], 2) == 2.59
    assert {round(min(run["loss"] for run in runs_of(2)), 1),
            round(max(run["loss"] for run in runs_of(2)), 2)} == {0.2, 0.35}  # fmt: skip


class OtherStart:
    """A translator whose decoder starts from the state of another date."""

    def __init__(self, model: Translator) -> None:
        self.model = model

    def encode(self, source: torch.Tensor) -> Memory:
        memory = self.model.encode(source)
        return memory._replace(first=memory.first.roll(1, dims=1))

    def decode(self, *given: object) -> object:
        return self.model.decode(*given)


@holds(
    "they come through the state from which the decoder starts.",
    "(Started from the state of another date, the decoder only guesses.)",
)
def test_a_hidden_weekday_comes_through_the_start() -> None:
    drawn = sample_pairs(split_dates().years, 200, np.random.default_rng(2))
    model, symbols = load_translator("additive"), alphabets()
    for locale in LOCALES:
        form = "yMMMEd" if locale == "de" else "full"  # as in the maps
        pairs = [date_pair(each.date, locale, form) for each in drawn]
        own, other = (
            pieces_right(each, symbols, pairs, hide="weekday")["weekday"]
            for each in (model, OtherStart(model))
        )
        assert abs(other - 1 / 7) < 0.05  # as often as a guess
        assert own > other + 0.1
