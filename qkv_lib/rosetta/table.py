"""A table of words: one row a tool, in HTML for a page and in text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from qkv_lib.language import language, words_of
from qkv_lib.rosetta.words import breakable, translated

__all__ = ["Table", "table"]


STYLE = (  # on a phone the name of a row stands above its cells: then all of it fits the width
    ".qkv-words :is(th, td) { padding: 0.2rem 0.6rem; text-align: left; min-width: 5rem } "
    ".qkv-words tbody th { font-weight: 500 } "
    "@media (max-width: 30rem) { .qkv-words :is(table, caption, thead, tbody) { display: block } "
    ".qkv-words tr { display: flex; flex-wrap: wrap } "
    ".qkv-words :is(th, td) { flex: 1 1 0; min-width: 0; padding: 0.2rem 0.3rem; border: 0; "
    "overflow-wrap: anywhere; font-size: 0.85em } "
    ".qkv-words tbody th { flex-basis: 100%; font-weight: 600 } "
    ".qkv-words thead th:first-child { display: none } }"
)


@dataclass(frozen=True)
class Table:
    """A table that Jupyter shows when a cell ends in it.

    Parameters
    ----------
    caption : str
    columns : tuple of str
    rows : tuple of tuple of str
        The first entry of each names the row.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        """Return the columns, padded to one width each."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[j]) for line in lines) for j in range(len(self.columns))]
        return "\n".join(
            "  ".join(x.ljust(w) for x, w in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        name = escape(self.caption)
        head = "".join(f'<th scope="col">{escape(title)}</th>' for title in self.columns)
        body = "".join(
            f'<tr><th scope="row">{breakable(row)}</th>'
            + "".join(f"<td>{escape(x)}</td>" for x in cells)
            + "</tr>\n"
            for row, *cells in self.rows
        )
        # "dataframe" is the class by which themes know a table, in light and in dark.
        html = (
            f'<div class="qkv-words" style="overflow-x: auto" tabindex="0" role="region" '
            f'aria-label="{name}">\n<style>{STYLE}</style>'
            '<table class="dataframe">\n'
            f"<caption>{name}</caption>\n"
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
        )
        return translated(html, words_of("qkv_lib.rosetta", language()).get)


def table(
    rows: Mapping[str, Mapping[str, str]], columns: Mapping[str, str], *, caption: str
) -> Table:
    """Return the chosen columns of the rows.

    Parameters
    ----------
    rows : mapping
        Name of a row → its entries by key.
    columns : mapping
        Key of an entry → title of its column.
    caption : str
        Says what rows and columns are.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        A row lacks one of the entries.

    Examples
    --------
    >>> table({"SDPA": {"mask": "True = may attend"}}, {"mask": "in a mask"}, caption="Masks")
          in a mask
    SDPA  True = may attend
    """
    for name, row in rows.items():
        if missing := set(columns) - set(row):
            raise ValueError(f"row {name!r} has no {', '.join(sorted(missing))}")
    cells = tuple((name, *(row[key] for key in columns)) for name, row in rows.items())
    return Table(caption, ("", *columns.values()), cells)
