"""What a learner is told: the verdict in stages, and the words that evidence is put in."""

from __future__ import annotations

import keyword
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from qkv_lib.practice import words as words_

Status = Literal["right", "wrong", "unattempted"]

WIDTH = 88
"""Characters a line of a printed verdict: what a page shows without scrolling."""

CODE = {"exp", "log", "sqrt", "argmax", "elu"}
"""Words of code that look like words of English: they stay small at the start of a sentence."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with an answer, in the parts a verdict is made of.

    Parameters
    ----------
    name : str
        The mistake's name in the catalogue, for example ``"no-scaling"``.
    says : str
        The misconception, as a sentence without its full stop.
    evidence : str
        The smallest numbers or shapes that show it.
    look : str
        Where to look.
    named : bool
        The misconception has a name, which is not told before it is asked for.
    """

    name: str
    says: str
    evidence: str = ""
    look: str = ""
    named: bool = False

    def __str__(self) -> str:
        """Return the parts as sentences."""
        return sentences(self.says, *self.evidence.split("\n"), self.look)


def two_things(one: Finding, other: Finding) -> Finding:
    """Return the finding of two mistakes in one answer, with the evidence of the second."""
    look = one.look if one.look == other.look else f"{one.look}. Then: {other.look}"
    says = f"two things: {one.says}; and {other.says}"
    return Finding(f"{one.name}+{other.name}", says, other.evidence, look, named=True)


class Stages(NamedTuple):
    """The help there is with a wrong answer, the least first; a stage may be empty.

    Parameters
    ----------
    symptom : str
        What is seen: numbers, shapes, the line that raises.
    mistake : str
        The name of the mistake.
    look : str
        The line or the idea to look at.
    solution : str
        Code of a right answer.
    """

    symptom: str = ""
    mistake: str = ""
    look: str = ""
    solution: str = ""

    def upto(self, hint: int) -> str:
        """Return the symptom and as many further stages; empty ones do not count."""
        words = [stage for stage in self[:3] if stage][: hint + 1]
        return words_.gap().join(words)

    def hints(self) -> int:
        """Return how many stages there are beyond the symptom."""
        return sum(map(bool, self)) - bool(self.symptom)


@dataclass(frozen=True)
class Verdict:
    """The result of grading one answer: ``print(verdict)`` shows all but the solution.

    Parameters
    ----------
    exercise : str
        The name of the exercise.
    status : {"right", "wrong", "unattempted"}
        What came out.
    text : str
        What the learner is told, all stages but the solution.
    mistake : str, optional
        The name of what is wrong, for example ``"no-scaling"``.
    stages : Stages
        The same in stages, the solution included; for buttons on a page.
    yours, expected : ndarray, optional
        The first result that differs, and what it should have been.
    """

    exercise: str
    status: Status
    text: str
    mistake: str | None = None
    stages: Stages = field(default_factory=Stages)
    yours: np.ndarray | None = field(default=None, repr=False, compare=False)
    expected: np.ndarray | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        """Return the name of the exercise and all that is told but the solution."""
        return f"{self.exercise}: {self.text}"

    def told(self, hint: int, name: str) -> str:
        """Return what `check` prints: the stages asked for, and how to ask for the next."""
        if self.status != "wrong" or not self.stages.symptom:
            return fill(str(self))
        shown = fill(f"{self.exercise}: {not_yet(self.stages.upto(hint))}")
        words = sum(map(bool, self.stages[:3]))
        if hint >= words and self.stages.solution:
            return f"{shown}\n\n{self.stages.solution.strip()}"
        if hint < self.stages.hints():
            call = f"check({self.exercise!r}, {name}, hint={hint + 1})".replace("'", '"')
            shown += f"\n{words_.own('More: ')}{call}"
        return shown


def fill(text: str) -> str:
    """Return the text in lines that a page shows without scrolling."""
    if words_.say_anything():  # its signs are twice as wide, and lines may end anywhere
        return text
    return textwrap.fill(text, WIDTH, break_on_hyphens=False, break_long_words=False)


def named(function: Any) -> str:
    """Return the name by which a learner may call a function again."""
    name = str(getattr(function, "__name__", ""))
    return name if name.isidentifier() and not keyword.iskeyword(name) else "yours"


def sentences(*parts: str) -> str:
    """Return the parts that say something as sentences."""
    return words_.gap().join(sentence(part) for part in parts if part)


def not_yet(text: str) -> str:
    """Return what a wrong answer is told."""
    return f"{words_.own('not yet.')}{words_.gap()}{text}"


def sentence(text: str) -> str:
    """Return the text with a capital letter and a full stop; symbols and code stay as they are."""
    if said := words_.say(text):
        return said + ("" if said[-1] in "。！？" else words_.stop())
    word = text.split()[0].rstrip(",:;.")
    prose = (
        word.isalpha() and word.islower() and word not in CODE and (len(word) > 1 or word == "a")
    )
    end = "" if text[-1] in ".!?" else words_.stop()
    return (text[0].upper() if prose else text[0]) + text[1:] + end


def a(noun: str) -> str:
    """Return the noun with its article."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def listed(names: Iterable[str]) -> str:
    """Return names as prose: ``u, t and p``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def shortest(texts: Iterable[str]) -> str | None:
    """Return the shortest of some texts, and of equally long ones always the same."""
    return min(texts, key=lambda text: (len(text), text), default=None)


def number(value: Any, digits: int = 4) -> str:
    """Return a number to some significant digits, whole numbers whole, without a negative zero."""
    if isinstance(value, (bool, np.bool)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)) or (np.isfinite(value) and float(value).is_integer()):
        return str(int(value)) if abs(value) < 1e15 else f"{value:.{digits}g}"
    short = f"{value:.{digits}g}"
    return "0" if short == "-0" else short


def two_numbers(yours: Any, expected: Any) -> tuple[str, str]:
    """Return two numbers that differ with as many digits as it takes to see it."""
    for digits in range(4, 18):
        shown = number(yours, digits), number(expected, digits)
        if shown[0] != shown[1]:
            return shown
    return repr(yours.item()), repr(expected.item())


def numbers(values: Sequence[Any] | np.ndarray) -> str:
    """Return at most four numbers, separated by commas."""
    flat = np.ravel(np.asarray(values))
    return ", ".join(number(value) for value in flat[:4]) + (", …" if flat.size > 4 else "")


def inputs(names: Sequence[str], args: Sequence[Any]) -> str:
    """Return what the arguments were: shapes of arrays, values of everything else."""
    return ", ".join(
        f"{name} {arg.shape}" if isinstance(arg, np.ndarray) else f"{name}={plain(arg)}"
        for name, arg in zip(names, args, strict=False)
    )


def plain(value: Any) -> str:
    """Return a plain value in words."""
    return number(value) if isinstance(value, (int, float)) else repr(value)


def place(index: Sequence[Any], axes: Sequence[str]) -> str:
    """Return an index in words: ``batch element 0, query 2, feature 1``."""
    leading = len(index) - len(axes)
    names = ["batch element"] * max(leading, 0) + list(axes[max(-leading, 0) :])
    return ", ".join(f"{name} {int(i)}" for name, i in zip(names, index, strict=True) if name)
