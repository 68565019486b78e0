"""Exercises that know the mistakes: ``check("name", yours)`` says what is wrong, and why.

An exercise holds the library's own answer, a generator of inputs, and the misconceptions that
learners have, each one as the wrong function it leads to. A wrong answer is run against these;
the one that returns the same numbers on every input gives the verdict its name. What matches
none is still caught, by properties and by comparison with the library.

``print(catalogue())`` shows every exercise with its skeleton, ``describe("name")`` one of them.

May import: every floor, plots, language.
"""

from __future__ import annotations

from qkv_lib.practice.grading import catalogue, check, describe, grade
from qkv_lib.practice.progress import progress
from qkv_lib.practice.verdict import Verdict

__all__ = ["Verdict", "catalogue", "check", "describe", "grade", "progress"]
