"""What every right answer has: arrays, finite, of the right shape and dtype, and its properties."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.compare import close, unfit
from qkv_lib.practice.exercise import Case, Trial
from qkv_lib.practice.run import UNATTEMPTED, reference_values
from qkv_lib.practice.shapes import explained, why_misshapen
from qkv_lib.practice.verdict import Finding

MIXED = "`np.zeros` and `np.ones` make float64: give new arrays the dtype of the arguments"
QUICK = 0.003
"""Seconds: an answer that takes longer counts one by one."""
FEW_DIGITS = 1e-2
"""What float32 may lose on the way, relative to the largest number."""


def faulty(attempt: Attempt) -> Finding | None:
    """Look for a call that raised, or returned no array."""
    for trial in attempt.trials:
        if trial.first.fault is UNATTEMPTED:
            says = "your function sometimes returns nothing"
            return Finding("returns-nothing", says, f"with {attempt.inputs(trial)}")
        if trial.first.fault:
            if told := explained(attempt, trial):
                return told
            mixed = trial.case.kind == "float32" and "TypeError" in trial.first.fault.says
            return replace(trial.first.fault, look=MIXED) if mixed else trial.first.fault
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
            shown = f"{says}\nits dtype is {yours.dtype}; it must be {wanted}"
            if boolean:
                says = "0 and 1 come back where False and True are asked for"
                return Finding("dtype", says, shown, "a comparison gives them", named=True)
            if len({mine.dtype for _, other, mine, _ in attempt.results() if other == name}) == 1:
                says = f"{attempt.noun(name)} is {yours.dtype} whatever goes in"
                look = "give new arrays the dtype of the arguments"
                return Finding("dtype", says, shown, look, named=True)
            says = f"{attempt.noun(name)} is {yours.dtype} here: an array of that dtype is mixed in"
            return Finding("dtype", says, shown, MIXED, named=True)
    return None


def few_digits(attempt: Attempt) -> Finding | None:
    """Look for float32 where more digits went in, and more are asked for."""
    failed = [trial for trial in attempt.trials if not attempt.passed(trial)]
    for trial in failed:
        for yours, expected in zip(trial.first.values, trial.expected, strict=False):
            if yours.shape != expected.shape or yours.dtype != np.float32:
                return None
            if expected.dtype != np.float64 or not close(yours, expected, FEW_DIGITS):
                return None
    if not failed or any(trial.first.fault for trial in failed):
        return None
    says = "your result has the digits of float32, and the arguments have those of float64"
    shown = difference(attempt, failed[0])
    return Finding("few-digits", says, shown, "compute in the dtype of the arguments", named=True)


def overflown(attempt: Attempt) -> Finding | None:
    """Look for whole numbers that ran over, or were rounded: too few bits for them."""
    for trial, name, yours, expected in attempt.results():
        whole = np.array_equal(expected, np.rint(expected)) and expected.dtype != bool
        if yours.shape != expected.shape or not whole or attempt.passed(trial):
            continue
        noun, shown = attempt.noun(name), difference(attempt, trial)
        if np.abs(expected).max() > 2**24 and close(yours.astype(float), expected.astype(float)):
            says = f"{noun} has the digits of float32: too few for whole numbers this large"
            return Finding("few-digits", says, shown, "keep the 64 bits of the argument", True)
        apart = np.subtract(yours, expected, dtype=float)
        for bits in (32, 16, 8):
            held = np.all((-(2 ** (bits - 1)) <= yours) & (yours < 2**bits))
            if held and np.all(apart % 2**bits == 0):
                says = f"{noun} runs over: {bits} bits are too few for numbers this large"
                return Finding("overflown", says, shown, "keep the 64 bits of the argument", True)
    return None


def too_narrow(attempt: Attempt) -> Finding | None:
    """Look for whole numbers that are right until now, and run over where they are larger.

    An answer that counts one by one, or in a mask, is left alone: it comes to no end there.
    """
    call = attempt.trials[0].call
    for args in attempt.exercise.large:
        start = time.process_time()
        outcome = call(args)
        took = time.process_time() - start
        if outcome.fault:
            return None
        expected = reference_values(attempt.exercise, args)
        trial = Trial(Case("edge", args), expected, outcome, outcome, call)
        if found := overflown(replace(attempt, trials=(trial,))):
            return found
        if took > QUICK:
            return None
    return None


def misshapen(attempt: Attempt) -> Finding | None:
    """Look for an array of the wrong shape, perhaps because it is transposed."""
    for trial, name, yours, expected in attempt.results():
        if yours.shape != expected.shape:
            evidence = difference(attempt, trial)
            if min(yours.ndim, expected.ndim) > 1 and close(yours.swapaxes(-1, -2), expected):
                says = f"{attempt.noun(name)} is transposed"
                return Finding("transposed", says, evidence, named=True)
            if told := why_misshapen(attempt):
                return told
            says = f"the shape of {attempt.noun(name)} is wrong"
            return Finding("shape", says, evidence)
    return None


def not_finite(attempt: Attempt) -> Finding | None:
    """Look for NaN, or for infinity where no right answer holds any."""
    never = not any(np.any(np.isinf(expected)) for _, _, _, expected in attempt.results())
    for trial, name, yours, expected in attempt.results():
        wrong = np.isnan(yours) & ~np.isnan(expected) | (never & np.isinf(yours))
        if np.any(wrong):
            look = "0/0, 0 · ∞, ∞ − ∞, and exp of a large number, give NaN or infinity"
            says = f"{attempt.noun(name)} holds infinity"
            if np.any(np.isnan(yours[wrong])):
                says = f"{attempt.noun(name)} holds NaN"
            if of_size(attempt, trial):
                says = f"{says}: exp of large numbers is infinite, or 0 throughout"
                look = (
                    "`exp(a) / exp(b)` is `exp(a − b)`: subtract before exp, for example the "
                    "largest number of each row"
                )
                return Finding("overflow", says, difference(attempt, trial), look, named=True)
            return Finding("not-finite", says, difference(attempt, trial), look)
    return None


def of_size(attempt: Attempt, trial: Trial) -> bool:
    """Tell whether an answer that is not finite is right for numbers of ordinary size."""
    args = [
        arg * min(1.0, 2 / max(float(np.abs(arg).max()), 1e-300))
        if isinstance(arg, np.ndarray) and arg.dtype.kind == "f" and arg.size
        else arg
        for arg in trial.case.args
    ]
    if all(a is b or np.array_equal(a, b) for a, b in zip(args, trial.case.args, strict=True)):
        return False
    yours = trial.call(tuple(args))
    with np.errstate(all="ignore"):
        expected = reference_values(attempt.exercise, tuple(args))
    return not yours.fault and attempt.agree(yours.values, expected)


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
