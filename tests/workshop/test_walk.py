"""The walk of a call: checks first and once, then a path that checks nothing."""

import numpy as np
import pytest

from qkv_lib import attention
from tests.arrays import LIBRARIES, normal
from workshop.walk import rooms, walk

OPTIONS = [{}, {"causal": True, "offset": 2}, {"window": 3}, {"softcap": 2.0}]


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("n", [8, 700])  # the formula as written, and blocks
def test_no_path_asks_a_check_again(lib: str, options: dict[str, object], n: int) -> None:
    x = normal(lib, n, 2)
    entries = walk(lambda: attention(x, x, x, **options))  # type: ignore[arg-type]
    chosen = [entry.function for entry in entries].index("cheapest")
    checked = [entry for entry in entries if entry.function.startswith("check_")]
    assert checked
    assert not [entry for entry in entries[chosen:] if entry in checked]


def test_the_walk_does_not_grow_unseen() -> None:
    x = np.ones((8, 2))
    visits = rooms(walk(lambda: attention(x, x, x, causal=True)))
    assert len(set(visits)) <= 11
    assert len(visits) - len(set(visits)) <= 16
