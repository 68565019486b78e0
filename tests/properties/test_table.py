"""The table: properties × implementations × libraries × dtypes, every cell run."""

import itertools

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.arrays import LIBRARIES
from tests.properties.cases import DTYPES, Case, Cell, cases
from tests.properties.excuses import EXCUSES, excuse_for
from tests.properties.implementations import IMPLEMENTATIONS
from tests.properties.properties import PROPERTIES

ROWS = {implementation.name: implementation for implementation in IMPLEMENTATIONS}
TABLE = [
    (name, row, library, dtype)
    for name, row, dtype in itertools.product(PROPERTIES, ROWS, DTYPES)
    for library in ROWS[row].libraries
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

    @settings(
        max_examples=5,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases())
    def holds(case: Case) -> None:
        PROPERTIES[name](cell, case)

    if excuse is None:
        holds()
        return
    # Not by a mark: pytest would write out the traceback of each error that is expected.
    with pytest.raises(excuse.error):
        holds()
    pytest.xfail(excuse.reason)


def test_no_cell_is_missing() -> None:
    columns = sum(len(row.libraries) for row in IMPLEMENTATIONS)
    assert len(set(TABLE)) == len(PROPERTIES) * columns * len(DTYPES)
    run = [cell for cell in TABLE if excuse_for(cell) is None]
    assert {cell[0] for cell in run} == set(PROPERTIES)
    assert {cell[1] for cell in run} == set(ROWS)
    assert {cell[2:] for cell in run} == {
        *itertools.product(LIBRARIES, DTYPES)
    } - {("numpy", "bfloat16")}  # fmt: skip


@pytest.mark.parametrize("excuse", EXCUSES, ids=str)
def test_every_excuse_is_used_and_says_why(excuse: object) -> None:
    assert any(excuse_for(cell) is excuse for cell in TABLE)
    assert excuse.reason  # type: ignore[attr-defined]
