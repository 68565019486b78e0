"""The words in tables that cells show: they are read from the stored outputs of the notebooks.

A new word is a new message. What becomes of it in another language is `qkv_lib/rosetta/words.py`:
a table that is made again, in a notebook, speaks it too.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

from qkv_lib.rosetta.words import said
from workshop.chinese.messages import Message, once, speaks


def of_tables(pages: list[Path]) -> list[Message]:
    """Return what the tables of the notebooks say."""
    found = []
    for page in pages:
        if page.suffix == ".ipynb":
            for cell in nbformat.read(page, as_version=4).cells:
                for output in cell.get("outputs", []):
                    html = output.get("data", {}).get("text/html", "")
                    found += [Message(text, "cell", cell.id) for text in said(html) if speaks(text)]
    return once(iter(found))
