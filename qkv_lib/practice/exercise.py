"""The parts of an exercise: inputs, the library's answer, properties and named mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.practice.verdict import Finding

Values = tuple[Array, ...]
Function = Callable[..., Any]

KINDS = {
    "plain": "one sequence",
    "batch": "batches",
    "masked": "rows with nothing to attend to",
    "extreme": "very large numbers",
    "float32": "float32",
}
"""The kinds of input, easiest first; an answer is judged by the first kind it gets wrong."""


@dataclass(frozen=True)
class Case:
    """One input: its kind (see `KINDS`) and the arguments, NumPy arrays or plain values."""

    kind: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """What one call gave: the returned arrays, or why there are none.

    ``fault`` is None if and only if ``values`` is usable.
    """

    values: Values = ()
    fault: Finding | None = None
    modified: str | None = None


@dataclass(frozen=True)
class Trial:
    """One case, run twice on the learner's function, beside the library's answer.

    ``call`` runs the function once more, on other arguments.
    """

    case: Case
    expected: Values
    first: Outcome
    again: Outcome
    call: Callable[[tuple[Any, ...]], Outcome]


@dataclass(frozen=True)
class Mistake:
    """A misconception, as the wrong function that it leads to.

    Parameters
    ----------
    name : str
        Short and stable: ``"softmax-over-queries"``.
    says : str
        What the learner did: ``"the softmax runs over queries"``.
    look : str
        Where to look, one sentence.
    wrong : callable
        Takes the exercise's arguments (NumPy) and returns what the misconception returns.
    evidence : callable, optional
        Shows it in numbers, from a `Trial`; by default the first differing number is shown.
    """

    name: str
    says: str
    look: str
    wrong: Function
    evidence: Callable[[Trial], str] | None = None


@dataclass(frozen=True)
class Property:
    """Something every right answer has; ``broken`` returns the evidence against it, or None."""

    name: str
    says: str
    look: str
    broken: Callable[[Trial], str | None]


@dataclass(frozen=True)
class Exercise:
    """An exercise and all that is needed to grade it.

    Parameters
    ----------
    name
        What `check` is called with.
    skeleton : str
        The function as the notebook shows it: signature, docstring with shapes, body ``...``.
    reference : callable
        The library's own answer on NumPy arrays; its parameters name the arguments.
    cases : callable
        Draws the inputs from a `numpy.random.Generator`.
    returns : mapping
        Name of each returned array → what its last axes count, for example
        ``{"output": ("query", "feature")}``.
    mistakes, properties
        Tried in order when an answer is wrong.
    given : str, optional
        For "find the bug": the mistake the skeleton contains.
    symptom : str
        What is said about the skeleton as given, so that the verdict does not solve the exercise.
    number : str
        Where it stands in the book, for example ``"8.2"``: the name of its file says it.
    """

    name: str
    skeleton: str
    reference: Function
    cases: Callable[[np.random.Generator], Iterator[Case]]
    returns: Mapping[str, tuple[str, ...]]
    mistakes: tuple[Mistake, ...]
    properties: tuple[Property, ...] = ()
    given: str | None = None
    symptom: str = ""
    number: str = ""
    arguments: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Read the names of the arguments off the reference."""
        object.__setattr__(self, "arguments", tuple(signature(self.reference).parameters))
