"""What `make test` says at its end: how much of each kind ran."""

from collections import Counter

import pytest

KINDS = {
    "tests/book/": "checks of notebooks and built pages",
    "tests/equations/": "equations",
    "tests/tools/": "tests of the tools",
    "tests/": "library tests",
    "book/": "notebook cells",
}


def kind(nodeid: str) -> str:
    """Return what a test proves, told from where it stands."""
    return next(
        (name for folder, name in KINDS.items() if nodeid.startswith(folder)), "library tests"
    )


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
