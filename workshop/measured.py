"""Measured numbers: compared within the tolerance that their cell states, all else to the letter.

The metadata of a cell says ``"qkv": {"tolerance": {"rel": 0.02, "abs": 0.005}}``: a number
that it prints *with a decimal point* may differ from the stored one by `abs` and by `rel` of
the stored one, together. Whole numbers (sizes, seeds, counts) and words may not differ.
"""

import math
import re
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

NUMBER = re.compile(r"[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d+(?:[eE][-+]?\d+)?")
FIGURES = ("image/",)  # nbval does not compare them either
WIDEST = 0.25  # a measurement that may be off by more than a quarter says too little to show


@dataclass(frozen=True)
class Tolerance:
    """How far a measured number may be from the stored one."""

    rel: float = 0.0
    abs: float = 0.0

    def allows(self, new: float, stored: float) -> bool:
        """Tell whether a new number may stand for the stored one."""
        return abs(new - stored) <= self.slack(stored)  # false for nan

    def slack(self, stored: float) -> float:
        """Return how far from the stored number a new one may be."""
        return self.abs + self.rel * abs(stored) + 1e-12


def stated(cell: NotebookNode) -> dict[str, Any] | None:
    """Return the tolerance as the metadata of a cell writes it."""
    found: dict[str, Any] | None = cell.metadata.get("qkv", {}).get("tolerance")
    return found


def tolerance(cell: NotebookNode) -> Tolerance | None:
    """Return the tolerance that a cell states."""
    written = stated(cell)
    return None if written is None else Tolerance(**written)


def settle(
    new: list[NotebookNode], stored: list[NotebookNode], allowed: Tolerance
) -> list[NotebookNode]:
    """Return new outputs with each number that is near enough written as it is stored.

    They are then equal to the stored outputs, or differ in what may not differ.
    """
    if len(new) != len(stored):
        return new
    return [_settle_output(*pair, allowed) for pair in zip(new, stored, strict=True)]


def _settle_output(new: NotebookNode, stored: NotebookNode, allowed: Tolerance) -> NotebookNode:
    settled = NotebookNode(new)
    if "text" in new and "text" in stored:
        settled.text = settle_text(new.text, stored.text, allowed)
    if "data" in new and "data" in stored:
        settled.data = NotebookNode(new.data)
        for kind in texts(new) & texts(stored):
            settled.data[kind] = settle_text(new.data[kind], stored.data[kind], allowed)
    return settled


def texts(output: NotebookNode) -> set[str]:
    """Return the kinds of text that an output shows."""
    shown = output.get("data", {})
    return {k for k, v in shown.items() if isinstance(v, str) and not k.startswith(FIGURES)}


def settle_text(new: str, stored: str, allowed: Tolerance) -> str:
    """Return the new text with each number that is near enough written as it is stored."""
    if _words(new) != _words(stored):
        return new
    numbers = zip(NUMBER.findall(new), NUMBER.findall(stored), strict=True)
    kept = [_settle_number(*pair, allowed) for pair in numbers]
    between = NUMBER.split(stored)  # its blanks: a column stays a column
    return "".join(word + number for word, number in zip(between, [*kept, ""], strict=True))


def _words(text: str) -> list[str]:
    """Return what is not a number; how many blanks stand beside one hangs on its width."""
    return [re.sub("^ +| +$", " ", word) for word in NUMBER.split(text)]


def _settle_number(new: str, stored: str, allowed: Tolerance) -> str:
    return stored if allowed.allows(value(new), value(stored)) else new


def value(number: str) -> float:
    """Return the number that is written."""
    return float(number.replace(",", "").replace("−", "-"))


def faults(cell: NotebookNode) -> list[str]:
    """Return what is wrong with the tolerance of a cell."""
    written = stated(cell)
    if written is None:
        return []
    if not written or not set(written) <= {"rel", "abs"}:
        return [f"a tolerance has rel, abs or both, not {sorted(written)}"]
    if not all(isinstance(x, int | float) and 0 <= x < math.inf for x in written.values()):
        return [f"a tolerance is made of numbers from 0, not {written}"]
    allowed, numbers = Tolerance(**written), _measured_in(cell)
    if not numbers:
        return ["a tolerance, and no measured number (one with a decimal point)"]
    wide = [x for x in numbers if allowed.slack(x) > WIDEST * abs(x) + 1e-9]
    if allowed.rel > WIDEST or len(wide) > len(numbers) / 2:
        return [f"a tolerance of more than {WIDEST:.0%} of what it measures"]
    return []


def shown(outputs: list[NotebookNode]) -> list[str]:
    """Return the texts that outputs show."""
    streams = [output.text for output in outputs if "text" in output]
    return streams + [each.data[kind] for each in outputs for kind in sorted(texts(each))]


def _measured_in(cell: NotebookNode) -> list[float]:
    """Return the measured numbers that a cell shows."""
    return [value(x) for text in shown(cell.outputs) for x in NUMBER.findall(text)]
