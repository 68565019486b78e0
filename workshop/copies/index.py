"""The notebook that greets: a map of the chapters, and what its reader has passed."""

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from workshop.copies.cells import Edition
from workshop.copies.markdown import UnreadableError
from workshop.copies.writer import Writer
from workshop.notebooks import METADATA

NAME = "index"
PASSED = "index-passed"  # the cell that shows what has been passed
CODE = "from qkv_lib.practice import progress\n\nprogress()"


def index_notebook(
    page: nodes.document, writer: Writer, edition: Edition | None = None
) -> NotebookNode:
    """Return the notebook; the map is the one of the home page."""
    chapters = next((each for each in page.findall(nodes.container) if is_map(each)), None)
    if chapters is None:
        raise UnreadableError("the home page has no map of the chapters")
    made = NotebookNode(nbformat=4, nbformat_minor=5, metadata=nbformat.from_dict(METADATA))
    made.cells = [
        new_markdown_cell(greeting(writer), id="index-greeting"),
        new_markdown_cell(what_you_passed(writer), id="index-what-you-passed"),
        new_code_cell(CODE, id=PASSED),
        new_markdown_cell(
            f"## {writer.say('The chapters')}\n\n{writer.blocks(chapters.children)}",
            id="index-chapters",
        ),
        new_markdown_cell(how(writer), id="index-how"),
    ]
    if edition:
        made.cells.insert(1, edition.verdicts("index"))
    nbformat.validate(made)
    return made


def greeting(writer: Writer) -> str:
    """Return what stands at the top."""
    say = writer.say
    return "\n\n".join([
        f"# {say('Queries, keys and values')}",
        say(
            "This is the course as notebooks, and they are yours: change them and run them as you "
            "like. Nothing is downloaded while a notebook runs."
        ),
        say(
            "**[Attention in thirty minutes](path.ipynb)** crosses the whole course once, from a "
            "lookup to an exercise that is checked. Begin there, or with the first chapter."
        ),
    ])  # fmt: skip


def what_you_passed(writer: Writer) -> str:
    """Return what stands above the cell that shows it."""
    say = writer.say
    return "\n\n".join([
        f"## {say('What you have passed')}",
        say(
            "Run the next cell (Shift+Enter) to bring it up to date. `check` notes each exercise "
            "that you pass in the file `progress.json` beside this notebook, if there is one, and "
            "nowhere else."
        ),
    ])  # fmt: skip


def how(writer: Writer) -> str:
    """Return how notebooks are run."""
    say = writer.say
    items = [
        say(
            "**Shift+Enter** runs a cell and goes to the next one. The cells of a chapter build on "
            "each other: where a name *is not defined*, the cell that defines it stands further "
            "up. In JupyterLab, the menu *Run* has *Run All Above Selected Cell*."
        ),
        say(
            "Three dots stand for what is folded: a solution, a test, the code of a figure. Click "
            "them to open it."
        ),
        say(
            "In an exercise, write your answer in place of the dots and run the cell. It says "
            'whether you are right, and if not, what is wrong; `check("name", yours, hint=1)` '
            "helps further."
        ),
        say(
            "A chapter that you have changed is never overwritten. When the course brings a newer "
            "one, the newer one is laid beside yours."
        ),
    ]
    return f"## {say('How to run it')}\n\n" + "\n".join(f"- {item}" for item in items)


def is_map(container: nodes.container) -> bool:
    """Tell whether a box of the home page is the map of the chapters."""
    return "course-map" in container["classes"]
