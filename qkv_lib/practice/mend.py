"""The mistake in a learner's code: the one edit of a line that makes the answer right.

Where the code can be read, it is edited in one place after the other (`edits`), and tried. What
makes every call right is the mistake. It is told in words; what would be right is not.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import time
from collections.abc import Iterable, Iterator
from itertools import combinations
from types import CodeType, FunctionType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from qkv_lib.practice.attempt import Attempt, difference
from qkv_lib.practice.compare import right
from qkv_lib.practice.edits import edits
from qkv_lib.practice.exercise import Function, Trial
from qkv_lib.practice.run import run_once
from qkv_lib.practice.slots import Edit
from qkv_lib.practice.verdict import Finding, two_things

T = TypeVar("T")
MOST = 800
"""So many edits are tried."""
SECONDS = 2.5
"""After this time none is begun."""
PLAIN = {
    "wrong-axis", "no-keepdims", "stands-for", "too-many", "wrong-operation", "off-by-one",
    "wrong-comparison", "sign", "not-transposed", "transposed-too-often", "over-everything",
}  # fmt: skip
"""Edits that are tried two at a time."""
FEW = 100
"""So many of them at most."""
SPARES = {"case-apart", "line-too-many"}
"""Edits that are tried where an answer raises at the edge and is right elsewhere: what stands
there is right, and with something else in its place it would merely not raise."""
EVERYWHERE = {"sides-exchanged", "arguments-exchanged", "wrong-operation", "sign"}
"""Edits of what is wrong on common inputs too, where it is wrong."""
COMMON = {"plain", "batch"}
"""Kinds with so many inputs that no edit makes them right by chance."""


def mended_if_it_raises(attempt: Attempt) -> Finding | None:
    """Look for the one edit after which an answer that raises is right, at least in part."""
    if any(trial.first.fault for trial in attempt.trials):
        return mended(attempt) or mended_in_part(attempt)
    return None


def mended(attempt: Attempt) -> Finding | None:
    """Look for the one edit of the learner's code after which it is right."""
    edit = search(attempt).whole
    return told(attempt, edit) if edit else None


def mended_in_part(attempt: Attempt) -> Finding | None:
    """Look for the one edit that mends the kind of input that goes wrong first."""
    edit = search(attempt).part
    return told(attempt, edit) if edit else None


class Mended(NamedTuple):
    """The edit that makes an answer right, or one that makes it right on common inputs."""

    whole: Edit | None = None
    part: Edit | None = None


def search(attempt: Attempt) -> Mended:
    """Try the edits of an answer one after the other, once for all examiners that ask."""
    if "mended" not in attempt.notes:
        attempt.notes["mended"] = tried(attempt)
    found: Mended = attempt.notes["mended"]
    return found


def tried(attempt: Attempt) -> Mended:
    """Try the edits of an answer one after the other, until one makes it right."""
    tree = source_of(attempt.yours)
    if tree is None or attempt.yours is None:
        return Mended()
    failed = [trial for trial in attempt.trials if not attempt.passed(trial)]
    kind = failed[0].case.kind
    part = None
    for edit in in_time(likely(attempt, tree, failed)[:MOST]):
        edited = compiled(attempt.yours, tree, edit)
        if edited is None or not all(passes(attempt, edited, trial) for trial in attempt.trials):
            continue
        if all(passes(attempt, edited, trial) for trial in attempt.every):
            return Mended(whole=edit)
        part = part or (edit if kind in COMMON else None)
    return Mended(part=part)


def likely(attempt: Attempt, tree: ast.FunctionDef, failed: list[Trial]) -> list[Edit]:
    """Return the edits that can be the mistake, by the inputs that go wrong."""
    kind = failed[0].case.kind
    batch = kind in ("batch", "single") and any(t.case.kind == "plain" for t in attempt.trials)
    each = edits(tree, parameters(attempt, tree, failed[0]), batch=batch)
    edge = kind not in COMMON or all(lacks_something(attempt, trial) for trial in failed)
    if edge and all(trial.first.fault for trial in failed):
        return [edit for edit in each if edit.name in SPARES]
    if kind not in COMMON:
        return [edit for edit in each if edit.name not in EVERYWHERE]
    return each


