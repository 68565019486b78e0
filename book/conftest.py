"""Which notebooks are proved, and how their cells are compared: measured numbers with tolerance."""

from pathlib import Path

from tests.measured_cells import pytest_itemcollected
from workshop.pages import BOOK, tracked

__all__ = ["pytest_ignore_collect", "pytest_itemcollected"]

TRACKED = frozenset(tracked(BOOK))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out notebooks that git does not track: an editor or a reader left them there."""
    left_there = collection_path.suffix == ".ipynb" and collection_path not in TRACKED
    return True if left_there else None
