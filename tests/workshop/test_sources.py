"""Rules that every source keeps: tests that can fail, lists that hold something, style, spelling.

What reads the sources here is quick; `make lint` says the same in other words, and types too.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nbformat
import pytest

from tests.book.test_notebooks import NOTEBOOKS
from workshop.chinese.messages import magic_free
from workshop.pages import ROOT, tracked

SOURCES = [path for path in tracked(ROOT) if path.suffix == ".py"]
TESTS = [path for path in SOURCES if path.is_relative_to(ROOT / "tests")]
LIBRARY = [path for path in SOURCES if path.is_relative_to(ROOT / "qkv_lib")]
Function = ast.FunctionDef | ast.AsyncFunctionDef
EXPECTS = re.compile(
    r"^(pytest\.(raises|warns|fail)|(np|torch)\.testing\.|(\w+\.)*(assert|expect))"
)
ONLY_RUNS = {"test_the_inputs_stay_as_they_were"}  # an array that is read-only is the assertion


@cache
def tree(path: Path) -> ast.Module:
    """Return a source, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path, node: ast.AST) -> str:
    """Return where something stands."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def functions(path: Path) -> Iterator[Function]:
    """Yield the functions of a source, methods too."""
    yield from (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def called(node: ast.AST) -> set[str]:
    """Return the last names of what a piece of code calls, and whether it asserts as "assert"."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Assert | ast.Raise):
            found.add("assert")
        elif isinstance(each, ast.Call):
            name = ast.unparse(each.func)
            found.add("assert" if EXPECTS.match(name) else name.rpartition(".")[2])
        elif isinstance(each, ast.Yield | ast.YieldFrom):  # a case, which `evaluated` tries
            found.add("yield")
    return found


@cache
def asserting() -> frozenset[str]:
    """Return the names of helpers that assert, themselves or by what they call."""
    calls: dict[str, set[str]] = {}
    for path in TESTS:
        for node in functions(path):
            calls.setdefault(node.name, set()).update(called(node))
    known = {"assert"}
    while found := {name for name, names in calls.items() if names & known} - known:
        known |= found
    return frozenset(known)


def is_test(path: Path, node: Function) -> bool:
    """Tell whether pytest takes a function for a test."""
    return node.name.startswith("test") and path.name.startswith("test_")


def can_fail(node: Function, helpers: frozenset[str]) -> bool:
    """Tell whether a test asserts something, and not only behind a return."""
    for statement in node.body:
        if called(statement) & helpers:
            return True
        if isinstance(statement, ast.Return):
            return False
    is_equation = any("evaluated" in ast.unparse(each) or "by_hand" in ast.unparse(each)
                      for each in node.decorator_list)  # fmt: skip
    return is_equation and "yield" in called(node)


def test_every_test_asserts_something_or_expects_an_error() -> None:
    helpers = asserting()
    found = [(path, node) for path in TESTS for node in functions(path) if is_test(path, node)]
    assert len(found) > 1000
    assert [f"{place(path, node)} {node.name} asserts nothing" for path, node in found
            if node.name not in ONLY_RUNS and not can_fail(node, helpers)] == []  # fmt: skip


LEAST = re.compile(r"len\([^()]*\) >= 0")
ALWAYS = """
assert True
assert x or True
assert x == x
assert (x == 1, "words")
assert len(x) >= 0
assert "words"
""".strip().splitlines()


def always_true(test: ast.expr) -> bool:
    """Tell whether a condition holds whatever its names stand for."""
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=parts):
            return bool(parts)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(map(always_true, parts))
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(map(always_true, parts))
        case ast.Compare(ops=[ast.Eq() | ast.Is() | ast.LtE() | ast.GtE()]):
            sides = {ast.unparse(each) for each in (test.left, *test.comparators)}
            calls = any(isinstance(each, ast.Call) for each in ast.walk(test))
            return (len(sides) == 1 and not calls) or bool(LEAST.fullmatch(ast.unparse(test)))
    return False


def idle(node: ast.AST) -> Iterator[ast.Assert]:
    """Yield the asserts in a piece of code that cannot fail."""
    for each in ast.walk(node):
        if isinstance(each, ast.Assert) and always_true(each.test):
            yield each


