"""The stored results of chapter 9 belong to the code that is here, and are complete."""

import json

import numpy as np
import pytest

from qkv_lib.data.sequences import TASKS
from qkv_lib.models.mixers import MIXERS
from workshop import rival_results, shortcut_results

TOOLS = pytest.mark.parametrize("tool", [rival_results, shortcut_results])


def table(tool):
    return json.loads(tool.TABLE.read_text(encoding="utf-8"))


@TOOLS
def test_the_table_was_made_by_this_code(tool) -> None:
    assert table(tool)["code"] == tool.hash_of(tool.SOURCES), "run `make results`"


@TOOLS
def test_the_code_below_still_computes_the_same(tool) -> None:
    stored, found = table(tool)["check_values"], tool.check_values()
    assert stored.keys() == found.keys()
    np.testing.assert_allclose(list(found.values()), list(stored.values()), rtol=2e-3)


def test_every_rival_was_run_once_with_every_seed() -> None:
    runs = table(rival_results)["runs"]
    keys = [(r["task"], r["model"], r["seed"], r["rate"], r["longer"]) for r in runs]
    wanted = {(t, m, s, rate, 1) for t in TASKS for m in MIXERS for s, rate in rival_results.RUNS}
    wanted |= {(t, m, s, 0.01, 4) for t, m, s in rival_results.PATIENT}
    assert len(keys) == len(wanted)
    assert set(keys) == wanted


def test_every_marked_and_plain_model_was_run_once_with_every_seed() -> None:
    runs = table(shortcut_results)["runs"]
    keys = [(r["model"], r["with_mark"], r["seed"]) for r in runs]
    wanted = {(m, w, s) for m in ("CNN", "ViT") for w in (False, True) for s in (0, 1, 2)}
    assert len(keys) == len(wanted)
    assert set(keys) == wanted
    assert all(("on the mark" in r) == (r["model"] == "ViT") for r in runs)


def test_a_table_of_other_code_is_not_kept(tmp_path) -> None:
    path = tmp_path / "rivals.json"
    path.write_text(json.dumps({"code": "other", "runs": [1]}), encoding="utf-8")
    fresh = rival_results.read(path)
    assert fresh["runs"] == []
    rival_results.write(fresh | {"runs": [{"task": "recall"}]}, path)
    assert rival_results.read(path)["runs"] == [{"task": "recall"}]
