"""What `check` has printed into the stored outputs, in Chinese: the rest of an output stays."""

from __future__ import annotations

import re

from qkv_lib.language import words_of
from workshop.chinese.catalogue import LANGUAGE
from workshop.chinese.code import WIDTH, folded

SHORT = re.compile(r"^([\w-]+): (not attempted yet|right)\.$", re.MULTILINE)
WRONG = re.compile(r"([\w-]+): (not yet\. .*)\n", re.DOTALL)
STOP = re.compile(r"(?<=\.) (?=[A-Z])")


def in_chinese(output: str) -> str:
    r"""Return what a cell has printed with the verdicts in it in Chinese, as a reader gets them.

    >>> print(in_chinese("softmax-rows: not attempted yet.\n[0.5 0.5]"))
    softmax-rows: 还没有做。
    [0.5 0.5]
    """
    if wrong := WRONG.fullmatch(output):
        said = sentences(STOP.split(" ".join(wrong[2].split())))
        return "\n".join([*folded(f"{wrong[1]}: {said}", WIDTH), ""]) if said else output
    return SHORT.sub(lambda found: f"{found[1]}: {sentences([found[2] + '.'])}", output)


def sentences(english: list[str]) -> str:
    """Return sentences in Chinese, of which several may be one message; nothing if one has none."""
    words = words_of("qkv_lib.practice", LANGUAGE)
    if not english:
        return ""
    for end in range(len(english), 0, -1):
        text = " ".join(english[:end])
        small = text[0].lower() + text[1:]
        for each in (text, small, text.removesuffix("."), small.removesuffix(".")):
            rest = sentences(english[end:])
            if each in words and (rest or end == len(english)):
                stop = "" if words[each][-1] in "。！？" else "。"
                return f"{words[each]}{stop}{rest}"
    return ""
