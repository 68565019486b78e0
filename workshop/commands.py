"""What `make NAME`, or `python make.py NAME`, does: one function a command, listed at the end.

A command begins with `ensure`, which installs what it needs; all of them run in the clean
environment of `workshop/children.py`, from the root. A new one is a function with a docstring, and
its name in the Makefile.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from workshop import building
from workshop.children import ROOT, run
from workshop.environment import ensure, repair

Options = list[str]
# Each file stays with one worker, and they begin in the order of `tests/conftest.py`.
AT_A_TIME = ("-n", "3", "--dist", "loadscope", "--no-loadscope-reorder")


def book(_options: Options) -> None:
    """Build the book, and print the path of the page to open."""
    ensure("book")
    building.build()


def test(options: Options) -> None:
    """Prove everything: library, equations, notebooks cell by cell, built pages."""
    ensure("proof")
    building.build()
    prove(options)


def prove(options: Options) -> None:
    """Run the tests on what is installed and built; options go to pytest."""
    run("pytest", *AT_A_TIME, "--nbval", "--nbval-cell-timeout=300", *options)


def check(options: Options) -> None:
    """Check what git says has changed, in a minute: its tests, style, types; BASE=main for more."""
    ensure("proof")
    run("workshop.checking", *options)


def lab(options: Options) -> None:
    """Open your own copies of the chapters in JupyterLab; LANGUAGE=zh_CN for the Chinese ones."""
    ensure("lab")
    building.build()
    run("workshop.copies", "lab", *options)


def serve(options: Options) -> None:
    """Build the book and serve it on http://localhost:8000 (PORT=… for another port)."""
    book([])
    (port,) = options or ["8000"]
    run("http.server", "--bind", "127.0.0.1", "--directory", str(building.HOME.parents[1]), port)


def pdf(_options: Options) -> None:
    """Print the book in each language as a PDF with bookmarks, _build/book.pdf; needs chromium."""
    ensure("proof")
    building.build()
    run("workshop.pdf")


def screenshots(_options: Options) -> None:
    """Take pictures of each page, light, dark and on a phone; needs chromium."""
    ensure("proof")
    building.build()
    run("workshop.screenshots")


def notebooks(options: Options) -> None:
    """Execute notebooks again and store their outputs; NB=book/05-practice.ipynb for one."""
    ensure("notebooks")
    run("workshop.notebooks", *options)


def results(options: Options) -> None:
    """Train what the stored tables lack; NAME=translation for one (from nothing, three hours)."""
    ensure("notebooks")
    run("qkv_lib.experiments", *options)


def tested(_options: Options) -> None:
    """Print what is tested, by which test, and how strictly."""
    ensure("proof")
    run("workshop.what_is_tested")


def bite(options: Options) -> None:
    """Plant faults one by one and name what catches each; FAULT=mask for some (minutes)."""
    ensure("proof")
    run("tests.bite", *options)


def lint(_options: Options) -> None:
    """Check style, types and spelling: ruff, mypy --strict, codespell."""
    ensure("proof")
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")
    run("mypy")
    run("workshop.spelling")


def bench(_options: Options) -> None:
    """Time the paths against each other, on all cores; needs a quiet machine."""
    ensure("proof")
    run("tests.benchmarks.speed", OMP_NUM_THREADS=str(os.cpu_count()))
    run("tests.benchmarks.tools")


def coverage(_options: Options) -> None:
    """Measure the branch coverage of qkv_lib by the library tests."""
    ensure("proof")
    reports = ("--cov", "--cov-report=term", "--cov-report=html")
    run("pytest", *AT_A_TIME, "tests", "--ignore", "tests/book", *reports)


def mutants(_options: Options) -> None:
    """Break the ground floor line by line; every break should fail a test (minutes)."""
    ensure("proof")
    run("tests.mutation")


def lock(_options: Options) -> None:
    """Resolve requirements.txt anew and rewrite constraints.txt."""
    ensure("book")
    run("workshop.lock")


def install(_options: Options) -> None:
    """Install everything, and again what is broken."""
    repair()
    ensure("proof")


def build(_options: Options) -> None:
    """Build the book with what is installed."""
    building.build()


def clean(_options: Options) -> None:
    """Remove what was built (.venv stays; remove it by hand to start from nothing)."""
    for name in (
        "_build",
        "htmlcov",
        ".coverage",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
    ):
        path = ROOT / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def usage(_options: Options) -> None:
    """List the commands."""
    for name, command in COMMANDS.items():
        print(f"make {name:12} {(command.__doc__ or '').splitlines()[0]}")


COMMANDS: dict[str, Callable[[Options], None]] = {
    each.__name__: each
    for each in (
        book, test, check, lab, serve, pdf, screenshots, notebooks, results, tested, bite, lint,
        bench, coverage, mutants, lock, install, build, prove, clean,
    )
} | {"help": usage}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run one command; return 0 where all went well, and say in a sentence what did not."""
    name, *options = arguments or ["help"]
    if name not in COMMANDS:
        print(f"no command is called {name!r}; there are {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        COMMANDS[name](options)
    except subprocess.CalledProcessError as error:
        return int(error.returncode) if error.returncode > 0 else 1
    except KeyboardInterrupt:
        print("Interrupted: the next command goes on from here.", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"{error}: nothing more could be done.", file=sys.stderr)
        return 1
    return 0
