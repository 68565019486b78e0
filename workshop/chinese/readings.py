"""Which translations have been read beside their English: a record that `put` keeps.

A line is a digest of an English text and its translation. Who edits a catalogue by hand changes
the pair, and nobody has read it as it is now: `make test` asks. Lines of pairs that are gone mean
nothing, so two branches may both add theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from workshop.chinese.catalogue import FOLDER, Entry

READ = FOLDER.parent / "read"


def path_of(name: str) -> Path:
    """Return the file of the readings of a catalogue."""
    return READ / f"{name.replace('/', '-of-')}.txt"


def seal(entry: Entry) -> str:
    """Return eight digits that belong to this English and this Chinese, and to no other.

    >>> seal(Entry("A row.", "一行。")) == seal(Entry("A row.", "一列。"))
    False
    """
    return hashlib.sha256(f"{entry.text}\n{entry.translation}".encode()).hexdigest()[:8]


def seals(name: str) -> set[str]:
    """Return what has been read of a catalogue."""
    path = path_of(name)
    return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()


def keep(name: str, entries: Iterable[Entry], read: Iterable[Entry] = ()) -> None:
    """Write the record of a catalogue anew: what was read before and is there, and what is now."""
    known = seals(name) | {seal(each) for each in read}
    there = sorted({seal(each) for each in entries if each.done} & known)
    if there or path_of(name).exists():
        path_of(name).parent.mkdir(parents=True, exist_ok=True)
        path_of(name).write_text("".join(f"{each}\n" for each in there), encoding="utf-8")


def unread(name: str, entries: Iterable[Entry]) -> list[int]:
    """Return the numbers of the messages whose translation nobody has read as it stands."""
    known = seals(name)
    return [number for number, each in enumerate(entries) if each.done and seal(each) not in known]
