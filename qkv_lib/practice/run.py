"""Run a learner's function safely: on copies, in silence, with NumPy arrays or torch tensors."""

from __future__ import annotations

import contextlib
import io
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import CodeType
from typing import Any

import numpy as np

from qkv_lib.practice.exercise import Case, Exercise, Function, Outcome, Trial
from qkv_lib.practice.verdict import Finding, inputs

Convert = Callable[[Any], Any]

SEEDS = (0, 1)
"""Each case is drawn twice: same shapes, other numbers."""

UNATTEMPTED = Finding("unattempted", "not attempted yet")


def run_trials(exercise: Exercise, function: Function) -> tuple[Trial, ...]:
    """Run every case forwards and then backwards, so that a function with a memory shows it."""
    cases = [case for seed in SEEDS for case in exercise.cases(np.random.default_rng(seed))]
    convert = choose_library(exercise, function, cases[0])

    def call(args: tuple[Any, ...]) -> Outcome:
        return run_once(exercise, function, args, convert)

    first = [call(case.args) for case in cases]
    again = [call(case.args) for case in reversed(cases)][::-1]
    return tuple(
        Trial(case, run_once(exercise, exercise.reference, case.args).values, one, two, call)
        for case, one, two in zip(cases, first, again, strict=True)
    )


def choose_library(exercise: Exercise, function: Function, case: Case) -> Convert:
    """Return the conversion under which the function runs: to NumPy if it can, else to torch."""
    for convert in (to_torch, to_numpy) if names_torch(function) else (to_numpy, to_torch):
        with contextlib.suppress(ImportError):  # an answer in NumPy needs no torch
            outcome = run_once(exercise, function, case.args, convert)
            if outcome.fault is None or outcome.fault.name != "raises":
                return convert
    return to_torch if names_torch(function) else to_numpy


def names_torch(function: Function) -> bool:
    """Tell whether the function's own code names torch or a part of it."""
    code = getattr(function, "__code__", None)
    if code is None or "torch" not in sys.modules:
        return False
    used = (function.__globals__.get(name) for name in names_in(code))
    return any(str(getattr(each, "__name__", "")).partition(".")[0] == "torch" for each in used)


def names_in(code: CodeType) -> Iterator[str]:
    """Yield the names that a function's code uses, also inside comprehensions and lambdas."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_in(inner)


def to_numpy(arg: Any) -> Any:
    """Return a copy of an array, or the plain value itself."""
    return arg.copy() if isinstance(arg, np.ndarray) else arg


def to_torch(arg: Any) -> Any:
    """Return an array as a new torch tensor, or the plain value itself."""
    import torch

    return torch.from_numpy(arg.copy()) if isinstance(arg, np.ndarray) else arg


def run_once(
    exercise: Exercise, function: Function, args: tuple[Any, ...], convert: Convert = to_numpy
) -> Outcome:
    """Call the function on copies of ``args``; exceptions become a fault of the outcome."""
    copies = tuple(convert(arg) for arg in args)
    try:
        with silence():
            values, fault = unpack(exercise, function(*copies))
    except NotImplementedError:
        return Outcome(fault=UNATTEMPTED)
    except Exception as error:  # whatever a learner's function raises is a finding
        return Outcome(fault=raised(exercise, function, args, error))
    return Outcome(values, fault, first_modified(exercise, args, copies))


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Hide prints and warnings: the function is called many times."""
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def unpack(exercise: Exercise, returned: Any) -> tuple[tuple[np.ndarray, ...], Finding | None]:
    """Return the arrays in what a function returned, or the finding that it has no such arrays."""
    if returned is None or returned is ...:
        return (), UNATTEMPTED
    wanted = list(exercise.returns)
    parts = (returned,) if len(wanted) == 1 else returned
    needs = f"return {' and '.join(wanted)}" + (", nothing else" if len(wanted) == 1 else "")
    got = type(returned).__name__
    if not isinstance(parts, (tuple, list)) or len(parts) != len(wanted):
        return (), Finding("not-a-tuple", f"your function returns a {got}", "", needs)
    for part in parts:
        if isinstance(part, (tuple, list, dict)):
            says = f"your function returns a {type(part).__name__} where an array belongs"
            return (), Finding("not-an-array", says, "", needs)
    arrays = tuple(as_array(part) for part in parts)
    if any(array.dtype.kind not in "biuf" for array in arrays):
        return (), Finding(
            "not-an-array", f"your function returns a {got} without numbers", "", needs
        )
    return arrays, None


def as_array(part: Any) -> np.ndarray:
    """Return an array, tensor or number as a NumPy array of its own."""
    if hasattr(part, "detach"):  # a torch tensor, perhaps one that records gradients
        part = part.detach().cpu().resolve_conj().numpy()
    return np.array(part)


def first_modified(exercise: Exercise, before: Sequence[Any], after: Sequence[Any]) -> str | None:
    """Return the name of the first argument that the function wrote into."""
    for name, old, new in zip(exercise.arguments, before, after, strict=False):
        if isinstance(old, np.ndarray) and old.tobytes() != as_array(new).tobytes():
            return name
    return None


def raised(
    exercise: Exercise, function: Function, args: tuple[Any, ...], error: Exception
) -> Finding:
    """Describe an exception by the last line of the learner's own code that led to it."""
    if "ellipsis" in str(error).lower():  # a step of the skeleton is still `...`
        return UNATTEMPTED
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    where = f" at line {frames[-1].lineno}" if frames else ""
    if frames and frames[-1].line:
        where += f", `{frames[-1].line}`"
    message = (str(error).splitlines() or [""])[0][:160]
    return Finding(
        "raises",
        f"your function raises {type(error).__name__}{where}: {message}",
        f"it was called with {inputs(exercise.arguments, args)}",
    )
