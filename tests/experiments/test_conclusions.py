"""What the book concludes from stored tables where no cell asserts it."""

from collections.abc import Iterator
from statistics import mean

from qkv_lib.experiments import longer, recall, repeats, rivals, shortcut, writing
from tests.holds import holds


def of(runs: list[dict], **wanted: object) -> Iterator[dict]:
    """Yield the runs that are of this kind."""
    found = [run for run in runs if wanted.items() <= run.items()]
    assert found, f"no run is {wanted}"
    yield from found


@holds(
    "Without any mark the network with attention is right in 17 % of cases and the other one in "
    "44 % (guessing: 10 %), so here the model with attention relied on the shortcut more."
)
def test_the_model_with_attention_relied_on_the_mark_more() -> None:
    right = {
        model: mean(run["no mark"] for run in of(shortcut.TABLE.runs, model=model, with_mark=True))
        for model in ("ViT", "CNN")
    }
    assert {model: round(100 * share) for model, share in right.items()} == {"ViT": 17, "CNN": 44}


@holds(
    "With sixteen times the updates (second table) the recurrence is nearly perfect at recall: "
    "it learns, but slowly.",
    "With sixteen times as many updates the recurrence recalls nearly everything, "
    "instead of a third.",
)
def test_the_recurrence_learns_recall_slowly() -> None:
    usual = of(rivals.TABLE.runs, task="recall", model="RNN", rate=0.01, longer=1)
    assert 0.25 < mean(run["accuracy"] for run in usual) < 0.4
    longer = [run["accuracy"] for run in of(rivals.TABLE.runs, task="recall", longer=16)]
    assert len(longer) == 3
    assert min(longer) > 0.95


@holds(
    "With as many, attention counts 98 % right at the training length and 72 % at twice that: "
    "it has not learned the rule."
)
def test_attention_has_not_learned_to_count() -> None:
    case = {"task": "counting", "model": "attention", "updates": 8000}
    once, twice = (longer.reached(each, **case) for each in ("accuracy", "twice"))
    assert (round(100 * mean(once)), round(100 * mean(twice))) == (98, 72)
    assert max(twice) < 0.75


@holds("The others hardly gain.")
def test_more_updates_help_neither_the_filter_nor_those_with_few_examples() -> None:
    for task, model in (
        ("recall", "CNN"), ("counting", "CNN"),
        ("local median", "attention"), ("local median", "RNN"),
    ):  # fmt: skip
        usual = of(rivals.TABLE.runs, task=task, model=model, rate=0.01, longer=1)
        later = longer.reached("accuracy", task=task, model=model)
        assert mean(later) < mean(run["accuracy"] for run in usual) + 0.03, (task, model)


@holds(
    "Choosing what to look at lowered the loss by about half a nat per token, against the same "
    "network with even weights."
)
def test_choosing_is_worth_half_a_nat() -> None:
    loss = {
        kind: mean(run["test"] for run in of(writing.TABLE.runs, kind=kind, updates=600))
        for kind in ("choosing", "even")
    }
    assert 0.45 < loss["even"] - loss["choosing"] < 0.55


@holds("With four and with eight times the updates it was two thirds of a nat.")
def test_longer_training_leaves_choosing_its_lead() -> None:
    for updates in (2400, 4800):
        even, choosing = (
            mean(longer.reached("test", task="writing", model=model, updates=updates))
            for model in ("even", "choosing")
        )
        assert 0.65 < even - choosing < 0.69


@holds(
    "An induction head takes two layers: one layer stays near guessing, "
    "even with 16 times the updates.",
    "It needs a head in an earlier layer that marks B with the token before it.",
)
def test_one_layer_finds_no_repetition() -> None:
    two = [run["loss"] for run in of(repeats.TABLE.runs, n_blocks=2, updates=800)]
    (longest,) = of(repeats.TABLE.runs, n_blocks=1, updates=16 * 800)
    assert max(two) < 0.4
    assert longest["loss"] > 2.4


@holds(
    "Sixteen times the updates did not help.",
    "This one stays where it is with sixteen times the updates.",
    "it has fewer features than there are pairs.",
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
