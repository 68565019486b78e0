"""From wrong numbers to the misconception: examiners, asked one after the other.

An examiner looks at an attempt and returns a `Finding`, or None when it sees nothing. Those
that need no comparison (memory, arguments written into) come first; then the catalogue of
wrong functions, then the cuts that need no list, the properties, and the place or the inputs
that are wrong. Last comes the plain difference, which nothing passes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.practice import surgery
from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.compare import close, unfit
from qkv_lib.practice.depends import depends
from qkv_lib.practice.exercise import KINDS, Function, Mistake, Trial, Values
from qkv_lib.practice.patterns import (
    by_row,
    constant,
    in_other_places,
    indices,
    nearly_right,
    one_sided,
    scaled_argument,
)
from qkv_lib.practice.run import UNATTEMPTED, reference_values
from qkv_lib.practice.separate import condition, spot
from qkv_lib.practice.vary import varied
from qkv_lib.practice.verdict import Finding, listed, shortest
from qkv_lib.practice.watch import nan_on_the_way

OFTEN = 3
"""How many old results among new ones are no chance."""
OTHER_SEEDS = (2, 3)
"""What seems to be a condition is tried on these inputs too."""

Examiner = Callable[[Attempt], Finding | None]


def diagnose(attempt: Attempt) -> Finding | None:
    """Return what is wrong with an answer, or None when it is right."""
    for examiner in BEFORE_COMPARING:
        if finding := examiner(attempt):
            return finding
    failed = first_failures(attempt)
    if not failed.trials:
        return nan_on_the_way(attempt)
    findings = (examiner(failed) for examiner in AFTER_COMPARING)
    return after_success(next(finding for finding in findings if finding), failed)


def first_failures(attempt: Attempt) -> Attempt:
    """Return the trials up to the first kind that holds a failure, the failures in front.

    The easier kinds stay: what names the mistake must be right there too.
    """
    trials: list[Trial] = []
    for kind in KINDS:
        trials += [trial for trial in attempt.trials if trial.case.kind == kind]
        if not all(map(attempt.passed, trials)):
            failed_first = tuple(sorted(trials, key=attempt.passed))
            return replace(attempt, trials=failed_first, every=attempt.trials)
    return replace(attempt, trials=())


def after_success(finding: Finding, failed: Attempt) -> Finding:
    """Say first what the answer does get right, when it is not the plain case that fails."""
    kind = failed.trials[0].case.kind
    if kind == "plain" or not any(trial.case.kind == "plain" for trial in failed.trials):
        return finding
    before = f"right {KINDS['plain']}, but not {KINDS[kind]}: "
    if finding.named:
        return replace(finding, evidence=before + finding.evidence)
    return replace(finding, says=before + finding.says)


def unattempted(attempt: Attempt) -> Finding | None:
    """Look for a skeleton as it was: no call returned anything."""
    blank = all(trial.first.fault is UNATTEMPTED for trial in attempt.trials)
    return UNATTEMPTED if blank else None


def writes_into_arguments(attempt: Attempt) -> Finding | None:
    """Look for an argument that is not what it was before the call."""
    names = [trial.first.modified for trial in attempt.trials if trial.first.modified]
    if not names:
        return None
    return Finding(
        "in-place",
        f"your function changes its argument {names[0]}",
        f"after the call {names[0]} holds other numbers than before",
        "write `x = x / 2` instead of `x /= 2`, and fill new arrays",
    )


def remembers(attempt: Attempt) -> Finding | None:
    """Look for an answer that depends on earlier calls, or on chance."""
    finding = Finding(
        "stateful",
        "your function remembers earlier calls, or draws random numbers",
        look="use nothing but the arguments: no global, no default list, no dropout",
    )
    for trial in attempt.trials:
        one, two = trial.first, trial.again
        if (one.fault is None) != (two.fault is None) or (
            one.fault is None and not attempt.agree(one.values, two.values)
        ):
            shown = attempt.inputs(trial)
            return replace(finding, evidence=f"two calls with the same {shown} gave two results")
    half = len(attempt.trials) // 2  # the second half has the same shapes with other numbers
    old = [
        attempt.passed(early)
        and not attempt.passed(late)
        and attempt.agree(late.first.values, early.first.values)
        for early, late in zip(attempt.trials[:half], attempt.trials[half:], strict=True)
    ]
    generic = any(
        len(np.unique(np.abs(trial.first.values[0]))) > OFTEN
        for trial, again in zip(attempt.trials[:half], old, strict=True)
        if again
    )
    if sum(old) >= OFTEN or generic:  # signs, or places of maxima, may be the same by chance
        return replace(finding, evidence="new numbers of the same shape gave the old result")
    return None


def named_mistake(attempt: Attempt) -> Finding | None:
    """Look for the wrong function that returns what the learner's does, on every input."""
    for mistake in attempt.exercise.mistakes:
        if not commits(attempt, mistake.wrong, mistake.wrong):
            continue
        if mistake.name == attempt.exercise.given:
            return Finding(mistake.name, "the fault is still there", attempt.exercise.symptom)
        return name_it(attempt, mistake)
    return None


