"""Every property bites: each planted fault is caught by the property named for it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.holds import holds
from tests.properties.cases import Case, Cell, cases
from tests.properties.implementations import Implementation
from tests.properties.planted import FAULTS, RIGHT
from tests.properties.properties import PROPERTIES

CELL: dict[str, Any] = {"library": "torch", "dtype": "float64"}


def check(implementation: Implementation, name: str) -> None:
    """Run one property on one implementation, as the table does."""

    @settings(
        max_examples=10, phases=[Phase.generate], deadline=None, database=None, derandomize=True,
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases())
    def holds(case: Case) -> None:
        PROPERTIES[name](Cell(implementation, **CELL), case)

    holds()


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_right_version_has_every_property(name: str) -> None:
    check(RIGHT, name)


@pytest.mark.parametrize(("fault", "name"), FAULTS, ids=[fault.name for fault, _ in FAULTS])
def test_the_fault_is_caught_by_the_property_named(fault: Implementation, name: str) -> None:
    with pytest.raises(AssertionError):
        check(fault, name)


@holds(
    "Each property must also catch a fault planted for it.",
)
def test_every_property_catches_some_fault() -> None:
    assert {name for _, name in FAULTS} == set(PROPERTIES)
