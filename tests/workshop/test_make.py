"""The two commands without make: `python make.py book` and `python make.py test`."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from workshop.pages import ROOT


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Return make.py as it would be in an empty folder with the lists of dependencies."""
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.delitem(sys.modules, "make", raising=False)
    module = __import__("make")
    for name in ("requirements.txt", "constraints.txt", "_config.yml", "_toc.yml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    root = {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "BUILT": tmp_path / "_build"}
    files = {
        "SITE": root["BUILT"] / "html",
        "INSTALLED": root["VENV"] / ".installed",
        "FRESH": root["BUILT"] / ".fresh",
    }
    for name, path in (root | files).items():
        monkeypatch.setattr(module, name, path)
    return module


class Recorder:
    """Stands for `subprocess.run`: remembers the commands, and fails those with a word in them.

    Where the book would be built, the page that is opened first appears.
    """

    def __init__(self, fails: str, page: Path) -> None:
        self.fails, self.page, self.ran = fails, page, []

    def __call__(self, command: list[str], **settings: Any) -> None:
        self.ran.append((" ".join(command[1:]), settings.get("env", {})))
        Path(command[-1]).mkdir(exist_ok=True) if "venv" in command else None
        if self.fails in self.ran[-1][0]:
            raise subprocess.CalledProcessError(3, command)
        if "jupyter_book" in self.ran[-1][0]:
            self.page.parent.mkdir(parents=True, exist_ok=True)
            self.page.touch()

    def commands(self) -> list[str]:
        return [command for command, _ in self.ran]


def record(make: ModuleType, monkeypatch: pytest.MonkeyPatch, fails: str = "\0") -> Recorder:
    recorder = Recorder(fails, make.SITE / "book" / "index.html")
    monkeypatch.setattr(make.subprocess, "run", recorder)
    return recorder


def test_test_installs_builds_and_proves_in_that_order(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = record(make, monkeypatch)
    assert make.main(["test", "-k", "masks"]) == 0
    installed = ["-m venv", "torch==", "--requirement", "--editable .", "-m compileall"]
    steps = [*installed, "jupyter_book", "pytest"]
    assert len(recorder.ran) == len(steps)
    for step, command in zip(steps, recorder.commands(), strict=True):
        assert step in command
    assert recorder.commands()[-1].endswith("-k masks")
    assert "--nbval " in recorder.commands()[-1]


def test_what_is_installed_is_not_installed_again(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = record(make, monkeypatch)
    make.main(["book"])
    recorder.ran.clear()
    make.main(["book"])
    (command,) = recorder.commands()
    assert "jupyter_book" in command
    later = make.INSTALLED.stat().st_mtime + 10
    os.utime(make.ROOT / "requirements.txt", (later, later))
    recorder.ran.clear()
    make.main(["book"])
    assert any("--requirement" in command for command in recorder.commands())


def test_without_pytorchs_own_index_the_usual_one_serves(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = record(make, monkeypatch, fails="--extra-index-url")
    assert make.main(["install"]) == 0
    first, second = (command for command in recorder.commands() if "torch==" in command)
    assert "--extra-index-url" in first
    assert "--extra-index-url" not in second


def test_a_file_for_another_python_does_not_stop_the_installation(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(make, monkeypatch, fails="compileall")
    assert make.main(["install"]) == 0
    assert make.INSTALLED.exists()


def test_a_failed_build_fails_and_is_begun_anew(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record(make, monkeypatch, fails="jupyter_book")
    doctrees = make.BUILT / ".doctrees"
    make.main(["install"])
    doctrees.mkdir(parents=True)
    make.FRESH.touch()
    assert make.main(["build"]) == 3
    assert not doctrees.exists()
    assert "warnings or errors" in capsys.readouterr().err


def test_a_build_that_leaves_no_page_fails(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make.subprocess, "run", lambda *_, **__: None)
    with pytest.raises(SystemExit, match=r"index\.html is not there"):
        make.main(["build"])


def test_the_builder_answers(make: ModuleType) -> None:
    """Run by ``-m`` it did nothing, and with success."""
    command = [sys.executable, "-c", make.JUPYTER_BOOK, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Jupyter Book" in done.stdout


def test_threads_and_seed_reach_the_tests(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREADS", "2")
    monkeypatch.setenv("SEED", "7")
    recorder = record(make, monkeypatch)
    make.main(["prove"])
    ((_, environment),) = recorder.ran
    assert (environment["OMP_NUM_THREADS"], environment["PYTHONHASHSEED"]) == ("2", "7")


def test_another_python_is_refused(make: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make.sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit, match=r"3\.11, 3\.12 or 3\.13 is needed; this is 3\.10"):
        make.main(["install"])


def test_the_versions_are_those_of_the_package(make: ModuleType) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest, (major, minor) = make.OLDEST, make.NEWEST
    assert project["requires-python"] == ">={}.{},<{}.{}".format(*oldest, major, minor + 1)


@pytest.mark.parametrize(("system", "end"), [("nt", "Scripts/python.exe"), ("posix", "bin/python")])
def test_the_python_of_the_environment(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch, system: str, end: str
) -> None:
    monkeypatch.setattr(make, "os", type("os", (), {"name": system}))
    assert make.python().as_posix().endswith(f".venv/{end}")


def test_an_unknown_command_lists_those_there_are(
    make: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make.main(["nonsense"]) == 2
    assert "there are book, test" in capsys.readouterr().err
