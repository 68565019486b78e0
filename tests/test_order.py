"""The order of the tests: the longest files first, or what a seed makes of it."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.conftest import LONGEST, longest_first, shuffled
from workshop.pages import ROOT

SIZES = {"test_a.py": 9, "test_b.py": 9, "one.ipynb": 9, "two.ipynb": 9}
ITEMS: list[Any] = [
    SimpleNamespace(path=Path(name), number=i) for name, n in SIZES.items() for i in range(n)
]


def numbers(items: list[Any], name: str) -> list[int]:
    return [item.number for item in items if item.path.name == name]


def test_the_longest_files_come_first_and_each_stays_as_it_is() -> None:
    names = ["tests/test_a.py::one", "tests/test_a.py::two", *(f"{x}::it" for x in LONGEST[2::-1])]
    ordered = longest_first([SimpleNamespace(nodeid=name) for name in names])  # type: ignore[misc]
    assert [item.nodeid for item in ordered] == [*names[:1:-1], *names[:2]]


def test_the_longest_files_are_there() -> None:
    assert len(set(LONGEST)) == len(LONGEST)
    assert [name for name in LONGEST if not (ROOT / name).is_file()] == []


def test_another_seed_is_another_order_of_the_same_tests() -> None:
    one, again, two = (shuffled(list(ITEMS), random.Random(seed)) for seed in ("1", "1", "2"))
    assert one == again != two
    assert sorted(map(id, one)) == sorted(map(id, two)) == sorted(map(id, ITEMS))


def test_files_stay_together_and_the_cells_of_a_notebook_in_order() -> None:
    found = shuffled(list(ITEMS), random.Random("1"))
    files = [item.path.name for item in found]
    assert list(dict.fromkeys(files)) != list(SIZES)
    for name in SIZES:
        start = files.index(name)
        assert set(files[start : start + 9]) == {name}
        assert (numbers(found, name) == list(range(9))) == name.endswith(".ipynb")