def name_it(attempt: Attempt, mistake: Mistake) -> Finding:
    """Return the finding of a mistake that was recognised."""
    shown = next(trial for trial in attempt.trials if attempt.deviates(trial))
    evidence = mistake.evidence(shown) if mistake.evidence else difference(attempt, shown)
    return Finding(mistake.name, mistake.says, evidence, mistake.look, named=True)


def commits(attempt: Attempt, name: Hashable, wrong: Function) -> bool:
    """Tell whether the learner's function and a wrong one agree, errors included."""
    telling = False
    for trial in attempt.trials:
        other = attempt.known(name, trial, wrong)
        if (other.fault is None) != (trial.first.fault is None):
            return False
        if other.fault is None:
            if not attempt.agree(trial.first.values, other.values):
                return False
            telling = telling or attempt.deviates(trial)
    return telling


def cut_on_the_way_in(attempt: Attempt) -> Finding | None:
    """Look for an argument that is taken for another, or changed before it is used."""
    sample = attempt.trials[0].case.args
    for cut in surgery.ways_in(attempt.exercise, sample):
        if commits(attempt, cut.name, cut.change):
            return name_it(attempt, Mistake(cut.name, cut.says, cut.look, cut.change))
    return None


def cut_on_the_way_out(attempt: Attempt) -> Finding | None:
    """Look for a result that is right but for a last step."""
    return last_step(attempt, None, [trial.expected for trial in attempt.trials])


def cut_beside_a_mistake(attempt: Attempt) -> Finding | None:
    """Look for a named mistake and a last step too many, both in one answer."""
    for mistake in attempt.exercise.mistakes:
        outcomes = [attempt.known(mistake.wrong, trial, mistake.wrong) for trial in attempt.trials]
        if not any(outcome.fault for outcome in outcomes):
            values = [outcome.values for outcome in outcomes]
            if found := last_step(attempt, mistake, values):
                return found
    return None


def last_step(attempt: Attempt, mistake: Mistake | None, values: list[Values]) -> Finding | None:
    """Look for the one change that makes the learner's results of these."""
    if any(trial.first.fault for trial in attempt.trials):
        return None
    if not any(map(attempt.deviates, attempt.trials)):
        return None
    for which, name in enumerate(attempt.exercise.returns):
        for cut in surgery.RESULTS:
            if mistake and cut.name in surgery.LOSES:
                continue  # little is left of two mistakes that could tell them from others
            if all(
                (result := surgery.changed(cut, each, which)) is not None
                and attempt.agree(trial.first.values, result)
                for trial, each in zip(attempt.trials, values, strict=True)
            ):
                return cut_named(attempt, cut, attempt.noun(name), mistake)
        if any(
            which >= len(each) or not alone(attempt, trial, each, which)
            for trial, each in zip(attempt.trials, values, strict=True)
        ):
            continue
        theirs = [each[which] for each in values]
        if found := factor(attempt, which, theirs):
            cut = surgery.Cut("factor", found, "which factor is too many, or missing?", abs)
            return cut_named(attempt, cut, attempt.noun(name), mistake)
        if mistake is None and (found := addend(attempt, which, theirs)):
            cut = surgery.Cut("addend", found, "which term is too many, or missing?", abs)
            return cut_named(attempt, cut, attempt.noun(name), mistake)
    return None


