"""The language that figures and verdicts speak, and its tables of words.

English is written in the code. The environment variable QKV_LANGUAGE names another language, as a
notebook or a page in Chinese sets ``zh_CN``; a package that speaks it has a folder `locale` with
files of gettext.
"""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from importlib.resources import files

__all__ = ["VARIABLE", "language", "read", "words_of"]

#: The environment variable that names the language.
VARIABLE = "QKV_LANGUAGE"
ENTRY = re.compile(r'^((?:#.*\n)*)msgid (".*")\nmsgstr (".*")$', re.MULTILINE)


def language() -> str:
    """Return the language asked for, nothing for English.

    Returns
    -------
    str

    Examples
    --------
    >>> language() == os.environ.get(VARIABLE, "")
    True
    """
    return os.environ.get(VARIABLE, "")


@cache
def words_of(package: str, name: str) -> dict[str, str]:
    """Return the words of a package in a language: English → translation; empty if it has none.

    Parameters
    ----------
    package, name : str
        For instance ``"qkv_lib.plots"`` and ``"zh_CN"``.

    Returns
    -------
    dict

    Examples
    --------
    >>> words_of("qkv_lib.plots", "zh_CN")["queries"]
    '查询'
    >>> words_of("qkv_lib.plots", "")
    {}
    """
    folder = files(package) / "locale" / name
    if not name or not folder.is_dir():
        return {}
    words: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".po"):
            words |= read(file.read_text(encoding="utf-8"))
    return words


def read(text: str) -> dict[str, str]:
    r"""Return the translations in a file of gettext, but for those that are not up to date.

    Parameters
    ----------
    text : str

    Returns
    -------
    dict

    Examples
    --------
    >>> read('#. x\nmsgid "a \\"b\\""\nmsgstr "c"\n\n#, fuzzy\nmsgid "d"\nmsgstr "e"\n')
    {'a "b"': 'c'}
    """
    found = {}
    for notes, english, translation in ENTRY.findall(text):
        if "#, fuzzy" not in notes and translation != '""':
            found[str(ast.literal_eval(english))] = str(ast.literal_eval(translation))
    return found
