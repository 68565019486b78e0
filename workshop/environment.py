"""The environment `.venv`: made where there is none that works, and filled by groups of packages.

What is installed is told by content, never by a time stamp: `installed.json`, written last, holds
the folder, the Python, the hash of each group's list and the packages that were there then. So
what was interrupted, renamed, copied, upgraded or unpacked over heals at the next command.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import suppress
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

from workshop.alone import alone
from workshop.children import ROOT, VENV, clean, python, run, say, sources
from workshop.in_page import assets

RECORD = VENV / "installed.json"
BEGUN = VENV / "begun"  # there from the start of an installation to its end

#: The groups of packages (`requirements/`) that each purpose needs, in order.
GROUPS = {
    "book": ("library", "book"),
    "notebooks": ("library", "notebooks"),
    "lab": ("library", "book", "notebooks"),
    "proof": ("library", "book", "notebooks", "proof"),
}
CONSTRAINTS = ("--constraint", "constraints.txt")
# A +cpu wheel sorts above the plain one of the same version (which brings CUDA on Linux).
TORCH_CPU = ("--extra-index-url", "https://download.pytorch.org/whl/cpu")
WHY = """the reason stands above.
Where it is the network, or room on the disk, run the command again when it is there; what was
installed before still works."""


def ensure(purpose: str) -> None:
    """Install what a purpose needs and is not there: one of `GROUPS`."""
    if VENV.is_symlink():  # the environment of another checkout, which alone may change it
        return
    with alone():
        if reason := unusable():
            make_anew(reason)
        if BEGUN.exists() or not RECORD.exists():
            remove_pieces()
        if missing := [group for group in GROUPS[purpose] if not installed(group)]:
            install(missing)
        BEGUN.unlink(missing_ok=True)
        if purpose != "notebooks" and not assets.tried():
            run("workshop.in_page.assets", **sources())


def repair() -> None:
    """Have the next installation look at every file of every package."""
    if VENV.is_dir() and not VENV.is_symlink():
        BEGUN.touch()
        assets.TRIED.unlink(missing_ok=True)


def unusable() -> str:
    """Return why the environment cannot be used, or nothing."""
    if not VENV.exists():
        return "there is none"
    try:
        settings = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return "it was never finished"
    version = re.search(r"^version\w* = (\d+)\.(\d+)", settings, re.MULTILINE)
    made_for = tuple(map(int, version.groups())) if version else ()
    if not runs(f"sys.exit(sys.prefix == sys.base_prefix or sys.version_info[:2] != {made_for})"):
        return "its Python is gone, or is another version now"
    folder = read().get("folder")
    if folder != str(ROOT) and (folder or str(VENV) not in settings):
        return "it was made in another folder"
    if not folder and not runs("import pip._internal.cli.main"):
        return "it was never finished"
    return ""


def runs(code: str) -> bool:
    """Tell whether the environment's Python is there and runs some code."""
    command = [str(python()), "-I", "-c", f"import sys; {code}"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_anew(reason: str) -> None:
    """Make an empty environment, in the place of one that cannot be used."""
    if VENV.exists():
        say(f"Making .venv anew: {reason}.")
        shutil.rmtree(VENV) if VENV.is_dir() else VENV.unlink()
    base = getattr(sys, "_base_executable", sys.executable)  # not one inside what was removed
    subprocess.run([base, "-m", "venv", str(VENV)], env=clean(os.environ), check=True)


def installed(group: str) -> bool:
    """Tell whether a group is installed as its list is now, and nothing has gone since."""
    record = read()
    return record.get("groups", {}).get(group) == fingerprint(group) and set(
        record["packages"]
    ) <= set(packages())


def fingerprint(group: str) -> str:
    """Return a hash of all that says what a group is: its list, the versions, the library's own."""
    lists = [(ROOT / name).read_text(encoding="utf-8") for name in (path(group), "constraints.txt")]
    lines = [line for text in lists for line in text.splitlines() if not line.startswith("#")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    library = [project["build-system"], project["project"], project["tool"]["setuptools"]]
    text = json.dumps([lines, library if group == "library" else None])
    return hashlib.sha256(text.encode()).hexdigest()


def path(group: str) -> str:
    """Return the list of a group, from the root."""
    return f"requirements/{group}.txt"


def install(groups: list[str]) -> None:
    """Install groups of packages, and store what is there then."""
    BEGUN.touch()
    settings = sources()
    try:
        for group in groups:
            say(f"Installing {path(group)}")
            install_group(group, settings)
    except subprocess.CalledProcessError:
        print(f"{path(group)} could not be installed: {WHY}", file=sys.stderr)
        raise
    record = {
        "folder": str(ROOT),
        "groups": read().get("groups", {}) | {group: fingerprint(group) for group in groups},
        "packages": packages(),
    }
    new = RECORD.with_suffix(".new")
    new.write_text(json.dumps(record, indent=1), encoding="utf-8")
    new.replace(RECORD)


def install_group(group: str, settings: dict[str, str]) -> None:
    """Install one group; with `library`, PyTorch before it and the project's own after it."""
    if group == "library":
        install_torch(settings)
    add("--requirement", path(group), *CONSTRAINTS, **settings)
    if group == "library":
        add("--no-deps", "--no-build-isolation", "--editable", ".", **settings)


def install_torch(settings: dict[str, str]) -> None:
    """Install PyTorch, without CUDA where its own index can be reached, and then uv."""
    text = (ROOT / path("library")).read_text(encoding="utf-8")
    torch = next(line for line in text.splitlines() if line.startswith("torch=="))
    try:
        pip("--retries", "0", *TORCH_CPU, *CONSTRAINTS, torch, **settings)
    except subprocess.CalledProcessError:  # it cannot be reached
        pip(*CONSTRAINTS, torch, **settings)
    with suppress(subprocess.CalledProcessError):  # there is none for this machine
        pip("--only-binary", ":all:", "--requirement", path("installer"), **settings)


def pip(*what: str, **settings: str) -> None:
    """Install something by pip. What is imported is compiled then; all the rest never is."""
    run("pip", "install", "--no-compile", *what, **settings)


def add(*what: str, **settings: str) -> None:
    """Install something by uv, in seconds, or by pip where uv isn't there or cannot."""
    # As pip does, look for the best version on all indexes.
    options = ["--quiet", "--python", str(python()), "--index-strategy", "unsafe-best-match"]
    options += [] if may_keep() else ["--no-cache"]
    if shutil.which("uv", path=str(python().parent)):
        with suppress(subprocess.CalledProcessError):
            return run("uv", "pip", "install", *options, *what, **settings)
    return pip(*what, **settings)


def may_keep() -> bool:
    """Tell whether uv may keep what it downloads in the user's folder; else it would stop."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "uv"
    there = next(each for each in (cache, *cache.parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK)


def packages() -> list[str]:
    """Return the names and versions of what is there."""
    return sorted(each.name for each in VENV.glob("[Ll]ib/**/site-packages/*.dist-info"))


def needed(purpose: str) -> list[str]:
    """Return what is there of the packages that a purpose asks for, itself or through others."""
    folders = VENV.glob("[Ll]ib/**/site-packages/*.dist-info")
    there = {normal(each.name.partition("-")[0]): PathDistribution(each) for each in folders}
    lists = [(ROOT / "requirements" / f"{each}.txt").read_text("utf-8") for each in GROUPS[purpose]]
    asked = [normal(line) for line in "\n".join(lists).splitlines() if line[:1].isalnum()]
    found = set[str]()
    while asked:
        name = asked.pop()
        if name in there and name not in found:
            found.add(name)
            asked += [normal(each) for each in there[name].requires or [] if "extra ==" not in each]
    return sorted(f"{name}-{there[name].version}" for name in found)


def normal(requirement: str) -> str:
    """Return the normal form of the name with which a requirement begins."""
    name = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", name[0]).lower() if name else ""


def remove_pieces() -> None:
    """Forget each package of which a file is missing or cut short, so that it is installed anew."""
    for folder in VENV.glob("[Ll]ib/**/site-packages/*.dist-info"):
        if not whole(folder):
            shutil.rmtree(folder)


def whole(folder: Path) -> bool:
    """Tell whether all files of a package are there, and as long as its own list says."""
    try:
        with (folder / "RECORD").open(encoding="utf-8", newline="") as lines:
            files = [(name, size) for name, _, size in csv.reader(lines) if size]
        return all((folder.parent / name).stat().st_size == int(size) for name, size in files)
    except (OSError, ValueError):
        return False


def read() -> dict[str, Any]:
    """Return the record of what was installed; none where there is none to be read."""
    try:
        return dict(json.loads(RECORD.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
