"""Wrong answers that are known: the named mistakes, and the library's answer with one cut.

Each is run on the same inputs; what returns the same numbers everywhere has made the same mistake.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice import surgery
from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.compare import differs
from qkv_lib.practice.cuts import ALIKE, LOSES, ONE_PART, RESULTS, SHAPES, UNDOES, Cut
from qkv_lib.practice.depends import all_alike, ignored, unused_argument
from qkv_lib.practice.exercise import Function, Mistake, Trial, Values
from qkv_lib.practice.factors import addend, factor
from qkv_lib.practice.patterns import MANY, generic, nearly_right, one_factor
from qkv_lib.practice.verdict import Finding, two_things


def named_mistake(attempt: Attempt) -> Finding | None:
    """Look for the wrong function that returns what the learner's does, on every input."""
    alike = [each for each in attempt.exercise.mistakes if commits(attempt, each.wrong, each.wrong)]
    if not alike:
        return None
    mistake = max(alike, key=lambda each: explains(attempt, each)) if alike[1:] else alike[0]
    if mistake.name == attempt.exercise.given:
        return Finding(mistake.name, "the fault is still there", attempt.exercise.symptom)
    return name_it(attempt, mistake)


def explains(attempt: Attempt, mistake: Mistake) -> int:
    """Return on how many of all inputs, also the harder ones, a mistake is the learner's."""
    outcomes = [attempt.known(mistake.wrong, trial, mistake.wrong) for trial in attempt.every]
    return sum(
        (other.fault is None) == (trial.first.fault is None)
        and (other.fault is not None or attempt.agree(trial.first.values, other.values))
        for other, trial in zip(outcomes, attempt.every, strict=True)
    )


def name_it(attempt: Attempt, mistake: Mistake) -> Finding:
    """Return the finding of a mistake that was recognised."""
    shown = next(trial for trial in attempt.trials if attempt.deviates(trial))
    evidence = mistake.evidence(shown) if mistake.evidence else difference(attempt, shown)
    return Finding(mistake.name, mistake.says, evidence, mistake.look, named=True)


def commits(attempt: Attempt, name: Hashable, wrong: Function, *, faults: bool = True) -> bool:
    """Tell whether the learner's function and a wrong one agree, errors included.

    Without ``faults`` the wrong one may fail on less than half of the inputs: an index too far.
    """
    telling = False
    missed = 0
    for trial in attempt.trials:
        other = attempt.known(name, trial, wrong)
        if other.fault and not trial.first.fault and not faults:
            missed += 1
            if 2 * missed >= len(attempt.trials):
                return False
            continue
        if (other.fault is None) != (trial.first.fault is None):
            return False
        if other.fault is None:
            if not attempt.agree(trial.first.values, other.values):
                return False
            telling = telling or (attempt.deviates if faults else attempt.tells)(trial)
    return telling


def cut_on_the_way_in(attempt: Attempt) -> Finding | None:
    """Look for an argument that is taken for another, or changed before it is used."""
    sample = attempt.trials[0].case.args
    if all_alike(attempt):
        return None
    cuts = list(surgery.ways_in(attempt.exercise, sample))
    for cut in cuts:
        if commits(attempt, cut.name, cut.change, faults=False) and not unused(attempt, cut):
            return cut_named(attempt, of_either(attempt, cut, cuts))
    return None


def of_either(attempt: Attempt, cut: Cut, cuts: list[Cut]) -> Cut:
    """Return a cut of one argument, or of another where the same done to it gives the same."""
    for each in cuts:
        alike = each.of not in ("", cut.of) and each.name == cut.name.replace(cut.of, each.of, 1)
        if alike and commits(attempt, each.name, each.change, faults=False):
            look = f"look at what is made of {cut.of} and {each.of} together"
            return replace(cut, says=f"{cut.says} (or the same with {each.of})", look=look)
    return cut


def unused(attempt: Attempt, cut: Cut) -> bool:
    """Tell whether an answer takes nothing of an argument: then no part of one counts either."""
    one_part = cut.name.endswith(("-element", "-number", "-row", "-matrix"))
    places = range(len(attempt.trials[0].case.args))
    return one_part and any(ignored(attempt, place) for place in places)


def where_it_fails(attempt: Attempt) -> Finding | None:
    """Look for a known mistake in those calls alone that go wrong, while others are right."""
    failed = tuple(trial for trial in attempt.trials if not attempt.passed(trial))
    if len(failed) == len(attempt.trials) or any(trial.first.fault for trial in failed):
        return None
    if not has_own_numbers(attempt, failed):
        return None
    part = replace(attempt, trials=failed)
    examiners = (named_mistake, cut_on_the_way_out, cut_on_the_way_in)
    found = next((found for examiner in examiners if (found := examiner(part))), None)
    if found is None or found.says.startswith("where "):
        return found
    if not found.named:  # the fault that was given: what is so of it as a whole is not so here
        found = replace(found, evidence=difference(part, failed[0]))
    return replace(found, says=f"where your answer is wrong, {found.says}")


def has_own_numbers(attempt: Attempt, failed: tuple[Trial, ...]) -> bool:
    """Tell whether wrong results hold numbers that can tell one mistake from another.

    NaN, 0 and 1 come out of many mistakes, and what was picked out of an argument may be picked
    for many reasons, unless all of it came back.
    """
    own: set[float] = set()
    for trial in failed:
        arrays = [arg for arg in trial.case.args if isinstance(arg, np.ndarray)]
        for mine, right in zip(trial.first.values, trial.expected, strict=False):
            given = [arg.ravel() for arg in arrays if not np.array_equal(arg, mine)]
            wrong = mine.ravel()
            if mine.shape == right.shape:
                wrong = mine[differs(mine, right, attempt.exercise.tolerance)]
            wrong = wrong[np.isfinite(wrong) & (wrong * (wrong - 1) != 0)]
            own.update(wrong[~np.isin(wrong, np.concatenate([[], *given]))].tolist())
    return len(own) > MANY


