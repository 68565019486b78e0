"""Make a reader's notebook of a source and of the page that the build made of it."""

import copy
import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any, NamedTuple

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from qkv_lib.explorers._page import speaker
from workshop.copies.markdown import SILENT, UnreadableError
from workshop.copies.writer import Writer
from workshop.notebooks import METADATA

SVG, HTML = "image/svg+xml", "text/html"
LINES = 10_000  # the lines of cell i begin at (i + 1) times this; so says myst-nb
HIDDEN = {  # by the tag of the source: the code is closed, its output is closed
    "hide-cell": (True, True),
    "hide-input": (True, False),
    "remove-input": (True, False),
    "hide-output": (False, True),
}


class Edition(NamedTuple):
    """A language other than English: what it makes of code, pictures, tables, verdicts."""

    language: str
    code: Callable[[str], str]
    picture: Callable[[str], str]
    table: Callable[[str], str]
    printed: Callable[[str], str]

    def cell(self, made: NotebookNode) -> NotebookNode:
        """Return a code cell with its comments, and what it shows, in this language."""
        made.source = self.code(made.source)
        for output in made.outputs:
            if output.output_type == "stream":
                output.text = self.printed(output.text)
            data = output.get("data", {})
            if svg := data.get(SVG):
                data[SVG] = self.picture(svg)
            if html := data.get(HTML):
                data[HTML] = self.table(html)
            if "data-explorer=" in data.get(HTML, ""):
                data[HTML] += speaker(self.language)
        return made

    def verdicts(self, title: str) -> NotebookNode:
        """Return a closed cell after which `check` speaks this language."""
        code = f'import os\n\nos.environ["QKV_LANGUAGE"] = "{self.language}"'
        made = new_code_cell(code, id=f"{title}-language")
        made.metadata = closed(source=True, output=False)
        return made


def reader_notebook(
    source: NotebookNode,
    page: nodes.document,
    writer: Writer,
    repository: str = "",
    edition: Edition | None = None,
) -> NotebookNode:
    """Return the notebook in plain Markdown: the same code, the same outputs, the same ids.

    Where the repository is known, it says how the library is installed, below its title. In an
    edition the comments and the pictures speak its language, and so do the verdicts.
    """
    texts = markdown(page, writer)
    names, figures = folded(page), captions(page, writer)
    cells = []
    for index, cell in enumerate(source.cells):
        if cell.cell_type == "code":
            if index in names:
                cells.append(new_markdown_cell(f"*{names[index]}*", id=f"{cell.id}-name"))
            made = code_cell(cell)
            cells.append(edition.cell(made) if edition else made)
            if index in figures:
                cells.append(new_markdown_cell(figures[index], id=f"{cell.id}-caption"))
        elif words := "\n\n".join(filter(None, texts.get(index, []))):
            cells.append(new_markdown_cell(words, id=cell.id))
        elif cell.source.strip():
            raise UnreadableError(f"nothing is left of the cell {cell.id}")
    if repository:
        cells.insert(1, alone(cells[0].id, repository, writer))
    if edition:
        cells.insert(1, edition.verdicts(cells[0].id))
    made = NotebookNode(cells=cells, nbformat=4, nbformat_minor=5)
    made.metadata = nbformat.from_dict(METADATA)
    nbformat.validate(made)
    return made


def alone(title: str, repository: str, writer: Writer) -> NotebookNode:
    """Return what a reader needs to know who has this one file, below the cell of its title."""
    command = f'pip install "qkv-lib[tools] @ git+{repository}"'
    needs = writer.say("It needs the library of the course, and no other file: ")
    text = f"{needs}`{command}`"
    name = writer.say("This notebook on its own")
    folded = f"<details><summary>{name}</summary>\n\n{text}\n\n</details>"
    return new_markdown_cell(folded, id=f"{title}-alone")


def code_cell(cell: NotebookNode) -> NotebookNode:
    """Return a code cell that is closed where the page folds it."""
    made = copy.deepcopy(cell)
    tags = cell.metadata.get("tags", [])
    hidden = [HIDDEN[tag] for tag in tags if tag in HIDDEN]
    source, output = (any(part) for part in zip((False, False), *hidden, strict=True))
    made.metadata = NotebookNode({"tags": tags} if tags else {})
    if source or output:
        made.metadata |= closed(source, output)
    return made


def closed(source: bool, output: bool) -> NotebookNode:
    """Return what closes the code of a cell, its output or both."""
    metadata = NotebookNode(jupyter={"source_hidden": source, "outputs_hidden": output})
    if source:  # the same for Colab and for Kaggle
        metadata |= {"cellView": "form", "_kg_hide-input": True}
    return metadata


def markdown(page: nodes.document, writer: Writer) -> dict[int, list[str]]:
    """Return the blocks of text of each cell."""
    texts: dict[int, list[str]] = {}
    for block, level in blocks(page):
        heading = isinstance(block, nodes.title)
        words = writer.heading(block, level) if heading else writer.block(block)
        if not words:
            continue
        if block.line is None:
            raise UnreadableError(f"no cell is known of {words[:60]!r}")
        texts.setdefault(block.line // LINES - 1, []).append(words)
    return texts


def blocks(node: nodes.Element, level: int = 0) -> Iterator[tuple[nodes.Element, int]]:
    """Yield what stands between the code, each with the depth of its section."""
    for child in node.children:
        if isinstance(child, nodes.section):
            yield from blocks(child, level + 1)
        elif "edition-note" in _attributes(child).get("classes", []):
            continue  # what a page in another language says of itself
        elif not (isinstance(child, nodes.container) and "cell_index" in child):
            yield child, level


def folded(page: nodes.document) -> dict[int, str]:
    """Return what the page calls each cell that it folds whole: *Solution*, *The test*."""
    cells = page.findall(lambda node: _attributes(node).get("hide_mode") == "all")
    return {cell["cell_index"]: cell["prompt_show"] for cell in cells}


def captions(page: nodes.document, writer: Writer) -> dict[int, str]:
    """Return for each cell with a figure what stands below it: number, caption, description."""
    found = {}
    for cell in page.findall(lambda node: "cell_index" in _attributes(node)):
        for figure in cell.findall(nodes.figure):
            name = figure["ids"][0]
            caption = next(figure.findall(nodes.caption))
            images = figure.findall(nodes.image)
            seen = [f"<p>{escape(each['alt'], quote=False)}</p>" for each in images]
            tables = [node["html"] for node in cell.findall() if "html" in _attributes(node)]
            found[cell["cell_index"]] = (
                f'<a id="{name}"></a>**{writer.say("Fig. {}", writer.number(name))}** '
                f"{writer.inline(caption)}\n\n"
                + described(seen, list(map(numbers, tables)), writer)
            )
    return found


def numbers(box: str) -> str:
    """Return the tables of a figure without the fold that the page puts around them."""
    inside = re.sub(r"</?details[^>]*>|<summary>.*?</summary>", "", box)
    return SILENT.sub("", inside).strip()


def described(seen: list[str], tables: list[str], writer: Writer) -> str:
    """Return what a figure shows as a fold; no blank line, which would end the HTML."""
    name = writer.say("In words and numbers") if tables else writer.say("In words")
    whole = re.sub(r"\n\s*\n", "\n", "\n".join(seen + tables))
    return f"<details><summary>{name}</summary>\n{whole}\n</details>"


def _attributes(node: nodes.Node) -> dict[str, Any]:
    return getattr(node, "attributes", {})
