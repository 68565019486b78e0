"""The workflows ask for little, and run no code that could be changed behind our back."""

import re
from typing import Any

import pytest
import yaml

from workshop.pages import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+(?:\.\d+)+")

# What a job may do beyond reading the repository, and why it must.
GRANTED = {
    ("ci.yml", "newest"): {"issues": "write"},  # reports what broke
    ("links.yml", "external"): {"issues": "write"},  # reports what is gone
    ("publish.yml", "deploy"): {"pages": "write", "id-token": "write"},
    ("publish.yml", "colab"): {"contents": "write"},  # pushes the branch that Colab reads
}


def faults(name: str, text: str) -> list[str]:
    """Return what is wrong with the safety of a workflow."""
    workflow: dict[Any, Any] = yaml.safe_load(text)
    uses = re.findall(r"uses: (.*)", text)
    found = [f"not pinned by commit: {each}" for each in uses if not PINNED.fullmatch(each)]
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("the workflow asks for more than to read")
    if "pull_request_target" in workflow[True]:  # `on` is a truth value in YAML
        found.append("a stranger's code would run with our rights")
    for job, settings in workflow["jobs"].items():
        asked = settings.get("permissions", {}).items() - {"contents": "read"}.items()
        if dict(asked) != GRANTED.get((name, job), {}):
            found.append(f"{job} asks for {dict(asked)}")
        if "timeout-minutes" not in settings:
            found.append(f"{job} has no timeout")
    if re.search(r"run:.*\$\{\{ *github\.(?:event|head_ref)", text):
        found.append("text that a stranger wrote stands in a command")
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_the_workflow_is_safe(path: Any) -> None:
    assert faults(path.name, path.read_text(encoding="utf-8")) == []


def test_the_three_workflows_are_there() -> None:
    assert {path.name for path in WORKFLOWS} == {"ci.yml", "links.yml", "publish.yml"}


def test_every_right_that_is_granted_is_asked_for() -> None:
    jobs = {
        (path.name, job)
        for path in WORKFLOWS
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    }
    assert set(GRANTED) <= jobs


SOUND = f"""on: push
permissions:
  contents: read
jobs:
  a:
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@{"0" * 40} # v5.0.0
      - run: make test
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("0" * 40 + " # v5.0.0", "v5", "not pinned by commit: actions/checkout@v5"),
        (" # v5.0.0", "", "not pinned by commit"),
        ("contents: read", "contents: write", "more than to read"),
        ("on: push", "on: [pull_request_target]", "a stranger's code"),
        ("    timeout-minutes: 5\n", "", "a has no timeout"),
        ("  a:", "  a:\n    permissions: {packages: write}", "a asks for {'packages': 'write'}"),
        ("make test", "echo ${{ github.event.issue.title }}", "a stranger wrote"),
    ],
)
def test_what_is_not_safe_is_found(old: str, new: str, fault: str) -> None:
    assert faults("ci.yml", SOUND) == []
    assert old in SOUND
    (found,) = faults("ci.yml", SOUND.replace(old, new))
    assert fault in found