def alone(attempt: Attempt, trial: Trial, values: Values, which: int) -> bool:
    """Tell whether the returned arrays but one are these."""
    mine = trial.first.values
    return len(mine) == len(values) and attempt.agree(
        mine[:which] + mine[which + 1 :], values[:which] + values[which + 1 :]
    )


def cut_named(attempt: Attempt, cut: surgery.Cut, noun: str, mistake: Mistake | None) -> Finding:
    """Return the finding of a cut, perhaps together with a named mistake."""
    says, look = cut.says.format(noun), cut.look.format(noun)
    if mistake:
        says, look = f"two things: {mistake.says}; and {says}", f"{mistake.look}. Then: {look}"
    shown = next(trial for trial in attempt.trials if attempt.deviates(trial))
    name = f"{mistake.name}+{cut.name}" if mistake else cut.name
    return Finding(name, says, difference(attempt, shown), look, named=True)


def factor(attempt: Attempt, which: int, expected: list[Array]) -> str | None:
    """Return the factor in words, if every result is what it should be times one of them."""
    common: set[str] | None = None
    ratios: list[float] = []
    for trial, theirs in zip(attempt.trials, expected, strict=True):
        yours = trial.first.values[which]
        if yours.shape != theirs.shape or yours.dtype.kind == "b" or theirs.dtype.kind == "b":
            return None
        large = np.abs(theirs) > 1e-3
        if not np.all(np.isfinite(yours)) or not np.all(np.isfinite(theirs)):
            return None
        if np.any(np.abs(yours[theirs == 0]) > 1e-6):
            return None
        if not np.any(large):
            continue
        ratio = float(np.median(yours[large] / theirs[large]))
        if ratio == 0 or not close(np.asarray(yours, float), theirs * ratio):
            return None
        ratios.append(ratio)
        near = {
            says
            for words, value in surgery.factors(attempt.exercise, trial.case.args).items()
            for says, power in (
                (f"every number is too large by the factor {words}", 1),
                (f"every number is too small by the factor {words}", -1),
            )
            if value > 0 and abs(ratio / value**power - 1) < 1e-4
        }
        common = near if common is None else common & near
        if not common:
            return None
    if np.allclose(ratios, 1, rtol=1e-4):
        return None
    return shortest(common or ())


def addend(attempt: Attempt, which: int, expected: list[Array]) -> str | None:
    """Return in words what is added to every number, if it is one thing on every input."""
    common: set[str] | None = None
    for trial, theirs in zip(attempt.trials, expected, strict=True):
        yours = trial.first.values[which]
        if yours.shape != theirs.shape or "b" in yours.dtype.kind + theirs.dtype.kind:
            return None
        near = {
            says
            for words, value in surgery.terms(attempt.exercise, trial.case.args).items()
            for says, sign in (
                (f"every number is too large by {words}", 1),
                (f"every number is too small by {words}", -1),
            )
            if np.ndim(value) <= theirs.ndim and close(yours, added(theirs, sign * value))
        }
        common = near if common is None else common & near
        if not common:
            return None
    return shortest(common or ())


def added(theirs: Array, value: Array) -> Array:
    """Return the sum, or what was, where the shapes do not fit."""
    try:
        total = np.asarray(theirs + value)
    except ValueError:
        return theirs
    return total if total.shape == theirs.shape else theirs


