"""The GPT of section 6.4: what is stored is of the table, and a short run repeats."""

import numpy as np
import pytest
import torch

from qkv_lib.experiments import repeats, writing
from qkv_lib.measures.induction import head_scores, repeated
from qkv_lib.models.gpt import GPT
from qkv_lib.models.ngrams import NGrams
from tests.holds import holds


def stored(kind: str, seed: int, updates: int) -> dict:
    key = {"kind": kind, "seed": seed, "updates": updates}
    (found,) = (run for run in writing.TABLE.runs if key.items() <= run.items() and seed != 9)
    return found


@holds(
    "The next cell loads the model that writes in this section and checks the mask:",
    "the model that writes in this section had 1,600 updates (one seed), and no rival was trained "
    "for it.",
)
def test_the_stored_gpt_is_that_of_the_table() -> None:
    assert writing.LONGER == 1600 == max(run["updates"] for run in writing.TABLE.runs)
    reached = writing.held_out_loss(writing.load_gpt(), writing.tokens()["test"])
    run = stored("choosing", 0, writing.LONGER)
    assert reached == pytest.approx(run["test"], abs=2e-3)  # half precision


def test_weights_that_are_not_the_known_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "DIGEST", "0")
    with pytest.raises(ValueError, match="SHA-256"):
        writing.load_gpt()


@pytest.mark.parametrize("kind", writing.RATES)
def test_no_rate_that_was_tried_validated_much_better(kind: str) -> None:
    tried = {
        run["rate"]: run["curve"][-1][1]
        for run in writing.TABLE.runs
        if (run["kind"], run["seed"]) == (kind, 9)
    }
    assert len(tried) == 3
    assert tried[writing.RATES[kind]] < min(tried.values()) + 0.02


def test_every_curve_is_whole() -> None:
    for run in writing.TABLE.runs:
        done = [n for n, *_ in run["curve"]]
        expected = [*range(0, run["updates"], writing.EVERY), run["updates"]]
        assert done == expected
        assert len(run["heads"]) == len(done)
        assert all(len(each) == 3 * 8 for each in run["heads"])


@holds(
    "Initial weights, data, number of updates and learning rate are the same.",
    "in this model they enter by RoPE alone, which turns queries and keys.",
)
def test_both_kinds_begin_alike_and_only_one_chooses() -> None:
    one, two = (writing.train(kind, seed=3, n_updates=1) for kind in ("choosing", "even"))
    layer, other = one.layers[0], two.layers[0]
    first = writing.new_gpt(np.random.default_rng(3), length=writing.LENGTH).layers[0]
    torch.testing.assert_close(other.query.weight, first.query.weight, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(other.key.weight, first.key.weight, rtol=1e-3, atol=1e-3)
    assert not torch.equal(layer.query.weight, first.query.weight)


def test_a_share_of_the_windows_repeats() -> None:
    rng = np.random.default_rng(0)
    text = torch.zeros(4000, 129, dtype=torch.int64)
    (ids,) = next(writing.mixed(iter([(text,)]), 0.25, rng))
    changed = (ids != 0).any(dim=1)
    assert changed.float().mean().item() == pytest.approx(0.25, abs=0.03)
    for row in ids[changed][:50]:
        assert any(torch.equal(row[p:], row[:-p]) for p in range(*writing.PERIODS))


@holds(
    "random sequences over 32 tokens that repeat after 8 to 16 places.",
    "Each sequence has its own period, so looking back by a fixed distance helps little.",
)
def test_the_rows_of_the_small_task_repeat_with_periods_of_their_own() -> None:
    (ids,) = next(repeats.repetitions(np.random.default_rng(0)))
    periods = [next(p for p in range(1, 33) if torch.equal(r[p:], r[:-p])) for r in ids]
    assert set(periods) <= set(range(8, 17))
    assert len(set(periods)) > 4


@holds(
    "The model has two heads in each layer and no feed-forward layers, so that nothing but "
    "attention can do the work.",
)
def test_no_feed_forward_layer_works_or_learns() -> None:
    model = repeats.train(2, seed=0, n_updates=3)
    x = torch.randn(1, 4, 32)
    for block in model.stack:
        assert not block.feed_forward(x).any()
        assert block.attention.n_heads == 2


def test_the_small_model_is_watched_from_the_first_update() -> None:
    seen: list[int] = []

    def watch(done: int, model: GPT) -> None:
        seen.append(done)
        head_scores(model, repeated(32, 12, 2, np.random.default_rng(0)))

    repeats.train(1, seed=0, n_updates=6, watch=watch, every=2)
    assert seen == [0, 2, 4, 6]


def test_a_model_is_left_as_it_trains_whoever_watches() -> None:
    one = repeats.train(1, seed=0, n_updates=4)
    two = repeats.train(1, seed=0, n_updates=4, watch=lambda *_: None, every=1)
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)


@holds(
    "In one layer the key of place $j$ is made from the token at $j$ alone, $k_j = "
    "\\operatorname{norm}(E_{t_j}) W_K$.",
    "Whether $j$ is the place to copy from depends on the token at $j - 1$, and that is in no key.",
    "what is missing is a second step.",
    "No key holds the token before its own.",
    "In one layer of this model no key holds the token before its own, so an induction head needs "
    "a second layer.",
    "A first layer must put that into the row.",
)
def test_only_in_a_second_layer_a_key_holds_the_token_before() -> None:
    for n_blocks in (1, 2):
        model = repeats.train(n_blocks, seed=0, n_updates=1)
        keys: list[torch.Tensor] = []
        model.layers[-1].key.register_forward_hook(lambda *each, keys=keys: keys.append(each[2]))
        for token in (5, 6):
            model(torch.tensor([[1, 2, token, 3, 4]]))
        same = [torch.equal(keys[0][0, j], keys[1][0, j]) for j in range(5)]
        assert same == [True, True, False, *[n_blocks == 1] * 2]


@holds(
    "Its lead comes from repeated phrases: 17 % of the runs of six in the test text also stand in "
    "the training text.",
    "There the loss of the table is 0.87, and that of the model with 1,600 updates 2.08.",
    "Elsewhere the two hardly differ (3.23 and 3.27).",
)
def test_counting_wins_where_a_run_of_six_was_trained_on() -> None:
    train, test = (writing.tokens()[part] for part in ("train", "test"))
    trained = set(zip(*(train.tolist()[i:] for i in range(6)), strict=False))
    spans = [tuple(test[max(0, i - 5) : i + 1].tolist()) for i in range(len(test))]
    known = np.array([span in trained for span in spans])
    assert round(known.mean(), 2) == 0.17
    table = NGrams(train, n_tokens=512, order=6, discount=0.9)
    counted = -np.log([table._p(span) for span in spans])
    assert round(counted[1:].mean(), 4) == round(table.loss(test), 4)
    assert [round(counted[each].mean(), 2) for each in (known, ~known)] == [0.87, 3.23]

    rows, n = len(test) // (writing.LENGTH + 1), writing.LENGTH + 1
    ids = torch.from_numpy(test[: rows * n].reshape(rows, n))
    with torch.no_grad():
        p = writing.load_gpt()(ids[:, :-1]).log_softmax(-1)
    loss = -p.gather(2, ids[:, 1:, None])[..., 0].numpy()
    answers = known[: rows * n].reshape(rows, n)[:, 1:]
    assert [loss[each].mean() for each in (answers, ~answers)] == pytest.approx(
        [2.08, 3.27], abs=5e-3
    )
