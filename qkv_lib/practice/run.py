"""Run a learner's function safely: on copies, in silence, with NumPy arrays or torch tensors."""

from __future__ import annotations

import contextlib
import dis
import io
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from types import CodeType
from typing import Any

import numpy as np

from qkv_lib.practice.compare import right
from qkv_lib.practice.exercise import Case, Exercise, Function, Outcome, Trial, Values
from qkv_lib.practice.limit import Clock, Stopped
from qkv_lib.practice.vary import varied
from qkv_lib.practice.verdict import Finding, a, inputs, listed

Convert = Callable[[Any], Any]

SEEDS = (0, 1)
"""Each case is drawn twice: same shapes, other numbers."""

UNATTEMPTED = Finding("unattempted", "not attempted yet")

DOES_NOTHING = {
    "RESUME", "NOP", "LOAD_CONST", "POP_TOP", "RETURN_VALUE", "RETURN_CONST", "IMPORT_NAME",
    "IMPORT_FROM", "STORE_FAST", "COPY_FREE_VARS", "MAKE_CELL", "CACHE", "LOAD_SMALL_INT",
}  # fmt: skip
"""Instructions of a body that holds a docstring, imports and `...`, and nothing else."""


def run_trials(
    exercise: Exercise, function: Function, convert: Convert, clock: Clock
) -> tuple[Trial, ...]:
    """Run every case forwards and then backwards, so that a function with a memory shows it."""

    def call(args: tuple[Any, ...]) -> Outcome:
        return run_once(exercise, function, args, convert, clock)

    known = known_cases(exercise)
    first = [call(case.args) for case, _ in known]
    again = [call(case.args) for case, _ in reversed(known)][::-1]
    return tuple(
        Trial(case, expected, one, two, call)
        for (case, expected), one, two in zip(known, first, again, strict=True)
    )


def passes(exercise: Exercise, function: Function, convert: Convert, clock: Clock) -> bool:
    """Tell whether an answer passes every case; the first that it fails ends it."""
    return all(
        right(exercise, run_once(exercise, function, case.args, convert, clock), expected)
        for case, expected in known_cases(exercise)
    )


def known_cases(exercise: Exercise) -> tuple[tuple[Case, Values], ...]:
    """Return every case with the library's answer, worked out once for all answers.

    Nothing may write into them: an answer is called with copies.
    """
    known: dict[str, tuple[tuple[Case, Values], ...]] = exercise.worked_out
    if "cases" not in known:
        cases = [(case, reference_values(exercise, case.args)) for case in cases_of(exercise)]
        for case, expected in cases:
            for array in (*case.args, *expected):
                if isinstance(array, np.ndarray):
                    array.setflags(write=False)
        known["cases"] = tuple(cases)
    return known["cases"]


def cases_of(exercise: Exercise) -> list[Case]:
    """Draw every case that an answer is tried on; the halves have the same shapes."""
    cases = [case for seed in SEEDS for case in varied(exercise, np.random.default_rng(seed))]
    if exercise.repeats:
        return cases
    return [replace(case, args=tuple(map(widened, case.args))) for case in cases]


def widened(arg: Any) -> Any:
    """Return whole numbers in 64 bits, also where NumPy's own are of 32, as in a page."""
    return arg.astype(np.int64) if isinstance(arg, np.ndarray) and arg.dtype == np.int_ else arg


def reference_values(exercise: Exercise, args: tuple[Any, ...]) -> tuple[np.ndarray, ...]:
    """Return the library's answer; what it raises is no fault of the learner's."""
    values, fault = unpack(exercise, exercise.reference(*map(to_numpy, args)))
    if fault:
        raise RuntimeError(f"the reference of {exercise.name!r} is broken: {fault}")
    return values


def libraries(function: Function) -> tuple[Convert, ...]:
    """Return the conversions to try: first that of the library which the function names."""
    if find_spec("torch") is None:
        return (to_numpy,)
    return (to_torch, to_numpy) if names_torch(function) else (to_numpy, to_torch)


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


def may_be_torch(trials: tuple[Trial, ...]) -> bool:
    """Tell whether an answer that failed on NumPy arrays may be meant for tensors."""
    faults = [trial.first.fault.says for trial in trials if trial.first.fault]
    return "torch" in sys.modules or any("AttributeError" in f or "TypeError" in f for f in faults)


def to_numpy(arg: Any) -> Any:
    """Return a copy of an array, or the plain value itself."""
    return arg.copy() if isinstance(arg, np.ndarray) else arg


def to_torch(arg: Any) -> Any:
    """Return an array as a new torch tensor, or the plain value itself."""
    import torch

    return torch.from_numpy(arg.copy()) if isinstance(arg, np.ndarray) else arg


def run_once(
    exercise: Exercise,
    function: Function,
    args: tuple[Any, ...],
    convert: Convert = to_numpy,
    clock: Clock | None = None,
) -> Outcome:
    """Call the function on copies of ``args``; whatever it raises becomes a fault.

    The clock is for what a learner wrote.
    """
    copies = tuple(convert(arg) for arg in args)
    printed = sys.stdout if isinstance(sys.stdout, Sink) else Sink()
    printed.written = False
    try:
        shown = partial(inputs, exercise.arguments, args)
        with clock.running(shown) if clock else contextlib.nullcontext():
            returned = function(*copies)
        values, fault = unpack(exercise, returned)
    except Stopped:
        raise
    except BaseException as error:  # whatever a learner's function raises is a finding
        return Outcome(fault=raised(exercise, function, args, error))
    if returned is None or returned is ...:
        fault = nothing_returned(exercise, function, returned, printed=printed.written)
    return Outcome(values, fault, first_modified(exercise, args, copies))


