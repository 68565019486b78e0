"""Code with its comments in Chinese: names, strings and lines of code stay as they are."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from qkv_lib.plots.labels import wide
from workshop.chinese.messages import comments, speaks

WIDTH = 88


def in_chinese(source: str, translate: Callable[[str], str | None]) -> str:
    r"""Return code with each comment that has a translation replaced by it.

    >>> print(in_chinese("x = 1  # one row\n# A line.\ny = 2", {"one row": "一行"}.get))
    x = 1  # 一行
    # A line.
    y = 2
    """
    lines = source.split("\n")
    for comment in reversed(list(comments(source))):
        said = translate(comment.text) if speaks(comment.text) else None
        if said is None:
            continue
        (row, column), (last, end) = comment.first, comment.last
        before, behind = lines[row][:column], lines[last][end:]
        if comment.docstring:
            written = docstring(said, column)
        elif before.strip():
            written = [f"# {said}"]
        else:
            written = [f"# {part}" for part in folded(said, WIDTH - column - 2)]
            written[1:] = [" " * column + part for part in written[1:]]
        written[0] = before + written[0]
        written[-1] += behind
        lines[row : last + 1] = written
    return "\n".join(lines)


def docstring(text: str, column: int) -> list[str]:
    """Return the lines of a docstring whose quotes stand in a column."""
    space = " " * column
    words = [part for each in text.split("\n") for part in folded(each, WIDTH - column) or [""]]
    words[0] = f'"""{words[0]}'
    words = [words[0], *(f"{space}{each}".rstrip() for each in words[1:])]
    if len(words) > 1:
        return [*words, f'{space}"""']
    return [f'{words[0]}"""']


def folded(text: str, width: int) -> list[str]:
    """Return a text in lines; a Chinese sign is as wide as two letters, and any may be the last.

    >>> folded("一行对应一个查询", 8)
    ['一行对应', '一个查询']
    """
    if not text:
        return []
    if sum(map(wide, text)) <= width:
        return [text]
    lines, now, room = [], "", width
    for piece in textwrap.TextWrapper(break_on_hyphens=False)._split(text):
        parts = [piece] if piece.isascii() else list(piece)
        for part in parts:
            size = sum(map(wide, part))
            if size > room and now.strip() and part not in "，。；：！？、）”":
                lines.append(now.rstrip())
                now, room = "", width
                part = part.lstrip()
                size = sum(map(wide, part))
            now, room = now + part, room - size
    return [*lines, now.rstrip()] if now.strip() else lines
