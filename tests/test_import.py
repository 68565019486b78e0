"""What importing costs, and which way the arrows between the modules point."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import qkv_lib
from tests.holds import holds

ROOT = Path(qkv_lib.__file__).parent
MODULES = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}
# The floors, from the ground up: a module may import from its own and those before it.
FLOORS = (
    "formula",
    "exact",
    "attention",
    "multihead",
    "variants",
    "data",
    "layers",
    "models",
    "measures",
    "experiments",
)
# Beside the floors: each may use all of them, and none of them uses it.
APART = ("plots", "drawings", "explorers", "rosetta", "practice")
SPOKEN = "language"  # what figures and verdicts ask; it uses nothing here
FOR_THE_EYE = ("drawings", "explorers", "practice")  # the last draws only when it is asked to
# Floors on which arrays are all there is, but for the ring, which lives on processes of torch.
ARRAYS = ("formula", "exact", "attention", "multihead", "variants")
RING = ("qkv_lib.exact._ranks", "qkv_lib.exact.ring", "qkv_lib.exact.processes")
PACKAGES = [name for name in (*FLOORS, *APART) if (ROOT / name).is_dir()]
HEAVY = {"torch", "matplotlib"}
# A module with an underscore is for its own package. These are for the ways to attention too, as
# the floors up to `layers` are, and for nothing else.
FOR_THE_WAYS = {
    "qkv_lib.formula._band": "tiles ask it which keys they may skip",
    "qkv_lib.formula._call": "the checked call, which each way takes",
    "qkv_lib.formula._door": "makes it",
    "qkv_lib.formula._fit": "checks operands of ways that have no such call",
    "qkv_lib.formula._numbers": "checks them where there are numbers to look at",
    "qkv_lib.exact._choose": "takes the cheapest way, for `attention` and for the layer",
    "qkv_lib.exact._layout": "cuts operands, for `exact` and for the sparse variant",
}
WAYS = (*ARRAYS, "layers")


def floor(module: str) -> str:
    """Return the first name below `qkv_lib`: the floor, or the room beside the floors."""
    return module.split(".")[1] if "." in module else ""


@cache
def imports(path: Path, module: str) -> frozenset[str]:
    """Return the full names of all that a module imports, wherever in it the import stands."""
    names: set[str] = set()
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            parts = [*(above if node.level else []), *([node.module] if node.module else [])]
            base = ".".join(parts)
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def is_in(name: str, parent: str) -> bool:
    return name == parent or name.startswith(parent + ".")


GROUND = [name for name in MODULES if floor(name) in ("", *ARRAYS) and name not in RING]


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_importing_loads_neither_torch_nor_matplotlib() -> None:
    loaded = run("import sys, qkv_lib; print(*sorted({x.split('.')[0] for x in sys.modules}))")
    assert "numpy" in loaded.split()
    assert not HEAVY & set(loaded.split())


def test_importing_costs_what_numpy_costs() -> None:
    """No part of another package is loaded, nor one of NumPy's that ``import numpy`` leaves out.

    Of the library's own, the ways to attention stay out until a call takes them.
    """
    code = """
import sys, numpy
before = set(sys.modules)
import qkv_lib
print(*sorted(set(sys.modules) - before))
"""
    new = {x for x in run(code).split() if x.split(".")[0] not in sys.stdlib_module_names}
    assert {x for x in new if not is_in(x, "qkv_lib")} == set()
    assert not new & {"qkv_lib.exact.tiles", "qkv_lib.exact.fused", "qkv_lib.exact._layout"}


def test_attention_on_numpy_loads_no_torch() -> None:
    code = """
