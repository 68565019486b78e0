"""Nothing that is loaded can run code, and every direct dependency has a named reason."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.workshop.test_dependencies import ROOT, pins

MODULES = sorted((ROOT / "qkv_lib").rglob("*.py"))
UNSAFE_MODULES = {"pickle", "cPickle", "_pickle", "dill", "joblib", "shelve", "marshal"}
UNSAFE_CALLS = {"eval", "exec", "load_module"}


def unsafe(source: str) -> Iterator[str]:
    """Yield what in a module could run code that comes with data."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (a.name for a in names if a.name.partition(".")[0] in UNSAFE_MODULES)
            case ast.ImportFrom(module=str(module)):
                if module.partition(".")[0] in UNSAFE_MODULES:
                    yield module
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load")):
                yield "torch.load"
            case ast.Call(func=ast.Name(id=name)) if name in UNSAFE_CALLS:
                yield name
            case ast.keyword(arg="allow_pickle", value=value):
                if not (isinstance(value, ast.Constant) and value.value is False):
                    yield "allow_pickle"


def test_the_library_loads_no_pickle() -> None:
    found = [(str(path.relative_to(ROOT)), each) for path in MODULES
             for each in unsafe(path.read_text(encoding="utf-8"))]  # fmt: skip
    assert found == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import pickle", "pickle"),
        ("def f():\n    from pickle import loads", "pickle"),
        ("import torch\ntorch.load('x.pt')", "torch.load"),
        ("np.load('x.npy', allow_pickle=True)", "allow_pickle"),
        ("np.load('x.npy', allow_pickle=flag)", "allow_pickle"),
        ("eval(text)", "eval"),
    ],
)
def test_a_pickle_is_found(source: str, found: str) -> None:
    assert list(unsafe(source)) == [found]


def test_what_is_safe_is_passed_over() -> None:
    assert list(unsafe("model.eval()\nnp.load('x.npz', allow_pickle=False)\nimport json")) == []


def table() -> dict[str, tuple[str, str, str]]:
    """Return the rows of the table of dependencies: what for, licence, how alive."""
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w, .-]+?) \| (.+?) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    return {
        re.sub(r"[-_.]+", "-", name.strip()).lower(): (reason, licence, alive)
        for names, reason, licence, alive in rows
        for name in names.split(",")
    }


def test_every_direct_dependency_has_a_reason_a_licence_and_a_state() -> None:
    rows = table()
    assert set(pins("requirements.txt")) - set(rows) == set()
    assert all(cell.strip() for name in pins("requirements.txt") for cell in rows[name])
