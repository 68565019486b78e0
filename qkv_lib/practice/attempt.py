"""An answer that was tried: what examiners look at, and the first difference in words."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.compare import agree, differs, passed
from qkv_lib.practice.exercise import Exercise, Function, Outcome, Trial, Values
from qkv_lib.practice.run import Convert, run_once, to_numpy
from qkv_lib.practice.verdict import inputs, place, two_numbers


@dataclass(frozen=True)
class Attempt:
    """An exercise with the trials that an examiner looks at; ``every`` has those left out too.

    ``yours`` is the learner's function, ``convert`` what its arguments are made of arrays by;
    ``notes`` keeps what took an examiner long, of these trials alone.
    """

    exercise: Exercise
    trials: tuple[Trial, ...]
    every: tuple[Trial, ...] = ()
    yours: Function | None = None
    convert: Convert = to_numpy
    notes: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def inputs(self, trial: Trial) -> str:
        """Return the trial's arguments in words."""
        return inputs(self.exercise.arguments, trial.case.args)

    def passed(self, trial: Trial) -> bool:
        """Tell whether a trial is right."""
        return passed(self.exercise, trial)

    def deviates(self, trial: Trial) -> bool:
        """Tell whether the numbers are wrong, apart from their dtype."""
        return trial.first.fault is None and not self.agree(trial.first.values, trial.expected)

    def tells(self, trial: Trial) -> bool:
        """Tell whether some of the wrong numbers are numbers: NaN comes out of much."""
        return trial.first.fault is None and any(
            mine.shape != theirs.shape
            or bool(np.any(differs(mine, theirs, self.exercise.tolerance) & ~np.isnan(mine)))
            for mine, theirs in zip(trial.first.values, trial.expected, strict=False)
        )

    def agree(self, yours: Values, expected: Values) -> bool:
        """Tell whether two results are the same."""
        return agree(yours, expected, self.exercise.tolerance)

    def noun(self, name: str) -> str:
        """Return what a returned array is called: your result, or by its name your dQ."""
        return "your result" if len(self.exercise.returns) == 1 else f"your {name}"

    def results(self) -> Iterator[tuple[Trial, str, Array, Array]]:
        """Yield each returned array: trial, name, the learner's, the library's."""
        for trial in self.trials:
            for name, yours, expected in zip(
                self.exercise.returns, trial.first.values, trial.expected, strict=False
            ):
                yield trial, name, yours, expected

    def known(
        self, name: Hashable, trial: Trial, function: Function, args: tuple[Any, ...] | None = None
    ) -> Outcome:
        """Return what a function gives that is not the learner's, run once for all answers.

        The name says which function it is, and how the arguments differ from the trial's.
        """
        known: dict[Any, Outcome] = self.exercise.worked_out
        key = name, id(trial.case)  # of a case that the exercise keeps
        if key not in known:
            known[key] = run_once(
                self.exercise, function, trial.case.args if args is None else args
            )
        return known[key]

    def first_difference(self) -> tuple[Array | None, Array | None]:
        """Return the first result that differs and what it should have been, shapes alike."""
        for _, _, yours, expected in self.results():
            same = yours.shape == expected.shape
            if same and np.any(differs(yours, expected, self.exercise.tolerance)):
                return yours, expected
        return None, None


def difference(attempt: Attempt, trial: Trial) -> str:
    """Return the first difference in words: place, the learner's number, the expected one."""
    shown = attempt.inputs(trial)
    for _, name, yours, expected in replace(attempt, trials=(trial,)).results():
        if yours.shape != expected.shape:
            return f"with {shown}, {name} must be {expected.shape}; yours is {yours.shape}"
        wrong = differs(yours, expected, attempt.exercise.tolerance)
        if np.any(wrong):
            index = tuple(np.argwhere(wrong)[0])
            mine, theirs = two_numbers(yours[index], expected[index])
            if not index:
                return f"with {shown}, {name} must be {theirs}; yours is {mine}"
            return (
                f"with {shown}, the first difference in {name} is at "
                f"{place(index, attempt.exercise.returns[name])}: "
                f"yours {mine}, expected {theirs}"
            )
    return f"with {shown}"
