"""Every public name says what it takes, returns and raises, and has an example.

`tests/shapes/test_documented.py` runs the examples.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

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


def missing(function: Any) -> list[str]:
    """Return the sections that a function owes and has not."""
    docstring = text_of(function)
    returns = inspect.signature(function).return_annotation not in (None, "None")
    told = section(docstring, "Returns") or section(docstring, "Yields")
    return ["Returns"] * (returns and not told) + ["Raises"] * (
        can_refuse(function) and not section(docstring, "Raises")
    )


def faults(rule: Callable[[Any], Any], things: dict[str, Any]) -> dict[str, Any]:
    """Return what is wrong by a rule, by the name of what it is wrong about."""
    found = {name: rule(thing) for name, thing in things.items()}
    return {name: wrong for name, wrong in found.items() if wrong}


def test_every_module_says_what_is_public() -> None:
    assert [m for m in MODULES if not is_private(m) and not has_a_surface(m)] == []


def test_every_parameter_is_documented() -> None:
    assert [name for name, thing in PUBLIC.items() if not inspect.getdoc(thing)] == []
    assert faults(lambda thing: parameters(thing) - documented(text_of(thing)), PUBLIC) == {}


def test_returns_and_errors_are_documented() -> None:
    assert faults(missing, FUNCTIONS) == {}


def test_every_function_has_an_example() -> None:
    examples = {name: section(inspect.getdoc(x) or "", "Examples") for name, x in FUNCTIONS.items()}
    assert [name for name, example in examples.items() if ">>> " not in example] == []


def test_every_entry_is_read_as_meant() -> None:
    assert faults(lambda thing: misread(inspect.getdoc(thing) or ""), PUBLIC) == {}


def test_no_property_opens_like_a_type() -> None:
    found = {f"{name}.{each}": docstring for name, thing in CLASSES.items()
             for each, docstring in properties(thing).items()}  # fmt: skip
    assert [name for name, docstring in found.items() if opens_like_a_type(docstring)] == []


def test_every_constant_says_what_it_is() -> None:
    def opening(module: str, name: str) -> str:
        docs = ModuleAnalyzer.for_module(module).find_attr_docs()
        return docs.get(("", name), [""])[0]

    first = {each: opening(*each) for each in CONSTANTS}
    assert [each for each, line in first.items() if not line or opens_like_a_type(line)] == []


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
    assert faults(missing, {"bad": bad}) == {"bad": ["Returns", "Raises"]}
    assert len(PUBLIC) > 10