def cells() -> Iterator[tuple[Path, str, str]]:
    """Yield page, name and source of each cell of code."""
    for page in NOTEBOOKS:
        for cell in nbformat.read(page, as_version=4).cells:
            if cell.cell_type == "code":
                yield page, cell.id, cell.source


def test_no_assert_is_always_true() -> None:
    found = [place(path, node) for path in TESTS for test in functions(path)
             if is_test(path, test) for node in idle(test)]  # fmt: skip
    found += [f"{page.name}, {name}: {ast.unparse(node)}" for page, name, source in cells()
              for node in idle(ast.parse(magic_free(source)))]  # fmt: skip
    assert found == [], "what can be false here?"


LOOSEST = {
    "tests/plots": 0.5,  # points of a picture
    "tests/experiments": 0.12, "tests/models": 0.05, "tests/data": 0.06, "tests/layers": 0.03,
    "tests/drawings": 0.1, "tests/explorers": 0.06, "tests/book": 0.02, "tests/exact": 0.05,
    "tests/equations": 0.05, "tests/formula": 2e-3, "tests/workshop": 1.0, "tests/measures": 1e-3,
}  # fmt: skip
"""What tests of a folder may differ by: pictures, what is drawn at random, half precision."""
LOOSE = 1e-4
TOLERANCES = {"atol", "rtol", "abs", "rel", "abs_tol", "rel_tol"}


def tolerances(module: ast.AST) -> Iterator[ast.Constant]:
    """Yield the tolerances that a source writes as numbers."""
    for node in ast.walk(module):
        if isinstance(node, ast.keyword) and node.arg in TOLERANCES:
            for each in ast.walk(node.value):
                if isinstance(each, ast.Constant) and type(each.value) in (int, float):
                    yield each


def test_no_tolerance_is_wider_than_what_is_compared_needs() -> None:
    found = []
    for path in TESTS:
        folder = path.parent.relative_to(ROOT).as_posix()
        most = LOOSEST.get(folder, LOOSE)
        found += [f"{place(path, each)}: {each.value}, and at most {most} in {folder}"
                  for each in tolerances(tree(path)) if each.value > most]  # fmt: skip
    assert found == [], "find out why it differs by so much"


def test_a_wide_tolerance_is_found() -> None:
    module = ast.parse("close(x, y, atol=1e-2 if half else 0.0, rtol=tight)")
    assert [each.value for each in tolerances(module)] == [1e-2, 0.0]


def empty(value: ast.expr | None) -> bool:
    """Tell whether a value holds nothing."""
    match value:
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Constant(value="" | b""):
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset" | "dict" | "list" | "tuple"),
                      args=[], keywords=[]):  # fmt: skip
            return True
        case ast.Call(func=ast.Name(id="frozenset" | "set" | "tuple"), args=[held]):
            return empty(held)
        case ast.Call(func=ast.Attribute(value=held, attr="split" | "splitlines")):
            return empty(held)
    return False


def constants(module: ast.Module) -> Iterator[tuple[ast.AST, str, ast.expr | None]]:
    """Yield the constants of a module: what it names in capitals."""
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else (
            [node.target] if isinstance(node, ast.AnnAssign) else [])  # fmt: skip
        for target in targets:
            if isinstance(target, ast.Name) and target.id.isupper():
                yield node, target.id, node.value  # type: ignore[union-attr]


def filled_later(module: ast.Module, name: str) -> bool:
    """Tell whether a module itself fills what it names."""
    ways = rf"\b{name}(\[|\.(append|add|update|setdefault|extend|insert|register)\b| \|= )"
    return re.search(ways, ast.unparse(module)) is not None


def test_no_list_that_something_is_looked_up_in_is_empty() -> None:
    found = [f"{place(path, node)} {name} is empty" for path in SOURCES
             for node, name, value in constants(tree(path))
             if empty(value) and not filled_later(tree(path), name)]  # fmt: skip
    assert found == [], "what was in it? A list without members lets everything through"


