"""The words in pictures: drawings and charts are SVG whose text is text.

What a picture says is read from the stored outputs of the notebooks, so that a new label is a new
message. What becomes of it in another language is `qkv_lib/plots/labels.py`: a figure that is drawn
again, in a page or in a notebook, speaks it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from qkv_lib.plots.labels import BLOCK, Translate, filled, labels, names, said, with_fields
from workshop.chinese.messages import Message, of_outputs, once, speaks

DOLLARS = re.compile(r"\$[^$]*\$")
COMPARED = ("yours", "expected")
"""What `check` draws where a reader asks for a picture (`qkv_lib/plots/versus.py`)."""
SCRIPTS = re.compile(r"[⁰¹²³⁴-⁹⁻]+")


def messages(svg: str) -> Iterator[str]:
    """Yield what a picture says."""
    kept = names(svg)
    for block in BLOCK.findall(svg):
        for lines in labels(block):
            text, _ = said(lines)
            if speaks(SCRIPTS.sub("", text)) and text not in kept:
                yield text


def of_pictures(pages: list[Path]) -> list[Message]:
    """Return what the pictures of the notebooks say."""
    found = of_outputs(pages, "image/svg+xml", messages)
    compared = ((text, "versus") for text in COMPARED)
    return once(Message(text, "label", place) for text, place in chain(found, compared))


def title(text: str, translate: Translate) -> str:
    """Return the title of a table of numbers, whose formulas stand between dollars."""
    message, formulas = with_fields(text, DOLLARS)
    translation = translate(message)
    return filled(translation, formulas) if translation else text
