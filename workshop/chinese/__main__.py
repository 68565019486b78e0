"""Work on the Chinese edition, one catalogue at a time; nothing is built.

Run as ``python -m workshop.chinese COMMAND [CATALOGUE …]``:

- ``extract`` brings the catalogues up to date with the English (all of them without a name);
- ``todo NAME`` prints what is missing there, numbered, with the English that changed; ``all NAME``
  prints what is translated too;
- ``put NAME FILE`` takes translations from a file (see `docs/chinese.md`) and checks them;
- ``check NAME`` prints what is wrong, and what is missing;
- ``read NAME 3 14`` notes that these messages have been read beside their English, where a
  catalogue was changed without ``put``;
- ``status`` prints how far each catalogue is.

A name is that of a page (``03-algorithm``, ``appendix/glossary``, ``index``), of what scripts,
extensions and live figures say (``site/scripts``), or of verdicts (``practice/chapter_3``); a
folder (``practice``) names all in it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from workshop.chinese import catalogue, readings
from workshop.chinese.catalogue import OK, Entry
from workshop.chinese.gate import APART, HAN, WIDE, faults, label_of
from workshop.chinese.sources import catalogues, named

BLOCK = re.compile(r"^@(\d+)[ \t]*(.*)$", re.MULTILINE)


def extract(names: list[str]) -> int:
    """Bring catalogues up to date."""
    for name in names or list(catalogues()):
        messages = catalogues()[name]()
        old = catalogue.read(name)
        new = catalogue.updated(old, messages)
        if new or old:
            catalogue.write(name, new)
            readings.keep(name, new)
        changed = [each for each in new if each.text not in old]
        if changed:
            print(f"{name}: {len(new)} messages, {len(changed)} of them new or changed")
    return 0


def todo(names: list[str], *, everything: bool = False) -> int:
    """Print what is to be translated."""
    for name in names:
        if len(names) > 1:
            print(f"# {name}\n")
        place = ""
        for number, entry in enumerate(catalogue.read(name).values()):
            if entry.done and not everything:
                continue
            if entry.place != place:
                place = entry.place
                print(f"# {place}\n")
            print(f"@{number}" + ("" if entry.kind == "text" else f"  # {entry.kind}"))
            if entry.before:
                print(f"# was: {entry.before}\n# 译: {entry.translation}")
            print(entry.text)
            if everything and entry.translation:
                print(f"→ {entry.translation}")
            print()
    return 0


def put(names: list[str], file: str) -> int:
    """Take translations: blocks that begin with ``@`` and the number of the message.

    A rule answered for (``@13  ok: order``) is sealed with a digest of both texts; without a
    translation below it, it is answered for the one that stands there.
    """
    (name,) = names
    entries = list(catalogue.read(name).values())
    text = Path(file).read_text(encoding="utf-8")
    parts = BLOCK.split(text)[1:]
    read = []
    for number, note, translation in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        entry = entries[int(number)]
        said = tidy(without_comments(translation), entry)
        if said:
            entry.translation, entry.before = said, ""
        if said or (OK in note and entry.done):
            entry.answer(re.findall(r"\b[a-z_]+\b", note.partition(OK)[2]))
            read.append(entry)
    catalogue.write(name, entries)
    readings.keep(name, entries, read)
    return check([name], quiet=True)


def read(names: list[str], numbers: list[int]) -> int:
    """Note that messages have been read; without a number, print those that nobody has read."""
    for name in names:
        entries = list(catalogue.read(name).values())
        readings.keep(name, entries, [entries[number] for number in numbers])
        for number in readings.unread(name, entries):
            print(f"{name} @{number}\n{entries[number].text}\n→ {entries[number].translation}\n")
    return 0


def without_comments(text: str) -> str:
    """Return a block of a file of translations without its lines of comment."""
    return "\n".join(
        each for each in text.strip().splitlines() if not each.startswith("# ")
    ).strip()


def tidy(text: str, entry: Entry) -> str:
    """Return a translation on one line, without spaces beside Chinese signs.

    Examples and operators keep theirs, and one stands behind the number of a title and the stars of
    an exercise. Comments in code keep their lines.
    """
    if "\n" not in entry.text:
        text = re.sub(rf"(?<=[{HAN}{WIDE}])\s*\n\s*|\s*\n\s*(?=[{HAN}{WIDE}])", "", text)
        text = " ".join(text.split())
    parts = re.split(r"(`[^`]*`|\$[^$]+\$|(?<!\*)\*[^*\s][^*]*\*(?!\*)|\{[^}]*\})", text)
    near = rf"(?<=[{HAN}{WIDE}])[ \t]+(?={APART})|(?<={APART})[ \t]+(?=[{HAN}{WIDE}])"
    held = "\x00".join(parts[::2])
    held = re.sub(rf"(?<=[{HAN}{WIDE}])[ \t]+(?=\x00)|(?<=\x00)[ \t]+(?=[{HAN}{WIDE}])", "", held)
    held = re.sub(near, "", held)
    plain = held.split("\x00")
    whole = "".join(a + b for a, b in zip(plain, [*parts[1::2], ""], strict=True))
    return re.sub(rf"({label_of(entry.text)})(?=[{HAN}])", r"\1 ", whole)


def check(names: list[str], *, quiet: bool = False) -> int:
    """Print what is wrong with the translations."""
    wrong = 0
    for name in names:
        missing = changed = 0
        for number, entry in enumerate(catalogue.read(name).values()):
            missing += not entry.translation
            changed += bool(entry.before)
            found = faults(entry)
            wrong += bool(found)
            if found:
                print(f"{name} @{number}\n  {entry.text}\n  {entry.translation}")
                print("".join(f"  - {fault}\n" for fault in found))
        if not quiet or missing or changed:
            print(f"{name}: {missing} missing, {changed} changed in English")
    print(f"{wrong} with faults" if wrong else "no faults")
    return 1 if wrong else 0


def status(names: list[str]) -> int:
    """Print a line for each catalogue."""
    total = done = 0
    for name in names or list(catalogues()):
        entries = catalogue.read(name).values()
        ready = sum(entry.done for entry in entries)
        words = sum(len(entry.text.split()) for entry in entries)
        total, done = total + len(entries), done + ready
        complete = "complete" if name in catalogue.complete() else ""
        print(f"{name:24} {ready:4} of {len(entries):4} {words:6} words {complete}")
    print(f"{'all':24} {done:4} of {total:4}")
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "extract": extract, "todo": todo, "check": check, "status": status,
    "all": lambda names: todo(names, everything=True),
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run one command."""
    command, *rest = arguments or ["help"]
    if command == "put" and len(rest) == 2:
        name, file = rest  # of a page, though a folder be called so too
        return put([name] if name in catalogues() else list(named(name)), file)
    if command == "read" and rest:
        numbers = [int(word) for word in rest if word.isdecimal()]
        of = [name for word in rest if not word.isdecimal() for name in named(word)]
        return read(of, numbers)
    if command not in COMMANDS:
        print(__doc__)
        return 2
    names = [name for word in rest for name in named(word)]
    if rest and not names:
        print(f"no catalogue is called {' or '.join(rest)}: see status", file=sys.stderr)
        return 2
    return COMMANDS[command](names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
