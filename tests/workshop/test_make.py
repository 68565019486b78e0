"""The commands of make.py in a scratch checkout: what was interrupted, moved or changed heals."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import make
from tests.workshop.checkout import Checkout, begin
from workshop import building, children, commands, environment
from workshop.pages import ROOT

MAKE = shutil.which("make") or ""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a checkout in which the book was built once."""
    checkout = begin(tmp_path_factory.mktemp("made"))
    done = checkout.make("book")
    assert done.returncode == 0, done.stdout + done.stderr
    pip = checkout.site() / "pip"  # most of the files there; it stays in one place
    pip.rename(checkout.wheels / "pip")
    pip.symlink_to(checkout.wheels / "pip")
    shutil.copytree(checkout.root, checkout.root.with_name("as it was"), symlinks=True)
    return checkout


@pytest.fixture
def checkout(made: Checkout) -> Checkout:
    """Return that checkout, as it was after the first build."""
    shutil.rmtree(made.root)
    shutil.copytree(made.root.with_name("as it was"), made.root, symlinks=True)
    return made


def works(checkout: Checkout, *arguments: str, **settings: str) -> str:
    """Run a command, `book` where none is given; it must succeed. Return what it printed."""
    done = checkout.make(*(arguments or ["book"]), **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_first_build_installs_only_what_the_book_needs(checkout: Checkout) -> None:
    names = {path.name for path in checkout.site().glob("*.dist-info")}
    assert {"torch-1.0.dist-info", "jupyter_book-1.0.dist-info"} <= names
    assert not {"pytest-1.0.dist-info", "jupyterlab-1.0.dist-info"} & names
    assert len(checkout.builds()) == 1


def test_what_is_installed_is_not_installed_again(checkout: Checkout) -> None:
    printed = works(checkout)
    assert "Installing" not in printed
    assert f"Open {checkout.root / '_build' / 'html' / 'book' / 'index.html'}" in printed


def test_other_purposes_bring_what_they_need(checkout: Checkout) -> None:
    printed = works(checkout, "lab")
    assert "requirements/notebooks.txt" in printed
    assert "requirements/library.txt" not in printed
    assert printed.rstrip().endswith("Lab")


def test_test_proves_and_hands_on_options_threads_and_seed(checkout: Checkout) -> None:
    printed = works(checkout, "test", "-k", "masks", THREADS="2")
    assert "'-k', 'masks'] 2" in printed
    assert "'--nbval'" in printed


# What the record of the installation must notice, and how it says so.


def half_made(root: Path) -> None:
    """Leave an environment as an interrupt before ensurepip does."""
    shutil.rmtree(root / ".venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / ".venv"], check=True)


def python_gone(root: Path) -> None:
    python = root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/gone/python3")


def python_other(root: Path) -> None:
    """Leave an environment as a new version of Python under the same name does."""
    settings = root / ".venv" / "pyvenv.cfg"
    now = "version = {}.{}".format(*sys.version_info)
    assert now in settings.read_text()
    settings.write_text(settings.read_text().replace(now, "version = 3.9"))


def a_file(root: Path) -> None:
    shutil.rmtree(root / ".venv")
    (root / ".venv").write_text("")


def no_settings(root: Path) -> None:
    (root / ".venv" / "pyvenv.cfg").unlink()


def copied(root: Path) -> None:
    record = root / ".venv" / "installed.json"
    there = json.loads(record.read_text(encoding="utf-8")) | {"folder": "/elsewhere"}
    record.write_text(json.dumps(there))


def copied_before_it_was_whole(root: Path) -> None:
    (root / ".venv" / "installed.json").unlink()
    settings = root / ".venv" / "pyvenv.cfg"
    settings.write_text(settings.read_text(encoding="utf-8").replace(str(root), "/elsewhere"))


@pytest.mark.skipif(os.name == "nt", reason="environments have no links to Python there")
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (half_made, "it was never finished"),
        (python_gone, "its Python is gone"),
        (python_other, "its Python is gone, or is another version now"),
        (a_file, "it was never finished"),
        (no_settings, "it was never finished"),
        (copied, "it was made in another folder"),
        (copied_before_it_was_whole, "it was made in another folder"),
    ],
)
def test_an_environment_that_cannot_be_used_is_noticed(
    checkout: Checkout, broken: Callable[[Path], None], reason: str
) -> None:
    assert checkout.asked("unusable()") == ""
    broken(checkout.root)
    assert reason in checkout.asked("unusable()")