import sys, numpy as np, qkv_lib
x = np.ones((3, 701, 8))
qkv_lib.attention(x, x, x, causal=True)
print("torch" in sys.modules)
"""
    assert run(code).strip() == "False"


def faults(
    rule: Callable[[str], set[str]], modules: Iterable[str] = MODULES
) -> dict[str, set[str]]:
    """Return what each module imports against a rule."""
    found = {module: rule(module) for module in modules}
    return {module: wrong for module, wrong in found.items() if wrong}


def used(module: str) -> frozenset[str]:
    return imports(MODULES[module], module)


def heavy(module: str) -> set[str]:
    return {x for x in used(module) if x.split(".")[0] in HEAVY}


def up(module: str) -> set[str]:
    """Return what a module takes from above its floor."""
    if floor(module) in APART:
        return set()
    ours = {x for x in used(module) if is_in(x, "qkv_lib")}
    if floor(module) == SPOKEN:
        return ours
    below = {"", "__version__", *FLOORS[: FLOORS.index(floor(module)) + 1]}
    return {x for x in ours if floor(x) not in below}


def beside(module: str) -> set[str]:
    """Return what a module takes from a room beside the floors that is not its own."""
    rooms = {f"qkv_lib.{name}" for name in APART}
    if floor(module) in FOR_THE_EYE:
        rooms -= {"qkv_lib.plots"}  # colours, SVG, maps
    return {x for x in used(module) for room in rooms if is_in(x, room) and not is_in(module, room)}


def another_variant(module: str) -> set[str]:
    return {x for x in used(module) if floor(x) == "variants" and not is_in(x, module)}


def locked(module: str) -> set[str]:
    """Return the modules with an underscore that a module takes from another package."""
    inner = {x for x in used(module) if x in MODULES and x.rpartition(".")[2].startswith("_")}
    found = {x for x in inner if not is_in(module, x.rpartition(".")[0])}
    return found - FOR_THE_WAYS.keys() if floor(module) in WAYS else found


@holds("A module with an underscore is for its own package, or for the ways to attention.")
def test_no_package_imports_the_inner_modules_of_another() -> None:
    assert faults(locked) == {}
    needed = {x for module in MODULES for x in used(module) if floor(module) != floor(x)}
    assert FOR_THE_WAYS.keys() - needed == set()


def test_the_ground_floor_imports_no_torch() -> None:
    assert faults(heavy, GROUND) == {}


def test_arrows_between_the_floors_go_down_only() -> None:
    assert faults(up, filter(floor, MODULES)) == {}


def test_nothing_imports_what_stands_beside() -> None:
    assert faults(beside) == {}


def test_no_variant_imports_another() -> None:
    assert faults(another_variant, [x for x in MODULES if floor(x) == "variants"]) == {}


def test_every_module_stands_on_a_floor() -> None:
    assert {floor(name) for name in MODULES} == {"", *FLOORS, *APART, SPOKEN}


def test_the_names_a_reader_needs_come_from_the_library_itself() -> None:
    assert [name for name in qkv_lib.__all__ if getattr(qkv_lib, name).__name__ != name] == []


def allowed(package: str) -> str:
    """Return what a package may import, as its docstring says it in a line."""
    if package in APART:
        rooms = ["every floor", *["plots"] * (package in FOR_THE_EYE), SPOKEN]
    else:
        rooms = list(FLOORS[: FLOORS.index(package)]) or ["nothing else here"]
    return f"\n\nMay import: {', '.join(rooms)}.\n"


def test_each_package_says_what_it_may_import() -> None:
    texts = {name: import_module(f"qkv_lib.{name}").__doc__ or "" for name in PACKAGES}
    assert [name for name, text in texts.items() if not text.endswith(allowed(name))] == []


def test_each_package_can_be_reached_from_the_library() -> None:
    assert set(PACKAGES) - set(dir(qkv_lib)) == set()


def test_a_package_that_lists_modules_lists_them_all() -> None:
    for name in ("exact", "experiments", "measures", "variants"):
        package = import_module(f"qkv_lib.{name}")
        inside = {each.name for each in iter_modules(package.__path__)}
        assert {each for each in inside if not each.startswith("_")} == set(package.__all__)


def test_each_experiment_says_of_which_part_of_the_book_it_is() -> None:
    page = ROOT.parent / "book" / "appendix" / "library" / "experiments.md"
    table = page.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d., ]+) \| .* \| (`.*`) \|$", table, re.M)
    parts = {name: part for part, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert parts.keys() | {"table"} == set(import_module("qkv_lib.experiments").__all__)
    for name, part in parts.items():
        *before, last = part.split(", ")
        kind = "chapters" if before else "section" if "." in part else "chapter"
        said = f"Of {kind} {', '.join(before)}{' and ' * bool(before)}{last}."
        text = import_module(f"qkv_lib.experiments.{name}").__doc__ or ""
        assert text.splitlines()[2] == said, name


def test_the_rules_bite(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("def f():\n    from torch import nn\n    from . import plots\n")
    assert imports(path, "qkv_lib.bad") >= {"torch", "torch.nn", "qkv_lib.plots"}
    assert "qkv_lib.attention" in GROUND
    assert "qkv_lib.exact.tiles" in GROUND
    assert "qkv_lib.exact.ring" not in GROUND
    assert "qkv_lib.layers.multihead" not in GROUND
