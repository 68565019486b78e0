"""What longer training showed, and the reader with the delta rule of which some of it tells."""

import numpy as np
import torch

from qkv_lib.experiments import __main__ as command
from qkv_lib.experiments import longer, recall, rivals
from qkv_lib.experiments.correcting import DeltaReader, train_delta_reader
from qkv_lib.variants.delta import delta_attention

TASKS = {run["task"] for run in longer.TABLE.runs}


def test_each_task_has_its_training() -> None:
    assert longer.TRAINED.keys() == TASKS
    assert rivals.RECIPES.keys() < TASKS


def test_a_reader_is_made_by_its_name() -> None:
    for model in ("delta, d_k 16", "linear, d_k 16"):
        assert len(longer.run("pairs", model, 0, 2, 0.01)["accuracy"]) == len(recall.LENGTHS)


def test_a_run_of_another_experiment_is_made_again() -> None:
    case = {"model": "CNN", "seed": 0, "rate": 0.01}
    (stored,) = (
        run for run in rivals.TABLE.runs
        if (case | {"task": "counting", "longer": 1}).items() <= run.items()
    )  # fmt: skip
    again = longer.run("counting", updates=500, **case)
    assert abs(again["accuracy"] - stored["accuracy"]) < 0.02
    assert again.keys() == {"accuracy", "twice"}


def test_the_command_makes_the_table_only_by_name(monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(command, "tables", lambda name: asked.append(name) or [])
    command.main([])
    assert longer.TABLE.name not in asked
    assert "recall" in asked
    command.main([longer.TABLE.name])
    assert asked[-1] == longer.TABLE.name


def test_the_reader_reads_the_state_of_the_delta_rule_once_and_writes_nothing() -> None:
    model = train_delta_reader(seed=0, n_updates=3)
    keys, values, asked, _ = recall.pairs(np.random.default_rng(0), 9)
    with torch.no_grad():
        x = model.keys(keys) + model.values(values)
        key = torch.nn.functional.normalize(model.to_key(x), dim=-1)
        query = torch.nn.functional.normalize(model.to_query(model.keys(asked)), dim=-1)
        strength = model.strength(x).sigmoid()[..., 0]
        # All but the last read what is not asked for; the last query reads the whole state.
        read = delta_attention(query[:, None].expand_as(key), key, model.to_value(x), strength)
        torch.testing.assert_close(
            model(keys, values, asked), model.answer(read[:, -1]), atol=1e-5, rtol=1e-4
        )


def test_the_readers_differ_in_the_strength_alone() -> None:
    linear, delta = recall.PairReader("linear").state_dict(), DeltaReader().state_dict()
    assert delta.keys() - linear.keys() == {"strength.weight", "strength.bias"}
    assert all(delta[name].shape == each.shape for name, each in linear.items())


def test_no_seed_is_trained_twice_in_one_way() -> None:
    names = ("task", "model", "seed", "updates", "rate")
    assert len({tuple(run[name] for name in names) for run in longer.TABLE.runs}) == len(
        longer.TABLE.runs
    )
