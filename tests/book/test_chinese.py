"""The Chinese edition is in step with the English: every catalogue passes the gate.

A catalogue holds what its page says, in the order of the page, and what each of it is. So whoever
changes a text, exchanges two captions or moves a paragraph says so in both editions, or is asked.
"""

import subprocess
from collections.abc import Iterable
from itertools import zip_longest

import pytest

from workshop.chinese import catalogue, readings
from workshop.chinese.gate import faults
from workshop.chinese.messages import Message
from workshop.chinese.sources import catalogues
from workshop.pages import ROOT

NAMES = list(catalogues())


@pytest.mark.parametrize("name", NAMES)
def test_each_translation_keeps_what_the_english_says(name: str) -> None:
    found = {each.text: faults(each) for each in catalogue.read(name).values()}
    assert {text: wrong for text, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("name", NAMES)
def test_each_translation_was_read_beside_its_english(name: str) -> None:
    """`put` notes what it takes; a catalogue edited by hand has been read by nobody."""
    entries = list(catalogue.read(name).values())
    unread = readings.unread(name, entries)
    told = "\n".join(f"@{i} {entries[i].text}\n  {entries[i].translation}" for i in unread)
    assert not unread, (
        f"{name}: changed without `put`. Read each beside its English, then "
        f"`python -m workshop.chinese read {name} {' '.join(map(str, unread))}`\n{told}"
    )


def out_of_step(name: str, page: Iterable[Message], catalogue: Iterable[Message]) -> str:
    """Return where a catalogue first differs from what its source says now, or nothing."""
    for now, before in zip_longest(page, catalogue):
        if now != before:
            return (
                f"{name}: the source says\n  {now}\nand where that stands, its catalogue has\n"
                f"  {before}\nIf the source is right: `python -m workshop.chinese extract {name}`, "
                f"and translate what `todo {name}` lists; else mend the source"
            )
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_each_catalogue_has_what_its_source_says_in_the_same_order(name: str) -> None:
    known = (Message(each.text, each.kind, each.place) for each in catalogue.read(name).values())
    assert not (found := out_of_step(name, catalogues()[name](), known)), found


def test_a_changed_an_exchanged_and_a_lost_message_are_told() -> None:
    one, two = Message("A row.", "caption", "ch01-a"), Message("A column.", "caption", "ch01-b")
    assert out_of_step("x", [one, two], [one, two]) == ""
    changed = one._replace(text="Two rows.")
    exchanged = [one._replace(place="ch01-b"), two._replace(place="ch01-a")]
    for now in ([changed, two], [two, one], exchanged, [one], [one, two, changed]):
        assert "extract x" in out_of_step("x", now, [one, two])


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
    for name, folder in catalogue.LIBRARY.items():
        files |= {f"{name.partition('/')[0]}/{path.stem}" for path in folder.glob("*.po")}
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
