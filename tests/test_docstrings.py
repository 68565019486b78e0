"""Every public name says what it takes, returns and raises, and has an example.

`tests/shapes/test_documented.py` runs the examples.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from sphinx.pycode import ModuleAnalyzer

import qkv_lib
from qkv_lib.exact.cache import KVCache

MODULES = sorted(
    ["qkv_lib", *(m.name for m in pkgutil.walk_packages(qkv_lib.__path__, "qkv_lib."))]
)


def is_private(module: str) -> bool:
    return any(part.startswith("_") for part in module.split("."))


def has_a_surface(module: str) -> bool:
    """Whether the module lists what it offers, or the package above it (not the root) does."""
    above = module.rpartition(".")[0]
    return hasattr(importlib.import_module(module), "__all__") or (
        above not in ("", "qkv_lib") and has_a_surface(above)
    )


def member(module: ModuleType, name: str) -> Any:
    """Return what a module lists: a name of its own, or a module of the package that it is."""
    own = getattr(module, name, None)
    return importlib.import_module(f"{module.__name__}.{name}") if own is None else own


def public() -> Iterator[tuple[str, Any]]:
    """Return all that some ``__all__`` lists, under the name of the module that defines it."""
    for module in map(importlib.import_module, MODULES):
        for name in getattr(module, "__all__", ()):
            thing = member(module, name)
            if inspect.isfunction(thing) or inspect.isclass(thing):
                yield f"{thing.__module__}.{name}", thing


PUBLIC = dict(sorted(public()))
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}
CLASSES = {name: thing for name, thing in PUBLIC.items() if inspect.isclass(thing)}


def constants() -> Iterator[tuple[str, str]]:
    """Yield all else that some ``__all__`` lists, by the module that sets it."""
    for module in map(importlib.import_module, MODULES):
        for name in getattr(module, "__all__", ()):
            is_set = re.search(rf"^(\w+, )*{name}\b.* = ", inspect.getsource(module), re.MULTILINE)
            if is_set and not callable(getattr(module, name)):
                yield module.__name__, name


CONSTANTS = sorted(constants())


def text_of(thing: Any) -> str:
    """Return the docstring, with those of the functions whose conventions it says it shares."""
    docstring = inspect.getdoc(thing) or ""
    for other in re.findall(r"are those of `(?:\w+\.)*(\w+)`", docstring):
        shared = {x for name, x in PUBLIC.items() if name.endswith("." + other)}
        docstring = "\n".join([docstring, *map(text_of, shared)])
    return docstring


def section(docstring: str, title: str) -> str:
    """Return all text under a numpydoc title, empty where there is none."""
    return "".join(
        re.findall(rf"^{title}\n-+\n(.*?)(?=^[A-Z]\w+\n-+\n|\Z)", docstring, re.M | re.S)
    )


def entries(docstring: str, title: str) -> list[tuple[str, str]]:
    """Return the entries under a title: the names together in one, and the words on their type."""
    names = r"\*{0,2}\w+(?:, \*{0,2}\w+)*"
    return re.findall(rf"^({names})(?: : (.*)|$)", section(docstring, title), re.M)


def documented(docstring: str) -> set[str]:
    """Return the names a docstring describes under Parameters and Attributes."""
    heads = entries(docstring, "Parameters") + entries(docstring, "Attributes")
    return {name.lstrip("*") for head, _ in heads for name in head.split(", ")}


def misread(docstring: str) -> list[str]:
    """Return the entries that the library reference would not show as they are meant.

    Of several attributes in one entry it takes all but the last for a type; a type that holds
    code or a link loses its style.
    """
    shared = [names for names, _ in entries(docstring, "Attributes") if "," in names]
    heads = entries(docstring, "Parameters") + entries(docstring, "Attributes")
    kinds = [kind for _, kind in heads]
    kinds += re.findall(r"^\S.*", section(docstring, "Returns"), re.M)
    return shared + [kind for kind in kinds if "`" in kind]


def opens_like_a_type(docstring: str) -> bool:
    """Whether the reference takes what stands before a colon in the first line for a type."""
    return ":" in re.sub(r"`+[^`]*`+", "", docstring.partition("\n")[0])


def properties(thing: Any) -> dict[str, str]:
    return {n: inspect.getdoc(x) or "" for n, x in vars(thing).items() if isinstance(x, property)}


def parameters(thing: Any) -> set[str]:
    return {name for name in inspect.signature(thing).parameters if not name.startswith("_")}


def can_refuse(function: Any) -> bool:
    """Whether the body raises, or calls a check that does."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = {getattr(call, "id", getattr(call, "attr", "")) for call in calls}
    return any(isinstance(node, ast.Raise) for node in ast.walk(tree)) or any(
        name.startswith("check_") for name in names
    )


@pytest.mark.parametrize("name", [m for m in MODULES if not is_private(m)])
def test_every_module_says_what_is_public(name: str) -> None:
    assert has_a_surface(name)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_parameter_is_documented(name: str) -> None:
    thing = PUBLIC[name]
    docstring = text_of(thing)
    assert inspect.getdoc(thing)
    assert not parameters(thing) - documented(docstring)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_returns_and_errors_are_documented(name: str) -> None:
    function = FUNCTIONS[name]
    docstring = text_of(function)
    if inspect.signature(function).return_annotation not in (None, "None"):
        assert section(docstring, "Returns") or section(docstring, "Yields")
    if can_refuse(function):
        assert section(docstring, "Raises")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_example(name: str) -> None:
    assert ">>> " in section(inspect.getdoc(FUNCTIONS[name]) or "", "Examples")


@pytest.mark.parametrize("name", PUBLIC)
def test_every_entry_is_read_as_meant(name: str) -> None:
    assert misread(inspect.getdoc(PUBLIC[name]) or "") == []


@pytest.mark.parametrize("name", CLASSES)
def test_no_property_opens_like_a_type(name: str) -> None:
    found = properties(CLASSES[name])
    assert [each for each, docstring in found.items() if opens_like_a_type(docstring)] == []


@pytest.mark.parametrize(("module", "name"), CONSTANTS)
def test_every_constant_says_what_it_is(module: str, name: str) -> None:
    lines = ModuleAnalyzer.for_module(module).find_attr_docs().get(("", name), [""])
    assert lines[0]
    assert not opens_like_a_type(lines[0])


def test_the_rules_of_the_reference_bite() -> None:
    docstring = """Be two.

    Attributes
    ----------
    one, two : int
    three : int or ``None``
    four : int

    Returns
    -------
    at most ``four``
        Of ``three``.
    """
    found = ["one, two", "int or ``None``", "at most ``four``"]
    assert misread(inspect.cleandoc(docstring)) == found
    assert opens_like_a_type("The keys: a view.")
    assert not opens_like_a_type("The keys, as ``{1: 2}``.\n\nSee: nothing.")
    assert properties(KVCache).keys() == {"key", "value"}
    assert ("qkv_lib.models.translator", "PAD") in CONSTANTS


def test_the_rules_bite() -> None:
    def bad(x: int, y: int) -> int:
        """Do it.

        Parameters
        ----------
        x : int
        """
        if x < y:
            raise ValueError
        return x

    docstring = inspect.getdoc(bad) or ""
    assert parameters(bad) - documented(docstring) == {"y"}
    assert can_refuse(bad)
    assert not section(docstring, "Raises")
    assert not section(docstring, "Returns")
    assert len(PUBLIC) > 10
