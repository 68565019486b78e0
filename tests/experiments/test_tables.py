"""Each stored table belongs to the code that is here, is complete, and goes on where it stopped."""

import ast
import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qkv_lib.data import load_digits
from qkv_lib.experiments import __main__ as command
from qkv_lib.experiments import canvases, copying, translation
from qkv_lib.experiments.table import (
    Table,
    canonical,
    signed,
    stored_table,
    used_by,
    without_docstrings,
)
from qkv_lib.models import accuracy
from qkv_lib.models.translation import RECIPES, alphabets, exact_match, load_translator
from tests.holds import holds

TABLES = {each.name: each for name in command.names() for each in command.tables(name)}
EACH = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())


def test_each_stored_file_belongs_to_an_experiment() -> None:
    stored = {path.stem for path in copying.TABLE.folder.glob("*")}
    assert stored == TABLES.keys()


@EACH
def test_the_table_was_made_by_this_code(table: Table) -> None:
    assert table.stored["code"] == table.code_now(), (
        f"the code that made the runs of {table.name} has changed: put it back if that was not "
        "meant, for new runs store what the code does now. If it was, `make results` runs it anew"
    )


@EACH
def test_the_code_below_still_computes_the_same(table: Table) -> None:
    stored, found = table.stored["check_values"], table.check()
    assert stored.keys() == found.keys()
    for name, values in found.items():
        message = f"{name}: code below {table.name} computes something else now: a fault, or meant?"
        np.testing.assert_allclose(values, stored[name], rtol=2e-3, err_msg=message)


@EACH
def test_no_number_of_the_table_was_changed_by_hand(table: Table) -> None:
    assert signed(table.stored) == table.stored, "a stored number is not the one that was measured"


@pytest.mark.parametrize("name", ["speed", "tools"])
def test_no_number_that_was_timed_was_changed_by_hand(name: str) -> None:
    assert signed(stored_table(name)) == stored_table(name)


def test_a_changed_number_does_not_fit_its_digest() -> None:
    table = signed({"runs": [{"accuracy": 0.91}]})
    assert signed(table) == table
    table["runs"][0]["accuracy"] = 0.92
    assert signed(table) != table


@EACH
def test_every_case_was_run_once_and_all_measure_the_same(table: Table) -> None:
    runs = table.runs
    cases = list(table.cases(runs))
    assert len(cases) == len(runs)
    for case in cases:
        assert sum(case.items() <= run.items() for run in runs) == 1, case


@EACH
def test_the_facts_are_stored(table: Table) -> None:
    assert table.facts.items() <= table.stored.items()


def squares(folder: Path, run: Callable[[int], dict[str, int]], most: int = 3) -> Table:
    return Table("squares", lambda _: [{"n": n} for n in range(most)], run,
                 lambda: {"one": 1}, [], {"what": "squares"}, folder)  # fmt: skip


def square(n: int) -> dict[str, int]:
    return {"square": n**2}


def refuse(n: int) -> dict[str, int]:
    raise AssertionError(f"{n} was run already")


@pytest.fixture
def one_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Table, "code_now", lambda _: "one")


@pytest.mark.usefixtures("one_code")
def test_what_is_stored_is_not_run_again(tmp_path: Path) -> None:
    squares(tmp_path, square).fill()
    stored = squares(tmp_path, refuse).stored
    assert stored["runs"] == [{"n": n, "square": n**2} for n in range(3)]
    assert stored["what"] == "squares"
    assert stored["check_values"] == {"one": 1}
    squares(tmp_path, refuse).fill()
    with pytest.raises(AssertionError, match="3 was run already"):
        squares(tmp_path, refuse, most=4).fill()


@pytest.mark.usefixtures("one_code")
def test_what_was_run_before_a_fault_is_stored(tmp_path: Path) -> None:
    def fails(n: int) -> dict[str, int]:
        return {"square": n**2} if n < 2 else refuse(n)

    with pytest.raises(AssertionError):
        squares(tmp_path, fails).fill()
    assert len(squares(tmp_path, refuse).runs) == 2


@pytest.mark.usefixtures("one_code")
def test_runs_of_other_code_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    squares(tmp_path, square).fill()
    monkeypatch.setattr(Table, "code_now", lambda _: "two")
    assert squares(tmp_path, square).kept()["runs"] == []
    squares(tmp_path, square, most=1).fill()
    assert squares(tmp_path, square).stored["code"] == "two"
    assert len(squares(tmp_path, square).runs) == 1


