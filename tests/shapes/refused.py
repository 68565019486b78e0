"""What docstrings say is refused, tried on the calls that their examples make.

A clause of *Raises* whose words name a condition ("``n`` is no integer of at least 1", "holds NaN")
is brought about: an argument of a call that works is spoilt in this way, and the call must raise an
error of the kind that is promised.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import array_api_compat
import numpy as np

from tests.promises import Promise, promises
from tests.test_docstrings import FUNCTIONS, section

GENERIC = re.compile(r"^(?:An? |One )?(?:size|number|side|count|operand|array)s?\b", re.IGNORECASE)
LEAST = re.compile(r"(?:at least|below|is not above) (\d+)")


class Spoilt(NamedTuple):
    """A call with one bad argument, and the clause that says so."""

    promise: Promise
    what: str
    arguments: dict[str, Any]


def is_array(x: Any) -> bool:
    return array_api_compat.is_array_api_obj(x)


def is_float(x: Any) -> bool:
    return is_array(x) and "float" in str(x.dtype)


def of_ints(x: Any) -> Any:
    return x.astype(np.int64) if isinstance(x, np.ndarray) else x.long()


def with_nan(x: Any) -> Any:
    spoilt = x.copy() if isinstance(x, np.ndarray) else x.clone()
    spoilt[(0,) * spoilt.ndim] = float("nan")
    return spoilt


Way = tuple[str, Callable[[Any], bool], Callable[[Any, re.Match[str]], Any]]


def is_int(x: Any) -> bool:
    return type(x) is int


def is_number(x: Any) -> bool:
    return type(x) in (int, float)


WAYS: list[Way] = [
    (r"no (?:even |positive )?integer\b(?! array)", is_int, lambda x, _: x + 0.5),
    (r"no (?:finite )?number\b|no numbers?\b|wrong type", is_number, lambda _x, _: "three"),
    (r"integer of at least (\d+)", is_int, lambda _, m: int(m[1]) - 1),
    (r"number of at least (\d+)", is_number, lambda _, m: int(m[1]) - 0.5),
    (r"is below (\d+)", is_number, lambda _, m: int(m[1]) - 1),
    (r"even integer|is odd", is_int, lambda _x, _: 3),
    (r"too small|is negative|positive integer", is_int, lambda _x, _: -1),
    (r"not (?:a number )?above 0", is_number, lambda _x, _: 0.0),
    (r"outside 0 to 1", is_number, lambda _x, _: 1.5),
    (r"at most 1\b", is_number, lambda _x, _: 1.5),
    (r"no (?:floating-point |integer )?array|are no floating-point arrays", is_array,
     lambda x, _: x.tolist()),
    (r"no floating-point array", is_float, lambda x, _: of_ints(x)),
    (r"holds? NaN", is_float, lambda x, _: with_nan(x)),
    (r"(?:NaN )?or infinity", is_float, lambda x, _: x + np.inf),
    (r"not boolean", is_array, lambda x, _: x + 0.5),
    (r"fewer than two axes", is_array, lambda x, _: x[(0,) * (x.ndim - 1)]),
    (r"fewer than three axes", is_array, lambda x, _: x[(0,) * (x.ndim - 2)]),
    (r"has not one axis", is_array, lambda x, _: x[None]),
    (r"is unknown|no \w+ of that name|of this name is known", lambda x: type(x) is str,
     lambda _x, _: "nothing of that name"),
    (r"is no word", lambda x: x is None or type(x) is str, lambda _x, _: "no word"),
    (r"no NumPy generator", lambda x: isinstance(x, np.random.Generator), lambda _x, _: 0),
    (r"is empty|there is none|There are no", lambda x: isinstance(x, list | tuple | dict),
     lambda x, _: type(x)()),
]  # fmt: skip
"""Words of a clause, which arguments they can be about, and how such an argument is spoilt."""

BOUND = re.compile(r"(integer|number) of at least (\d+)")
SHAPES = re.compile(r"shapes? (?:do not fit|differ)|lengths differ|do not fit", re.IGNORECASE)


def spoilt(promise: Promise, call: dict[str, Any], others: str) -> Iterator[Spoilt]:
    """Yield the call with each argument spoilt that a clause is about.

    "A size" is none that the `others`, all clauses together, call by its name.
    """
    clause = promise.clause
    named = [name for name in re.findall(r"``(\w+)``", clause) if name in call]
    for words, suits, spoil in WAYS:
        found = re.search(words, clause)
        if not found:
            continue
        before = re.findall(r"``(\w+)``", clause[: found.start()])
        about = [name for name in before if name in call][-1:]
        if not named and GENERIC.search(clause):
            about = [name for name in call if not re.search(rf"\b{name}\b", others)]
        for name in about:
            if suits(call[name]):
                bad = spoil(call[name], found)
                yield Spoilt(promise, f"{name} = {bad!r:.60}", {**call, name: bad})


def at_the_bound(promise: Promise, call: dict[str, Any]) -> Iterator[Spoilt]:
    """Yield the call with the smallest number that a clause allows."""
    found, named = BOUND.search(promise.clause), re.match(r"``(\w+)``", promise.clause)
    if found and named and is_number(call.get(named[1])):
        least = int(found[2]) if found[1] == "integer" else float(found[2])
        yield Spoilt(promise, f"{named[1]} = {least}", {**call, named[1]: least})


def shorter(promise: Promise, call: dict[str, Any]) -> list[Spoilt]:
    """Return the call with an array that lacks its last column, for each of its arrays."""
    if not SHAPES.search(promise.clause):
        return []
    return [Spoilt(promise, f"{name} without its last column", {**call, name: x[..., :-1]})
            for name, x in call.items() if is_array(x) and x.ndim and x.shape[-1] > 1]  # fmt: skip


def outcome(function: Callable[..., Any], arguments: dict[str, Any]) -> str:
    """Return the kind of error that a call raises, or what else it does."""
    signature = inspect.signature(function)
    positional, by_name = [], {}
    for name, value in arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            by_name |= value
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            positional += value
        elif kind is inspect.Parameter.KEYWORD_ONLY:
            by_name[name] = value
        else:
            positional.append(value)
    try:
        found = function(*positional, **by_name)
        if isinstance(found, Iterator):
            next(found, None)
    except Exception as error:
        return type(error).__name__
    return "no error"


def refused(module: str, calls: dict[str, dict[str, Any]]) -> tuple[int, list[str]]:
    """Return the same of all functions of a module."""
    own = [name for name in calls if name.rpartition(".")[0] == module and name in FUNCTIONS]
    found = [broken(name, calls[name]) for name in own]
    return sum(tried for tried, _ in found), [each for _, faults in found for each in faults]


def broken(name: str, call: dict[str, Any]) -> tuple[int, list[str]]:
    """Return how many clauses of a function were tried on a call, and which were not kept."""
    function, tried, faults = FUNCTIONS[name], set(), []
    whole = inspect.signature(function).bind_partial()
    whole.apply_defaults()
    known = {**whole.arguments, **call}
    call = {each: known[each] for each in inspect.signature(function).parameters if each in known}
    raises = section(inspect.getdoc(function) or "", "Raises")
    for promise in promises(name, raises):
        for each in spoilt(promise, call, raises):
            tried.add(promise.clause)
            found = outcome(function, each.arguments)
            if found not in promise.kinds:
                faults.append(f"{name}, {promise.clause!r}: with {each.what} it raises {found}")
        for each in at_the_bound(promise, call):
            if (found := outcome(function, each.arguments)) in promise.kinds:
                faults.append(f"{name}, {promise.clause!r}: even {each.what} raises {found}")
        shapes = shorter(promise, call)
        found_any = [outcome(function, each.arguments) in promise.kinds for each in shapes]
        if shapes:
            tried.add(promise.clause)
            if not any(found_any):
                faults.append(f"{name}, {promise.clause!r}: no array without a column is refused")
    return len(tried), faults
