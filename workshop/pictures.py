"""When a picture that a cell shows counts as the one that is stored.

A drawing is the same on every machine, to the byte. A plot's coordinates follow from measured
numbers and from the fonts that measure its labels: there what must stay are its words and what its
colours name. Its data are what the other cells print and assert.
"""

import re
from html import unescape

from nbformat import NotebookNode

SVG = "image/svg+xml"
PLOT = "qkv-plot"  # the class of what `qkv_lib.plots.saved` writes
TEXT = re.compile(r"<text[^>]*>(.*?)</text>", re.DOTALL)
NAMED = re.compile(r"var\(--((?:qkv|line|cell)-\w+)")


def words(svg: str) -> list[str]:
    """Return the texts of a picture that hold no digit."""
    texts = [unescape(re.sub("<[^>]*>", "", text)).strip() for text in TEXT.findall(svg)]
    return [text for text in texts if text and not re.search(r"\d", text)]


def alike(new: str, stored: str) -> bool:
    """Whether a new picture is the stored one."""
    if not (PLOT in new and PLOT in stored):
        return new == stored
    return words(new) == words(stored) and set(NAMED.findall(new)) == set(NAMED.findall(stored))


def settle(new: list[NotebookNode], stored: list[NotebookNode]) -> list[NotebookNode]:
    """Return the new outputs with each picture that counts as the stored one in its bytes."""
    if len(new) != len(stored):
        return new
    return [_settle(*pair) for pair in zip(new, stored, strict=True)]


def _settle(new: NotebookNode, stored: NotebookNode) -> NotebookNode:
    shown, kept = new.get("data", {}).get(SVG), stored.get("data", {}).get(SVG)
    if shown is None or kept is None or not alike(shown, kept):
        return new
    return NotebookNode(new | {"data": NotebookNode(new.data | {SVG: kept})})
