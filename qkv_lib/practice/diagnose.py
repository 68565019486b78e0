"""From wrong numbers to the misconception: examiners, asked one after the other.

An examiner looks at an attempt and returns a `Finding`, or None when it sees nothing. Those
that need no comparison (memory, arguments written into) come first; then the catalogue of
wrong functions, then the cuts that need no list, the properties, and the place that is wrong.
What is left is told by what it is made of (a mixture, a curve), by what it breaks (a law that
the right answer keeps, a trait that all right results have), or by the inputs on which it is
right. Last comes the plain difference, which nothing passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import compress

from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.bent import bent
from qkv_lib.practice.blend import blended
from qkv_lib.practice.conduct import remembers, unattempted, writes_into_arguments
from qkv_lib.practice.depends import depends, unused_argument
from qkv_lib.practice.exercise import KINDS, Trial
from qkv_lib.practice.form import (
    broken_property,
    faulty,
    few_digits,
    misshapen,
    not_finite,
    overflown,
    too_narrow,
    wrong_dtype,
)
from qkv_lib.practice.laws import broken_law
from qkv_lib.practice.mend import (
    mended,
    mended_if_it_raises,
    mended_in_part,
    mended_twice,
)
from qkv_lib.practice.patterns import (
    by_row,
    constant,
    finite_for_infinite,
    in_other_places,
    indices,
    nearly_right,
    one_sided,
    same_everywhere,
    scaled_argument,
    stuck,
    too_strict,
)
from qkv_lib.practice.recognise import (
    cut_beside_a_mistake,
    cut_into_a_mistake,
    cut_on_the_way_in,
    cut_on_the_way_out,
    named_mistake,
    where_it_fails,
)
from qkv_lib.practice.separate import sometimes, somewhere
from qkv_lib.practice.shapes import of_one_rank, of_one_rank_if_it_raises, results_exchanged
from qkv_lib.practice.traits import missing_trait
from qkv_lib.practice.verdict import Finding

Examiner = Callable[[Attempt], Finding | None]


def diagnose(attempt: Attempt) -> Finding | None:
    """Return what is wrong with an answer, or None when it is right."""
    for examiner in BEFORE_COMPARING:
        if finding := examiner(attempt):
            return finding
    failed = first_failures(attempt)
    if not failed.trials:
        return too_narrow(attempt)
    findings = (examiner(failed) for examiner in AFTER_COMPARING)
    return after_success(next(finding for finding in findings if finding), failed)


def first_failures(attempt: Attempt) -> Attempt:
    """Return the trials up to the first kind that holds a failure, the failures in front.

    The easier kinds stay: what names the mistake must be right there too.
    """
    right: list[Trial] = []
    for kind in KINDS:
        trials = [trial for trial in attempt.trials if trial.case.kind == kind]
        passed = list(map(attempt.passed, trials))
        right += compress(trials, passed)
        if not all(passed):
            wrong = [trial for trial, each in zip(trials, passed, strict=True) if not each]
            return replace(attempt, trials=(*wrong, *right), every=attempt.trials)
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


def different(attempt: Attempt) -> Finding:
    """Show the first number that differs: nothing else has a name for the mistake."""
    return Finding("different", "the numbers differ", difference(attempt, attempt.trials[0]))


BEFORE_COMPARING: tuple[Examiner, ...] = (unattempted, writes_into_arguments, remembers)
AFTER_COMPARING: tuple[Examiner, ...] = (
    named_mistake,
    mended_if_it_raises,
    of_one_rank_if_it_raises,
    faulty,
    wrong_dtype,
    few_digits,
    overflown,
    constant,
    finite_for_infinite,
    cut_on_the_way_out,
    results_exchanged,
    mended,
    cut_on_the_way_in,
    cut_beside_a_mistake,
    scaled_argument,
    in_other_places,
    where_it_fails,
    mended_in_part,
    of_one_rank,
    misshapen,
    not_finite,
    unused_argument,
    indices,
    same_everywhere,
    broken_property,
    cut_into_a_mistake,
    depends,
    stuck,
    somewhere,
    nearly_right,
    by_row,
    blended,
    bent,
    broken_law,
    missing_trait,
    one_sided,
    too_strict,
    sometimes,
    mended_twice,
    different,
)
