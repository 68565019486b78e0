"""Sphinx extension: the bibliography calls a work as the text does, by author and year."""

from collections import Counter
from collections.abc import Iterable, Iterator
from string import ascii_lowercase
from typing import Any

from pybtex.database import Entry, Person
from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx

MOST_NAMES = 2  # as in the text, where three authors are one "et al."


def family(person: Person) -> str:
    """Return the family name, with what belongs in front of it ("van", "de")."""
    return " ".join([*person.prelast_names, *person.last_names])


def author_year(entry: Entry) -> str:
    """Return "Vaswani et al., 2017"."""
    names = [family(person) for person in entry.persons["author"]]
    authors = f"{names[0]} et al." if len(names) > MOST_NAMES else " and ".join(names)
    return f"{authors}, {entry.fields['year']}"


class AuthorYearLabels(BaseLabelStyle):  # type: ignore[misc]  # pybtex has no types
    """Labels by author and year; those that would be equal get a letter."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        """Yield the label of each entry, in order."""
        labels = [author_year(entry) for entry in sorted_entries]
        count, seen = Counter(labels), Counter[str]()
        for label in labels:
            yield label + (ascii_lowercase[seen[label]] if count[label] > 1 else "")
            seen[label] += 1


class AuthorYearStyle(PlainStyle):  # type: ignore[misc]
    """The plain style, sorted by author and year and labelled by them."""

    default_sorting_style = "author_year_title"
    default_label_style = "author_year"


register_plugin("pybtex.style.labels", "author_year", AuthorYearLabels)
register_plugin("pybtex.style.formatting", "author_year", AuthorYearStyle)


def setup(app: Sphinx) -> dict[str, Any]:
    """Make it the style of the bibliography."""
    app.config.bibtex_default_style = "author_year"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
