"""The formulas for which the tests were written, kept in `formulas.md` beside this module.

A test evaluates its formula as it was when the test was written. When the formula in the book
changes, the two may part; so a change is a fault until someone has looked at the test and run
``python -m tests.equations.formulas``.
"""

from collections.abc import Iterable
from pathlib import Path

from tests.equations.labels import Equation, display_equations
from workshop.pages import listed_pages, markdown_parts

RECORD = Path(__file__).parent / "formulas.md"
HEAD = """# The formulas that are tested

Written by `python -m tests.equations.formulas`: do not edit. When one has
changed in the book, first see that its test in this folder still evaluates what is written.
"""


def equations_of_the_book() -> list[Equation]:
    """Return every display equation, page by page."""
    parts = [text for page in listed_pages() for text in markdown_parts(page)]
    return [found for text in parts for found in display_equations(text)]


def by_label(equations: Iterable[Equation]) -> dict[str, str]:
    """Return the formula of each label, white space aside."""
    return {each.label: " ".join(each.formula.split()) for each in equations if each.label}


def recorded() -> dict[str, str]:
    """Return the formula of each label as it was when its test was last looked at."""
    return by_label(display_equations(RECORD.read_text(encoding="utf-8")))


def changed(now: dict[str, str], then: dict[str, str]) -> list[str]:
    """Return what differs between the formulas of the book and the recorded ones."""
    return [
        f"{label} was {then.get(label, 'absent')} and is {now.get(label, 'absent')}: see that its "
        "test evaluates what is written, then run `python -m tests.equations.formulas`"
        for label in sorted(now.keys() | then.keys())
        if now.get(label) != then.get(label)
    ]


def main() -> None:
    """Record the formulas as they are now."""
    blocks = [f"$$\n{each.formula}\n$$ ({each.label})\n" for each in equations_of_the_book()]
    RECORD.write_text("\n".join([HEAD, *blocks]), encoding="utf-8")


if __name__ == "__main__":
    main()
