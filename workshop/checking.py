"""The quick proof, for each save: the tests that stand nearest to what git says has changed.

Run as ``python -m workshop.checking [BASE]``, or ``make check``: what differs from BASE; without
it, from the last commit, or where nothing does, what the last commit changed. `make test` remains
the proof.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import PurePosixPath

from workshop.pages import ROOT

HYGIENE = "tests/book/test_notebooks.py"
FORMULAS = "tests/equations"
ACCOUNTED = "tests/book/test_accounted.py"
CHINESE = "tests/book/test_chinese.py"
PAGE = {ACCOUNTED, CHINESE} | {
    f"tests/book/test_{name}.py"
    for name in ("claims", "figures", "numbers", "pointers", "quiz", "terms")
}
ATTACKS = "tests/practice/attacks"
EXERCISE = re.compile(r".*/exercises?_\d+(?:_\d+)*_([a-z]\w*)\.py")


def git(*arguments: str) -> list[str]:
    """Return the lines that a command of git prints."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def changed(base: str = "") -> list[str]:
    """Return what differs from where a commit and this one part, and the files that are new."""
    (since,) = git("merge-base", base, "HEAD") if base else ["HEAD"]
    new = git("ls-files", "--others", "--exclude-standard")
    found = git("diff", "--name-only", since) + new
    return found or git("show", "--name-only", "--format=", "HEAD")


def exercises(files: Iterable[str]) -> list[str]:
    """Return the names, as `check` knows them, of the exercises among some files."""
    found = (EXERCISE.fullmatch(file) for file in files)
    return sorted({match[1].replace("_", "-") for match in found if match})


def tests(files: Iterable[str]) -> list[str]:
    """Return the tests nearest to some files: a module's own, else all of its floor."""
    found: set[str] = set()
    for path in map(PurePosixPath, files):
        top = path.parts[0]
        if EXERCISE.fullmatch(str(path)):
            found |= {ACCOUNTED, CHINESE}
        elif path.suffix == ".ipynb" or str(path) == "_toc.yml":
            found |= {HYGIENE, FORMULAS, *PAGE}
        elif top == "book" and path.suffix == ".md":
            found |= {*PAGE, f"tests/book/test_{path.stem}.py"}
        elif "locale" in path.parts:
            found.add(CHINESE)
        elif path.suffix == ".md" and top in {"docs", path.name}:
            found |= {ACCOUNTED, "tests/workshop/test_docs.py"}
        elif top == "tests" and path.name.startswith("test_") and path.suffix == ".py":
            found.add(str(path))
        elif top in {"qkv_lib", "workshop"} and path.suffix == ".py":
            found |= of_module(path)
        elif path.match("book/_ext/*.py"):
            found.add("tests/book/test_extensions.py")
        elif path.match("requirements*/*.txt") or path.name in {
            "constraints.txt",
            "pyproject.toml",
        }:
            found |= {"tests/workshop/test_dependencies.py", "tests/workshop/test_supply_chain.py"}
        elif top in {"make.py", "Makefile"}:
            found.add("tests/workshop/test_make.py")
    there = {path for path in found if (ROOT / path).exists()}
    return sorted(path for path in there if not there & set(map(str, PurePosixPath(path).parents)))


def of_module(path: PurePosixPath) -> set[str]:
    """Return the tests of a module: those of its name, else those of its floor; and its imports."""
    floor = PurePosixPath("tests", *path.parent.parts[path.parts[0] == "qkv_lib" :])
    own = floor / f"test_{path.stem.lstrip('_')}.py"
    near = own if (ROOT / own).exists() or path.parts[0] == "workshop" else floor
    always = {"tests/test_import.py", FORMULAS, ACCOUNTED} if path.parts[0] == "qkv_lib" else set()
    return {str(near), *always}


def commands(files: list[str]) -> list[list[str]]:
    """Return the commands that prove what has changed, the quickest first."""
    pytest = ["pytest", "-q", "--no-header", "-p", "no:cacheprovider"]
    found = [["ruff", "check", "."], ["ruff", "format", "--check", "--quiet", "."], ["mypy"]]
    if names := exercises(files):
        found.append([*pytest, "tests/practice/test_check.py", "-k", " or ".join(names)])
    if written := [PurePosixPath(file).stem for file in files if file.startswith(ATTACKS)]:
        these = " or ".join(sorted(written))
        found.append([*pytest, "tests/practice/test_attacks.py", "-k", these])
    if near := tests(files):
        found.append([*pytest, "-n", "2", "--dist", "loadscope", *near])
    return found


def main(arguments: list[str]) -> int:
    """Run them all, and return 0 where all passed."""
    try:
        files = changed(*arguments)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"make check asks git what has changed: {getattr(error, 'stderr', '') or error}")
        return 1
    failed = []
    started = time.monotonic()
    for command in commands(files):
        print("·", " ".join(command), flush=True)
        if subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode:
            failed.append(command[0])
    print(f"{len(files)} files, {time.monotonic() - started:.0f} s:", end=" ")
    print(f"failed: {', '.join(failed)}" if failed else "all passed; before a commit, make test")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
