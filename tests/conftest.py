"""How the tests run: no clock decides, the order can be shuffled, and the end says what ran."""

import gc
import os
import random
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from itertools import groupby

import pytest
from hypothesis import HealthCheck, settings

from workshop.children import settle

settle()  # whoever runs pytest, and from wherever: no setting of his reaches a test or a kernel

# Given by `make test SEED=7`: another order of the tests, and examples that are drawn anew.
SEED = os.environ.get("SEED", "")

# A busy machine is slow, which is no fault: no deadline, and no complaint about slow examples.
settings.register_profile(
    "course",
    deadline=None,
    derandomize=not SEED,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("course")

# The files that keep a processor busy longest, in about this order: they begin first, so that at
# the end no worker waits long for another.
LONGEST = (
    "tests/book/test_pages.py", "book/06-2-language.ipynb", "tests/book/test_run_here.py",
    "tests/practice/test_check.py", "book/06-1-images.ipynb", "tests/workshop/test_make.py",
    "tests/practice/test_attacks.py", "tests/book/test_reader_notebooks.py",
    "book/08-outlook.ipynb", "tests/explorers/test_access.py", "tests/properties/test_table.py",
    "book/06-3-translation.ipynb", "tests/book/test_print.py", "book/06-4-writing.ipynb",
    "tests/book/test_reading.py", "book/05-practice.ipynb", "tests/book/test_site.py",
    "book/01-background.ipynb", "tests/book/test_lab.py", "tests/plots/test_saved.py",
    "tests/book/test_behaviour.py", "tests/shapes/test_documented.py",
    "tests/book/test_chinese.py", "tests/models/test_encoder.py", "book/09-faq.ipynb",
    "tests/explorers/test_dials_by_hand.py", "tests/explorers/test_by_hand.py",
    "tests/practice/test_same_verdict.py", "tests/explorers/test_writer_by_hand.py",
    "book/07-tools.ipynb", "book/08-2-choice.ipynb", "book/08-1-memory.ipynb",
)  # fmt: skip

KINDS = {
    "tests/book/": "checks of notebooks and built pages",
    "tests/equations/": "equations",
    "tests/workshop/": "tests of the tools",
    "tests/": "library tests",
    "book/": "notebook cells",
}


def kind(nodeid: str) -> str:
    """Return what a test proves, told from where it stands."""
    return next(
        (name for folder, name in KINDS.items() if nodeid.startswith(folder)), "library tests"
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while everything is imported, and later in none of that.

    It stays to the end; looking for it took more than a quarter of the time of each worker here.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000)  # and later seldom: a page that is read is a million objects
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, or shuffle them; the cells of a notebook keep their order."""
    items[:] = shuffled(items, random.Random(SEED)) if SEED else longest_first(items)


def longest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests with the longest files in front, each file as it is."""
    order = {name: i for i, name in enumerate(LONGEST)}
    return sorted(items, key=lambda item: order.get(item.nodeid.partition("::")[0], len(order)))


def shuffled(items: list[pytest.Item], rng: random.Random) -> list[pytest.Item]:
    """Return the tests in another order: file by file, a notebook from its top."""
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    rng.shuffle(files)
    for tests in files:
        if tests[0].path.suffix != ".ipynb":
            rng.shuffle(tests)
    return [item for tests in files for item in tests]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print, for each kind of test, how many passed and how many did not."""
    outcomes = ("passed", "failed", "error", "skipped", "xfailed")
    counts = Counter(
        (kind(report.nodeid), outcome)
        for outcome in outcomes
        for report in terminalreporter.stats.get(outcome, [])
        if getattr(report, "nodeid", "") and (outcome != "passed" or report.when == "call")
    )
    terminalreporter.section("what ran")
    for name in KINDS.values():
        ran = [
            f"{counts[name, outcome]} {outcome}" for outcome in outcomes if counts[name, outcome]
        ]
        terminalreporter.write_line(f"{name:36} {', '.join(ran) or 'none'}")


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    """Close what a test has drawn: matplotlib warns of the twenty-first open figure."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