def pieces(root: Path) -> None:
    """Leave what an interrupted installation does: a package cut short."""
    (data,) = root.glob(".venv/lib/*/site-packages/torch/data.txt")
    data.write_text("x")
    (root / ".venv" / "begun").touch()


def taken_away(root: Path) -> None:
    (info,) = root.glob(".venv/lib/*/site-packages/torch-1.0.dist-info")
    shutil.rmtree(info)
    shutil.rmtree(info.with_name("torch"))


def unreadable(root: Path) -> None:
    (root / ".venv" / "installed.json").write_text('{"folder": ')


@pytest.mark.skipif(os.name == "nt", reason="the folder of packages has another name there")
@pytest.mark.parametrize("broken", [taken_away, unreadable])
def test_what_is_broken_is_noticed(checkout: Checkout, broken: Callable[[Path], None]) -> None:
    assert checkout.asked("installed('library')") == "True"
    broken(checkout.root)
    assert checkout.asked("installed('library')") == "False"


@pytest.mark.skipif(os.name == "nt", reason="the folder of packages has another name there")
def test_what_is_in_pieces_is_installed_again(checkout: Checkout) -> None:
    pieces(checkout.root)
    works(checkout)
    assert (checkout.site() / "torch" / "data.txt").stat().st_size == 1000
    assert checkout.asked("installed('library')") == "True"


def test_without_a_network_what_is_installed_still_works(checkout: Checkout) -> None:
    nowhere = {"PIP_FIND_LINKS": str(checkout.root / "nowhere")}
    failed = checkout.make("lab", **nowhere)
    assert failed.returncode == 1
    assert "requirements/notebooks.txt could not be installed" in failed.stderr
    assert "Installing" not in works(checkout, "book", **nowhere)
    assert works(checkout, "lab").rstrip().endswith("Lab")


