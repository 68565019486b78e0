"""The lists of dependencies agree: what the library needs, what is pinned, what Binder gets."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from packaging.specifiers import SpecifierSet

from workshop.environment import GROUPS

ROOT = Path(__file__).parents[2]


def lines(file: str) -> list[str]:
    """Return what a requirements file and those that it names ask for."""
    found = []
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("--requirement "):
            found += lines(line.removeprefix("--requirement "))
        elif line.strip() and not line.startswith(("#", "--")):
            found.append(line)
    return found


def pins(file: str) -> dict[str, str]:
    """Return the packages that a requirements file pins, by their normal names."""
    pairs = (line.split("==") for line in lines(file) if "==" in line)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pairs}


def needs() -> set[str]:
    """Return the packages that `qkv_lib` and the chapters say they need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return {re.split(r"[<>=]", each)[0] for names in lists for each in names}


def test_all_that_is_needed_is_pinned() -> None:
    assert needs() <= set(pins("requirements.txt"))


def test_everything_direct_is_pinned() -> None:
    assert [line for line in lines("requirements.txt") if "==" not in line] == []


def test_every_group_is_in_the_whole_list() -> None:
    whole = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    groups = sorted(path.name for path in (ROOT / "requirements").iterdir())
    assert groups == sorted(re.findall(r"^--requirement requirements/(.+)$", whole, re.MULTILINE))
    assert {f"{group}.txt" for needed in GROUPS.values() for group in needed} < set(groups)


def test_every_pin_is_in_the_constraints() -> None:
    assert pins("requirements.txt").items() <= pins("constraints.txt").items()


def test_binder_gets_what_is_needed_at_the_same_versions() -> None:
    binder = pins(".binder/requirements.txt")
    assert set(binder) == needs()
    assert binder.items() <= pins("requirements.txt").items()


def test_the_pins_install_on_every_patch_of_python_3_11() -> None:
    """A system may have 3.11.2, and pip there refuses what asks for 3.11.5."""
    asks = {
        name: distribution(name).metadata.get("Requires-Python") or ""
        for name in pins("constraints.txt")
        if installed(name) == pins("constraints.txt")[name]
    }
    assert len(asks) > 100
    assert {
        name: ask for name, ask in asks.items() if not SpecifierSet(ask).contains("3.11.0")
    } == {}


def installed(name: str) -> str | None:
    """Return the version of a package that is installed, if it is."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