def broken_property(attempt: Attempt) -> Finding | None:
    """Look for something that every right answer has and this one has not."""
    for rule in attempt.exercise.properties:
        for trial in attempt.trials:
            yours = [array.shape for array in trial.first.values]
            if yours == [array.shape for array in trial.expected]:
                evidence = rule.broken(trial)
                if evidence:
                    shown = f"with {attempt.inputs(trial)}, {evidence}"
                    return Finding(
                        rule.name, rule.says, shown, advice(attempt, rule.look, rule.cure)
                    )
    return None


def advice(attempt: Attempt, look: str, cure: Callable[[Array], Array] | None) -> str:
    """Return the advice if, followed, it makes the answer right."""
    if cure is None:
        return look
    mended = (
        not trial.first.fault and close(np.asarray(cure(trial.first.values[0])), trial.expected[0])
        for trial in attempt.trials
    )
    return look if all(mended) else ""


def faulty(attempt: Attempt) -> Finding | None:
    """Look for a call that raised, or returned no array."""
    for trial in attempt.trials:
        if trial.first.fault is UNATTEMPTED:
            says = "your function sometimes returns nothing"
            return Finding("returns-nothing", says, f"with {attempt.inputs(trial)}")
        if trial.first.fault:
            return trial.first.fault
    return None


def misshapen(attempt: Attempt) -> Finding | None:
    """Look for an array of the wrong shape, perhaps because it is transposed."""
    for trial, name, yours, expected in attempt.results():
        if yours.shape != expected.shape:
            evidence = difference(attempt, trial)
            if min(yours.ndim, expected.ndim) > 1 and close(yours.swapaxes(-1, -2), expected):
                says = f"{attempt.noun(name)} is transposed"
                return Finding("transposed", says, evidence, named=True)
            says = f"the shape of {attempt.noun(name)} is wrong"
            return Finding("shape", says, evidence)
    return None


def not_finite(attempt: Attempt) -> Finding | None:
    """Look for NaN, or for infinity where no right answer holds any."""
    never = not any(np.any(np.isinf(expected)) for _, _, _, expected in attempt.results())
    for trial, name, yours, expected in attempt.results():
        wrong = np.isnan(yours) & ~np.isnan(expected) | (never & np.isinf(yours))
        if np.any(wrong):
            look = "0/0, ∞ − ∞, and exp of a large number, give NaN or infinity"
            says = f"{attempt.noun(name)} holds infinity"
            if np.any(np.isnan(yours[wrong])):
                says = f"{attempt.noun(name)} holds NaN"
            return Finding("not-finite", says, difference(attempt, trial), look)
    return None


def wrong_dtype(attempt: Attempt) -> Finding | None:
    """Look for right numbers in a dtype that loses something, or is of another kind."""
    for _, name, yours, expected in attempt.results():
        if unfit(attempt.exercise, yours, expected) and close(
            np.asarray(yours, float), np.asarray(expected, float), 5e-3
        ):
            boolean = expected.dtype.kind == "b"
            asked = attempt.exercise.dtype or boolean
            says = f"the numbers of {attempt.noun(name)} are right, its dtype is not"
            wanted = f"{expected.dtype}" if asked else "a float of 4 bytes or more"
            return Finding("dtype", says, f"its dtype is {yours.dtype}; it must be {wanted}")
    return None


def unused_argument(attempt: Attempt) -> Finding | None:
    """Look for an argument that changes the right answer and never the learner's."""
    trial = attempt.trials[0]
    if trial.first.fault:
        return None
    for place_of, name in enumerate(attempt.exercise.arguments[: len(trial.case.args)]):
        if ignored(attempt, place_of):
            says = f"your result does not depend on {name}"
            evidence = difference(attempt, trial)
            return Finding(f"{name}-unused", says, evidence, f"where does {name} belong?", True)
    return None


