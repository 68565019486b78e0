"""The experiment of chapter 1: what its models may look at, and the results stored for it."""

import json

import numpy as np
import pytest
import torch

from qkv_lib.experiments import copying
from qkv_lib.models.seq2seq import copy_accuracy
from workshop import copying_results

DIGITS = torch.arange(10)[None]


def table():
    return json.loads(copying_results.TABLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", copying.KINDS)
def test_a_decoder_looks_at_what_its_kind_allows(kind: str) -> None:
    model = copying.train(kind, seed=0, n_updates=3)
    weights = model.generate(DIGITS)[1]
    assert weights.shape == (1, 10, 10 if copying.KINDS[kind].attends else 1)
    even = torch.full_like(weights, 1 / weights.shape[-1])
    assert torch.equal(weights, even) == (kind != "attention")


def test_the_kinds_differ_in_one_thing_each() -> None:
    def size(kind: str) -> int:
        return sum(p.numel() for p in copying.train(kind, seed=0, n_updates=1).parameters())

    one, wide, even, attention = map(size, copying.KINDS)
    assert one == even == attention
    assert 3.5 < wide / one < 4


def test_training_teaches_and_repeats() -> None:
    one, two = (copying.train("attention", seed=1, n_updates=60) for _ in range(2))
    found = [copy_accuracy(model, [2], np.random.default_rng(0)) for model in (one, two)]
    assert found[0] > 0.5
    assert np.array_equal(*found)


def test_the_table_was_made_by_this_code() -> None:
    assert table()["code"] == copying_results.hash_of(copying_results.SOURCES), "run `make results`"


def test_the_code_below_still_computes_the_same() -> None:
    stored, found = table()["check_values"], copying_results.check_values()
    assert stored.keys() == found.keys()
    np.testing.assert_allclose(list(found.values()), list(stored.values()), rtol=2e-3)


def test_every_kind_was_run_once_with_every_seed_rate_and_budget() -> None:
    runs = table()["runs"]
    keys = [(r["kind"], r["longer"], r["seed"], r["rate"]) for r in runs]
    wanted = {
        (kind, longer, seed, rate)
        for kind in copying.KINDS
        for longer in copying_results.LONGER
        for seed in copying_results.SEEDS
        for rate in copying_results.RATES
    }
    assert len(keys) == len(wanted)
    assert set(keys) == wanted
    assert all(len(r["accuracy"]) == len(copying.LENGTHS) for r in runs)


def test_a_table_of_other_code_is_not_kept(tmp_path) -> None:
    path = tmp_path / "copying.json"
    path.write_text(json.dumps({"code": "other", "runs": [1]}), encoding="utf-8")
    assert copying_results.read(path)["runs"] == []
