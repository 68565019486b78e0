"""The stored results of section 6.3 belong to the code that is here, and are complete."""

import json
from itertools import pairwise

import numpy as np
import pytest

from qkv_lib.models.translation import RECIPES, alphabets, exact_match, load_translator
from workshop import translation_results as results

TABLE = json.loads(results.TABLE.read_text(encoding="utf-8"))["translation"]


def test_the_table_was_made_by_this_code() -> None:
    assert TABLE["code"] == results.hash_of(results.SOURCES), "run `make results`"


@pytest.mark.parametrize("name", RECIPES)
def test_the_code_below_still_computes_the_same(name: str) -> None:
    losses = results.first_losses(RECIPES[name])
    np.testing.assert_allclose(losses, TABLE["first_losses"][name], rtol=2e-3)


def test_the_table_holds_every_run_once_with_its_whole_curve() -> None:
    runs = sorted(tuple(run[key] for key in results.KEY) for run in TABLE["runs"])
    wanted = [(name, s, *rest) for s in results.SEEDS for name, *rest in results.kinds()]
    assert runs == sorted(wanted)
    for run in TABLE["runs"]:
        watched = list(range(results.EVERY, run["updates"] + 1, results.EVERY))
        assert [n for n, _ in run["curve"]] == watched
        assert list(run["lengths"]) == list(results.BINS)
        assert ("alignment" in run) == (run["model"] != "no attention")


@pytest.mark.parametrize(("name", "recipe"), RECIPES.items())
def test_each_translator_has_the_rate_that_validated_best(name, recipe) -> None:
    tried = TABLE["rates"][name]
    assert list(tried) == [str(rate) for rate in results.RATES]
    assert tried[str(recipe.lr)] == max(tried.values())


@pytest.mark.parametrize("name", RECIPES)
def test_the_stored_weights_are_those_of_the_table(name: str) -> None:
    pairs = results.held_out("test")[:80]
    key = (name, 0, results.N_UPDATES)
    reached = exact_match(load_translator(name), alphabets(), pairs).mean()
    (stored,) = (r for r in TABLE["runs"] if (r["model"], r["seed"], r["updates"]) == key)
    assert reached == pytest.approx(stored["dates"], abs=0.12)  # of 80, in half precision


def test_every_length_has_its_bin() -> None:
    lengths = {len(pair.source.text) for pair in results.held_out("test")}
    bounds = list(results.BINS.values())
    assert bounds[0][0] <= min(lengths)
    assert max(lengths) <= bounds[-1][1]
    assert all(one[1] + 1 == two[0] for one, two in pairwise(bounds))
