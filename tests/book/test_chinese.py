"""The Chinese edition is in step with the English: every catalogue passes the gate."""

import subprocess

import pytest

from workshop.chinese import catalogue
from workshop.chinese.gate import faults
from workshop.chinese.sources import catalogues
from workshop.pages import ROOT

NAMES = list(catalogues())


@pytest.mark.parametrize("name", NAMES)
def test_each_translation_keeps_what_the_english_says(name: str) -> None:
    found = {each.text: faults(each) for each in catalogue.read(name).values()}
    assert {text: wrong for text, wrong in found.items() if wrong} == {}


def missing(name: str) -> list[str]:
    """Return the messages of a catalogue that have no translation of what they say today."""
    known = catalogue.read(name)
    now = [message.text for message in catalogues()[name]()]
    return [text for text in now if not (text in known and known[text].done)]


@pytest.mark.parametrize("name", catalogue.complete() or ["index"])
def test_nothing_is_missing_where_a_catalogue_is_declared_complete(name: str) -> None:
    """A passage that has changed in English is missing: `python -m workshop.chinese extract`."""
    if name in catalogue.complete():
        assert missing(name) == []


def test_what_is_declared_complete_is_there() -> None:
    assert set(catalogue.complete()) <= set(NAMES)


def test_the_catalogues_are_those_of_the_book() -> None:
    files = {path.relative_to(catalogue.FOLDER).with_suffix("").as_posix()
             for path in catalogue.FOLDER.rglob("*.po")}  # fmt: skip
    files |= {f"practice/{path.stem}" for path in catalogue.PRACTICE.glob("*.po")}
    assert files == set(NAMES)


def test_every_page_has_messages() -> None:
    """Or nothing would be translated, and nothing missing."""
    chapters = [name for name in NAMES if name[:2].isdigit()]
    assert min(len(catalogues()[name]()) for name in chapters) > 50


def test_two_that_declare_a_catalogue_complete_at_the_same_time_are_both_heard() -> None:
    """Each adds a line to the list; a merge keeps the lines of both."""
    command = ["git", "check-attr", "merge", "--", str(catalogue.COMPLETE)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.strip().endswith("merge: union")
