"""The table: properties × implementations × libraries × dtypes, every cell run."""

import itertools
from dataclasses import replace

import pytest

from tests.arrays import LIBRARIES
from tests.properties.cases import DTYPES, OPTIONS, Case, Cell
from tests.properties.excuses import EXCUSES, excuse_for
from tests.properties.implementations import IMPLEMENTATIONS
from tests.properties.properties import PROPERTIES

ROWS = {implementation.name: implementation for implementation in IMPLEMENTATIONS}
TABLE = [
    (name, row, library, dtype)
    for name, row, dtype in itertools.product(PROPERTIES, ROWS, DTYPES)
    for library in ROWS[row].libraries
]


# Drawn by Hypothesis once, the same for all cells, and together with every option.
CASES = [
    Case(0, (3, 3), frozenset()),
    Case(7758, (6, 3), frozenset({"key_lengths", "window"})),
    Case(4114861, (3, 1), frozenset({"scale"})),
    Case(2612, (3, 1), frozenset({"causal"})),
    Case(3232981, (3, 1), frozenset({"bias", "key_lengths", "mask", "softcap"})),
]


@pytest.mark.parametrize(
    ("name", "row", "library", "dtype"), TABLE, ids=["-".join(cell) for cell in TABLE]
)
def test_cell(name: str, row: str, library: str, dtype: str) -> None:
    hold(name, row, library, dtype)


def hold(name: str, row: str, library: str, dtype: str, device: str = "cpu") -> None:
    """Run a cell of the table on a device; one that is excused must fail as its excuse says."""
    cell = Cell(ROWS[row], library, dtype, device)
    excuse = excuse_for((name, row, library, dtype))
    if excuse is None:
        holds(name, cell)
        return
    # Not by a mark: pytest would write out the traceback of each error that is expected.
    with pytest.raises(excuse.error):
        holds(name, cell)
    pytest.xfail(excuse.reason)


def holds(name: str, cell: Cell) -> None:
    """Try a property of a cell on each case."""
    for case in CASES:
        try:
            PROPERTIES[name](cell, replace(case))
        except BaseException as error:
            error.add_note(f"the case: {case}")
            raise


def test_the_cases_have_every_option() -> None:
    assert set().union(*(case.chosen for case in CASES)) == set(OPTIONS)


def test_no_cell_is_missing() -> None:
    columns = sum(len(row.libraries) for row in IMPLEMENTATIONS)
    assert len(set(TABLE)) == len(PROPERTIES) * columns * len(DTYPES)
    run = [cell for cell in TABLE if excuse_for(cell) is None]
    assert {cell[0] for cell in run} == set(PROPERTIES)
    assert {cell[1] for cell in run} == set(ROWS)
    assert {cell[2:] for cell in run} == {
        *itertools.product(LIBRARIES, DTYPES)
    } - {("numpy", "bfloat16")}  # fmt: skip


def test_every_excuse_is_used_and_says_why() -> None:
    used = {id(excuse_for(cell)) for cell in TABLE}
    assert [excuse for excuse in EXCUSES if id(excuse) not in used or not excuse.reason] == []
