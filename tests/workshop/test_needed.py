"""Pages are made anew when what builds them changes, not when something else is installed."""

from pathlib import Path

import pytest

from workshop import environment


def install(venv: Path, name: str, version: str = "1", asks_for: str = "") -> None:
    """Lay down what pip leaves of a package beside its code."""
    folder = venv / "lib/python3/site-packages" / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    lines = [f"Name: {name}", f"Version: {version}", *asks_for.splitlines()]
    (folder / "METADATA").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environment, "VENV", tmp_path)
    asks_for = (
        "Requires-Dist: Sphinx.Base (>=7) ; python_version > '3'\nRequires-Dist: no; extra == 'x'"
    )
    install(tmp_path, "jupyter-book", asks_for=asks_for)
    return tmp_path


def test_what_builds_is_what_the_lists_ask_for_and_what_that_asks_for(venv: Path) -> None:
    install(venv, "sphinx-base", "7.4")
    install(venv, "no")
    install(venv, "pytest")
    assert environment.needed("book") == ["jupyter-book-1", "sphinx-base-7.4"]
    assert environment.needed("proof") == ["jupyter-book-1", "pytest-1", "sphinx-base-7.4"]


def test_packages_that_ask_for_each_other_come_to_an_end(venv: Path) -> None:
    install(venv, "sphinx-base", "7.4", "Requires-Dist: jupyter_book")
    assert environment.needed("book") == ["jupyter-book-1", "sphinx-base-7.4"]
