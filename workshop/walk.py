"""Show the walk of `query` through one call of `attention`: the modules it enters, in order.

Run as ``python -m workshop.walk`` (NumPy, a few queries), ``python -m workshop.walk torch`` or
``python -m workshop.walk numpy 1024`` (queries enough for blocks). Nothing is counted by hand:
the interpreter itself tells each call (`sys.setprofile`).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from qkv_lib import attention

HEADS, D = 8, 64


class Entry(NamedTuple):
    """One call of a function of the library: its module, its name, and how deep it stands."""

    module: str
    function: str
    depth: int


def walk(call: Callable[[], object]) -> list[Entry]:
    """Return the functions of the library that a call enters, in order."""
    entries: list[Entry] = []
    depth = 0

    def follow(frame: FrameType, event: str, _: object) -> None:
        nonlocal depth
        name = frame.f_globals.get("__name__", "")
        if not name.startswith("qkv_lib") or frame.f_code.co_name.startswith("<"):
            return
        if event == "call":
            entries.append(Entry(name.removeprefix("qkv_lib."), frame.f_code.co_name, depth))
            depth += 1
        elif event == "return":
            depth -= 1

    before = sys.getprofile()
    sys.setprofile(follow)
    try:
        call()
    finally:
        sys.setprofile(before)
    return entries


def rooms(entries: list[Entry]) -> list[str]:
    """Return the modules in the order of the walk, each once for every time it is entered anew."""
    names = [entry.module for entry in entries]
    return [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]


def lines(entries: list[Entry]) -> list[str]:
    """Return the walk as text: a line a room, with the functions called there."""
    text: list[str] = []
    for i, entry in enumerate(entries):
        if i == 0 or entries[i - 1].module != entry.module:
            text.append(f"{'  ' * entry.depth}{entry.module}: {entry.function}")
        else:
            text[-1] += f", {entry.function}"
    visits = rooms(entries)
    known = len(set(visits))
    back = len(visits) - known
    return [*text, "", f"{len(entries)} calls, {known} rooms, {back} returns to a room left before"]


def main(library: str = "numpy", n: int = 32) -> None:
    """Print the walk of a causal call with ``n`` queries."""
    x: Any = np.random.default_rng(0).standard_normal((1, HEADS, n, D), dtype=np.float32)
    if library == "torch":
        x = importlib.import_module("torch").from_numpy(x)
    attention(x, x, x, causal=True)  # whatever is imported late is imported now
    print(*lines(walk(lambda: attention(x, x, x, causal=True))), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:]))
