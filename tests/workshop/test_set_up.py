"""The files that set the project up agree with each other."""

import re
from pathlib import Path

import pytest

from workshop.pages import ROOT
from workshop.sanitize import lost_rules


def pins(path: Path) -> set[str]:
    """Return the `name==version` lines of a requirements file, names as pip compares them."""
    lines = re.findall(r"^([\w.-]+)==(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}" for name, version in lines}


def test_every_direct_dependency_is_pinned() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if line.strip() and not line.startswith("#")]
    assert len(pins(ROOT / "requirements.txt")) == len(named)


@pytest.mark.parametrize("narrower", ["requirements.txt", ".binder/requirements.txt"])
def test_the_pins_are_those_of_the_resolved_set(narrower: str) -> None:
    assert pins(ROOT / narrower) - pins(ROOT / "constraints.txt") == set()


def test_every_rule_of_every_sanitize_file_is_read() -> None:
    files = re.findall(r"--nbval-sanitize-with[= ](\S+)", (ROOT / "Makefile").read_text())
    assert {name: lost_rules((ROOT / name).read_text()) for name in files} == dict.fromkeys(
        files, 0
    )


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("[time]\nregex: [0-9.]+ s\nreplace: TIME\n", 0),
        ("[time]\nregex: [0-9.]+ s\nreplace:\n", 1),
        ("[a]\nregex: a\nreplace: A\n\n[b]\nregex: b\nreplace:\n", 1),
    ],
)
def test_a_rule_that_nbval_would_pass_over_is_counted(text: str, lost: int) -> None:
    assert lost_rules(text) == lost
