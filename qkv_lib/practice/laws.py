"""Laws that the right answer keeps and the learner's breaks: what a change of the input must do.

Twice as large an argument, another sign, a number added to all of it, another order of what it
holds, its last part left out: the reference tells what each must do to the result (nothing,
double it, reorder it alike), and the learner's own function what it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.attempt import Attempt
from qkv_lib.practice.depends import is_wrong
from qkv_lib.practice.exercise import Case, Exercise, Trial
from qkv_lib.practice.patterns import generic
from qkv_lib.practice.run import reference_values
from qkv_lib.practice.verdict import Finding, number, place

Args = tuple[Any, ...]
Move = Callable[[Array], Array]
EXACT, BROKEN = 1e-7, 1e-3
"""How nearly the reference keeps a law, and how far from it a result is that breaks it."""
FEW = 4
"""So many arguments make pairs enough."""
FORMS = 3
"""On so many wrong inputs of different shapes the laws are tried."""
OTHER_SEEDS = range(2, 8)
"""What seems to be a law is tried on these inputs too."""

BY_NUMBERS: tuple[tuple[str, str, Move], ...] = (
    ("stay as it is", "stays as it is", lambda y: y),
    ("be twice as large", "is twice as large", lambda y: 2 * y),
    ("be 4 times as large", "is 4 times as large", lambda y: 4 * y),
    ("be half as large", "is half as large", lambda y: y / 2),
    ("be a quarter as large", "is a quarter as large", lambda y: y / 4),
    ("change its sign", "changes its sign", lambda y: -y),
    ("be 1 larger", "is 1 larger", lambda y: y + 1),
    ("be 1 smaller", "is 1 smaller", lambda y: y - 1),
)
"""What becomes of a result: in words after "must", in words after "it", and the result."""


@dataclass(frozen=True)
class Change:
    """A change of the arguments, in words after "if"; ``moves`` is what may become of a result."""

    says: str
    look: str
    change: Callable[[Args], Args]
    moves: tuple[tuple[str, str, Move], ...] = BY_NUMBERS


def broken_law(attempt: Attempt) -> Finding | None:
    """Look for a change of the input that must do one thing to the result, and does another."""
    wrong = [trial for trial in attempt.trials if is_wrong(attempt, trial)]
    wrong = [trial for trial in wrong if any(map(generic, trial.expected))] or wrong
    if not wrong:
        return None
    for trial in of_each_form(wrong)[:FORMS]:
        alike = [t for t in attempt.every or attempt.trials if same_form(t.case, trial.case)]
        for which, change in changes(attempt, trial.case.args):
            law = kept(attempt, alike, which, change)
            found = breaks(attempt, trial, which, change, law) if law else None
            if law and found and lasting(attempt.exercise, trial, which, change, law):
                return found
    return None


def of_each_form(trials: list[Trial]) -> list[Trial]:
    """Return one trial of every form."""
    found: list[Trial] = []
    for trial in trials:
        if not any(same_form(trial.case, other.case) for other in found):
            found.append(trial)
    return found


def same_form(one: Case, other: Case) -> bool:
    """Tell whether two cases have arguments of the same shapes: the same changes make sense."""
    shapes = list(map(np.shape, one.args)), list(map(np.shape, other.args))
    return one.kind == other.kind and shapes[0] == shapes[1]


def changes(attempt: Attempt, args: Args) -> Iterator[tuple[int, Change]]:
    """Yield each returned array's place with each change."""
    names = attempt.exercise.arguments
    for which in range(len(attempt.exercise.returns)):
        for i, name in enumerate(names[: len(args)]):
            for change in of_one(name, i, args[i]):
                yield which, change
        for change in (*of_an_axis(names, args), *of_two(names, args)):
            yield which, change


