"""The shapes that docstrings name, compared with what their examples hand over and get back.

While the examples of a module run, each call of a public function is watched: an argument whose
entry says "of shape (n, d)" must have that shape, and so must what is returned. A letter keeps its
value within a call.
"""

import doctest
import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.shapes.checker import fit
from tests.test_docstrings import PUBLIC, entries, parameters, section, text_of

SIZES = r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)"
SHAPES = re.compile(rf"of shape ({SIZES}(?: or {SIZES})*)")
SCALAR = re.compile(r"optional|None|\b(?:int|float),? or ")
MANY = re.compile(r"^(?:dict|mapping|sequence|list|tuple|iterable|arrays|tensors)\b")


class Named(NamedTuple):
    """One entry of a docstring that names a shape: of an argument, or of what is returned."""

    name: str
    shapes: tuple[tuple[str, ...], ...]
    several: bool
    optional: bool


def named(name: str, kind: str) -> Named | None:
    """Return the shapes that the words on a type name, if they do."""
    found = SHAPES.search(kind)
    if not found:
        return None
    shapes = [re.split(r",\s*", each) for each in re.findall(SIZES, found[1])]
    sizes = tuple(tuple(size for size in each if size) for each in shapes)
    return Named(name, sizes, bool(MANY.match(kind)), bool(SCALAR.search(kind)))


class Watched(NamedTuple):
    """A function, and the shapes that its docstring names."""

    place: str
    takes: list[Named]
    returns: list[Named | None]
    holds: list[Named]


def watched(place: str, thing: Any) -> Watched:
    """Read the docstring of a public function or class."""
    text = text_of(thing)
    takes = [each for names, kind in entries(text, "Parameters") for name in names.split(", ")
             if name in parameters(thing) and (each := named(name, kind))]  # fmt: skip
    lines = re.findall(r"^\S.*", section(inspect.getdoc(thing) or "", "Returns"), re.MULTILINE)
    returns = [named("what is returned", line) for line in lines]
    if inspect.isclass(thing):
        return Watched(place, takes, [], attributes(thing))
    return Watched(place, takes, returns, [])


def attributes(thing: type) -> list[Named]:
    """Return the shapes that a class names under Attributes; "of the same shape" repeats one."""
    found: list[Named] = []
    for names, kind in entries(inspect.getdoc(thing) or "", "Attributes"):
        for name in names.split(", "):
            if each := named(name, kind):
                found.append(each)
            elif "of the same shape" in kind and found:
                found.append(found[-1]._replace(name=name))
    return found


def shapes_in(value: Any, *, several: bool) -> list[tuple[int, ...]]:
    """Return the shape of a value, or those of the values that it holds."""
    if several and not hasattr(value, "shape"):
        held = value.values() if isinstance(value, dict) else value
        return [each.shape for each in held if hasattr(each, "shape")] if hasattr(
            held, "__len__") else []  # fmt: skip
    return [tuple(value.shape)] if hasattr(value, "shape") else []


def wrong(each: Named, value: Any, letters: dict[str, int], place: str) -> Iterator[str]:
    """Yield what is wrong with the shape of a value; learn the letters where it is right."""
    for shape in shapes_in(value, several=each.several):
        told = []
        for sizes in each.shapes:
            learned = dict(letters)
            try:
                agree(shape, sizes, learned, f"{place}, {each.name}")
            except AssertionError as error:
                told.append(str(error))
                continue
            if not each.several and len(each.shapes) == 1:
                letters.update(learned)
            break
        else:
            yield " and ".join(told)


def agree(shape: tuple[int, ...], sizes: tuple[str, ...], letters: dict[str, int], at: str) -> None:
    """Compare a shape with sizes of which an ellipsis may stand first, last or between."""
    dots = [i for i, size in enumerate(sizes) if size in ("...", "…")]
    if dots and dots[0] > 0:
        head, tail = sizes[: dots[0]], sizes[dots[0] + 1 :]
        head = head[:-1] if head[-1:] == tail[:1] else head  # (n, 1, …, 1, m)
        assert len(shape) >= len(head) + len(tail), f"{at}: {shape} is too short for {sizes}"
        fit(shape[: len(head)], list(head), letters, at)
        if tail:
            fit(shape[-len(tail) :], list(tail), letters, at)
    else:
        fit(shape, list(sizes), letters, at)


