"""How the cells of the book are compared: measured numbers within the tolerance of their cell."""

from tests.measured_cells import pytest_itemcollected

__all__ = ["pytest_itemcollected"]