def ignored(attempt: Attempt, place_of: int) -> bool:
    """Tell whether an argument never changes the learner's result, where it should."""
    told = False
    for trial in attempt.every:
        heeded = heeds(attempt, trial, place_of)
        if heeded:
            return False
        told = told or heeded is False
    return told


def heeds(attempt: Attempt, trial: Trial, place_of: int) -> bool | None:
    """Tell whether another trial's argument changes the learner's result; None if untold."""
    for other in attempt.every:
        args, theirs = list(trial.case.args), other.case.args
        if other is trial or len(theirs) != len(args) or place_of >= len(args):
            continue
        if np.shape(theirs[place_of]) != np.shape(args[place_of]):
            continue
        args[place_of] = theirs[place_of]
        name = "exchanged", place_of, id(other.case)
        reference = attempt.known(name, trial, attempt.exercise.reference, tuple(args))
        if reference.fault or attempt.agree(reference.values, trial.expected):
            continue
        yours = trial.call(tuple(args))
        if not yours.fault and not trial.first.fault:
            return not attempt.agree(yours.values, trial.first.values)
    return None


def somewhere(attempt: Attempt) -> Finding | None:
    """Look for the one place in which the numbers are wrong."""
    every = replace(attempt, trials=attempt.every or attempt.trials)
    failed = [trial for trial in every.trials if not every.passed(trial)]
    evidence = difference(attempt, attempt.trials[0])
    if right := right_parts(attempt, failed):
        others = [name for name in attempt.exercise.returns if name not in right]
        says = f"of what comes back {listed(right)} are right; {listed(others)} not"
        if len(right) == 1:
            says = f"of what comes back {right[0]} is right; {listed(others)} not"
        return Finding("only-where", says, evidence)
    for which, (name, axes) in enumerate(attempt.exercise.returns.items()):
        where = spot(failed, which, axes, attempt.exercise.tolerance)
        if where:
            says = f"only part of {attempt.noun(name)} is wrong: {where}"
            return Finding("only-where", says, evidence)
    return None


def sometimes(attempt: Attempt) -> Finding | None:
    """Look for the one condition on which the numbers are right, also with other inputs."""
    every = attempt.every or attempt.trials
    tried = [(trial.case, attempt.passed(trial)) for trial in every]
    when = condition(attempt.exercise, tried)
    if when is None:
        return None
    for seed in OTHER_SEEDS:
        for case in varied(attempt.exercise, np.random.default_rng(seed)):
            outcome = every[0].call(case.args)
            expected = reference_values(attempt.exercise, case.args)
            tried.append((case, not outcome.fault and attempt.agree(outcome.values, expected)))
    when = condition(attempt.exercise, tried)
    if when is None:
        return None
    evidence = difference(attempt, attempt.trials[0])
    return Finding("only-when", f"your answer is right only {when}", evidence)


def right_parts(attempt: Attempt, failed: list[Trial]) -> list[str]:
    """Return the names of the returned arrays that are right in every call."""
    if any(trial.first.fault for trial in failed):
        return []
    return [
        name
        for which, name in enumerate(attempt.exercise.returns)
        if all(
            close(trial.first.values[which], trial.expected[which], attempt.exercise.tolerance)
            for trial in failed
        )
    ]


def different(attempt: Attempt) -> Finding:
    """Show the first number that differs: nothing else has a name for the mistake."""
    return Finding("different", "the numbers differ", difference(attempt, attempt.trials[0]))


BEFORE_COMPARING: tuple[Examiner, ...] = (unattempted, writes_into_arguments, remembers)
AFTER_COMPARING: tuple[Examiner, ...] = (
    named_mistake,
    faulty,
    wrong_dtype,
    constant,
    cut_on_the_way_out,
    cut_on_the_way_in,
    cut_beside_a_mistake,
    scaled_argument,
    in_other_places,
    misshapen,
    not_finite,
    unused_argument,
    indices,
    broken_property,
    depends,
    somewhere,
    by_row,
    nearly_right,
    one_sided,
    sometimes,
    different,
)
