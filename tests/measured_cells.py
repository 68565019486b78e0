"""How nbval compares measured numbers and plots; `book/conftest.py` uses it."""

from functools import partial

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell

from tests.shapes.cells import check_shapes
from workshop import measured, pictures

Outputs = list[NotebookNode]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a cell that states a tolerance be compared within it, a plot by its words.

    All else stays strict. The shapes that comments name are checked as the cell runs.
    """
    if isinstance(item, IPyNbCell):
        check_shapes(item)
        allowed = measured.tolerance(item.cell)
        item.compare_outputs = partial(_compare, item.compare_outputs, allowed)


def _compare(
    strictly: partial[bool], allowed: measured.Tolerance | None, new: Outputs, stored: Outputs
) -> bool:
    settled = pictures.settle(new, stored)
    if allowed:
        settled = measured.settle(settled, stored, allowed)
    return strictly(settled, stored)
