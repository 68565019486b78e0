"""The display formulas of the library's docstrings, each under the name of what it documents."""

import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.test_docstrings import MODULES

DISPLAY = re.compile(r"\.\. math::(.*\n(?:\s*\n|[ ]+\S.*\n)*?)(?=\n\S|\Z)")
INLINE = re.compile(r":math:`([^`]*)`")


def owners() -> Iterator[tuple[str, Any]]:
    """Yield every module, function, class and method of the library, by name."""
    for place in MODULES:
        module = importlib.import_module(place)
        yield place.removeprefix("qkv_lib."), module
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", "") == place and callable(thing):
                yield f"{place}.{name}".removeprefix("qkv_lib."), thing
                inside = vars(thing).items() if inspect.isclass(thing) else ()
                for inner, method in inside:
                    function = getattr(method, "__func__", getattr(method, "fget", method))
                    if inspect.isfunction(function):
                        yield f"{place}.{name}.{inner}".removeprefix("qkv_lib."), function


@cache
def displayed() -> dict[str, str]:
    """Return the display formula of each docstring that has one; there is one at most."""
    found: dict[str, str] = {}
    for name, text in docstrings().items():
        formulas = DISPLAY.findall(f"{text}\n\n.")
        assert len(formulas) < 2, (
            f"the docstring of {name} has two formulas: `docstrings` reads one"
        )
        if formulas:
            found[name] = formulas[0].strip()
    return found


@cache
def inline() -> dict[str, list[str]]:
    """Return the formulas in running text that state something, by docstring."""
    found = {
        name: [each for each in INLINE.findall(" ".join(text.split())) if "=" in each]
        for name, text in docstrings().items()
    }
    return {name: formulas for name, formulas in found.items() if formulas}


@cache
def docstrings() -> dict[str, str]:
    """Return the docstring of each, where it is its own."""
    return {
        name: inspect.cleandoc(thing.__dict__.get("__doc__") or "")
        if inspect.isclass(thing) else inspect.cleandoc(thing.__doc__ or "")
        for name, thing in owners()
    }  # fmt: skip