class Sink(io.TextIOBase):
    """Takes what is written and forgets it: an answer may print without end."""

    written = False

    def write(self, text: str) -> int:
        """Forget the text, but know that there was one."""
        self.written = True
        return len(text)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Hide prints and warnings: the function is called many times."""
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        contextlib.redirect_stdout(Sink()),
        contextlib.redirect_stderr(Sink()),
    ):
        warnings.simplefilter("ignore")
        yield


def nothing_returned(
    exercise: Exercise, function: Function, returned: Any, *, printed: bool
) -> Finding:
    """Tell a skeleton as it was from a function without its `return`."""
    if untouched(exercise, function):
        return UNATTEMPTED
    if returned is ...:
        return Finding("returns-nothing", "your function returns `...`", "", "return your result")
    if printed:
        says = "your function prints its result and returns nothing"
        return Finding("returns-nothing", says, "", "write `return` where you print")
    look = f"is `return` missing? Return {listed(exercise.returns)}"
    return Finding("returns-nothing", "your function returns nothing", "", look)


def holds_ellipsis(error: BaseException) -> bool:
    """Tell whether a variable of the frame that raised is still `...`."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace is not None and any(each is ... for each in trace.tb_frame.f_locals.values())


def untouched(exercise: Exercise, function: Function) -> bool:
    """Tell whether a function is a skeleton as it was: it does nothing, or what that did."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    if {each.opname for each in dis.get_instructions(code)} <= DOES_NOTHING:
        return True
    compiled = compile(exercise.skeleton, "<skeleton>", "exec").co_consts
    given = next(each for each in compiled if isinstance(each, CodeType))
    return (code.co_code, code.co_names) == (given.co_code, given.co_names)


def unpack(exercise: Exercise, returned: Any) -> tuple[tuple[np.ndarray, ...], Finding | None]:
    """Return the arrays in what a function returned, or the finding that it has no such arrays."""
    wanted = list(exercise.returns)
    parts = (returned,) if len(wanted) == 1 else returned
    if type(parts) is tuple and len(parts) == len(wanted) and all(map(plain_array, parts)):
        return tuple(map(np.array, parts)), None  # as nearly all are: without the words below
    needs = f"return {listed(wanted)}: a tuple of {len(wanted)} arrays"
    if len(wanted) == 1:
        needs = f"return {wanted[0]}, nothing else"
    got = a(type(returned).__name__)
    if not isinstance(parts, (tuple, list)) or len(parts) != len(wanted):
        says = f"your function returns {got}"
        if isinstance(parts, (tuple, list)):
            says = f"your function returns {got} of {len(parts)}"
        return (), Finding("not-a-tuple", says, "", needs)
    for part in parts:
        if isinstance(part, Iterator):
            says = f"your function returns {a(type(part).__name__)}: a recipe for numbers, no array"
            return (), Finding("not-an-array", says, "", "`np.array(list(…))` makes one")
        if isinstance(part, (tuple, list, dict)):
            says = f"your function returns {a(type(part).__name__)} where an array belongs"
            makes = "np.array(…) makes one" if isinstance(part, list) else needs
            return (), Finding("not-an-array", says, "", makes)
    arrays = tuple(as_array(part) for part in parts)
    for array, part in zip(arrays, parts, strict=True):
        if array.dtype.kind == "c":
            says = "your function returns complex numbers"
            return (), Finding("not-an-array", says, "", "return the real ones that are asked for")
        if array.dtype.kind not in "biuf":
            says = f"your function returns {a(type(part).__name__)} without numbers"
            return (), Finding("not-an-array", says, "", needs)
    return arrays, None


def plain_array(part: Any) -> bool:
    """Tell whether a part is an array of real numbers, and of no class that behaves otherwise."""
    return type(part) is np.ndarray and part.dtype.kind in "biuf"


def as_array(part: Any) -> np.ndarray:
    """Return an array, tensor or number as a NumPy array of its own."""
    if hasattr(part, "detach"):  # a torch tensor, perhaps one that records gradients
        part = part.detach().cpu().resolve_conj().resolve_neg()
        if "bfloat16" in str(part.dtype):
            part = part.half()
        part = part.numpy()
    return np.array(part)


def first_modified(exercise: Exercise, before: Sequence[Any], after: Sequence[Any]) -> str | None:
    """Return the name of the first argument that the function wrote into."""
    for name, old, new in zip(exercise.arguments, before, after, strict=False):
        if isinstance(old, np.ndarray):
            now = new if isinstance(new, np.ndarray) else as_array(new)
            if old.tobytes() != now.tobytes():
                return name
    return None


def raised(
    exercise: Exercise, function: Function, args: tuple[Any, ...], error: BaseException
) -> Finding:
    """Describe an exception by the last line of the learner's own code that led to it."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    trace = [(each.f_code.co_filename, n) for each, n in traceback.walk_tb(error.__traceback__)]
    lines = [number for name, number in trace if name == file]
    own = bool(lines) and trace[-1][0] == file
    if type(error) is NotImplementedError and own and not str(error):
        return UNATTEMPTED  # `raise NotImplementedError` is a skeleton too
    where = ""
    if file and lines:
        where = f" at line {lines[-1]}"
        linecache.checkcache(file)  # it may have been changed since
        if line := linecache.getline(file, lines[-1]).strip():
            where += f", `{line}`"
    if own and holds_ellipsis(error):
        if untouched(exercise, function):
            return UNATTEMPTED
        return Finding("incomplete", f"a step is still `...`: your function stops{where}")
    message = (str(error).splitlines() or [""])[0][:160]
    return Finding(
        "raises",
        f"your function raises {type(error).__name__}{where}" + (f": {message}" if message else ""),
        f"it was called with {inputs(exercise.arguments, args)}",
    )