def older(path: Path, text: str) -> None:
    """Write a file as unzip does, with the date of its commit, long before the build."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (10**9, 10**9))


@pytest.mark.parametrize("name", ["requirements/library.txt", "constraints.txt", "pyproject.toml"])
def test_a_newer_list_with_an_older_date_is_noticed(checkout: Checkout, name: str) -> None:
    older(checkout.root / name, (checkout.root / name).read_text().replace("1.0", "2.0"))
    assert checkout.asked("installed('library')") == "False"


@pytest.mark.parametrize("name", [
    "_config.yml", "_toc.yml", "book/_static/custom.css", "qkv_lib/explorers/speak.js",
])  # fmt: skip
def test_a_newer_look_with_an_older_date_builds_all_pages(checkout: Checkout, name: str) -> None:
    works(checkout)
    older(checkout.root / name, "# new")
    works(checkout)
    assert [call["kept"] for call in checkout.builds()] == [False, True, False]


def test_a_comment_or_another_date_installs_and_builds_nothing(checkout: Checkout) -> None:
    for name in ("requirements/library.txt", "constraints.txt", "_config.yml"):
        (checkout.root / name).touch()
    with (checkout.root / "constraints.txt").open("a") as file:
        file.write("# a remark\n")
    assert "Installing" not in works(checkout)
    assert checkout.builds()[-1]["kept"]


def test_a_build_with_errors_is_begun_anew(checkout: Checkout) -> None:
    (checkout.root / "fail").touch()
    done = checkout.make("book")
    assert done.returncode == 3
    assert "warnings or errors" in done.stderr
    (checkout.root / "fail").unlink()
    works(checkout)
    assert [call["kept"] for call in checkout.builds()] == [False, True, False]


@pytest.mark.skipif(os.name == "nt", reason="kills by a signal")
def test_an_interrupted_build_is_begun_anew(checkout: Checkout) -> None:
    (checkout.root / "hang").touch()
    assert checkout.make("book").returncode == -signal.SIGKILL
    (checkout.root / "hang").unlink()
    works(checkout)
    assert [call["kept"] for call in checkout.builds()] == [False, True, False]


@pytest.mark.skipif(os.name == "nt", reason="needs a link")
def test_the_environment_of_another_checkout_is_used_as_it_is(
    checkout: Checkout, tmp_path: Path
) -> None:
    other = begin(tmp_path)
    (other.root / ".venv").symlink_to(checkout.root / ".venv")
    before = (checkout.root / ".venv" / "installed.json").read_bytes()
    assert "Installing" not in works(other)
    assert (checkout.root / ".venv" / "installed.json").read_bytes() == before


# What the caller's environment says reaches nobody, but for where packages come from.

FOREIGN = {
    "PYTHONPATH": "/ros/launch",
    "PYTHONSAFEPATH": "1",
    "PYTHONOPTIMIZE": "2",
    "NODE_OPTIONS": "--require /gone.js",
    "MPLBACKEND": "Agg",
    "MATPLOTLIBRC": "/home/somebody/matplotlibrc",
    "IPYTHONDIR": "/home/somebody/.ipython",
    "JUPYTER_PATH": "/home/somebody/jupyter",
    "OMP_NUM_THREADS": "7",
    "VIRTUAL_ENV": "/another",
    "PIP_USER": "1",
    "PIP_TARGET": "/nowhere",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "UV_INDEX_URL": "/nowhere",
    "MAKEFLAGS": " -- BASE=main",
}


def test_a_foreign_environment_reaches_no_child(checkout: Checkout) -> None:
    works(checkout, **FOREIGN)
    told = checkout.builds()[-1]["env"]
    assert isinstance(told, dict)
    assert {key: told[key] for key in FOREIGN if told.get(key) == FOREIGN[key]} == {}
    assert told["OMP_NUM_THREADS"] == "1"
    extensions, root = told["PYTHONPATH"].split(os.pathsep)
    assert (Path(extensions), Path(root)) == (checkout.root / "book" / "_ext", checkout.root)


@pytest.mark.skipif(os.name == "nt", reason="environments have no links to Python there")
def test_an_environment_is_made_anew_whatever_the_settings_of_pip(checkout: Checkout) -> None:
    config = checkout.root.parent / "home" / ".config" / "pip" / "pip.conf"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[global]\nuser = true\nno-deps = true\n[install]\ntarget = /nowhere\n")
    python_gone(checkout.root)
    assert "Making .venv anew: its Python is gone" in works(checkout, **FOREIGN)
    config.unlink()
    assert (checkout.site() / "torch-1.0.dist-info").is_dir()
    assert "Installing" not in works(checkout)


def test_uv_keeps_nothing_where_the_users_folder_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would stop; an account of a service has no folder of its own."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert environment.may_keep()
    (tmp_path / ".cache").write_text("a file")
    assert not environment.may_keep()


def test_a_setting_for_all_commands_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `user`, `pip config list` shows one file of several."""
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nuser = true\ncert = /company.pem\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.delenv("PIP_CERT", raising=False)
    assert children.sources()["SSL_CERT_FILE"] == "/company.pem"


def test_an_authority_that_node_is_to_trust_stays_and_what_steers_it_goes() -> None:
    """Behind a company's authority npm would else try for minutes, and find nothing."""
    given = {"NODE_EXTRA_CA_CERTS": "/company.pem", "NODE_OPTIONS": "--require /gone.js"}
    kept = children.clean(given)
    assert kept["NODE_EXTRA_CA_CERTS"] == "/company.pem"
    assert "NODE_OPTIONS" not in kept


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ("global.index-url='https://mirror/a'", {"PIP_INDEX_URL": "https://mirror/a"}),
        ("global.index-url='https://mirror/a'", {"UV_DEFAULT_INDEX": "https://mirror/a"}),
        ("global.cert='a'\n:env:.cert='c'\ninstall.cert='b'", {"PIP_CERT": "c"}),
        ("global.extra-index-url='\\nhttps://a\\nhttps://b'", {"UV_INDEX": "https://a https://b"}),
        ("global.find-links='/a /b'", {"PIP_FIND_LINKS": "/a /b", "UV_FIND_LINKS": "/a,/b"}),
        ("global.user='true'\nlist.format='columns'", {}),
        ("", {"PIP_CONFIG_FILE": os.devnull}),
    ],
)
def test_of_pips_settings_the_sources_stay(listed: str, told: dict[str, str]) -> None:
    found = children.translated(listed)
    assert found.items() >= told.items()
    assert not set(found) & {"PIP_USER", "PIP_FORMAT"}


