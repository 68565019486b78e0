"""The examples of docstrings run, and keep the shapes that the docstrings name."""

import doctest
import importlib
from types import ModuleType
from typing import Any
from unittest.mock import create_autospec

import numpy as np
import pytest

from qkv_lib.variants.int8 import Rounded
from tests.shapes import documented
from tests.shapes.documented import Report, watched, watching
from tests.shapes.refused import refused
from tests.test_docstrings import MODULES

TRIED = {
    "qkv_lib.attention": 3, "qkv_lib.data.sequences": 3, "qkv_lib.explorers.heads": 3,
    "qkv_lib.explorers.lookup": 3, "qkv_lib.explorers.rope": 4, "qkv_lib.explorers.scaling": 3,
    "qkv_lib.explorers.steps": 3, "qkv_lib.formula.heads": 5, "qkv_lib.formula.masks": 6,
    "qkv_lib.formula.positions.alibi": 3, "qkv_lib.formula.positions.rope": 5,
    "qkv_lib.formula.rules": 4, "qkv_lib.formula.scoring": 4, "qkv_lib.measures.maps": 3,
    "qkv_lib.measures.pointing": 3, "qkv_lib.measures.relations": 5, "qkv_lib.measures.traffic": 3,
    "qkv_lib.models.sampling": 3, "qkv_lib.variants.rotary": 9,
}  # fmt: skip
"""How many clauses of *Raises* the examples of a module let us try, where three or more."""


def run(module: ModuleType) -> tuple[int, Report]:
    """Run the examples of a module; return how many failed, and what was seen."""
    examples, runner = doctest.DocTestFinder().find(module), doctest.DocTestRunner()
    with watching(examples) as report:
        for each in examples:
            runner.run(each)
    return runner.failures, report


@pytest.mark.parametrize("name", MODULES)
def test_examples_run_and_have_the_shapes_that_are_documented(name: str) -> None:
    module = importlib.import_module(name)
    failures, report = run(module)
    assert failures == 0
    assert report.faults == [], "mend the shape in the docstring, or what the function returns"
    assert documented.unseen(name, report) == [], "no example hands these over"
    tried, broken = refused(name, report.calls)
    assert broken == [], "mend the check, or what *Raises* says"
    assert tried >= TRIED.get(name, 0), "fewer clauses of *Raises* can be tried than before"
    assert module.__doc__


def test_many_shapes_are_named() -> None:
    about = documented.WATCHED.values()
    assert sum(len(each.takes) + len(list(filter(None, each.returns))) for each in about) > 300


def test_the_classes_that_are_looked_into_are_there() -> None:
    assert len(documented.PLACES) >= 15
    assert set(documented.PLACES.values()) > documented.ELSEWHERE


@pytest.mark.parametrize(("scales", "faults"), [((2, 5, 1), 0), ((2, 1, 3), 1), ((2, 5), 1)])
def test_a_shape_under_attributes_is_compared_too(scales: tuple[int, ...], faults: int) -> None:
    rows = Rounded(np.zeros((2, 5, 3), dtype=np.int8), np.ones(scales))
    report = Report()
    report.look_inside(rows)
    assert len(report.faults) == faults, report.faults


def joined(rows: Any, others: Any, counts: Any = None) -> Any:
    """Join.

    Parameters
    ----------
    rows : array of shape (n, d)
    others : sequence of arrays of shape (m, d) or (m,)
    counts : int or integer array of shape (n, ..., 2), optional

    Returns
    -------
    array of shape (n, 2 · d)
    """
    return np.concatenate([rows, rows], axis=-1) if len(others) >= bool(counts) else None


ROWS, WIDE = np.zeros((3, 4)), np.zeros((3, 8))


@pytest.mark.parametrize(("given", "returned", "faults"), [
    ((ROWS, [ROWS, np.zeros(2)]), WIDE, 0),
    ((ROWS, []), ROWS, 1),
    ((ROWS[0], []), None, 1),
    ((ROWS, [WIDE, WIDE]), WIDE, 2),
    ((ROWS, [], np.zeros((3, 5, 2))), WIDE, 0),
    ((ROWS, [], np.zeros((4, 2))), WIDE, 1),
])  # fmt: skip
def test_a_shape_that_is_not_the_documented_one_is_found(
    given: tuple[Any, ...], returned: Any, faults: int
) -> None:
    report = Report()
    about = watched("joined", joined)
    report.wrapped(about, create_autospec(joined, return_value=returned))(*given)
    assert len(report.faults) == faults, report.faults
    assert documented.named("x", "float") is None
