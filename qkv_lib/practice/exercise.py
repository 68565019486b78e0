"""The parts of an exercise: inputs, the library's answer, properties and named mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.verdict import Finding

Values = tuple[Array, ...]
Function = Callable[..., Any]

KINDS = {
    "plain": "for one sequence",
    "full": "where nothing is hidden",
    "batch": "for batches",
    "single": "for a batch of one",
    "masked": "where a row is empty",
    "padded": "for unequal padding",
    "zeros": "for zero weights",
    "edge": "at the edge (sizes of 1, first steps, large numbers)",
    "uneven": "for rows of very different sizes",
    "extreme": "for scores far from 0",
    "near": "for numbers near 0",
    "hidden": "where hidden values are very large",
    "float32": "for float32",
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
    """Something every right answer has; ``broken`` returns the evidence against it, or None.

    ``cure`` does what ``look`` says: the advice is only given where it makes the answer right.
    """

    name: str
    says: str
    look: str
    broken: Callable[[Trial], str | None]
    cure: Callable[[Array], Array] | None = None


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
    edges : callable, optional
        Draws arguments at the edge, which only the exercise can know: the first step, an empty
        state, more taps than positions, the largest numbers the chapter speaks of.
    returns : mapping
        Name of each returned array → what its last axes count, for example
        ``{"output": ("query", "feature")}``.
    mistakes, properties
        Tried in order when an answer is wrong.
    given : str, optional
        For "find the bug": the mistake the skeleton contains.
    symptom : str
        What is said about the skeleton as given, so that the verdict does not solve the exercise.
    solution : str
        A right answer, the last stage of help; its function has the skeleton's name.
    free : tuple of str
        The arguments that may hold any numbers, however large: queries, keys, scores.
    repeats : bool
        Whole numbers say how often something is repeated: they keep NumPy's own size, the only
        one that `np.repeat` takes. Else they have 64 bits, also in a page, where its own has 32.
    large : tuple
        Arguments whose answers take more bits than narrow numbers have, the smaller ones first;
        tried on an answer that is right, as long as it is quick.
    dtype : bool
        The task asks for a dtype, that of the library's answer. Else any float of 4 bytes or
        more is right, and whole numbers where they say the same.
    tolerance : float
        Largest difference accepted, relative to the largest expected number.
    spare : tuple of str
        The arguments that follow from the others, so that an answer need not use them.
    without : mapping
        Kind of input → why this exercise can have none of it; the tests list the kinds.
    number : str
        Where it stands in the book, for example ``"8.2"``: the name of its file says it.
    worked_out : dict
        What is the same for all answers, kept from the first of them: the inputs, what the
        library answers, and what the named mistakes do.
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
    solution: str = ""
    edges: Callable[[np.random.Generator], Iterable[tuple[Any, ...]]] | None = None
    free: tuple[str, ...] = ()
    repeats: bool = False
    large: tuple[tuple[Any, ...], ...] = ()
    dtype: bool = False
    tolerance: float = 2e-5
    spare: tuple[str, ...] = ()
    without: Mapping[str, str] = field(default_factory=dict)
    number: str = ""
    arguments: tuple[str, ...] = field(init=False)
    worked_out: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the names of the arguments off the reference."""
        object.__setattr__(self, "arguments", tuple(signature(self.reference).parameters))
