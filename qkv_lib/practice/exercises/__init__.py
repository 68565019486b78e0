"""All exercises by name, in the order of the book.

The tree is the list: ``chapter_8/exercise_8_2_online_merge.py`` holds exercise 8.2 as its
``EXERCISE``. To renumber one, rename its file; to take one out, delete it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pkgutil import walk_packages

from qkv_lib.practice.exercise import Exercise


def all_exercises() -> Iterator[Exercise]:
    """Yield every exercise with the number that the name of its file gives it."""
    found = []
    for module in walk_packages(__path__, prefix=f"{__name__}."):
        if match := re.search(r"\.exercise_((?:\d+_)+)", module.name):
            numbers = [int(n) for n in match[1].split("_")[:-1]]
            found.append((numbers, module.name))
    for numbers, name in sorted(found):
        number = ".".join(map(str, numbers))
        yield replace(import_module(name).EXERCISE, number=number)


EXERCISES: dict[str, Exercise] = {exercise.name: exercise for exercise in all_exercises()}
