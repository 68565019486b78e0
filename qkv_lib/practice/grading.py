"""`check` grades an answer and prints the verdict; `grade` returns it."""

from __future__ import annotations

from typing import Any

from qkv_lib.practice import limit, words
from qkv_lib.practice.attempt import Attempt
from qkv_lib.practice.compare import passed
from qkv_lib.practice.conduct import remembers
from qkv_lib.practice.diagnose import diagnose
from qkv_lib.practice.exercise import Exercise, Trial
from qkv_lib.practice.exercises import EXERCISES
from qkv_lib.practice.progress import note
from qkv_lib.practice.run import (
    UNATTEMPTED,
    libraries,
    may_be_torch,
    passes,
    run_trials,
    silence,
)
from qkv_lib.practice.verdict import Finding, Stages, Verdict, named, not_yet


def check(name: str, yours: Any, *, hint: int = 0, picture: bool = False) -> None:
    """Grade an answer at once and print what is right or wrong with it.

    A wrong answer is told its symptom: the first number that differs, or the line that raises.
    Ask for more a step at a time. An exercise that is passed is noted for `progress`.

    Parameters
    ----------
    name : str
        The exercise, for example ``"attention"``; `catalogue` lists them.
    yours : callable
        Your function, on NumPy arrays or on torch tensors.
    hint : int, default 0
        How much help: 1 adds the name of the mistake, 2 where to look, 3 a solution.
    picture : bool, default False
        Draw your result beside the expected one, the first difference framed.

    Raises
    ------
    ValueError
        There is no exercise of that name. Nothing that ``yours`` does is raised.

    Examples
    --------
    >>> import qkv_lib
    >>> check("attention", lambda query, key, value: ...)
    attention: not attempted yet.
    >>> check("softmax-rows", lambda scores: scores, hint=1)
    softmax-rows: not yet. With scores (3, 5), the first difference in weights is at query
    0, key 0: yours 0.3772, expected 0.1385. The scores come back as they are, there is no
    softmax.
    More: check("softmax-rows", yours, hint=2)
    """
    verdict = grade(name, yours)
    if verdict.status == "right":
        note(name, yours)
    print(verdict.told(int(hint), named(yours)))
    if picture and verdict.yours is not None and verdict.expected is not None:
        from qkv_lib.plots.versus import versus  # only now: a check costs no matplotlib

        versus(verdict.yours, verdict.expected)


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
        What came out, and in what words; ``stages`` has the help, the least first.

    Raises
    ------
    ValueError
        There is no exercise of that name. Nothing that ``yours`` does is raised.

    Examples
    --------
    >>> verdict = grade("received", lambda weights: weights.sum(axis=-1))
    >>> verdict.status, verdict.mistake
    ('wrong', 'sums-rows')
    >>> verdict.stages.look
    'A column holds what all the queries give to one key: add up each column.'
    """
    exercise = find(name)
    if yours is None or yours is ...:
        return Verdict(name, "unattempted", said(UNATTEMPTED))
    if not callable(yours):
        text = f"hand in the function itself, without calling it: check({name!r}, your_function)."
        return Verdict(name, "wrong", words.own(text), "not-a-function")
    clock = limit.Clock()
    with silence():
        verdict = limit.within(clock, lambda: judge(exercise, yours, clock))
    return verdict or wrong(exercise, too_slow(clock))


def judge(exercise: Exercise, yours: Any, clock: limit.Clock) -> Verdict:
    """Return the verdict on a function; a second library is tried where the first one fails."""
    best: Attempt | None = None
    for convert in libraries(yours):
        if best and not may_be_torch(best.trials):
            break
        if best and not raises(best.trials) and not passes(exercise, yours, convert, clock):
            break  # what ran with the one library is judged by it
        trials = run_trials(exercise, yours, convert, clock)
        attempt = Attempt(exercise, trials, yours=yours, convert=convert)
        if all(passed(exercise, trial) for trial in trials):
            finding = diagnose(attempt)
            return wrong(exercise, finding) if finding else right(exercise, trials)
        if not best or raises(trials) < raises(best.trials):
            best = attempt
        if remembers(attempt):
            break
    attempt = best or attempt
    finding = diagnose(attempt)
    if finding is UNATTEMPTED:
        return Verdict(exercise.name, "unattempted", said(finding))
    return wrong(exercise, finding or UNATTEMPTED, attempt)


def raises(trials: tuple[Trial, ...]) -> int:
    """Return how many calls gave no arrays."""
    return sum(trial.first.fault is not None for trial in trials)


def right(exercise: Exercise, trials: tuple[Trial, ...]) -> Verdict:
    """Return the good verdict, with a remark when the dtype changed on the way."""
    for trial in trials:
        for mine, theirs in zip(trial.first.values, trial.expected, strict=True):
            kinds = mine.dtype.kind + theirs.dtype.kind
            if kinds == "ff" and mine.dtype.itemsize != theirs.dtype.itemsize:
                remark = f"One remark: {theirs.dtype} went in and {mine.dtype} came out."
                told = f"{words.own('right.')}{words.gap()}{words.own(remark)}"
                return Verdict(exercise.name, "right", told)
    return Verdict(exercise.name, "right", words.own("right."))


def said(finding: Finding) -> str:
    """Return what there is to say where nothing has been tried."""
    return words.own(finding.says) + words.stop()


def wrong(exercise: Exercise, finding: Finding, attempt: Attempt | None = None) -> Verdict:
    """Return the verdict of a finding, with all its stages."""
    if finding.named:
        symptom, mistake = finding.evidence or finding.says, finding.says
    else:
        symptom, mistake = f"{finding.says}\n{finding.evidence}".strip(), ""
    stages = Stages(
        words.gap().join(str(Finding("", part)) for part in symptom.split("\n") if part),
        str(Finding("", mistake)),
        str(Finding("", finding.look)),
        "" if finding.name == exercise.given else exercise.solution.strip(),
    )
    yours, expected = attempt.first_difference() if attempt else (None, None)
    return Verdict(
        exercise.name, "wrong", not_yet(str(finding)), finding.name, stages, yours, expected
    )


def too_slow(clock: limit.Clock) -> Finding:
    """Return the finding that the time is over."""
    if clock.calls > 1:
        says = f"your function is too slow: {limit.LIMIT:g} seconds were over in call {clock.calls}"
    else:
        says = f"your function does not come to an end within {limit.LIMIT:g} seconds"
    look = "does a loop never end, or does it do again what was done before?"
    return Finding("too-slow", says, f"it was called with {clock.shown()}", look)


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
    # exercise 0.1: check("handed-over", ...)
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