# Two at a time, old Pythons, and the names of the commands.


@pytest.mark.skipif(os.name == "nt", reason="locks otherwise")
def test_two_commands_at_a_time_wait_for_each_other(checkout: Checkout) -> None:
    import fcntl

    with (checkout.root / "_build" / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [sys.executable, "make.py", "book"],
            cwd=checkout.root, env=checkout.environment(), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert second.stdout
        assert "waiting" in second.stdout.readline()
    printed, _ = second.communicate(timeout=60)
    assert "Open" in printed


def test_a_child_that_fails_gives_its_status(checkout: Checkout) -> None:
    (checkout.site() / "pytest.py").write_text("raise SystemExit(5)")
    works(checkout, "lab")
    assert checkout.make("prove").returncode in {1, 5}


def test_an_unknown_command_lists_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["nonsense"]) == 2
    assert "there are book, test" in capsys.readouterr().err


def test_make_knows_the_same_commands() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (names,) = [line for line in text.splitlines() if line.startswith("COMMANDS := ")]
    assert [*names.split()[2:], "help"] == list(commands.COMMANDS)


@pytest.mark.skipif(not MAKE, reason="there is no make")
@pytest.mark.parametrize(
    ("given", "handed"),
    [(["results"], ""), (["results", "NAME=rivals"], "rivals"), (["serve", "PORT=1"], "1")],
)
def test_make_hands_on_what_is_given_after_it(given: list[str], handed: str) -> None:
    """And not what a shell says: some set NAME to that of the machine."""
    shell = os.environ | {"NAME": "DESKTOP-1", "PORT": "80", "NB": "x"}
    command = ["make", "--dry-run", "--no-print-directory", *given]
    done = subprocess.run(command, cwd=ROOT, env=shell, capture_output=True, text=True, check=True)
    assert done.stdout.split()[2:] == [given[0], *handed.split()]


@pytest.mark.skipif(not MAKE, reason="there is no make")
def test_make_passes_over_a_python_that_does_not_run(tmp_path: Path) -> None:
    """Pyenv leaves a script of that name for a version that is not chosen."""
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    (tmp_path / "python3").symlink_to(sys.executable)
    shell = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    command = ["make", "--dry-run", "--no-print-directory", "help"]
    done = subprocess.run(command, cwd=ROOT, env=shell, capture_output=True, text=True, check=True)
    assert done.stdout.split()[:2] == ['"python3"', "make.py"]


@pytest.mark.skipif(not MAKE, reason="there is no make")
def test_where_no_python_runs_make_names_the_one_it_looks_for(tmp_path: Path) -> None:
    command = [MAKE, "--dry-run", "--no-print-directory", "help"]
    shell = {"PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=shell, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ['"python3"', "make.py", "help"]


def test_every_command_says_what_it_does() -> None:
    assert all(command.__doc__ for command in commands.COMMANDS.values())


def test_the_versions_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest, (major, minor) = make.OLDEST, make.NEWEST
    assert project["requires-python"] == ">={}.{},<{}.{}".format(*oldest, major, minor + 1)


@pytest.mark.parametrize("found", [True, False])
def test_an_older_python_hands_over_or_says_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], found: bool
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(make.sys, "version_info", (3, 8, 1))
    monkeypatch.setattr(make, "answers", lambda name: found and name == "python3.12")
    monkeypatch.setattr(make.subprocess, "call", lambda command: calls.append(command) or 0)
    assert make.main() == (0 if found else 1)
    if found:
        assert calls[0][0] == "python3.12"
    else:
        assert "PYTHON=" in capsys.readouterr().err


def test_a_python_that_is_not_there_does_not_answer() -> None:
    assert make.answers(sys.executable)
    assert not make.answers("python3.11-that-is-not-there")


def test_the_builder_answers() -> None:
    """Run by ``-m`` it did nothing, and with success."""
    command = [sys.executable, "-c", building.JUPYTER_BOOK, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Jupyter Book" in done.stdout
