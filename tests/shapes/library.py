"""The library, each function of a module so changed that it checks the shapes its comments name."""

import builtins
import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType

from tests.shapes.checker import check_shape
from tests.shapes.wrapped import NAME, comments, wrapped
from workshop.pages import ROOT, tracked

FILES = [
    path for path in tracked(ROOT / "qkv_lib")
    if path.suffix == ".py" and "exercises" not in path.parts
    and any(comments(path.read_text(encoding="utf-8")))
]  # fmt: skip


def modules() -> list[ModuleType]:
    """Return the modules in whose comments shapes stand."""
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES)
    return [importlib.import_module(name) for name in names]


def functions(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions and methods that a module defines."""
    classes = [each for each in vars(module).values() if inspect.isclass(each)]
    for holder in (module, *classes):
        for each in vars(holder).values():
            plain = inspect.unwrap(getattr(each, "__func__", each)) if callable(each) else None
            if inspect.isfunction(plain) and plain.__module__ == module.__name__:
                yield plain


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a compiled program and the functions in it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from codes(each)


def checking(module: ModuleType) -> dict[FunctionType, CodeType]:
    """Return the functions of a module, each with a code that checks the shapes it names."""
    source = wrapped(inspect.getsource(module), module.__name__)
    program = compile(source, str(module.__file__), "exec")
    new = {(each.co_qualname, each.co_firstlineno): each for each in codes(program)}
    places = {each: (each.__code__.co_qualname, each.__code__.co_firstlineno)
              for each in functions(module)}  # fmt: skip
    return {function: new[place] for function, place in places.items()}


@contextmanager
def checked() -> Iterator[None]:
    """Let the functions of the library check the shapes that their comments name, for a while."""
    new = {f: code for module in modules() for f, code in checking(module).items()}
    old = {function: function.__code__ for function in new}
    setattr(builtins, NAME, check_shape)
    try:
        for function, code in new.items():
            function.__code__ = code
        yield
    finally:
        for function, code in old.items():
            function.__code__ = code
        delattr(builtins, NAME)
