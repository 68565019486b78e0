"""Which exercises a reader has passed: noted by `check`, in a file of the reader's own.

The file is `progress.json` in the folder where the notebook runs. It is never made here: where
there is none, as in the tests or on Colab, nothing is noted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

from qkv_lib.practice.exercise import Exercise
from qkv_lib.practice.exercises import EXERCISES
from qkv_lib.practice.words import own

FILE = "progress.json"
SOLUTION = "_solution"  # how the functions end that the book hands in itself


def progress() -> None:
    """Print which exercises have been passed, chapter by chapter.

    `check` notes them in ``progress.json``, if the folder where the notebook runs has such a file;
    ``make lab`` makes one beside the notebooks.

    Examples
    --------
    >>> progress()  # where there is no such file
    Nothing is noted here: this folder has no progress.json.
    """
    passed = noted()
    if passed is None:
        print(own(f"Nothing is noted here: this folder has no {FILE}."))
        return
    # A part of a chapter ("8.1") stands after the chapter, not between two of its exercises.
    for chapter, exercises in groupby(sorted(EXERCISES.values(), key=chapter_of), key=chapter_of):
        print(line(chapter, list(exercises), passed))


def chapter_of(exercise: Exercise) -> str:
    """Return the number of the chapter that an exercise stands in.

    >>> chapter_of(EXERCISES["attention"])
    '3'
    """
    return exercise.number.rpartition(".")[0]


def line(chapter: str, exercises: list[Exercise], passed: set[str]) -> str:
    """Return what is told of one chapter; chapter 0 is the page of thirty minutes."""
    done = [each.number for each in exercises if each.name in passed]
    name = own(f"chapter {chapter}") if chapter != "0" else own("30 minutes")
    count = f"{len(done):2} of {len(exercises):2}"
    return f"{name:12} {count}   {', '.join(done)}".rstrip()


def noted() -> set[str] | None:
    """Return the names of the exercises passed; None where there is no file that says so."""
    try:
        names = json.loads(Path(FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return {name for name in names if name in EXERCISES} if isinstance(names, list) else None


def note(name: str, yours: Callable[..., Any]) -> None:
    """Note that an exercise has been passed, unless with the solution that the book gives."""
    passed = noted()
    if passed is None or name in passed or getattr(yours, "__name__", "").endswith(SOLUTION):
        return
    words = json.dumps(sorted(passed | {name}), indent=1) + "\n"
    beside = Path(f"{FILE}.{os.getpid()}")
    with suppress(OSError):  # a folder that cannot be written; the verdict matters more
        beside.write_text(words, encoding="utf-8")
        beside.replace(FILE)
