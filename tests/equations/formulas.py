"""The display equations of the book, as they are printed."""

from functools import cache

from tests.equations.labels import Equation, display_equations
from workshop.pages import listed_pages, markdown_parts


def equations_of_the_book() -> list[Equation]:
    """Return every display equation, page by page."""
    parts = [text for page in listed_pages() for text in markdown_parts(page)]
    return [found for text in parts for found in display_equations(text)]


@cache
def printed() -> dict[str, str]:
    """Return the formula of each label."""
    return {each.label: each.formula for each in equations_of_the_book() if each.label}