GLOBAL = re.compile(
    r"^(np\.random\.(?!default_rng$|Generator$|SeedSequence$|PCG64$)\w+|random\.\w+"
    r"|torch\.(manual_seed|seed|random\.\w+|set_default_\w+|set_num_threads|cuda\.manual_seed\w*)"
    r"|np\.(seterr|set_printoptions)|torch\.set_printoptions|warnings\.(simplefilter|filterwarnings)"
    r"|locale\.setlocale|os\.(putenv|chdir)|plt\.rcParams\.update|matplotlib\.use)$"
)


ALLOWED = {
    "qkv_lib/exact/processes.py": "a process of its own, which ends with it",
    "qkv_lib/experiments/__main__.py": "a command of its own",
    "qkv_lib/plots/style.py": "`use_style` is asked to change it",
}


def reaches_out(path: Path) -> Iterator[ast.AST]:
    """Yield the calls that change what all of the program shares, outside a `with` block."""
    guarded = {id(each) for node in ast.walk(tree(path)) if isinstance(node, ast.With)
               for each in ast.walk(node)}  # fmt: skip
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and GLOBAL.match(ast.unparse(node.func)):
            if id(node) not in guarded:
                yield node
        elif isinstance(node, ast.Assign) and re.match(
            r"(os\.environ|plt\.rcParams|mpl\.rcParams)\[", ast.unparse(node.targets[0])
        ):
            yield node


def test_the_library_changes_no_seed_and_no_setting_of_its_caller() -> None:
    found = [f"{place(path, node)} {ast.unparse(node)}" for path in LIBRARY
             for node in reaches_out(path)
             if str(path.relative_to(ROOT)) not in ALLOWED]  # fmt: skip
    assert found == [], "take a generator as an argument, or restore what was set in a `with`"


@pytest.mark.parametrize("command", [("ruff", "check"), ("ruff", "format", "--check"),
                                     ("workshop.spelling",)], ids=" ".join)  # fmt: skip
def test_style_and_spelling(command: tuple[str, ...]) -> None:
    sources = [str(path) for path in tracked(ROOT) if path.suffix in {".py", ".ipynb"}]
    files = ["--force-exclude", *sources] if command[0] == "ruff" else []
    ran = subprocess.run([sys.executable, "-m", *command, *files], cwd=ROOT, capture_output=True,
                         text=True, encoding="utf-8", check=False)  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]


@pytest.mark.parametrize("text", ALWAYS)
def test_an_assert_that_is_always_true_is_found(text: str) -> None:
    assert len(list(idle(ast.parse(text)))) == 1


def test_one_that_can_fail_is_not() -> None:
    for text in ("assert x", "assert f() == f()", "assert x and True", "assert x == y, 'words'"):
        assert list(idle(ast.parse(text))) == []


@pytest.mark.parametrize(("body", "fails"), [
    ("assert x", True), ("helper(x)", True), ("with pytest.raises(ValueError):\n        f()", True),
    ("np.testing.assert_allclose(x, y)", True), ("pass", False), ("f(x)", False),
    ("return\n    assert x", False), ("for x in y:\n        assert x", True),
])  # fmt: skip
def test_a_test_that_asserts_nothing_is_found(body: str, fails: bool) -> None:
    (node,) = ast.parse(f"def test_it(x):\n    {body}\n").body
    assert isinstance(node, ast.FunctionDef)
    assert can_fail(node, frozenset({"assert", "helper"})) is fails


@pytest.mark.parametrize("text", ["X = []", "X = set()", "X = ''", "X = ''.split()",
                                  "X: list[str] = []", "X = frozenset({})"])  # fmt: skip
def test_an_empty_list_is_found(text: str) -> None:
    ((_, name, value),) = constants(ast.parse(text))
    assert empty(value)
    assert not filled_later(ast.parse(text + "\ny |= 1"), name)
    assert filled_later(ast.parse(text + "\nX |= y"), name)
    assert filled_later(ast.parse(text + "\nX.append(1)"), name)


def test_a_seed_for_all_is_found(tmp_path: Path) -> None:
    path = tmp_path / "seeds.py"
    path.write_text("np.random.seed(0)\nrng = np.random.default_rng(0)\ntorch.manual_seed(0)\n"
                    "with fork():\n    torch.manual_seed(1)\nos.environ['X'] = '1'\n")  # fmt: skip
    assert sorted(node.lineno for node in reaches_out(path)) == [1, 3, 6]  # type: ignore[attr-defined]