def mended_twice(attempt: Attempt) -> Finding | None:
    """Look for two edits of the learner's code that make it right together."""
    tree = source_of(attempt.yours)
    if tree is None or attempt.yours is None:
        return None
    failed = [trial for trial in attempt.trials if not attempt.passed(trial)]
    each = [edit for edit in edits(tree, parameters(attempt, tree, failed[0]), batch=False)
            if edit.name in PLAIN][:FEW]  # fmt: skip
    for one, other in in_time(combinations(each, 2)):
        if one.changes[0][0] == other.changes[0][0]:
            continue
        both = Edit(one.changes + other.changes, "", "", "", one.at)
        edited = compiled(attempt.yours, tree, both)
        if edited and all(passes(attempt, edited, trial) for trial in (*failed, *attempt.every)):
            return two_things(told(attempt, one), told(attempt, other))
    return None


def lacks_something(attempt: Attempt, trial: Trial) -> bool:
    """Tell whether one of the arrays that come in is empty, or left out."""
    args = trial.case.args
    return len(args) < len(attempt.exercise.arguments) or any(
        isinstance(arg, np.ndarray) and not arg.size for arg in args
    )


def in_time(each: Iterable[T]) -> Iterator[T]:
    """Yield one after the other, until the time is over."""
    end = time.process_time() + SECONDS
    for i, one in enumerate(each):
        if i % 50 == 0 and time.process_time() > end:
            return
        yield one


def parameters(attempt: Attempt, tree: ast.FunctionDef, trial: Trial) -> list[str]:
    """Return the names in the code: of the arguments that are arrays, and of what it makes."""
    named = [each.arg for each in (*tree.args.posonlyargs, *tree.args.args)]
    given = dict(zip(attempt.exercise.arguments, trial.case.args, strict=False))
    found = [mine for mine, name in zip(named, attempt.exercise.arguments, strict=False)
             if isinstance(given.get(name), np.ndarray)]  # fmt: skip
    stored = [node.id for node in ast.walk(tree)
              if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]  # fmt: skip
    return list(dict.fromkeys(found + stored))


def source_of(function: Any) -> ast.FunctionDef | None:
    """Return the code of a function as a tree, if it can be read and comes to an end."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    found = tree.body[0] if tree.body else None
    if not isinstance(found, ast.FunctionDef) or found.decorator_list:
        return None
    if any(isinstance(node, ast.While) for node in ast.walk(found)):
        return None
    same = compiled(function, found, None)
    return found if same and says_the_same(same.__code__, function.__code__) else None


def says_the_same(one: CodeType, other: CodeType) -> bool:
    """Tell whether two codes have the same names and constants: a file may have changed."""
    plain = [[each for each in code.co_consts if not isinstance(each, CodeType)]
             for code in (one, other)]  # fmt: skip
    names = [(code.co_names, code.co_varnames) for code in (one, other)]
    return names[0] == names[1] and repr(plain[0]) == repr(plain[1])


def compiled(function: Any, tree: ast.FunctionDef, edit: Edit | None) -> Any:
    """Return the function with an edit, in the place where it stands; the tree stays as it is."""
    before = [slot.node for slot, _ in edit.changes] if edit else []
    for slot, new in edit.changes if edit else ():
        slot.put(ast.fix_missing_locations(ast.copy_location(new, slot.node)))
    try:
        made = compile(ast.Module([tree], []), "<edited>", "exec")
    except (SyntaxError, ValueError, TypeError):
        return None
    finally:
        for (slot, _), old in zip(edit.changes if edit else (), before, strict=True):
            slot.put(old)
    code = next(each for each in made.co_consts
                if isinstance(each, CodeType) and each.co_name == tree.name)  # fmt: skip
    scope = dict(function.__globals__)
    names, cells = function.__code__.co_freevars, function.__closure__ or ()
    for name, cell in zip(names, cells, strict=False):
        scope[name] = cell.cell_contents
    scope.setdefault("np", np)
    edited = FunctionType(code, scope, tree.name, function.__defaults__)
    edited.__kwdefaults__ = function.__kwdefaults__
    scope[tree.name] = edited  # it may call itself
    return edited


def passes(attempt: Attempt, edited: Function, trial: Trial) -> bool:
    """Tell whether an edited function gives the right answer to a trial."""
    outcome = run_once(attempt.exercise, edited, trial.case.args, attempt.convert)
    return not outcome.modified and right(attempt.exercise, outcome, trial.expected)


def told(attempt: Attempt, edit: Edit) -> Finding:
    """Return the finding: what is wrong in which line, and what it led to."""
    shown = next(trial for trial in attempt.trials if not attempt.passed(trial))
    fault = shown.first.fault
    evidence = f"{fault.says}\n{fault.evidence}".strip() if fault else difference(attempt, shown)
    first = attempt.yours.__code__.co_firstlineno if attempt.yours else 1
    line = first + getattr(edit.at, "lineno", 1) - 1
    return Finding(edit.name, f"line {line}: {edit.says}", evidence, edit.look, named=True)