@EACH
def test_a_stored_table_is_written_to_the_same_bytes(table: Table, tmp_path: Path) -> None:
    replace(table, folder=tmp_path).write(table.stored)
    name = f"{table.name}.json"
    assert (tmp_path / name).read_bytes() == (table.folder / name).read_bytes()


def test_docstrings_and_words_of_errors_do_not_change_the_hash_and_numbers_do() -> None:
    def dump(source: str) -> str:
        return canonical(without_docstrings(ast.parse(source)))

    one = dump('"""A."""\ndef f():\n    """B."""\n    return 1  # c')
    assert one == dump('"""D."""\ndef f():\n    """E."""\n    return 1')
    assert one != dump('"""A."""\ndef f():\n    """B."""\n    return 2')
    assert dump('raise E("a")') == dump('raise E("b", x)') != dump('raise F("a")')
    assert dump("raise") != dump("raise E")
    assert dump("@cache\ndef f(): pass") == dump("def f(): pass") != dump("@c\ndef f(): pass")
    assert dump('X = 1\n"""Y."""') == dump("X = 1") != dump('X = 1\nprint("""Y.""")')


def test_of_its_own_file_only_what_a_run_uses_counts() -> None:
    source = (
        "A: int = 1\nB = C = 2\ndef f():\n    return A + g()\ndef g():\n    return C\nD = f()\n"
    )
    used = used_by("f", ast.parse(source))
    assert [ast.unparse(each).splitlines()[0] for each in used] == [
        "A: int = 1", "B = C = 2", "def f():", "def g():",
    ]  # fmt: skip


def test_an_unknown_experiment_is_refused() -> None:
    with pytest.raises(SystemExit, match="no experiment is called nothing; there are block_times"):
        command.main(["nothing"])


@holds("so the book loads a model that was trained before: model 0 of the three seeds below.")
def test_the_stored_canvas_model_is_that_of_the_table() -> None:
    test = load_digits().test
    scenes = canvases.held_out(test)
    reached = accuracy(canvases.load_canvas_vit(), scenes.images, test.labels)
    (stored,) = (r for r in canvases.TABLE.runs if (r["model"], r["seed"]) == ("ViT", 0))
    assert reached == pytest.approx(stored["accuracy"], abs=0.005)  # half precision


@pytest.mark.parametrize("name", RECIPES)
@holds("all models are those of seed 0 after 400 updates.")
def test_the_stored_translators_are_those_of_the_table(name: str) -> None:
    pairs = translation.held_out("test")[:80]
    key = (name, 0, translation.N_UPDATES)
    reached = exact_match(load_translator(name), alphabets(), pairs).mean()
    (stored,) = (r for r in translation.TABLE.runs if (r["model"], r["seed"], r["updates"]) == key)
    assert reached == pytest.approx(stored["dates"], abs=0.12)  # of 80, in half precision


def test_each_curve_of_translation_is_whole() -> None:
    for run in translation.TABLE.runs:
        watched = list(range(translation.EVERY, run["updates"] + 1, translation.EVERY))
        assert [n for n, _ in run["curve"]] == watched
        assert list(run["lengths"]) == list(translation.BINS)
        assert ("alignment" in run) == (run["model"] != "no attention")


@pytest.mark.parametrize(("name", "recipe"), RECIPES.items())
def test_each_translator_has_the_rate_that_validated_best(name, recipe) -> None:
    tried = {r["rate"]: r["validation"] for r in translation.RATES.runs if r["model"] == name}
    assert tried[recipe.lr] == max(tried.values())


def test_every_length_of_a_date_has_its_bin() -> None:
    lengths = {len(pair.source.text) for pair in translation.held_out("test")}
    bounds = list(translation.BINS.values())
    assert bounds[0][0] <= min(lengths)
    assert max(lengths) <= bounds[-1][1]
    assert all(one[1] + 1 == two[0] for one, two in itertools.pairwise(bounds))


def test_only_maps_of_attention_are_asked_about() -> None:
    for name, key in (("canvases", "maps"), ("shortcut", "on the mark")):
        assert all((key in run) == (run["model"] == "ViT") for run in TABLES[name].runs)


def test_copying_is_measured_at_each_length() -> None:
    assert all(len(r["accuracy"]) == len(copying.LENGTHS) for r in copying.TABLE.runs)


def test_a_stored_file_is_json_with_a_run_a_line() -> None:
    text = (copying.TABLE.folder / "copying.json").read_text(encoding="utf-8")
    runs = [line.strip().rstrip(",") for line in text.splitlines() if line.startswith("  {")]
    assert [json.loads(line) for line in runs] == copying.TABLE.runs