def of_one(name: str, i: int, arg: Any) -> Iterator[Change]:
    """Yield the changes of one argument by itself, as long as it stays what it is."""
    if scalable(arg):
        all_of = f"all of {name}" if isinstance(arg, np.ndarray) else name
        yield Change(f"{all_of} is twice as large", f"as what power does {name} enter?",
                     partial(put, (i,), double))  # fmt: skip
    if signed(arg):
        yield Change(f"the sign of {name} changes", f"where is the sign of {name} lost, or kept?",
                     partial(put, (i,), np.negative))  # fmt: skip
        yield Change(f"1 is added to all of {name}",
                     f"does {name} enter by its differences alone?",
                     partial(put, (i,), one_more))  # fmt: skip
    if signed(arg) and arg.ndim > 1:
        yield Change(f"each row of {name} gets a number of its own added",
                     f"does each row of {name} enter by its differences alone?",
                     partial(put, (i,), row_by_row))  # fmt: skip


def of_two(names: tuple[str, ...], args: Args) -> Iterator[Change]:
    """Yield the changes of two arguments together, where there are not too many."""
    if len(args) > FEW:
        return
    for i, j in combinations(range(len(args)), 2):
        one, other = names[i], names[j]
        if scalable(args[i]) and scalable(args[j]):
            yield Change(f"{one} and {other} are both twice as large",
                         f"does {one} stand to {other} as it should?",
                         partial(put, (i, j), double))  # fmt: skip
        if signed(args[i]) and signed(args[j]):
            yield Change(f"1 is added to all of {one} and of {other}",
                         f"are {one} and {other} compared with each other alone?",
                         partial(put, (i, j), one_more))  # fmt: skip


def scalable(arg: Any) -> bool:
    """Tell whether twice as large an argument is one too: no shares, no zeros and ones."""
    if not isinstance(arg, np.ndarray):
        return type(arg) is float
    if arg.dtype.kind in "iu" or not arg.size:
        return arg.dtype.kind in "iu" and bool(arg.max(initial=0) > 1)
    shares = arg.ndim and np.allclose(arg.sum(-1), 1)
    return arg.dtype.kind == "f" and not shares and not np.all(arg == np.rint(arg))


def signed(arg: Any) -> bool:
    """Tell whether an argument may hold numbers of both signs."""
    return isinstance(arg, np.ndarray) and arg.dtype.kind == "f" and bool(np.any(arg < 0))


def double(x: Any) -> Any:
    """Return twice as much."""
    return 2 * x


def one_more(x: Array) -> Array:
    """Return numbers larger by 1."""
    return np.asarray(x + 1)


def row_by_row(x: Array) -> Array:
    """Return rows with a number of their own added."""
    return np.asarray(x + np.linspace(-1, 1, x.shape[-2])[:, None])


def put(at: tuple[int, ...], change: Callable[[Any], Any], args: Args) -> Args:
    """Return arguments with some of them changed."""
    return tuple(change(arg) if i in at else arg for i, arg in enumerate(args))


def of_an_axis(names: tuple[str, ...], args: Args) -> Iterator[Change]:
    """Yield the changes of an axis, in all the arguments that have one as long."""
    seen = set()
    for name, arg in zip(names, args, strict=False):
        if not isinstance(arg, np.ndarray):
            continue
        for axis in range(-1, -arg.ndim - 1, -1):
            size = arg.shape[axis]
            if size < 3 or size in seen:
                continue
            seen.add(size)
            parts = part(name, axis, arg.ndim)
            turned = partial(reorder, np.roll(np.arange(size), 1)[::-1], size)
            yield Change(
                f"the {parts}, and all that belongs to them, change their order",
                "what depends on a place, and must not?", partial(map_args, turned),
                (BY_NUMBERS[0], ("change its order alike", "changes its order alike", turned)),
            )  # fmt: skip
            shorter = partial(reorder, np.arange(size - 1), size)
            yield Change(
                f"the last of the {parts}, and all that belongs to it, is left out",
                "what reaches the others, and must not?", partial(map_args, shorter),
                (BY_NUMBERS[0], ("keep the rest", "keeps the rest", shorter)),
            )  # fmt: skip


