"""What an answer does beside returning something: nothing, writing into arguments, remembering."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qkv_lib.practice.attempt import Attempt
from qkv_lib.practice.run import UNATTEMPTED
from qkv_lib.practice.verdict import Finding

OFTEN = 3
"""How many old results among new ones are no chance."""


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
        named=True,
    )


def remembers(attempt: Attempt) -> Finding | None:
    """Look for an answer that depends on earlier calls, or on chance; once for all who ask."""
    if "remembers" not in attempt.notes:
        attempt.notes["remembers"] = remembered(attempt)
    found: Finding | None = attempt.notes["remembers"]
    return found


def remembered(attempt: Attempt) -> Finding | None:
    """Compare the two calls with the same arguments, and new numbers with the old."""
    finding = Finding(
        "stateful",
        "your function remembers earlier calls, or draws random numbers",
        look="use nothing but the arguments: no global, no default list, no dropout",
        named=True,
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
        and not attempt.agree(late.expected, early.expected)
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
