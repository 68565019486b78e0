"""The words of verdicts in another language: each sentence by the template that it was made from.

The engine puts its sentences together in English. Where another language is asked for
(`qkv_lib.language`), each is looked up when it is whole: as it stands, or among the templates, in
whose braces something was filled in, which is then looked up in turn. What is found nowhere stays
English.
"""

from __future__ import annotations

import re
from functools import cache

from qkv_lib.language import language, words_of

FIELD = re.compile(r"\{\w*\}")
NAMES = re.compile(r"(\w+(?:, \w+)*) and (\w+)")
ARTICLE = re.compile(r"^an? (?=\w+$)")
WITH = "with {0}, {1}"
"""What a call was given, and what came out; both may hold commas."""
PLACE = re.compile(r"[a-z][a-z ]* \d+(?:, [a-z][a-z ]* \d+)*")
AROUND = ("two things: {0}; and {1}", "line {0}: {1}")
"""What stands around whole sentences: it is taken off before they are looked up."""
OF_AN_AXIS = ("the last {0}", "every {0} but the first")


def say(text: str) -> str | None:
    """Return a sentence, or a part of one, in the language asked for; None where there is none."""
    words = catalogue(language())
    return translated(text, words) if words else None


def own(text: str) -> str:
    """Return a text in the language asked for, or as it is."""
    return say(text) or text


def stop() -> str:
    """Return what stands at the end of a sentence."""
    return "。" if say_anything() else "."


def gap() -> str:
    """Return what stands between two sentences."""
    return "" if say_anything() else " "


def say_anything() -> bool:
    """Tell whether another language is asked for, and there."""
    return bool(catalogue(language()))


def translated(text: str, words: dict[str, str]) -> str | None:
    """Return the translation of a text by a table of templates."""
    if text in words:
        return words[text]
    if names := NAMES.fullmatch(text):
        return f"{names[1]}和{names[2]}".replace(", ", "、")
    if PLACE.fullmatch(text) and (named := place(text, words)):
        return named
    for pattern, template in patterns(tuple(words)):
        found = pattern.fullmatch(text)
        if found is None:
            continue
        groups = parted(text, words) if template == WITH else found.groups()
        if groups is None:
            continue
        filled = [translated(each, words) or ARTICLE.sub("", each) for each in groups]
        if template in OF_AN_AXIS:
            filled = [axis(groups[0], words) or groups[0]]
        whole, fields = pieces(template, words[template])
        for i, behind in fields:
            whole += filled[i] + behind
        return whole + "".join(filled[len(fields) :])
    return None


def axis(name: str, words: dict[str, str]) -> str:
    """Return what an axis is called; a table has its first place, ``query 0``."""
    return words.get(f"{name} 0", "").removesuffix("0")


def place(text: str, words: dict[str, str]) -> str:
    """Return a place of an array, where each of its axes has a name.

    >>> place("query 1, key 12", {"query 0": "查询0", "key 0": "键0"})
    '查询1、键12'
    """
    parts = [part.rpartition(" ") for part in text.split(", ")]
    names = [axis(name, words) for name, _, _ in parts]
    numbers = [number for _, _, number in parts]
    return "、".join(map("".join, zip(names, numbers, strict=True))) if all(names) else ""


@cache
def pieces(template: str, translation: str) -> tuple[str, list[tuple[int, str]]]:
    """Return what a translation begins with, then the number of each field and what follows it.

    >>> pieces("{0} is not {1}", "{1}: not {0}!")
    ('', [(1, ': not '), (0, '!')])
    """
    fields = FIELD.findall(template)
    first, *behind = FIELD.split(translation)
    numbers = [
        i if each == "{}" else fields.index(each)
        for i, each in enumerate(FIELD.findall(translation))
    ]
    return first, list(zip(numbers, behind, strict=True))


def parted(text: str, words: dict[str, str]) -> tuple[str, str] | None:
    """Return what a call was given and what came out, where that has a translation."""
    ends = [found.start() for found in re.finditer(", ", text)]
    for end in ends:
        if translated(text[end + 2 :], words):
            return text[len("with ") : end], text[end + 2 :]
    return None


@cache
def patterns(templates: tuple[str, ...]) -> list[tuple[re.Pattern[str], str]]:
    """Return the patterns of templates, the one with most words first, behind what is around.

    A template that ends in ": " begins a sentence, and what follows is looked up too. What stands
    before a comma alone is a list, and holds all commas but the last; what stands before another
    field is a word.
    """
    found = []
    for template in templates:
        if not FIELD.search(template):
            continue
        parts = FIELD.split(template)
        pattern = re.escape(parts[0])
        for part in parts[1:]:
            pattern += "(.+?)" + re.escape(part)
        pattern = pattern.replace(r"(.+?),\ (.+?)", r"(.+),\ (.+?)")
        pattern = pattern.replace("(.+?)(.+?)", r"(\w+)(.+)")
        behind = "(.*)" if template.endswith(": ") else ""
        rank = template not in AROUND, -sum(map(len, parts))
        found.append((rank, re.compile(pattern + behind, re.DOTALL), template))
    return [(pattern, template) for _, pattern, template in sorted(found, key=lambda x: x[0])]


def catalogue(name: str) -> dict[str, str]:
    """Return the table of a language: English → translation; empty where there is none."""
    return words_of(__package__, name)
