"""The stored results of section 6.1 belong to the code that is here, and are complete."""

import ast
import json

import numpy as np
import pytest

from qkv_lib.data import load_digits
from qkv_lib.experiments.canvases import load_canvas_vit
from qkv_lib.models import accuracy
from workshop import image_results as results

TABLE = json.loads(results.TABLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("part", results.RECIPES)
def test_the_table_was_made_by_this_code(part: str) -> None:
    assert TABLE[part]["code"] == results.code_hash(part), "run `make results`"


@pytest.mark.parametrize(
    ("part", "name"), [(part, name) for part, them in results.RECIPES.items() for name in them]
)
def test_the_code_below_still_computes_the_same(part: str, name: str) -> None:
    losses = results.first_losses(results.RECIPES[part][name], load_digits().train)
    np.testing.assert_allclose(losses, TABLE[part]["first_losses"][name], rtol=2e-3)


def test_the_table_holds_every_run_once() -> None:
    digits = [(run["model"], run["n"], run["seed"]) for run in TABLE["digits"]["runs"]]
    wanted = {(m, n, s) for m in ("linear", "CNN", "ViT") for n in results.SIZES for s in (0, 1, 2)}
    assert len(digits) == len(wanted)
    assert set(digits) == wanted
    canvases = [(run["model"], run["seed"]) for run in TABLE["canvases"]["runs"]]
    assert sorted(canvases) == [(m, s) for m in ("CNN", "ViT") for s in (0, 1, 2)]


def test_the_stored_weights_are_those_of_the_table() -> None:
    test = load_digits().test
    scenes = results.held_out_canvases(test)
    reached = accuracy(load_canvas_vit(), scenes.images, test.labels)
    (stored,) = (r for r in TABLE["canvases"]["runs"] if (r["model"], r["seed"]) == ("ViT", 0))
    assert reached == pytest.approx(stored["accuracy"], abs=0.005)  # half precision


def test_docstrings_do_not_change_the_hash_and_numbers_do() -> None:
    def dump(source: str) -> str:
        return results.canonical(results.without_docstrings(ast.parse(source)))

    one = dump('"""A."""\ndef f():\n    """B."""\n    return 1  # c')
    assert one == dump('"""D."""\ndef f():\n    """E."""\n    return 1')
    assert one != dump('"""A."""\ndef f():\n    """B."""\n    return 2')
    assert dump('X = 1\n"""Y."""') == dump("X = 1") != dump('X = 1\nprint("""Y.""")')
