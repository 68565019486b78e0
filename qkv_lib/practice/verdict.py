"""What a learner is told: the verdict, and the words that evidence is put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Status = Literal["right", "wrong", "unattempted"]


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
    """

    name: str
    says: str
    evidence: str = ""
    look: str = ""

    def __str__(self) -> str:
        """Return the parts as sentences."""
        return " ".join(sentence(part) for part in (self.says, self.evidence, self.look) if part)


@dataclass(frozen=True)
class Verdict:
    """The result of grading one answer: ``print(verdict)`` shows the text.

    Parameters
    ----------
    exercise : str
        The name of the exercise.
    status : {"right", "wrong", "unattempted"}
        What came out.
    text : str
        What the learner is told.
    mistake : str, optional
        The name of what is wrong, for example ``"no-scaling"``.
    """

    exercise: str
    status: Status
    text: str
    mistake: str | None = None

    def __str__(self) -> str:
        """Return the line that `check` prints."""
        return f"{self.exercise}: {self.text}"


def sentence(text: str) -> str:
    """Return the text with a capital letter and a full stop; code it begins with stays as it is."""
    prose = text.split()[0].rstrip(",:;.").isalpha()
    return (text[0].upper() if prose else text[0]) + text[1:] + ("" if text[-1] in ".!?" else ".")


def number(value: Any) -> str:
    """Return a number to four significant digits, without a negative zero."""
    if isinstance(value, (bool, np.bool)):
        return str(bool(value))
    short = f"{value:.4g}"
    return "0" if short == "-0" else short


def numbers(values: Sequence[Any] | np.ndarray) -> str:
    """Return at most four numbers, separated by commas."""
    flat = np.ravel(np.asarray(values))
    return ", ".join(number(value) for value in flat[:4]) + (", …" if flat.size > 4 else "")


def inputs(names: Sequence[str], args: Sequence[Any]) -> str:
    """Return what the arguments were: shapes of arrays, values of everything else."""
    pairs = zip(names, args, strict=False)
    return ", ".join(
        f"{name} {arg.shape}" if isinstance(arg, np.ndarray) else f"{name}={arg}"
        for name, arg in pairs
    )


def place(index: Sequence[Any], axes: Sequence[str]) -> str:
    """Return an index in words: ``batch element 0, query 2, feature 1``."""
    if not len(index):
        return "the result"
    leading = len(index) - len(axes)
    names = ["batch element"] * max(leading, 0) + list(axes[max(-leading, 0) :])
    return ", ".join(f"{name} {int(i)}" for name, i in zip(names, index, strict=True))
