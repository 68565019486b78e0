"""How the tests run: no clock decides, the order can be shuffled, and the end says what ran."""

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shuffle the files, and the tests of each, but never the cells of a notebook."""
    if SEED:
        items[:] = shuffled(items, random.Random(SEED))


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
