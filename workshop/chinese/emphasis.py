"""How much of a text is emphasised: bold and italics reach as far as in the English."""

from __future__ import annotations

import re

from workshop.pages import inline_tokens

SIGNS = 1.6
"""How many Chinese signs an English word takes, in what is emphasised in this book."""
SLACK = 1.5
LEAST, MOST = 0.5, 2.3
"""How far apart the two may be: those that were read and found right lie between 0.53 and 2.1."""


def emphasised(text: str) -> list[str]:
    """Return what stands in bold or in italics.

    >>> emphasised("*One* and **two `x`**.")
    ['One', 'two x']
    """
    found, depth = [], 0
    for token in inline_tokens(text):
        if token.type in ("strong_open", "em_open"):
            found += [""] * (depth == 0)
            depth += 1
        elif token.type in ("strong_close", "em_close"):
            depth -= 1
        elif depth and token.type in ("text", "code_inline"):
            found[-1] += token.content
    return found


def size(text: str) -> float:
    """Return how long a text is, in Chinese signs."""
    words = re.findall(r"[A-Za-z'’]+|\d+", text)
    return len(re.findall(r"[\u3007\u3400-\u9fff]", text)) + SIGNS * len(words) + SLACK


def too_far(english: str, chinese: str) -> list[str]:
    """Return what is emphasised in Chinese and much longer or shorter than in English.

    The order may differ, so the longest is compared with the longest. Where one is read inside
    another, because a mark did not end it, fewer stand on the outside: the longest is returned.

    >>> too_far("*Second reading.* It is turned *afterwards*.", "*可留待重读。*它在*之后*转动。")
    ['可留待重读。它在之后']
    """
    wanted, there = (sorted(emphasised(text), key=size) for text in (english, chinese))
    if len(wanted) != len(there):
        return there[-1:]
    pairs = zip(wanted, there, strict=True)
    return [found for each, found in pairs if not LEAST < size(found) / size(each) < MOST]
