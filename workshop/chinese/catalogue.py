"""The catalogues: a file of gettext for each page, in the order of the page, without lines.

What has changed in English stays beside its old translation as *fuzzy*, with the old English: the
page shows it in English until a translator has looked at it.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.pofile import read_po

from workshop.chinese.messages import Message
from workshop.pages import ROOT

LANGUAGE = "zh_CN"
FOLDER = ROOT / "book" / "locale" / LANGUAGE / "LC_MESSAGES"
LIBRARY = {
    "practice": ROOT / "qkv_lib" / "practice" / "locale" / LANGUAGE,
    "site/explorers": ROOT / "qkv_lib" / "explorers" / "locale" / LANGUAGE,
    "site/pictures": ROOT / "qkv_lib" / "plots" / "locale" / LANGUAGE,
    "site/tables": ROOT / "qkv_lib" / "rosetta" / "locale" / LANGUAGE,
}
"""Where the library looks words up itself, while it judges, draws and makes tables."""
COMPLETE = FOLDER.parent / "complete.txt"
"""The catalogues in which nothing may be missing, one a line."""
ALIKE = 0.6
"""How alike two texts are, of 1, for the translation of the one to help with the other."""
BEFORE = "| msgid "
OK = "ok:"
HEAD = f"""msgid ""
msgstr ""
"Language: {LANGUAGE}\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"""


@dataclass
class Entry:
    """A message and its translation."""

    text: str
    translation: str = ""
    kind: str = ""
    place: str = ""
    notes: list[str] = field(default_factory=list)
    """What the translator says of it; ``ok: order 3f2a`` lets it pass a check of that name.

    The digits at the end are the digest of the texts that were read; see `answer`.
    """
    before: str = ""
    """The English that the translation was made for, where it has changed since."""

    @property
    def done(self) -> bool:
        """Tell whether there is a translation of this very English."""
        return bool(self.translation) and not self.before

    @property
    def digest(self) -> str:
        """Return four digits that belong to this English and this Chinese, and to no other.

        >>> Entry("A row.", "一行。").digest, Entry("A row.", "一列。").digest
        ('3832', 'f23a')
        """
        return hashlib.sha256(f"{self.text}\n{self.translation}".encode()).hexdigest()[:4]

    @property
    def answers(self) -> dict[str, str]:
        """Return the notes that answer for checks, each with the digest at its end."""
        return {note: note.rpartition(" ")[2] for note in self.notes if note.startswith(OK)}

    @property
    def waived(self) -> set[str]:
        """Return the checks that a translator has answered for, having read these very texts."""
        sealed = [note for note, digest in self.answers.items() if digest == self.digest]
        return {name for note in sealed for name in re.findall(r"[\w-]+", note[len(OK) : -4])}

    @property
    def outdated(self) -> list[str]:
        """Return the answers that were given for other texts, and those without a digest."""
        return [note for note, digest in self.answers.items() if digest != self.digest]

    def answer(self, names: Iterable[str]) -> None:
        """Answer for some checks of these very texts, and for no others.

        >>> entry = Entry("A row.", "一行。")
        >>> entry.answer(["order", "negation"])
        >>> entry.notes, sorted(entry.waived)
        (['ok: order, negation 3832'], ['negation', 'order'])
        >>> entry.translation = "一列。"
        >>> entry.waived, entry.outdated
        (set(), ['ok: order, negation 3832'])
        """
        said = ", ".join(names)
        self.notes = [each for each in self.notes if not each.startswith(OK)]
        self.notes += [f"{OK} {said} {self.digest}"] if said else []


def path_of(name: str) -> Path:
    """Return the file of a catalogue: ``01-background``, ``appendix/glossary``."""
    folder, _, rest = name.partition("/")
    place = LIBRARY.get(name) or LIBRARY.get(folder)
    return place / f"{rest}.po" if place else FOLDER / f"{name}.po"


def read(name: str) -> dict[str, Entry]:
    """Return the entries of a catalogue by their English; none where there is no file."""
    path = path_of(name)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=LANGUAGE)
    found = {}
    for each in catalogue:
        if not each.id:
            continue
        kind, _, place = (each.auto_comments or [""])[0].partition(" · ")
        # What Babel calls a comment of the translator is also the English that was there before.
        old = [note for note in each.user_comments if note.startswith(BEFORE)]
        notes = [note for note in each.user_comments if note not in old]
        before = ast.literal_eval(old[0].removeprefix(BEFORE)) if old else each.id
        fuzzy = before if each.fuzzy else ""
        found[each.id] = Entry(each.id, each.string or "", kind, place, notes, fuzzy)
    return found


def write(name: str, entries: Iterable[Entry]) -> None:
    """Write a catalogue."""
    path = path_of(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + "".join(map(as_text, entries)), encoding="utf-8", newline="\n")


def as_text(entry: Entry) -> str:
    """Return an entry as gettext writes it."""
    lines = [""]
    lines += [f"# {note}" for note in entry.notes]
    lines.append(f"#. {entry.kind}" + (f" · {entry.place}" if entry.place else ""))
    if entry.before:
        lines += ["#, fuzzy", f"#| msgid {quoted(entry.before)}"]
    lines += [f"msgid {quoted(entry.text)}", f"msgstr {quoted(entry.translation)}", ""]
    return "\n".join(lines)


def quoted(text: str) -> str:
    r"""Return a text in quotes.

    >>> print(quoted('a "b"\nc'))
    "a \"b\"\nc"
    """
    text = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n").replace("\t", r"\t")
    return f'"{text}"'


def updated(old: dict[str, Entry], messages: Iterable[Message]) -> list[Entry]:
    """Return the entries of what the source says now, with what is translated already.

    >>> old = {"A row.": Entry("A row.", "一行。"), "Gone for good": Entry("Gone for good", "没了")}
    >>> new = updated(old, [Message("A row!", "text"), Message("B", "text")])
    >>> [(each.text, each.translation, each.before) for each in new]
    [('A row!', '一行。', 'A row.'), ('B', '', '')]
    """
    messages = list(messages)
    now = {message.text for message in messages}
    left = {each.before or each.text: each for each in old.values() if each.translation}
    left = {text: each for text, each in left.items() if each.text not in now}
    entries = []
    for text, kind, place in messages:
        if text in old:
            known = old[text]
            entries.append(Entry(text, known.translation, kind, place, known.notes, known.before))
            continue
        close = difflib.get_close_matches(text, left, n=1, cutoff=ALIKE)
        if close:
            known = left.pop(close[0])
            entries.append(Entry(text, known.translation, kind, place, known.notes, close[0]))
        else:
            entries.append(Entry(text, "", kind, place))
    return entries


def complete() -> list[str]:
    """Return the names of the catalogues in which nothing may be missing."""
    if not COMPLETE.exists():
        return []
    lines = COMPLETE.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