def cut_on_the_way_out(attempt: Attempt) -> Finding | None:
    """Look for a result that is right but for a last step."""
    return last_step(attempt, None, [trial.expected for trial in attempt.trials])


def cut_beside_a_mistake(attempt: Attempt) -> Finding | None:
    """Look for a named mistake and a last step too many, both in one answer."""
    if nearly_right(attempt):
        return None  # two that make up for each other are none
    for mistake in attempt.exercise.mistakes:
        outcomes = [attempt.known(mistake.wrong, trial, mistake.wrong) for trial in attempt.trials]
        if not any(outcome.fault for outcome in outcomes):
            values = [outcome.values for outcome in outcomes]
            if found := last_step(attempt, mistake, values):
                return found
    return None


def cut_into_a_mistake(attempt: Attempt) -> Finding | None:
    """Look for a named mistake made with an argument that is changed, or taken for another."""
    failed = [trial for trial in attempt.trials if not attempt.passed(trial)]
    if any(trial.first.fault for trial in attempt.trials) or all_alike(attempt):
        return None
    sample = failed[0].case.args
    shown = replace(attempt, trials=tuple(failed[:1]))
    for mistake in attempt.exercise.mistakes:
        for cut in surgery.ways_in(attempt.exercise, sample, mistake.wrong):
            if cut.name.endswith("-number"):
                continue  # where all are the same number, taking the wrong one is no mistake
            key = mistake.wrong, cut.name
            if not commits(shown, key, cut.change, faults=False):
                continue
            if commits(attempt, key, cut.change, faults=False) and not unused(attempt, cut):
                return cut_named(attempt, cut, mistake=mistake)
    return None


def last_step(attempt: Attempt, mistake: Mistake | None, values: list[Values]) -> Finding | None:
    """Look for the one change that makes the learner's results of these."""
    if any(trial.first.fault for trial in attempt.trials):
        return None
    if not any(map(attempt.deviates, attempt.trials)):
        return None
    for which, name in enumerate(attempt.exercise.returns):
        boolean = any(trial.expected[which].dtype.kind == "b" for trial in attempt.trials)
        for cut in RESULTS:
            if mistake and (cut.name in LOSES | UNDOES or (boolean and cut.name not in SHAPES)):
                continue  # little is left of two mistakes that could tell them from others
            if made_by(attempt, cut, values, which):
                if mistake and cut.name in ONE_PART and unused_argument(attempt):
                    continue  # one mistake that takes nothing of an argument looks like these two
                return cut_named(attempt, cut, attempt.noun(name), mistake)
        if any(
            which >= len(each) or not alone(attempt, trial, each, which)
            for trial, each in zip(attempt.trials, values, strict=True)
        ):
            continue
        theirs = [each[which] for each in values]
        if mistake and of_one_size(attempt, which, theirs):
            continue  # a factor in the place of another is one mistake
        if found := factor(attempt, which, theirs):
            cut = Cut("factor", found, "which factor is too many, or missing?", abs)
            return cut_named(attempt, cut, attempt.noun(name), mistake)
        if mistake is None and (found := addend(attempt, which, theirs)):
            cut = Cut("addend", found, "which term is too many, or missing?", abs)
            return cut_named(attempt, cut, attempt.noun(name), mistake)
    return None


def made_by(attempt: Attempt, cut: Cut, values: list[Values], which: int) -> bool:
    """Tell whether a change of one of these results makes all of the learner's."""
    telling = False
    if cut.name in ALIKE and zeros_and_ones(attempt, which):
        return False
    if cut.name == "reciprocal" and not any(generic(t.expected[which]) for t in attempt.trials):
        return False  # of 0 and ∞ everything is made
    for trial, each in zip(attempt.trials, values, strict=True):
        result = surgery.changed(cut, each, which)
        if result is None or not attempt.agree(trial.first.values, result):
            return False
        telling = telling or (attempt.tells(trial) and not attempt.agree(each, result))
    return telling


def zeros_and_ones(attempt: Attempt, which: int) -> bool:
    """Tell whether a returned array holds 0.0 and 1.0 alone: many mistakes leave no more."""
    arrays = [t.first.values[which] for t in attempt.trials if which < len(t.first.values)]
    return not any(array.dtype.kind in "iu" or np.any(array * (array - 1)) for array in arrays)


def of_one_size(attempt: Attempt, which: int, theirs: list[Array]) -> bool:
    """Tell whether a mistake leaves all as it should be but for a factor."""
    both = [(mine, t.expected[which]) for mine, t in zip(theirs, attempt.trials, strict=True)]
    both = [(mine.ravel(), right.ravel()) for mine, right in both if mine.shape == right.shape]
    return bool(both) and all(one_factor(*pair, 0) for pair in both if pair[0].size)


def alone(attempt: Attempt, trial: Trial, values: Values, which: int) -> bool:
    """Tell whether the returned arrays but one are these."""
    mine = trial.first.values
    return len(mine) == len(values) and attempt.agree(
        mine[:which] + mine[which + 1 :], values[:which] + values[which + 1 :]
    )


def cut_named(
    attempt: Attempt, cut: Cut, noun: str = "", mistake: Mistake | None = None
) -> Finding:
    """Return the finding of a cut, perhaps together with a named mistake."""
    shown = difference(attempt, next(filter(attempt.deviates, attempt.trials)))
    found = Finding(cut.name, cut.says.format(noun), shown, cut.look.format(noun), named=True)
    if mistake is None:
        return found
    return two_things(Finding(mistake.name, mistake.says, look=mistake.look), found)
