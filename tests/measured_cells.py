"""How nbval compares a cell that states a tolerance; `book/conftest.py` uses it."""

from functools import partial

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell

from workshop import measured

Outputs = list[NotebookNode]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a cell that states a tolerance be compared within it; all others stay strict."""
    if isinstance(item, IPyNbCell) and (allowed := measured.tolerance(item.cell)):
        item.compare_outputs = partial(_compare, item.compare_outputs, allowed)


def _compare(
    strictly: partial[bool], allowed: measured.Tolerance, new: Outputs, stored: Outputs
) -> bool:
    return strictly(measured.settle(new, stored, allowed), stored)
