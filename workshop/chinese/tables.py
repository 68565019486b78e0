"""The words in tables that cells show: they are read from the stored outputs of the notebooks.

A new word is a new message. What becomes of it in another language is `qkv_lib/rosetta/words.py`:
a table that is made again, in a notebook, speaks it too.
"""

from __future__ import annotations

from pathlib import Path

from qkv_lib.rosetta.words import said
from workshop.chinese.messages import Message, of_outputs, once, speaks


def of_tables(pages: list[Path]) -> list[Message]:
    """Return what the tables of the notebooks say."""
    found = of_outputs(pages, "text/html", said)
    return once(Message(text, "cell", place) for text, place in found if speaks(text))
