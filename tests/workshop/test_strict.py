"""What must be strict, in one place: a switch that somebody turns off is missed here.

Each line names what holds, where it is set, and is read from the file that sets it.
"""

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

import make
from tests.workshop.test_dependencies import installed, pins
from workshop import building, commands
from workshop.pages import ROOT, tracked

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOOLS = PROJECT["tool"]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
CI, PUBLISH = (
    yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    for name in ("ci.yml", "publish.yml")
)
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
SPHINX = CONFIG["sphinx"]["config"]
PYTEST, LINT = TOOLS["pytest"]["ini_options"], TOOLS["ruff"]["lint"]

CONFTEST, ATTRIBUTES = ((ROOT / name).read_text(encoding="utf-8")
                        for name in ("tests/conftest.py", ".gitattributes"))  # fmt: skip

# A family of rules that ruff looks for; one that goes, or a rule ignored, is decided here too.
RULES = {"A", "ARG", "B", "C4", "D", "E", "F", "I", "N", "NPY", "PIE", "PT", "RET", "RUF", "SIM",
         "UP", "W"}  # fmt: skip
IGNORED = {"N803", "N806", "RUF001", "RUF002", "RUF003"}


@pytest.mark.parametrize(("what", "holds"), [
    ("a warning of the build is an error", "-W" in building.OPTIONS),
    ("the build looks for what references lead to", "-n" in building.OPTIONS),
    ("the book shows stored outputs", CONFIG.get("execute", {}).get("execute_notebooks") == "off"),
    ("only listed pages are built", CONFIG.get("only_build_toc_files") is True),
    ("formulas are drawn while building", SPHINX.get("katex_prerender") is True),
    ("only types go unlooked for",
     SPHINX.get("nitpick_ignore_regex") == [["py:.*", ".*"]]),
    ("a warning fails a test", PYTEST.get("filterwarnings", []) == ["error"]),
    ("a pass against expectation fails", PYTEST.get("xfail_strict", []) is True),
    ("a setting that pytest does not know fails", "--strict-config" in PYTEST.get("addopts", [])),
    ("a mark that nobody has registered fails", "--strict-markers" in PYTEST.get("addopts", [])),
    ("tests and notebooks are both collected", PYTEST.get("testpaths", []) == ["tests", "book"]),
    ("no test is left out by a setting", "collect_ignore" not in CONFTEST),
    ("a seed draws new examples", "derandomize=not SEED" in CONFTEST),
    ("a list of cases may not be empty",
     PYTEST.get("empty_parameter_set_mark") == "fail_at_collect"),
    ("lines stay short", TOOLS["ruff"].get("line-length") == 100),
    ("line ends are the same on every system", "* text=auto eol=lf" in ATTRIBUTES.splitlines()),
    ("types are strict", TOOLS["mypy"].get("strict") is True),
    ("all of the library has its types checked", TOOLS["mypy"].get("packages") == ["qkv_lib"]),
    ("coverage counts branches", TOOLS["coverage"]["run"].get("branch") is True),
    ("style: no family of rules is gone", set(LINT.get("select", [])) >= RULES),
    ("style: no rule more is ignored", set(LINT.get("ignore", [])) <= IGNORED),
    ("tests go without docstrings, nothing else",
     LINT["per-file-ignores"]["tests/**"] == ["D"]),
    ("the library has no exception in style",
     not any(name.startswith("qkv_lib") for name in LINT["per-file-ignores"])),
])  # fmt: skip
def test_it_is_strict(what: str, holds: bool) -> None:
    assert holds, f"not so any more: {what}"


