"""The tables of what is tested say what the tests do, no more and no less."""

import re

import numpy as np
import pytest
import torch

from qkv_lib.practice.exercises import EXERCISES
from tests.equations import registry
from tests.properties.excuses import excuse_for
from tests.properties.properties import PROPERTIES
from tests.properties.test_table import TABLE
from workshop import what_is_tested as tables
from workshop.tolerances import BOUND, EXACT, Allowed, comparisons, tolerance


def rows(table: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in table.splitlines()
        if line.startswith("|")
    ]


def test_the_page_asks_for_each_table_once() -> None:
    asked = re.findall(r"<!-- table: (\w+) -->", tables.PAGE.read_text(encoding="utf-8"))
    assert sorted(asked) == sorted(tables.TABLES)


def test_a_table_takes_the_place_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tables.TABLES, "cells", lambda: "| 1 |")
    assert tables.with_tables("Here:\n\n<!-- table: cells -->\n") == "Here:\n\n| 1 |\n"


def test_every_equation_with_a_test_has_its_row() -> None:
    shown = re.findall(r"\{eq\}`(.*?)`", tables.equations())
    assert sorted(shown) == sorted(registry.TESTS)


def test_every_property_has_its_row_and_the_counts_are_those_of_the_table() -> None:
    found = rows(tables.properties())[2:]
    assert [row[0] for row in found] == [tables.words(name) for name in PROPERTIES]
    passing = sum(int(cell.split()[0]) for row in found for cell in row[1:])
    assert passing == sum(excuse_for(cell) is None for cell in TABLE)
    assert f"**{passing}**" in tables.excuses()


def test_each_letter_is_explained() -> None:
    used = {letter for row in rows(tables.properties())[2:] for cell in row[1:]
            for letter in cell.lstrip("0123456789 ")}  # fmt: skip
    assert used == {row[0] for row in rows(tables.excuses())[2:-1]}


def test_every_exercise_has_its_row() -> None:
    pages = [tables._exercises_of(page) for page in tables.NOTEBOOKS]
    assert {name for page in pages for name, _, _ in page} == set(EXERCISES)


def test_the_cells_are_counted() -> None:
    *pages, total = rows(tables.cells())[2:]
    assert len(pages) == len(tables.NOTEBOOKS)
    for column in range(1, 6):
        assert total[column].strip("*") == str(sum(int(row[column]) for row in pages))


# The tolerance, read off tests of which it is known.


def close(x: float) -> None:
    np.testing.assert_allclose(x, 1.0, rtol=0, atol=1e-3)


def by_default() -> None:
    np.testing.assert_allclose(1.0, 1.0)


def both() -> None:
    np.testing.assert_allclose(1.0, 1.0, rtol=1e-5, atol=1e-9)
    np.testing.assert_array_equal(1.0, 1.0)


def through_a_helper() -> None:
    np.testing.assert_allclose(1.0, 1.0, rtol=0, atol=1e-12)
    close(1.0)


def approximately() -> None:
    assert sum([1.0]) == pytest.approx(1.0, abs=1e-8)


SLACK = 1e-2


def by_constant() -> None:
    np.testing.assert_allclose(1.0, 1.0, rtol=0, atol=SLACK)


def computed() -> None:
    within = 0.5 * SLACK
    np.testing.assert_allclose(1.0, 1.0, rtol=0, atol=within)


def equal() -> None:
    assert [1.0] == [1.0]


def below() -> None:
    assert sum([0.1]) < 1


def below_or_nothing() -> None:
    assert [] or sum([0.1]) < 1


def with_torch() -> None:
    torch.testing.assert_close(torch.ones(1), torch.ones(1), rtol=0, atol=1e-6)


def unlike() -> None:
    assert [1.0] == [1.0]
    assert not np.allclose(1.0, 2.0)


class TestMethods:
    def helper(self) -> None:
        np.testing.assert_allclose(1.0, 1.0, rtol=0, atol=1e-4)

    def by_method(self) -> None:
        self.helper()


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (by_default, "1e-07 of the value"),
        (both, "1e-09 + 1e-05 of the value"),
        (through_a_helper, "1e-03"),
        (approximately, "1e-08"),
        (by_constant, "1e-02"),
        (computed, "a bound"),
        (equal, "nothing"),
        (below, "a bound"),
        (below_or_nothing, "a bound"),
        (with_torch, "1e-06"),
        (unlike, "nothing"),
        (TestMethods.by_method, "1e-04"),
    ],
)
def test_the_loosest_comparison_counts(test: object, words: str) -> None:
    assert tolerance(test) == words  # type: ignore[arg-type]


def test_each_comparison_is_found() -> None:
    assert set(comparisons(both)) == {Allowed(1e-5, 1e-9), EXACT}
    assert set(comparisons(below)) == {BOUND}


def test_every_test_of_an_equation_compares_something() -> None:
    tables.equations()  # imports them
    assert [label for label, test in registry.TESTS.items() if not set(comparisons(test))] == []