def part(name: str, axis: int, ndim: int) -> str:
    """Return what stands along an axis, in words."""
    if ndim == 1:
        return f"numbers of {name}"
    if axis == -1:
        return f"columns of {name}"
    return f"rows of {name}" if axis == -2 else f"matrices of {name}"


def reorder(order: Array, size: int, x: Array) -> Array:
    """Return an array in a new order along every axis of one size."""
    for axis in range(x.ndim):
        if x.shape[axis] == size:
            x = np.take(x, order, axis)
    return x


def map_args(change: Move, args: Args) -> Args:
    """Return arguments with all arrays changed."""
    return tuple(change(arg) if isinstance(arg, np.ndarray) else arg for arg in args)


def kept(
    attempt: Attempt, trials: list[Trial], which: int, change: Change
) -> tuple[str, str, Move] | None:
    """Return what the change does to the reference's result, the same on every input."""
    laws = [law for law in change.moves
            if law not in BY_NUMBERS[1:] or trials[0].expected[which].dtype != bool]  # fmt: skip
    for trial in trials:
        theirs = attempt.known(
            change.says, trial, attempt.exercise.reference, change.change(trial.case.args)
        )
        if theirs.fault:
            return None
        before, after = trial.expected[which], theirs.values[which]
        laws = [law for law in laws if far(law[2], before, after) < EXACT]
    return laws[0] if laws else None


def lasting(
    exercise: Exercise, trial: Trial, which: int, change: Change, law: tuple[str, str, Move]
) -> bool:
    """Tell whether the reference keeps a law on other inputs too, so that it is no chance."""
    for seed in OTHER_SEEDS:
        for case in exercise.cases(np.random.default_rng(seed)):
            if same_form(case, trial.case):
                before = reference_values(exercise, case.args)[which]
                after = reference_values(exercise, change.change(case.args))[which]
                if far(law[2], before, after) > EXACT:
                    return False
    return True


def far(move: Move, before: Array, after: Array) -> float:
    """Return how far a result is from what a law says, relative to its largest number."""
    wanted = np.asarray(move(before))
    if wanted.shape != after.shape or not np.all(np.isfinite(after)):
        return np.inf
    if before.dtype == bool:
        return float(np.mean(wanted != after))
    size = max(float(np.abs(wanted).max(initial=0.0)), 1e-12)
    return float(np.abs(np.subtract(after, wanted, dtype=float)).max(initial=0.0)) / size


def breaks(
    attempt: Attempt, trial: Trial, which: int, change: Change, law: tuple[str, str, Move]
) -> Finding | None:
    """Return the finding if the learner's function does not keep a law."""
    outcome = trial.call(change.change(trial.case.args))
    if outcome.fault or len(outcome.values) != len(trial.expected):
        return None
    before, after = trial.first.values[which], outcome.values[which]
    if not BROKEN < far(law[2], before, after) < np.inf:
        return None
    name, axes = list(attempt.exercise.returns.items())[which]
    does = "is not" if law[0].startswith("be ") else "does not"
    for _, does_so, move in change.moves[::-1]:
        does = does_so if far(move, before, after) < EXACT else does
    says = f"if {change.says}, {attempt.noun(name)} must {law[0]}, and it {does}"
    shown = f"with {attempt.inputs(trial)}"
    if after.shape == before.shape:
        wrong = np.abs(np.subtract(after, law[2](before), dtype=float))
        at = np.unravel_index(int(wrong.argmax()), wrong.shape)
        old, new = number(before[at]), number(after[at])
        shown = f"with {attempt.inputs(trial)}, it goes from {old} to {new}"
        if wrong.ndim:
            where = place(at, axes)
            shown = f"with {attempt.inputs(trial)}, at {where} it goes from {old} to {new}"
    return Finding("law", says, shown, change.look)