def asked(command: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return what a command of make runs, without running it."""
    ran: list[list[str]] = []
    monkeypatch.setattr(commands, "ensure", lambda _: None)
    monkeypatch.setattr(commands, "run", lambda *words, **_: ran.append(list(words)))
    monkeypatch.setattr(commands.building, "build", lambda: ran.append(["build"]))
    command([])
    return ran


def test_make_test_builds_and_compares_every_output(monkeypatch: pytest.MonkeyPatch) -> None:
    first, (program, *options) = asked(commands.test, monkeypatch)
    assert (first, program) == (["build"], "pytest")
    assert "--nbval" in options  # with --nbval-lax nothing unmarked would be compared
    narrowing = {"-k", "-m", "--ignore", "--deselect", "--nbval-lax", "--nbval-sanitize-with"}
    assert not narrowing & set(options)


def test_make_lint_checks_style_layout_types_and_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(commands.lint, monkeypatch) == [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["workshop.spelling"],
    ]


def test_every_python_that_is_promised_is_tried_on_every_system() -> None:
    versions = [f"3.{minor}" for minor in range(make.OLDEST[1], make.NEWEST[1] + 1)]
    matrix = CI["jobs"]["test"]["strategy"]["matrix"]
    assert matrix == {"system": ["ubuntu", "macos", "windows"], "python": versions}
    assert CI["jobs"]["test"]["strategy"]["fail-fast"] is False
    asks = f">={versions[0]},<3.{make.NEWEST[1] + 1}"
    assert PROJECT["project"]["requires-python"] == asks
    for name in ("README.md", "README.zh.md"):
        readme = (ROOT / name).read_text(encoding="utf-8")
        assert all(version in readme for version in versions)


def runs(job: dict[str, Any]) -> list[str]:
    """Return the commands and actions of a job, in order."""
    return [step.get("run", step.get("uses", "")).partition("@")[0] for step in job["steps"]]


def test_ci_proves_lints_and_bites_on_every_push() -> None:
    assert {"push", "pull_request", "schedule"} <= set(CI[True])  # `on` is a truth value in YAML
    assert "python make.py test" in runs(CI["jobs"]["test"])
    assert "make lint" in runs(CI["jobs"]["test"])
    assert "make bite" in runs(CI["jobs"]["bite"])
    assert not [job for job in CI["jobs"].values() if job.get("continue-on-error")]


def test_nothing_is_published_that_was_not_proved_and_found_whole() -> None:
    steps = runs(PUBLISH["jobs"]["build"])
    proved = steps.index("make test")
    whole = steps.index(".venv/bin/python -m workshop.site _build/html")
    assert proved < whole < steps.index("actions/upload-pages-artifact")
    assert PUBLISH["jobs"]["deploy"]["needs"] == "build"
    assert PUBLISH["jobs"]["colab"]["needs"] == "deploy"
    assert PUBLISH[True]["push"]["branches"] == ["main"]


def test_a_commit_passes_style_types_words_and_the_rules_of_notebooks() -> None:
    (repository,) = HOOKS["repos"]
    assert {hook["id"] for hook in repository["hooks"]} >= {
        "ruff", "ruff-format", "mypy", "codespell", "notebooks", "dependencies",
    }  # fmt: skip


def test_every_file_of_the_library_goes_into_its_wheel() -> None:
    patterns = ["*.py", *TOOLS["setuptools"]["package-data"]["*"]]
    assert TOOLS["setuptools"]["packages"]["find"]["include"] == ["qkv_lib", "qkv_lib.*"]
    files = [path for path in tracked(ROOT / "qkv_lib") if path.is_file()]
    assert [p.name for p in files if not any(fnmatch(p.name, each) for each in patterns)] == []
    assert {path.suffix for path in files} >= {".npz", ".json", ".css", ".js", ".txt"}


def test_the_constraints_hold_all_that_the_pins_need() -> None:
    """Closed: what a package in them asks for, on this machine, stands in them too."""
    held = pins("constraints.txt")
    needed = {
        re.sub(r"[-_.]+", "-", requirement.name).lower()
        for name in held
        if installed(name) == held[name]
        for requirement in map(Requirement, distribution(name).requires or [])
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    }
    assert len(needed) > 100
    assert {name for name in needed - set(held) if not cuda(name)} == set()


def cuda(name: str) -> bool:
    """Tell whether a package belongs to CUDA, which the constraints leave out on purpose."""
    return name.startswith(("nvidia-", "cuda-")) or name in {"triton", "pip"}


def test_what_git_ignores_holds_no_source() -> None:
    """A pattern too wide would keep a new notebook or module out of the repository."""
    command = ["git", "check-ignore", "--no-index", *map(str, kept())]
    ignored = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout == ""


def kept() -> list[Path]:
    """Return places where sources may be added."""
    names = (
        "book/10-new.ipynb", "book/appendix/new.md", "qkv_lib/new.py", "qkv_lib/new.npz",
        "qkv_lib/experiments/results/new.json", "tests/new/test_new.py", "docs/new.md",
    )  # fmt: skip
    return [ROOT / name for name in names]


def test_nothing_switches_its_checks_off() -> None:
    """No file goes unchecked by types or style as a whole, and no test is skipped in any case."""
    off = re.compile(r"mypy: ignore-errors|^# ruff: noqa$|mark\.(?:skip|xfail)\b", re.MULTILINE)
    files = [path for path in tracked(ROOT) if path.suffix == ".py" and path != Path(__file__)]
    assert [path.name for path in files if off.search(path.read_text(encoding="utf-8"))] == []


def test_no_command_of_a_workflow_may_fail_unseen() -> None:
    workflows = (ROOT / ".github" / "workflows").glob("*.yml")
    assert [path.name for path in workflows if "|| true" in path.read_text("utf-8")] == []
