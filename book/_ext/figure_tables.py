"""Sphinx extension: under the picture of a heat map, its numbers as a table that unfolds.

`qkv_lib.plots` writes the numbers into the picture (`qkv_lib/plots/numbers.py`); a picture without
them gets no table, and neither does one with too many to read.
"""

import json
import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from spoken import label, say

from workshop.chinese.pictures import title

CHINESE = re.compile(r"[\u3400-\u9fff]")
METADATA = re.compile(r"<metadata>(.*?)</metadata>", re.DOTALL)
SCRIPT = re.compile(r"([_^])(\{[^}]*\}|.)")
MOST_CELLS = 1000
BOX = '<details class="figure-numbers"><summary>{}</summary>\n{}\n</details>\n'


class FigureNumbers(nodes.General, nodes.Element):
    """The tables of one figure, as HTML; no text, so that the search does not index numbers."""


def tables_in(picture: Path) -> list[dict[str, Any]]:
    """Return the tables that a picture carries."""
    if picture.suffix != ".svg" or not picture.is_file():
        return []
    found = METADATA.search(picture.read_text("utf-8"))
    tables = json.loads(unescape(found[1])) if found else []
    return [each for each in tables if len(each["rows"]) * len(each["columns"]) <= MOST_CELLS]


def header(scope: str, text: str, language: str = "") -> str:
    """Return a cell that names a row or a column, with its language: the one given, or Chinese."""
    language = language or ("zh" if CHINESE.search(text) else "")
    spoken = f' lang="{escape(language)}"' if language else ""
    return f'<th scope="{scope}"{spoken}>{escape(text)}</th>'


def shorter(cells: list[list[str]]) -> list[list[str]]:
    """Return numbers without decimals where none of them has any.

    >>> shorter([["1.000", ""]]), shorter([["1.000", "0.500"]])
    ([['1', '']], [['1.000', '0.500']])
    """
    whole = all(cell.endswith(".000") or not cell for row in cells for cell in row)
    return [[cell.removesuffix(".000") for cell in row] for row in cells] if whole else cells


def title_of(text: str) -> str:
    """Return a title as HTML: letters of its formulas in italics, their scripts set so.

    >>> title_of("scaled = $S / √d_k$ < 1")
    'scaled = <i>S</i> / √<i>d</i><sub>k</sub> &lt; 1'
    """
    words, *formulas = re.split(r"\$([^$]*)\$", text)
    parts = [escape(words)]
    for number, part in enumerate(formulas):
        if number % 2:
            parts.append(escape(part))
            continue
        low = re.sub(r"[A-Za-z](?![A-Za-z}])", r"<i>\g<0></i>", escape(SCRIPT.sub(r"\1{\2}", part)))
        low = re.sub(r"_\{+(?:<i>)?(.*?)(?:</i>)?\}+", r"<sub>\1</sub>", low)
        parts.append(re.sub(r"\^\{+(?:<i>)?(.*?)(?:</i>)?\}+", r"<sup>\1</sup>", low))
    return "".join(parts)


def as_html(table: dict[str, Any]) -> str:
    """Return one table as HTML, in a box that scrolls."""
    rows_are, columns_are = table["names"]
    row_language, column_language = table.get("languages", ("", ""))
    named = say("{}. ", title_of(title(table["title"], label))) if table["title"] else ""
    head = "".join(header("col", each, column_language) for each in table["columns"])
    body = "".join(
        f"<tr>{header('row', name, row_language)}"
        f"{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>\n"
        for name, cells in zip(table["rows"], shorter(table["cells"]), strict=True)
    )
    axes = say("Rows are {}, columns are {}.", escape(say(rows_are)), escape(say(columns_are)))
    return (
        '<div class="pst-scrollable-table-container"><table class="table">\n'
        f"<caption><span>{named}{axes}</span></caption>\n<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
    )


def add_tables(app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Put the tables of each picture behind it, or behind the figure that it stands in."""
    for image in list(doctree.findall(nodes.image)):
        tables = tables_in(Path(app.srcdir, image["uri"]))
        if tables:
            figure = image.parent if isinstance(image.parent, nodes.figure) else image
            html = BOX.format(
                say("The numbers of this figure"), "\n".join(as_html(table) for table in tables)
            )
            figure.parent.insert(figure.parent.index(figure) + 1, FigureNumbers(html=html))


def visit(translator: Any, node: nodes.Element) -> None:
    """Write the tables."""
    translator.body.append(node["html"])
    raise nodes.SkipNode


def skip(_translator: Any, _node: nodes.Element) -> None:
    """Write nothing."""
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the tables when a page is written."""
    app.add_node(FigureNumbers, html=(visit, None), latex=(skip, None), text=(skip, None))
    app.connect("doctree-resolved", add_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