WATCHED = {place: watched(place, thing) for place, thing in PUBLIC.items()}
PLACES = {thing: place for place, thing in PUBLIC.items() if WATCHED[place].holds}
"""The public classes that name the shapes of what they hold."""
ELSEWHERE = {
    "qkv_lib.data.digits.Digits", "qkv_lib.exact.processes.RankReport",
    "qkv_lib.formula.steps.AttentionSteps", "qkv_lib.models.encoder.Tokens",
    "qkv_lib.models.translator.Memory",
}  # fmt: skip
"""Those that no example of their own module hands over whole: looked at where others do."""


class Report:
    """What was seen while examples ran."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.seen: set[tuple[str, str]] = set()
        self.calls: dict[str, dict[str, Any]] = {}
        """The first call of each function that returns something."""

    def look(self, about: Watched, each: Named, value: Any, letters: dict[str, int]) -> None:
        """Compare one value with its entry."""
        if value is not None:
            self.seen.add((about.place, each.name))
            self.faults += wrong(each, value, letters, about.place)

    def look_inside(self, value: Any) -> None:
        """Compare what a value of a public class holds with what the class says of it."""
        about = WATCHED.get(PLACES.get(type(value), ""))
        letters: dict[str, int] = {}
        for each in about.holds if about else []:
            self.look(about, each, getattr(value, each.name, None), letters)

    def wrapped(self, about: Watched, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that looks at what it is given and at what it returns."""
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                given = signature.bind(*args, **kwargs).arguments
            except TypeError:  # the function says what it misses
                given = {}
            letters = {name: value for name, value in given.items() if type(value) is int}
            for each in about.takes:
                self.look(about, each, given.get(each.name), letters)
            result = function(*args, **kwargs)
            self.calls.setdefault(about.place, dict(given))
            several = isinstance(result, tuple) and len(about.returns) > 1
            for one, value in zip(about.returns, result if several else [result], strict=False):
                if one:
                    self.look(about, one, value, letters)
            for value in (*given.values(), result):
                self.look_inside(value)
            return result

        return call


@contextmanager
def watching(examples: Iterable[doctest.DocTest]) -> Iterator[Report]:
    """Watch the calls of public functions for a while, also those that examples make."""
    report, undo = Report(), []
    new = {id(PUBLIC[place]): report.wrapped(about, PUBLIC[place])
           for place, about in WATCHED.items() if inspect.isfunction(PUBLIC[place])}  # fmt: skip
    modules = [module for name, module in sys.modules.items() if name.startswith("qkv_lib")]
    for names in [*map(vars, modules), *(each.globs for each in examples)]:
        for name, thing in list(names.items()):
            if id(thing) in new:
                undo.append((names, name, thing))
                names[name] = new[id(thing)]
    for place, thing in PUBLIC.items():
        if inspect.isclass(thing) and "__init__" in vars(thing) and WATCHED[place].takes:
            undo.append((thing, "__init__", thing.__init__))
            thing.__init__ = report.wrapped(WATCHED[place], thing.__init__)
    try:
        yield report
    finally:
        for where, name, thing in undo:
            where.__setitem__(name, thing) if isinstance(where, dict) else setattr(
                where, name, thing
            )


def unseen(module: str, report: Report) -> list[str]:
    """Return the named shapes of a module's own functions that its examples never touch."""
    about = [each for place, each in WATCHED.items() if place.rpartition(".")[0] == module]
    named = [(each.place, one) for each in about for one in (*each.takes, *each.returns)]
    named += [(each.place, one) for each in about if each.place not in ELSEWHERE
              for one in each.holds]  # fmt: skip
    wanted = {(place, one.name) for place, one in named if one and not one.optional}
    return sorted(f"{place}: {name}" for place, name in wanted - report.seen)
