"""What Python says about itself: English prose from its reference and its docstrings.

The paragraphs were taken once from Python 3.11.7 (the topics of `help()`, then the docstrings of
the standard library; code, tables and grammar left out, no paragraph twice) and are stored here,
so that every version of Python trains on the same text. They are under Python's licence (PSF),
which lies beside them.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

__all__ = ["Prose", "load_prose"]

FILE = "python_prose.txt"
DIGEST = "81d21cbb4f2ab44159bcc2ab120e4c4ea0dba4fc7438e072201b9e0a5467258e"
VALIDATION, TEST = 2, 4  # of each ten documents, counted from 0


class Prose(NamedTuple):
    """The text in three parts; a document, a topic or a module, is in one of them only.

    Attributes
    ----------
    train : str
        One paragraph per line, as in the other parts.
    validation : str
    test : str
    """

    train: str
    validation: str
    test: str


def load_prose() -> Prose:
    """Return the text, after a check that it is the one this book was made with.

    Returns
    -------
    Prose

    Raises
    ------
    ValueError
        The SHA-256 digest of the text is not the known one.

    Examples
    --------
    >>> prose = load_prose()
    >>> [round(len(part) / 1000) for part in prose]     # thousands of characters
    [843, 97, 98]
    """
    text = files("qkv_lib.data").joinpath(FILE).read_text(encoding="utf-8")
    found = sha256(text.encode()).hexdigest()
    if found != DIGEST:
        raise ValueError(f"{FILE} has SHA-256 {found}, needs {DIGEST}: it is damaged or another")
    documents = text.removesuffix("\n").split("\n\n")
    held_out = {part: documents[part::10] for part in (VALIDATION, TEST)}
    train = [each for i, each in enumerate(documents) if i % 10 not in held_out]
    return Prose(*("\n".join(part) + "\n" for part in (train, *held_out.values())))
