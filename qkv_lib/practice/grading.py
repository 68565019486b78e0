"""`check` grades an answer and prints the verdict; `grade` returns it."""

from __future__ import annotations

import textwrap
from typing import Any

from qkv_lib.practice.diagnose import Attempt, diagnose
from qkv_lib.practice.exercise import KINDS, Exercise, Trial
from qkv_lib.practice.exercises import EXERCISES
from qkv_lib.practice.run import UNATTEMPTED, run_trials
from qkv_lib.practice.verdict import Verdict

WIDTH = 88
"""Characters a line of a printed verdict: what a page shows without scrolling."""


def check(name: str, yours: Any) -> None:
    """Grade an answer at once and print what is right or wrong with it.

    Parameters
    ----------
    name : str
        The exercise, for example ``"attention"``; `catalogue` lists them.
    yours : callable
        Your function, on NumPy arrays or on torch tensors.

    Raises
    ------
    ValueError
        There is no exercise of that name. Nothing that ``yours`` does is raised.

    Examples
    --------
    >>> import qkv_lib
    >>> check("attention", lambda query, key, value: ...)
    attention: not attempted yet.
    """
    print(textwrap.fill(str(grade(name, yours)), WIDTH, break_on_hyphens=False))


def grade(name: str, yours: Any) -> Verdict:
    """Grade an answer and return the verdict, which `check` prints.

    Parameters
    ----------
    name : str
        The exercise; `catalogue` lists them.
    yours : callable
        Your function, on NumPy arrays or on torch tensors.

    Returns
    -------
    Verdict
        What came out, and in what words.

    Raises
    ------
    ValueError
        There is no exercise of that name. Nothing that ``yours`` does is raised.

    Examples
    --------
    >>> verdict = grade("scores", lambda query, key: query @ key.mT)
    >>> verdict.status, verdict.mistake
    ('wrong', 'no-scaling')
    """
    exercise = find(name)
    if yours is None or yours is ...:
        return Verdict(name, "unattempted", f"{UNATTEMPTED.says}.")
    if not callable(yours):
        text = f"hand in the function itself, without calling it: check({name!r}, your_function)."
        return Verdict(name, "wrong", text, "not-a-function")
    trials = run_trials(exercise, yours)
    finding = diagnose(Attempt(exercise, trials))
    if finding is None:
        return Verdict(name, "right", f"right. {praise(trials)}")
    if finding is UNATTEMPTED:
        return Verdict(name, "unattempted", f"{finding.says}.")
    return Verdict(name, "wrong", f"not yet. {finding}", finding.name)


def praise(trials: tuple[Trial, ...]) -> str:
    """Return what was tried, and a remark when the dtype grew on the way."""
    kinds = [says for kind, says in KINDS.items() if any(t.case.kind == kind for t in trials)]
    tried = f"Tried on {len(trials)} inputs: {', '.join(kinds)}."
    for trial in trials:
        for mine, theirs in zip(trial.first.values, trial.expected, strict=True):
            if mine.dtype.kind == "f" and mine.dtype.itemsize > theirs.dtype.itemsize:
                return f"{tried} One remark: {theirs.dtype} went in and {mine.dtype} came out."
    return tried


def describe(name: str) -> None:
    """Print what an exercise asks for: signature, shapes, and the skeleton to fill in.

    Parameters
    ----------
    name : str
        The exercise; `catalogue` lists them.

    Raises
    ------
    ValueError
        There is no exercise of that name.

    Examples
    --------
    >>> describe("padding-mask")  # doctest: +ELLIPSIS
    def padding_mask(lengths, n_keys):
        ...
    """
    print(find(name).skeleton.strip())


def catalogue() -> str:
    """Return the name and skeleton of every exercise, chapter by chapter.

    Returns
    -------
    str
        Python code: for each exercise a comment that names it, and the function to fill in.

    Examples
    --------
    >>> print(catalogue().splitlines()[0])
    # exercise 1.1: check("hard-lookup", ...)
    """
    return "\n\n".join(
        f'# exercise {exercise.number}: check("{exercise.name}", ...)\n{exercise.skeleton.strip()}'
        for exercise in EXERCISES.values()
    )


def find(name: str) -> Exercise:
    """Return the exercise of that name."""
    if name not in EXERCISES:
        raise ValueError(f"no exercise is called {name!r}; there are {', '.join(EXERCISES)}")
    return EXERCISES[name]
